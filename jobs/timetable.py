"""The timetable: every job, how often it runs, what it means, and the verb that it carries out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core import anchors, findable, repeating, running, sealing
from core.alerts import cleaning, watching
from core.alerts.rules import evaluating, recording
from core.errors import Invalid
from core.intake.bookings import pending_too_long
from core.metrics import folding, records
from core.outbox.delivering import deliver
from core.queue import claiming, deferring, distributing, priority
from core.reports import daily
from core.resolutions.forgetting import forget_journals
from core.scanning.following import follow_merges
from core.scanning.providers import scan_providers
from core.sla.watching import check_sla, escalate_breaches
from core.uow import UnitOfWork
from jobs.telling import say
from jobs.turns import Turn, Work

BATCH = 1000
_SECOND, _MINUTE, _DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Job:
    """Something done again and again. A `steady` one has a thread of its own, so that no sweep makes it late.

    A daily one with `at` is done from that time after midnight (UTC) on, once, however late a runner is there.
    """

    name: str
    every: timedelta
    meaning: str
    work: Work
    steady: bool = False
    at: timedelta | None = None

    @property
    def begins(self) -> timedelta:
        """How long after midnight its spans begin."""
        return self.at or timedelta(0)

    @property
    def asked_every(self) -> timedelta:
        """How often a runner asks whether it is due."""
        return self.every if self.at is None else _MINUTE


def once(verb: Callable[[UnitOfWork], int], counted: str) -> Work:
    """The verb, carried out one time."""

    def work(turn: Turn) -> Mapping[str, int]:
        return {counted: int(turn.do(verb))}

    return work


def in_batches(verb: Callable[[UnitOfWork, int], int], counted: str, size: int = BATCH) -> Work:
    """The verb, carried out until a batch is not full: each batch a unit of work, so that locks are short."""

    def work(turn: Turn) -> Mapping[str, int]:
        total = 0
        while not turn.stopping.is_set():
            done = turn.do(verb, size)
            total += done
            if done < size:
                break
        return {counted: total}

    return work


def _evaluate_rules(turn: Turn) -> Mapping[str, int]:
    recorded = in_batches(recording.record_events, "looked_through", recording.BATCH)(turn)
    return {**recorded, **evaluating.evaluate_all(turn.do)}


def _tidy(turn: Turn) -> Mapping[str, int]:
    cleaned = in_batches(cleaning.cleanup_alerts, "alerts")(turn)
    records_gone = in_batches(records.forget_records, "records", 5000)(turn)
    events_gone = in_batches(recording.forget_events, "events", recording.BATCH)(turn)
    return {**cleaned, **records_gone, **events_gone, **in_batches(running.tidy, "runs")(turn)}


def _emit(turn: Turn) -> Mapping[str, int]:
    say(turn.do(records.emit).told())
    return {"records": 1}


TIMETABLE = (
    Job("check_sla", 5 * _MINUTE, "Tell of items at risk and late; also at the moment a deadline falls.",
        in_batches(check_sla, "told")),
    Job("escalate_breaches", 30 * _MINUTE, "Raise late items by a level and tell who is on call.",
        in_batches(escalate_breaches, "escalated")),
    Job("check_critical", 10 * _MINUTE, "Tell of critical items that nobody was told of.",
        in_batches(watching.check_critical, "told")),
    Job("check_unassigned", 10 * _MINUTE, "Tell the managers of critical items that nobody takes.",
        in_batches(watching.check_unassigned, "told")),
    Job("check_workload", 10 * _MINUTE, "Tell who holds too many items, and the managers.",
        once(watching.check_workload, "people")),
    Job("evaluate_rules", _MINUTE, "Record what happened and fire the alert rules that wait for it.", _evaluate_rules),
    Job("refresh_scores", _MINUTE, "Count the priority scores of all open items anew.",
        once(priority.refresh_scores, "changed")),
    Job("wake_deferred", _MINUTE, "Reopen deferred items whose time has come.",
        in_batches(deferring.wake_deferred, "woken")),
    Job("expire_leases", _MINUTE, "Give back items whose holder has shown no sign of life.",
        in_batches(claiming.expire_leases, "given_back")),
    Job("auto_assign", 5 * _SECOND, "Hand open items to who is present and has room, where a setting says so.",
        in_batches(distributing.auto_assign, "handed_out"), steady=True),
    Job("mark_customers", _MINUTE, "Make customers findable that are not yet: after an upgrade, all of them.",
        in_batches(findable.mark_customers, "customers")),
    Job("forget_journals", _MINUTE, "Forget what undoing would need, once it can no longer be done.",
        in_batches(forget_journals, "forgotten")),
    Job("pending_too_long", 60 * _MINUTE, "Open an item for each booking that nobody has confirmed for too long.",
        in_batches(pending_too_long, "opened")),
    Job("scan_providers", 60 * _MINUTE, "Raise provider records that may be the same or lack something.",
        in_batches(scan_providers, "records", 500)),
    Job("follow_merges", 5 * _MINUTE, "Let duplicate checks follow provider records that were merged.",
        in_batches(follow_merges, "followed", 500)),
    Job("deliver_outbox", _SECOND, "Send what is due to leave the house.", lambda turn: deliver(turn.do), steady=True),
    Job("seal_audit", 2 * _SECOND, "Seal what was written to the audit log.", once(sealing.seal, "rows"), steady=True),
    Job("anchor_audit", _MINUTE, "Note the head of the audit log outside the database.",
        once(anchors.anchor, "anchors")),
    Job("forget_answers", 60 * _MINUTE, "Forget answers to programs that they can no longer ask for again.",
        in_batches(repeating.forget_answers, "forgotten")),
    Job("fold_metrics", 2 * _SECOND, "Fold what has changed into the sums that metrics are read from.",
        in_batches(folding.fold, "changes", folding.BATCH), steady=True),
    Job("emit_queue_metrics", _MINUTE, "Measure how deep the queue is, keep the record and print it.", _emit),
    Job("report_metrics", _DAY, "Make the daily report of the queue, keep it and mail it.",
        once(daily.report_metrics, "mails"), at=daily.AT),
    Job("daily_summary", _DAY, "Tell the managers what the daily report says.",
        once(daily.daily_summary, "told"), at=daily.AT),
    Job("cleanup_alerts", _DAY, "Remove expired and old alerts, and old records, events and runs.", _tidy),
)  # fmt: skip


def job(name: str) -> Job:
    """The job of that name. Raises Invalid with the names there are."""
    found = next((known for known in TIMETABLE if known.name == name), None)
    if found is None:
        raise Invalid("job", f"is one of {', '.join(known.name for known in TIMETABLE)}")
    return found
