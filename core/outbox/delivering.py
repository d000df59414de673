"""Sending what is due: leased under a fence, sent outside any transaction, closed together with what follows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from core import config
from core.errors import Conflict, OpsError
from core.outbox.kinds import Entry, Verdict, kind_of
from core.permissions import Permission, requires
from core.queue import carrying
from core.queue.deciding import case_of
from core.resolutions.effects import Case
from core.uow import UnitOfWork

AT_ONCE = 8
LEASE = timedelta(seconds=60)  # four times the longest that sending takes
POISON_AFTER = 5
HORIZON = timedelta(hours=24)
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0

R = TypeVar("R")


class Do(Protocol):
    """Carries out one verb in a unit of work of its own."""

    def __call__(self, verb: Callable[..., R], /, *args: Any) -> R: ...


def deliver(do: Do) -> Mapping[str, int]:
    """Send one batch of what is due, all at once, and close each as it is answered. Returns counts by what became.

    What cannot be closed holds up no other: its lease runs out and it is sent again under its key. Raises the first
    such trouble at the end.
    """
    counts, troubles = Counter[str](parked=do(park_poison)), list[Exception]()
    entries = do(lease)
    if not entries:
        return counts
    with ThreadPoolExecutor(len(entries), "sending") as sending:
        going = {sending.submit(attempt, entry): entry for entry in entries}
        for sent in as_completed(going):
            try:
                counts[do(close, going[sent], sent.result())] += 1
            except Exception as trouble:  # the others are to be closed first
                troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return counts


def attempt(entry: Entry) -> Verdict:
    """Send one effect. Never raises: what its kind did not foresee is tried again."""
    try:
        return kind_of(entry.kind).send(entry)
    except OpsError as refusal:
        return Verdict(False, refusal.sentence, again=refusal.status >= 500)
    except Exception as error:
        return Verdict(False, f"It could not be sent ({type(error).__name__}).", again=True)


@requires(Permission.OPS_ADMIN, leaves=None)
def lease(uow: UnitOfWork, limit: int = AT_ONCE, span: timedelta = LEASE) -> Sequence[Entry]:
    """Take what is due for sending, the attempt counted before it is made; nobody else has it while the lease holds."""
    with uow.housekeeping():
        rows = uow.rows(_LEASE, {"now": uow.now, "until": uow.now + span, "limit": limit, "most": POISON_AFTER})
    return [Entry(**row._mapping) for row in rows]


_ENTRY = "id, kind, idempotency_key AS key, payload, item_id, attempts, fence, created_at"
_DUE = "state IN ('waiting', 'leased') AND due_at <= :now"
_POISON = "state = 'leased' AND attempts >= :most"
# While leased, an entry is due again when its lease runs out: one index serves both.
_LEASE = f"""
UPDATE outbox SET state = 'leased', fence = fence + 1, attempts = attempts + 1, leased_until = :until, due_at = :until
WHERE id IN (SELECT id FROM outbox WHERE {_DUE} AND NOT ({_POISON})
    ORDER BY due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
RETURNING {_ENTRY}"""


@requires(Permission.OPS_ADMIN, leaves=None)
def park_poison(uow: UnitOfWork, limit: int = 100) -> int:
    """Put aside what ended its worker at its fifth attempt: one batch. Returns how many."""
    query = f"SELECT {_ENTRY} FROM outbox WHERE {_DUE} AND {_POISON} ORDER BY due_at, id LIMIT :limit"
    rows = uow.rows(query, {"now": uow.now, "most": POISON_AFTER, "limit": limit})
    lost = Verdict(False, f"Its worker ended {POISON_AFTER} times before there was an answer.")
    return sum(close(uow, Entry(**row._mapping), lost) != "stale" for row in rows)


@requires(Permission.OPS_ADMIN, leaves=None)
def close(uow: UnitOfWork, entry: Entry, verdict: Verdict) -> str:
    """Write down what became of an attempt, and move the item that it was for, in one unit.

    Returns done, returned (to the item's holder), again, parked, or stale: another has leased it since, and nothing
    was changed.
    """
    # The item first, as a person's decision locks it: or the two would wait for each other.
    case = case_of(uow, entry.item_id, locks=True) if entry.item_id else None
    how = _how(uow, entry, verdict)
    if not _write(uow, entry, verdict, how):
        return "stale"
    uow.record("effect.closed", "outbox", entry.id, kind=entry.kind, how=how, attempts=entry.attempts)
    if case and how == "done":
        return _arrive(case, verdict)
    if case and how == "returned":
        carrying.come_back(case, verdict.told)
    return how


def _arrive(case: Case, verdict: Verdict) -> str:
    """Let the item and its records follow; where the records cannot, it comes back with the reason."""
    try:
        with case.uow.attempt():
            carrying.arrive(case, verdict.outcome, verdict.told)
    except OpsError as refusal:
        carrying.come_back(case, refusal.sentence)
        return "returned"
    return "done"


def _how(uow: UnitOfWork, entry: Entry, verdict: Verdict) -> str:
    if verdict.is_done:
        return "done"
    is_spent = entry.attempts >= config.number("OUTBOX_TRIES") or uow.now - entry.created_at > HORIZON
    if verdict.again and not is_spent and (entry.item_id is None or kind_of(entry.kind).is_patient):
        return "again"
    return "returned" if entry.item_id else "parked"


_STATES = {"done": "done", "returned": "done", "again": "waiting", "parked": "parked"}
# Of a message that has left, or come back, the outbox keeps no words.
_WRITE = """
UPDATE outbox SET state = :state, due_at = :due, leased_until = NULL, last_error = :error,
    payload = CASE WHEN :state = 'done' THEN payload - 'letter' ELSE payload END,
    done_at = CASE WHEN :state = 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) END
WHERE id = :id AND fence = :fence AND state = 'leased'"""


def _write(uow: UnitOfWork, entry: Entry, verdict: Verdict, how: str) -> bool:
    values = {
        "id": entry.id,
        "fence": entry.fence,
        "state": _STATES[how],
        "due": uow.now + pause_after(entry.attempts, verdict.pause),
        "error": None if verdict.is_done else verdict.told,
        "now": uow.now,
    }
    with uow.housekeeping():
        return uow.execute(_WRITE, values).rowcount == 1


def pause_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, up to an hour, spread; longer where asked."""
    longest = min(_FIRST_PAUSE * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE)
    spread = timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311 - jitter, not a secret
    return max(spread, asked or timedelta(0))


_AGAIN = "state = 'waiting', attempts = 0, due_at = :now, created_at = :now, done_at = NULL"


@requires(Permission.OPS_ADMIN, leaves="effect.resent")
def resend(uow: UnitOfWork, entry_id: int) -> None:
    """Send what was parked once more, under its own key. Raises Conflict unless it is parked."""
    again = uow.execute(
        f"UPDATE outbox SET {_AGAIN} WHERE id = :id AND state = 'parked'",
        {"id": entry_id, "now": uow.now},
    )
    if again.rowcount != 1:
        raise Conflict("It is not parked, so there is nothing to send again.")
    uow.record("effect.resent", "outbox", entry_id)


@requires(Permission.OPS_ADMIN, leaves="effect.resent")
def resend_all(uow: UnitOfWork, kind: str, limit: int = 1000) -> int:
    """Send everything of one kind that was parked once more, the oldest first, each under its own key: at most
    `limit`. Returns how many. Raises Conflict when nothing of it is parked."""
    again = uow.rows(
        f"UPDATE outbox SET {_AGAIN} WHERE id IN (SELECT id FROM outbox WHERE state = 'parked' AND kind = :kind "
        "ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED) RETURNING id",
        {"kind": kind, "limit": limit, "now": uow.now},
    )
    if not again:
        raise Conflict("Nothing of this kind is parked.")
    for row in again:
        uow.record("effect.resent", "outbox", row.id)
    return len(again)
