"""What programs send: every field bounded, nothing unknown accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from api.reading import MOST_RECORDS
from core.alerts.broadcasting import MESSAGE_LENGTH, TITLE_LENGTH
from core.alerts.raising import Audience
from core.intake.forms import Moment
from core.permissions import Role
from core.queue.deciding import JUSTIFICATION_LENGTH
from core.queue.filters import Filter
from core.queue.newcomers import NewItem
from core.queue.noting import COMMENT_LENGTH
from core.text import is_text
from core.words import AlertType, Priority, Queue, Severity, WaitingOn

T = TypeVar("T")


def _plain(given: str) -> str:
    if not is_text(given):
        raise ValueError("holds characters that are no text")
    return given


def _heard(given: Any) -> Any:
    return Priority.heard(given) or given


Word = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
Graded = Annotated[Priority, BeforeValidator(_heard)]
Version = Annotated[int, Field(ge=1, lt=2**31, strict=True)]
Number = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
OneOrMany: TypeAlias = Annotated[
    Annotated[T, Tag("one")] | Annotated[list[T], Field(min_length=1, max_length=MOST_RECORDS), Tag("many")],
    Discriminator(lambda given: "many" if isinstance(given, list) else "one"),
]


def many(given: T | Sequence[T]) -> list[T]:
    """What was sent, as a list."""
    return list(given) if isinstance(given, list) else [given]  # type: ignore[list-item]  # one record is no list


class Sent(BaseModel):
    """Anything that a program sends."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class WorkItemIn(Sent):
    """A new work item. Only the type is needed; the rest has the type's defaults."""

    model_config = ConfigDict(strict=True)

    item_type: str = Field(max_length=100, description="What sort of item it is.")
    resource_type: str | None = Field(None, max_length=100)
    resource_id: str | int | None = Field(None, description="Which record it is about.")
    title: str = Field("", max_length=500)
    reason: str = Field("", max_length=16_000, description="Why somebody has to look at it.")
    priority: str | int | None = Field(None, description="critical, high, medium or low; or 1 to 5.")
    queue: str | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    confidence_score: float = Field(1.0, description="0 to 1: how sure the source is.")
    session_id: str | None = Field(None, max_length=200)
    sla_hours: float | None = Field(None, description="Hours to settle it, instead of the policy's.")
    external_ref: str | None = Field(
        None, max_length=200, description="What its source knows it by: sent again, it is known and left as it is."
    )

    def newcomer(self, source: str) -> NewItem:
        """The same as the core knows it."""
        priority = self.priority if self.priority is None else Priority.heard(self.priority) or str(self.priority)
        return NewItem(**self.model_dump(exclude={"priority"}), priority=priority, source=source)


class TakeNextIn(Sent):
    """From which queue to take, or from any that the caller serves."""

    queue: Queue | None = None


class _Deed(Sent):
    """One deed. `version` is that of the item as the caller has seen it; If-Match says the same."""

    version: Version | None = None


class Claim(_Deed):
    """Take the item in hand."""

    action: Literal["claim"]


class Release(_Deed):
    """Give it back."""

    action: Literal["release"]


class Assign(_Deed):
    """Put it into a person's hands; as a manager."""

    action: Literal["assign"]
    assignee: Number = Field(description="The person's number.")


class TakeOver(_Deed):
    """Take it out of another's hands; as a manager."""

    action: Literal["take_over"]


class Comment(Sent):
    """Add a comment to its history, whatever its version."""

    action: Literal["comment"]
    text: str = Field(max_length=COMMENT_LENGTH)


class Defer(_Deed):
    """Put it off until a moment within 90 days."""

    action: Literal["defer"]
    until: Moment
    reason: str = Field("", max_length=2000)


class Escalate(_Deed):
    """Raise its level by one."""

    action: Literal["escalate"]
    reason: str = Field(max_length=2000)
    to: str | None = Field(None, max_length=100)


class Reprioritise(_Deed):
    """Give it another priority."""

    action: Literal["priority"]
    priority: Graded
    reason: str = Field(max_length=2000)


class Resolve(_Deed):
    """Settle it with one of its type's options."""

    action: Literal["resolve"]
    option: str = Field(max_length=100)
    justification: str = Field(max_length=JUSTIFICATION_LENGTH)
    parameters: dict[str, Any] = Field(default_factory=dict, max_length=50)


class Reject(_Deed):
    """Turn it down with a reason."""

    action: Literal["reject"]
    reason: str = Field(max_length=JUSTIFICATION_LENGTH)


class Undo(_Deed):
    """Take one's own decision back."""

    action: Literal["undo"]


class Reopen(_Deed):
    """Open it again, with a new SLA cycle; as a manager."""

    action: Literal["reopen"]
    reason: str = Field(max_length=2000)


class Wait(_Deed):
    """Set it aside until somebody answers."""

    action: Literal["wait"]
    waiting_on: WaitingOn
    note: str = Field("", max_length=2000)


class Resume(_Deed):
    """Go on with it."""

    action: Literal["resume"]


Deed = Annotated[
    Claim
    | Release
    | Assign
    | TakeOver
    | Comment
    | Defer
    | Escalate
    | Reprioritise
    | Resolve
    | Reject
    | Undo
    | Reopen
    | Wait
    | Resume,
    Field(discriminator="action"),
]


SHAPES = {"one", "many"} | {
    "claim", "release", "assign", "take_over", "comment", "defer", "escalate", "priority", "resolve", "reject", "undo",
    "reopen", "wait", "resume",
}  # fmt: skip
"""What the shapes that a body may have are called where one of them does not fit."""


class QueueQuery(Sent):
    """What is asked of the queue. `pending`, `assigned`, `escalated`, OPEN … are understood as statuses too."""

    status: Word | None = Field(None, description="pending (the default), reviewed, all, escalated, or one status.")
    intent_type: Word | None = Field(None, description="The customer types' other name for item_type.")
    queue: Word | None = None
    item_type: Word | None = None
    priority: list[Word] = Field(default_factory=list, max_length=10, description="Names, or 1 to 5.")
    priority_min: float | None = Field(None, description="The lowest score, 0 to 100.")
    priority_max: float | None = Field(None, description="The highest score, 0 to 100.")
    date_from: Moment | None = None
    date_to: Moment | None = None
    assignee: Word | None = Field(None, description='"me", "nobody" or a person\'s number.')
    sla: Word | None = None
    text: Word | None = Field(None, description="Beginnings of words in what everybody may see of an item.")
    sort_by: Word = "priority_score"
    sort_order: Word = "desc"
    skip: int = 0
    limit: int = 20
    cursor: Word | None = Field(None, max_length=500, description="`next_cursor` of the page before.")
    expand: bool = Field(False, description="The full record of each item; each counts against the hourly allowance.")
    fields: Word | None = Field(None, max_length=1000, description="Names, parted by commas: only these of a record.")

    def filter(self, usual_status: str) -> Filter:
        """The same as the core knows it."""
        return Filter(
            status=self.status or usual_status,
            queue=self.queue,
            item_type=self.item_type or self.intent_type,
            priority=tuple(self.priority),
            score_min=self.priority_min,
            score_max=self.priority_max,
            created_from=self.date_from,
            created_to=self.date_to,
            assignee=self.assignee,
            sla=self.sla,
            text=self.text,
            sort_by=self.sort_by,
            sort_order=self.sort_order,  # type: ignore[arg-type]  # the core refuses what it does not know
        )


class MetricsQuery(Sent):
    """Which figures: of today, this week, this month or of all there is; in the groups named, or in all."""

    period: Word = Field("today", description="today, week, month or all.")
    include: list[Word] = Field(
        default_factory=list, max_length=10, description="Names, repeated or parted by commas; all where none is named."
    )

    @property
    def groups(self) -> list[str]:
        """The groups named, one by one."""
        return [name.strip() for said in self.include for name in said.split(",")]


class AlertQuery(Sent):
    """Which alerts: the live ones, or with `past` those that are over or put away."""

    severity: Severity | None = None
    alert_type: AlertType | None = None
    unread: bool = False
    past: bool = False
    mine: bool = Field(False, description="Leaves an administrator only what is meant for them.")
    limit: int = 20
    cursor: Word | None = Field(None, max_length=500)


class BroadcastIn(Sent):
    """Something to say to everybody, or to those of a role or of a queue."""

    title: str = Field(max_length=TITLE_LENGTH)
    message: str = Field(max_length=MESSAGE_LENGTH)
    severity: Severity = Severity.INFO
    role: Role | None = None
    queue: Queue | None = None
    expires_at: Moment = Field(description="When it goes by itself: within 90 days.")

    @property
    def audience(self) -> Audience:
        """Whom it is for."""
        return Audience(role=self.role, queue=self.queue)

    @model_validator(mode="after")
    def _one_audience(self) -> Self:
        if self.role is not None and self.queue is not None:
            raise ValueError("queue: cannot be named together with a role")
        return self


class RuleIn(Sent):
    """A new rule: its name, and its JSON as docs/alerts.md tells of it."""

    name: str = Field(max_length=200)
    definition: dict[str, Any]


class RuleChange(Sent):
    """What is to be changed of a rule. `version` is that of the rule as the caller has seen it, or is in If-Match."""

    name: str | None = Field(None, max_length=200)
    definition: dict[str, Any] | None = Field(None, description="Goes with a name, or keeps the old one.")
    enabled: Annotated[bool, Field(strict=True)] | None = None
    version: Version | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.definition is None and (self.enabled is None or self.name is not None):
            raise ValueError("definition: is needed, unless the rule is only switched on or off")
        return self


class BacktestIn(Sent):
    """Over how many days, and another definition than the one that is kept."""

    days: Annotated[int, Field(strict=True)] = 30
    definition: dict[str, Any] | None = None


class AuditQuery(Sent):
    """Which entries of the audit log, newest first."""

    person: Word | None = None
    action: Word | None = None
    resource_type: Word | None = None
    resource_id: Word | None = None
    pii: bool | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: int = Field(50, ge=1, le=100)
    cursor: Word | None = Field(None, max_length=500)


class SettingIn(Sent):
    """A setting's new value. `version` is that of the setting as the caller has seen it; If-Match says the same."""

    value: str | bool | int | float
    version: Annotated[int, Field(ge=0, lt=2**31, strict=True)] | None = None

    @property
    def written(self) -> str:
        """As settings are written."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)
