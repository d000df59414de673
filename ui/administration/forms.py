"""Forms of the administration page: a refusal is said beside the field that it names, else where all are said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, TypeVar

from core.uow import UnitOfWork
from ui import acting, filling
from ui.acting import Done

P = ParamSpec("P")
R = TypeVar("R")


def attempt(
    form: str, verb: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs
) -> Done[R] | None:
    """`acting.act` for a form, in a callback: None when it was refused, and the form will say why."""
    done = acting.act(verb, *args, **kwargs)
    told = acting.notices()
    filling.note_problems(form, {notice.field: notice.sentence for notice in told if notice.field})
    for notice in told:
        if not notice.field:
            acting.refuse(notice.sentence)
    return done


def beside(form: str, field: str) -> None:
    """Say below a field what is wrong with it, if anything is."""
    filling.tell(filling.problems(form).get(field))


def rest(form: str, shown: Iterable[str]) -> None:
    """Say what is wrong at places that have no field of their own on the screen."""
    known = set(shown)
    for field, problem in filling.problems(form).items():
        if field not in known:
            filling.tell(problem)


def clear(form: str) -> None:
    """Forget what was wrong: another thing is open, or it is right now."""
    filling.note_problems(form, {})
