"""Proving the audit log whole: rows against their seals, seals against the chain, the chain against its anchors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from core import anchors, keys
from core.anchors import Line
from core.permissions import Permission, requires
from core.sealing import Seal, digest, head, last_number, rows_after, seals_after
from core.spans import format_span
from core.uow import UnitOfWork

_BATCH = 5_000
_MOST_FINDINGS = 100
_LOWEST = -(2**63)
_LATE = timedelta(minutes=5)

T = TypeVar("T")
Row = Sequence[Any]


@dataclass(frozen=True)
class Finding:
    """A place where the log is not what it was: `where` names rows, a seal or an anchor, `what` is a sentence."""

    where: str
    what: str


@dataclass(frozen=True)
class Verdict:
    """What a check of the whole log found; the counts say how much of it was checked.

    `unsealed` rows at the end are too young to be proven; the oldest of them is `oldest_unsealed` old (None without
    any). `cautions` are sentences about what this check could not see; they do not make the log wrong.
    """

    rows: int
    seals: int
    anchors: int
    unsealed: int
    oldest_unsealed: timedelta | None
    findings: tuple[Finding, ...]
    cautions: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against the log."""
        return not self.findings


@requires(Permission.AUDIT_READ, leaves="audit.verify")
def verify(uow: UnitOfWork) -> Verdict:
    """Check the audit log from its first row to its last and say where it was altered, if it was.

    Needs about ten seconds for each million rows, little memory, and holds nobody up. Makes no key: without the one
    in use, that is what the verdict says.
    """
    verdict = _verdict(uow)
    uow.record("audit.verify", "audit_log", ok=verdict.ok, rows=verdict.rows, findings=len(verdict.findings))
    return verdict


def _verdict(uow: UnitOfWork) -> Verdict:
    extent = anchors.extent()  # before the chain's end is read: whatever is anchored by now must be found in it
    last = head(uow)
    walk = _Walk(uow, keys.known_key("audit"), last, extent)
    walk.go()
    _check_numbers(uow, last, walk.findings)
    unsealed, age = _tail(uow, last)
    return Verdict(
        rows=walk.rows.taken,
        seals=walk.seals,
        anchors=walk.lines.taken,
        unsealed=unsealed,
        oldest_unsealed=age,
        findings=walk.findings.told(),
        cautions=tuple(_cautions(last, walk.lines.taken, unsealed, age)),
    )


@dataclass
class _Findings:
    """What was found: the first hundred in words, the rest as a number."""

    first: list[Finding] = field(default_factory=list)
    beyond: int = 0

    def add(self, where: str, what: str) -> None:
        if len(self.first) < _MOST_FINDINGS:
            self.first.append(Finding(where, what))
        else:
            self.beyond += 1

    def told(self) -> tuple[Finding, ...]:
        rest = (Finding("elsewhere", f"{self.beyond:,} more places are wrong."),) if self.beyond else ()
        return (*self.first, *rest)


class _Ahead(Generic[T]):
    """Things in order, of which the next is looked at before it is taken."""

    def __init__(self, things: Iterator[T]) -> None:
        self._things = things
        self._next = next(things, None)
        self.taken = 0

    def take_while(self, wanted: Callable[[T], bool]) -> Iterator[T]:
        while self._next is not None and wanted(self._next):
            yield self._next
            self.taken += 1
            self._next = next(self._things, None)


class _Walk:
    """One way along the chain, from its beginning to `last`, with the rows and the anchors in step."""

    def __init__(self, uow: UnitOfWork, key: bytes | None, last: Seal | None, extent: int) -> None:
        self._uow, self._key, self._last, self._extent = uow, key, last, extent
        self.findings = _Findings()
        self.rows: _Ahead[Row] = _Ahead(_rows(uow, last.last_id if last and key else _LOWEST))
        self.lines: _Ahead[Line] = _Ahead(anchors.lines(key, extent) if key else iter(()))
        self.seals = 0

    def go(self) -> None:
        if self._key is not None:
            self._follow(self._key)
        elif self._last or self._extent:
            self.findings.add("the key", "The key that seals the audit log is missing: nothing is proven without it.")

    def _follow(self, key: bytes) -> None:
        previous: Seal | None = None
        for seal in _seals(self._uow, self._last):
            self._check_place(seal, previous)
            self._check_content(key, seal, previous)
            self._check_anchors(seal)
            previous = seal
            self.seals += 1
        self._check_end()

    def _check_place(self, seal: Seal, previous: Seal | None) -> None:
        """Seals and their ranges follow on one another, and no row lies outside them."""
        number, first = (previous.id + 1, previous.last_id + 1) if previous else (0, 0)
        if seal.id != number:
            self.findings.add(_numbers("seal", number, seal.id - 1), "The chain is broken here: seals were removed.")
        elif seal.first_id != first:
            self.findings.add(f"seal {seal.id}", f"It begins at row {seal.first_id} where {first} was next.")
        strays = sum(1 for _ in self.rows.take_while(lambda row: row[0] < seal.first_id))
        if strays:
            self.findings.add(f"before row {seal.first_id}", f"No seal covers the {strays:,} rows that stand here.")

    def _check_content(self, key: bytes, seal: Seal, previous: Seal | None) -> None:
        """The rows under the seal are those that it was put on."""
        before = self.rows.taken
        found = digest(self.rows.take_while(lambda row: row[0] <= seal.last_id))
        count = self.rows.taken - before
        where = f"{_numbers('row', seal.first_id, seal.last_id)} (seal {seal.id})"
        if count != seal.row_count:
            self.findings.add(where, f"There are {count:,} rows, and the seal says {seal.row_count:,}.")
        elif seal.mac != seal.true_mac(key, previous.mac if previous else "", found):
            self.findings.add(where, _ALTERED if previous else _ALTERED_BEGINNING)

    def _check_anchors(self, seal: Seal) -> None:
        """What was anchored up to here is this seal; a line passed over named one that is gone or another."""
        for line in self.lines.take_while(lambda line: line.anchor is None or line.anchor.seal <= seal.id):
            if line.anchor is None:
                self._distrust(line)
            elif (line.anchor.seal, line.anchor.last_id, line.anchor.mac) != (seal.id, seal.last_id, seal.mac):
                self.findings.add(
                    f"seal {line.anchor.seal}", f"It is not the one that was anchored at {line.anchor.at}."
                )

    def _check_end(self) -> None:
        """Nothing was anchored beyond the end of the chain."""
        for line in self.lines.take_while(lambda _: True):
            if line.anchor is None:
                self._distrust(line)
            else:
                where = f"the end of the log, up to row {line.anchor.last_id}"
                self.findings.add(
                    where, f"It was cut off: seal {line.anchor.seal}, anchored at {line.anchor.at}, is gone."
                )

    def _distrust(self, line: Line) -> None:
        self.findings.add(f"anchor line {line.number}", "This line was altered, or the one before it was or is gone.")


_ALTERED = "A row among these, or the seal itself, was altered."
_ALTERED_BEGINNING = "The beginning of the chain was altered, or the audit key here is not the one that sealed it."


def _rows(uow: UnitOfWork, until: int) -> Iterator[Row]:
    """The rows up to `until` in order: batch by batch, so that neither memory nor a snapshot is held for long."""
    after = _LOWEST
    while batch := rows_after(uow, after, until, _BATCH):
        yield from batch
        after = batch[-1][0]


def _seals(uow: UnitOfWork, last: Seal | None) -> Iterator[Seal]:
    """The seals in order, up to the one that was last when the check began."""
    after, until = _LOWEST, last.id if last else _LOWEST
    while batch := [seal for seal in seals_after(uow, after, _BATCH) if seal.id <= until]:
        yield from batch
        after = batch[-1].id


def _check_numbers(uow: UnitOfWork, last: Seal | None, findings: _Findings) -> None:
    """The log draws its numbers upwards, and no row has a number that was never drawn."""
    highest = uow.execute("SELECT max(id) FROM ops_audit_log").scalar_one() or 0
    drawn = last_number(uow)
    if last and drawn < last.last_id:
        findings.add("the numbering", f"It stands at {drawn} although rows up to {last.last_id} were sealed.")
    if highest > drawn:
        findings.add(_numbers("row", drawn + 1, highest), "Rows bear numbers that the log never gave out.")


_TAIL = """
    SELECT count(*) AS waiting, extract(epoch FROM :now - min(at) FILTER (WHERE isfinite(at)))::float AS seconds
    FROM ops_audit_log WHERE id > :sealed
"""


def _tail(uow: UnitOfWork, last: Seal | None) -> tuple[int, timedelta | None]:
    """How many rows no seal covers yet, and the age of the oldest."""
    tail = uow.rows(_TAIL, {"sealed": last.last_id if last else 0, "now": uow.now})[0]
    return tail.waiting, timedelta(seconds=max(0.0, tail.seconds or 0.0)) if tail.waiting else None


def _cautions(last: Seal | None, anchored: int, unsealed: int, age: timedelta | None) -> Iterator[str]:
    if last and not anchored:
        yield "This data folder keeps no anchors: rows cut off the end of the log would not be noticed."
    if age and age > _LATE:
        yield f"{unsealed:,} rows have waited up to {format_span(age)} for a seal: is a job runner at work?"


def _numbers(kind: str, first: int, last: int) -> str:
    return f"{kind}s {first}–{last}" if last > first else f"{kind} {first}"
