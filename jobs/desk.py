"""Working the queue on a terminal: one item after another is shown, decided, and its decision carried out."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.exc import DBAPIError

from core import config
from core.errors import OpsError
from core.permissions import Principal
from core.queue.approving import approve, send_back
from core.queue.claiming import NothingToTake, claim_next, release, renew_lease
from core.queue.deciding import Decision, decide
from core.queue.inbox import QueueRow
from core.queue.viewing import ItemView, view
from core.resolutions.guiding import Guide, Offer, guide
from core.settings import settings
from core.uow import UnitOfWork, perform
from core.words import Queue, Status
from jobs.asking import Back, ask, filled, needed, say, short
from jobs.interrupts import Interrupted, Interrupts
from jobs.showing import item_lines, option_lines

RENEW_SECONDS = 20.0


class _Stop(Exception):
    """The person has had enough for now."""


class Desk:
    """One person at one terminal. `_held` is in their hands now; `_later` were put off until they stop."""

    def __init__(self, me: Principal, queue: Queue | None) -> None:
        self._me = me
        self._queue = queue
        self._interrupts = Interrupts()
        self._held: int | None = None
        self._later: list[int] = []

    def work(self) -> int:
        """Work through one batch; 0, or 128 and the signal's number when interrupted. All that is held goes back."""
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # a key that is no text is no reason to fall over
        code = 0
        with self._interrupts.caught():
            try:
                self._work_through()
            except (EOFError, _Stop):
                say("Stopped.")
            except Interrupted as signal:
                code = 128 + signal.number
                say("", "Interrupted.")
            finally:
                self._give_back()
        return code

    def _work_through(self) -> None:
        for _ in range(size := settings().batch_size):
            if not self._take():
                return
            self._settle()
        say(f"That was a batch of {size}. Start again for more.")

    def _take(self) -> bool:
        with self._interrupts.held_off():
            taken = perform(self._me, claim_next, self._queue)
            self._held = None if isinstance(taken, NothingToTake) else taken.id
        if isinstance(taken, NothingToTake):
            say(taken.sentence)
        return self._held is not None

    def _settle(self) -> None:
        """Show the item in hand and carry out one option after another until it is out of hand or put off."""
        item = self._held or 0
        seen, offered = self._look(item)
        say("", *item_lines(seen, offered))
        while self._held is not None:
            say(*option_lines(offered))
            with self._kept(), suppress(Back):
                self._choose(offered, seen)
            before, (seen, offered) = seen.row.version, self._look(item)
            if seen.row.version != before:
                say(f"It is {_standing(seen.row, self._held)}.")

    def _look(self, item: int) -> tuple[ItemView, Guide]:
        """An item as it stands, and how it can be settled. One that is out of their hands is let go of."""
        with self._interrupts.held_off(), UnitOfWork(self._me) as uow:
            seen, offered = view(uow, item), guide(uow, item)
            mine = (seen.row.assigned_to, seen.row.status) == (self._me.staff_id, Status.IN_PROGRESS)
            if not mine or _is_under_way(seen.row):
                self._held = None
        return seen, offered

    def _choose(self, offered: Guide, seen: ItemView) -> None:
        answers = "a: approve what is proposed, b: send it back, " if seen.proposal else ""
        said = ask(f"Which option, 1 to {len(offered.options)}; {answers}s: later, q: stop? ").lower()
        if said == "q":
            raise _Stop
        if said == "s":
            self._later.append(self._held or 0)
            self._held = None
        elif seen.proposal and said in {"a", "b"}:
            self._answer(seen.row.version, approves=said == "a")
        elif (offer := _named(offered, said)) is None:
            say("That is none of them.")
        elif offer.refusal:
            say(f"That cannot be done: {short(offer.refusal)}")
        else:
            self._carry_out(offer, seen.row.version)

    def _answer(self, version: int, *, approves: bool) -> None:
        """Approve what another proposed for the item in hand, or send it back."""
        why = "" if approves else needed("Why, in a sentence or two (nothing: choose again)? ")
        item = self._held or 0
        try:
            with self._interrupts.held_off():
                if approves:
                    perform(self._me, approve, item, version)
                else:
                    perform(self._me, send_back, item, why, version)
                self._held = None
                say(f"Item {item}: {'approved as proposed' if approves else 'sent back'}.")
        except OpsError as error:
            say(f"Nothing was done: {short(error.sentence)}")

    def _carry_out(self, offer: Offer, version: int) -> None:
        parameters = {wanted.name: answer for wanted in offer.parameters if (answer := filled(offer, wanted))}
        why = needed("Why, in a sentence or two (nothing: choose again)? ")
        item = self._held or 0
        try:
            with self._interrupts.held_off():
                moved = perform(self._me, decide, item, Decision(offer.name, why, parameters), version)
                self._held = item if moved.holder == self._me.staff_id and moved.status is Status.IN_PROGRESS else None
                say(f"Item {item}: {short(offer.label)}: recorded.")
        except OpsError as error:
            say(f"Nothing was done: {short(error.sentence)}")

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Renew the lease while the item is on the screen, but not for ever: the person may have gone home."""
        done = threading.Event()
        until = time.monotonic() + 60 * config.number("SESSION_IDLE_MINUTES")
        threading.Thread(target=_renew, args=(self._me, self._held, done, until), daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def _give_back(self) -> None:
        with suppress(Interrupted), self._interrupts.held_off():
            for item in [*self._later, *([self._held] if self._held else [])]:
                try:
                    perform(self._me, release, item)
                    say(f"Item {item} went back to the queue.")
                except OpsError as error:
                    say(f"Item {item} was not given back: {short(error.sentence)}")


def _renew(me: Principal, item: int, done: threading.Event, until: float) -> None:
    while not done.wait(RENEW_SECONDS) and time.monotonic() < until:
        with suppress(OpsError, DBAPIError):  # the next time may do better, and a decision asks anew
            perform(me, renew_lease, item)


def _is_under_way(row: QueueRow) -> bool:
    """Whether it is decided and the decision's effect has yet to be done outside."""
    return row.status is Status.IN_PROGRESS and row.resolution is not None


def _standing(row: QueueRow, held: int | None) -> str:
    if _is_under_way(row):
        return "being carried out, and comes back to you if that fails"
    if row.proposed_by is not None and row.status is Status.OPEN:
        return "proposed, and waits for somebody else to approve it"
    return f"{row.status.replace('_', ' ')}{'' if held is None else ' and stays in your hands'}"


def _named(offered: Guide, said: str) -> Offer | None:
    return next((offer for number, offer in enumerate(offered.options, 1) if said in {str(number), offer.name}), None)
