"""How priority, status, deadline, severity and the like look: the same everywhere, in lists and in details."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import streamlit as st

from core.queue.inbox import QueueRow
from core.spans import format_span
from core.words import AlertType, Priority, Queue, Severity, SlaState, Status
from ui import times

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]


@dataclass(frozen=True)
class Look:
    """The word on a badge, its colour, and its icon where there is room for one."""

    word: str
    colour: Colour
    icon: str | None = None


PRIORITY: dict[str, Look] = {
    Priority.CRITICAL: Look("Critical", "red", ":material/keyboard_double_arrow_up:"),
    Priority.HIGH: Look("High", "orange", ":material/keyboard_arrow_up:"),
    Priority.MEDIUM: Look("Medium", "yellow", ":material/drag_handle:"),
    Priority.LOW: Look("Low", "gray", ":material/keyboard_arrow_down:"),
}
STATUS: dict[str, Look] = {
    Status.OPEN: Look("Open", "blue"),
    Status.IN_PROGRESS: Look("In progress", "violet"),
    Status.WAITING: Look("Waiting", "orange"),
    Status.DEFERRED: Look("Deferred", "gray"),
    Status.RESOLVED: Look("Resolved", "green"),
    Status.REJECTED: Look("Rejected", "gray"),
}
SLA: dict[str, Look] = {
    SlaState.ON_TRACK: Look("On track", "green", ":material/schedule:"),
    SlaState.AT_RISK: Look("At risk", "orange", ":material/timer:"),
    SlaState.BREACHED: Look("Overdue", "red", ":material/alarm:"),
    SlaState.PAUSED: Look("Paused", "gray", ":material/pause:"),
}
SEVERITY: dict[str, Look] = {
    Severity.INFO: Look("Info", "blue", ":material/info:"),
    Severity.WARNING: Look("Warning", "orange", ":material/warning:"),
    Severity.CRITICAL: Look("Critical", "red", ":material/error:"),
}
ALERTS: dict[str, str] = {
    AlertType.SLA_AT_RISK: "Deadline near",
    AlertType.SLA_BREACH: "Deadline missed",
    AlertType.CRITICAL_COMPLAINT: "Critical complaint",
    AlertType.HIGH_PRIORITY_ITEM: "Critical item",
    AlertType.ESCALATED_ITEM: "Escalated",
    AlertType.HIGH_WORKLOAD: "Full hands",
    AlertType.UNASSIGNED_ITEM: "Nobody has it",
    AlertType.PAYMENT_FAILURE: "Payment failed",
    AlertType.THRESHOLD: "Threshold",
    AlertType.DAILY_SUMMARY: "Daily summary",
    AlertType.BROADCAST: "Announcement",
    AlertType.RULE: "Rule",
    AlertType.MANUAL_RESOLUTION_SLA_BREACH: "Manual work late",
    AlertType.SYSTEM: "System",
}
QUEUES: dict[str, str] = {
    Queue.CUSTOMER: "Customer",
    Queue.AUTOMATION: "Automation",
    Queue.PROVIDER_DATA: "Provider data",
}


def words(given: str) -> str:
    """A word of ours as people read it: "pdf_deletion_failed" is "Pdf deletion failed"."""
    return given.replace("_", " ").capitalize()


def look(looks: dict[str, Look], key: str) -> Look:
    """How `key` looks; a word that nobody has styled shows itself in grey."""
    return looks.get(key) or Look(words(key), "gray")


def badge(looks: dict[str, Look], key: str, *, tip: str | None = None) -> None:
    """Draw one badge."""
    shown = look(looks, key)
    st.badge(shown.word, icon=shown.icon, color=shown.colour, help=tip)


def deadline_badge(row: QueueRow, now: datetime, zone: str) -> None:
    """Draw how an item stands to its deadline, with the time that is left or lost."""
    shown = look(SLA, row.sla_state)
    tip = f"Due {times.full_time(row.sla_deadline, zone)}" if row.sla_deadline else None
    st.badge(deadline_words(row, now), icon=shown.icon, color=shown.colour, help=tip)


def deadline_words(row: QueueRow, now: datetime) -> str:
    """How an item stands to its deadline, in words: "Overdue by 2 h", "At risk · 40 min left", "No deadline"."""
    if row.sla_deadline is None:
        return "Paused" if row.sla_state == SlaState.PAUSED else "No deadline"
    if row.resolved_at is not None:
        late = row.resolved_at > row.sla_deadline
        return f"Decided {format_span(row.resolved_at - row.sla_deadline)} late" if late else "Decided in time"
    if row.sla_state == SlaState.BREACHED:
        return f"Overdue by {format_span(now - row.sla_deadline)}"
    return f"{look(SLA, row.sla_state).word} · {format_span(row.sla_deadline - now)} left"


def column(label: str, looks: dict[str, Look], *, width: int, tip: str | None = None) -> Any:
    """A grid column of badges: its cells are lists of one word each, as `cells` makes them."""
    shown = list(looks.values())
    return st.column_config.MultiselectColumn(
        label, width=width, help=tip, options=[each.word for each in shown], color=[each.colour for each in shown]
    )


def cells(looks: dict[str, Look], keys: Iterable[str]) -> list[list[str]]:
    """The cells of a badge column."""
    return [[look(looks, key).word] for key in keys]
