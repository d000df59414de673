"""Asking a person at a terminal, until what they give can be used."""

from __future__ import annotations

import select
import sys
from contextlib import suppress

from core.errors import Invalid
from core.resolutions.declaring import Parameter
from core.resolutions.guiding import Offer
from core.resolutions.parameters import checked
from ui.plain import line

_GLANCE_SECONDS = 0.1


class Back(Exception):
    """The person gave nothing where something is needed: they want to choose again."""


def filled(offer: Offer, wanted: Parameter) -> str | None:
    """What the person gives for one parameter, once it fits; None where nothing is a fit answer. Raises Back."""
    for number, (choice, caption) in enumerate(zip(wanted.choices, wanted.captions or wanted.choices, strict=True), 1):
        say(f"  {number:>2}  {short(caption)}" + ("" if caption == choice else f" ({short(choice)})"))
    while True:
        said = _choice(wanted, ask(_question(wanted)) or wanted.suggested or "")
        if not said and wanted.required:
            raise Back
        try:
            checked(offer.label, [wanted], {wanted.name: said})
        except Invalid as error:
            say(f"That does not fit: {short(error.sentence)}")
        else:
            return said or None


def _question(wanted: Parameter) -> str:
    hints = {"date_time": "a time such as 2026-11-21T09:00+00:00", "staff": "a number", "record": "a number"}
    told = [hints.get(wanted.widget, ""), "" if wanted.required else "may be empty", short(wanted.help)]
    told.append(f"nothing: {short(wanted.suggested)}" if wanted.suggested else "")
    about = "; ".join(part for part in told if part)
    return f"{short(wanted.label)}{f' ({about})' if about else ''}: "


def _choice(wanted: Parameter, said: str) -> str:
    """One of several may be named by its number too."""
    place = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0
    return str(wanted.choices[place - 1]) if 1 <= place <= len(wanted.choices) else said


def needed(question: str) -> str:
    """An answer that is not nothing. Raises Back."""
    if answer := ask(question):
        return answer
    raise Back


def ask(question: str) -> str:
    """What the person types, without the space around it. Raises EOFError when nobody types any more."""
    say(question, end="")
    while sys.stdin.isatty() and not select.select([sys.stdin], [], [], _GLANCE_SECONDS)[0]:
        pass  # a signal that came just before the waiting is seen at the next glance, not at the next key
    with suppress(OSError):  # a terminal that is gone is as good as closed
        if typed := sys.stdin.readline():
            return typed.strip()
    raise EOFError


def short(text: object) -> str:
    """What somebody wrote, in one line that no terminal takes for an order."""
    return line(text, 500)


def say(*lines: str, end: str = "\n") -> None:
    """Print lines."""
    with suppress(OSError):  # the terminal may be gone, and what is held still goes back
        print(*lines, sep="\n", end=end)
        sys.stdout.flush()
