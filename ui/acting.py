"""Acting from a screen: one verb in one call, refusals as one sentence, and nothing done twice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar

import streamlit as st

from core.errors import Conflict, Invalid, NotSignedIn, OpsError
from core.uow import UnitOfWork, perform
from ui import gate
from ui.plain import literal
from web import faults

P = ParamSpec("P")
R = TypeVar("R")

_NOTICES = "acting.notices"
_SPENT = "acting.spent"
_REMEMBERED = 50
_ICONS = {"done": ":material/check_circle:", "refused": ":material/error:", "fault": ":material/report:"}


@dataclass(frozen=True)
class Notice:
    """What is to be said about a deed: `field` names what was filled in wrongly, `changes` what others did."""

    kind: Literal["done", "refused", "fault"]
    sentence: str
    field: str | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done(Generic[R]):
    """A deed that was carried out, with the verb's answer."""

    answer: R


def act(
    verb: Callable[Concatenate[UnitOfWork, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Done[R] | None:
    """Carry out one verb for whoever is signed in now; None when it was refused, and the screen will say why.

    For callbacks: draws nothing. Use `once` around it for what a double click must not repeat.
    """
    try:
        return Done(perform(gate.admitted(), verb, *args, **kwargs))
    except OpsError as refusal:
        _note(_refusal(refusal))
    except Exception as error:
        reference = faults.log(error, verb=getattr(verb, "__qualname__", "verb"))
        _note(Notice("fault", f"Something went wrong on our side and nothing was done. Reference {reference}."))
    return None


def say(sentence: str) -> None:
    """Tell the person something good at the next drawing."""
    _note(Notice("done", sentence))


def refuse(sentence: str, field: str | None = None) -> None:
    """Tell the person, at the next drawing, what could not be done."""
    _note(Notice("refused", sentence, field))


def is_spent(token: str) -> bool:
    """Whether the deed of this token has been done already: the second half of a double click."""
    return token in st.session_state.get(_SPENT, ())


def spend(token: str) -> None:
    """The deed of this token is done; buttons drawn before now do nothing more."""
    spent: list[str] = st.session_state.setdefault(_SPENT, [])
    spent.append(token)
    del spent[:-_REMEMBERED]


def once(
    token: str, verb: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs
) -> Done[R] | None:
    """`act`, but at most once for each `token`: name the deed, the item, and the version the button was drawn for."""
    if is_spent(token):
        return None
    done = act(verb, *args, **kwargs)
    if done is not None:
        spend(token)
    return done


def withdraw(fields: Collection[str]) -> dict[str, str]:
    """Take back what has just been noted about these fields, for a form that says it beside them: words by field."""
    noted: list[Notice] = st.session_state.get(_NOTICES, [])
    st.session_state[_NOTICES] = [notice for notice in noted if notice.field not in fields]
    return {notice.field: notice.sentence for notice in noted if notice.field and notice.field in fields}


def notices() -> list[Notice]:
    """What has been noted since the last drawing; it is told this once."""
    noted: list[Notice] = st.session_state.pop(_NOTICES, [])
    return noted


def show_notices() -> list[Notice]:
    """Tell what has been noted: done deeds as a toast, refusals in place. Returns them, for the fields they name."""
    told = notices()
    for notice in told:
        if notice.kind == "done":
            st.toast(literal(notice.sentence), icon=_ICONS["done"])
        else:
            _show_refusal(notice)
    return told


def _show_refusal(notice: Notice) -> None:
    box = st.warning if notice.kind == "refused" else st.error
    said = [literal(notice.sentence), *(f"- {literal(change)}" for change in notice.changes)]
    box("\n".join(said), icon=_ICONS[notice.kind])


def _note(notice: Notice) -> None:
    st.session_state.setdefault(_NOTICES, []).append(notice)


def _refusal(refusal: OpsError) -> Notice:
    if isinstance(refusal, Invalid):
        return Notice("refused", f"{refusal.field.replace('_', ' ').capitalize()} {refusal.reason}.", refusal.field)
    if isinstance(refusal, Conflict):
        return Notice("refused", refusal.sentence, changes=tuple(_changes(refusal)))
    if isinstance(refusal, NotSignedIn):
        return Notice("refused", refusal.sentence, field="session")
    return Notice("refused", refusal.sentence)


def _changes(refusal: Conflict) -> list[str]:
    told: list[dict[str, Any]] = refusal.current.get("changes", [])
    return [f"{change['kind'].replace('_', ' ').lower()} by {change['by']}" for change in told]
