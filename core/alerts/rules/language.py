"""The language of rules: what one may say, in JSON, and nothing else; what is wrong is refused with its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic import Field as Bounded

from core.alerts.rules.fields import EVENTS, Mark
from core.permissions import Role
from core.sla.wall import zone_named
from core.words import Severity

MOST_PARTS = 20
MOST_VALUES = 50
MOST_CONDITIONS = 64
MOST_CONDITION_DEPTH = 8
TITLE_LENGTH = 150
MESSAGE_LENGTH = 500
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANNELS = ("in_app", "email", "sms", "slack", "webhook")

Value: TypeAlias = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Bounded(min_length=1, max_length=200)]
FieldName: TypeAlias = Annotated[StrictStr, Bounded(max_length=60)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Compare(_Part):
    """A field against one value. Of what is empty, no comparison holds."""

    op: Literal["is", "is_not", "more_than", "at_least", "less_than", "at_most", "contains"]
    field: FieldName
    value: Value


class Among(_Part):
    """A field against a list of values."""

    op: Literal["one_of", "none_of"]
    field: FieldName
    values: Annotated[tuple[Value, ...], Bounded(min_length=1, max_length=MOST_VALUES)]


class Presence(_Part):
    """Whether a field has a value at all."""

    op: Literal["is_empty", "is_set"]
    field: FieldName


class Several(_Part):
    """Conditions that must all hold, or of which any must."""

    op: Literal["all", "any"]
    of: Annotated[tuple[Condition, ...], Bounded(min_length=1, max_length=MOST_PARTS)]


class Not(_Part):
    """A condition that must not hold."""

    op: Literal["not"]
    of: Condition


Condition: TypeAlias = Annotated[Compare | Among | Presence | Several | Not, Bounded(discriminator="op")]


class ToAssignee(_Part):
    """Whoever holds the record, else those who serve its queue."""

    to: Literal["assignee"]


class ToRole(_Part):
    """Everybody of a role."""

    to: Literal["role"]
    role: Role


class ToStaff(_Part):
    """These members of staff, each with an alert of their own."""

    to: Literal["staff"]
    ids: Annotated[tuple[StrictInt, ...], Bounded(min_length=1, max_length=20)]


class ToEverybody(_Part):
    """Everybody."""

    to: Literal["everybody"]


Audience: TypeAlias = Annotated[ToAssignee | ToRole | ToStaff | ToEverybody, Bounded(discriminator="to")]


class _Rule(_Part):
    severity: Severity = Severity.WARNING
    title: Annotated[StrictStr, Bounded(min_length=1, max_length=TITLE_LENGTH)]
    message: Annotated[StrictStr, Bounded(max_length=MESSAGE_LENGTH)] = ""
    audience: Audience
    cooldown_minutes: Annotated[StrictInt, Bounded(ge=0, le=43_200)] = 60
    expires_minutes: Annotated[StrictInt, Bounded(ge=5, le=129_600)] = 1_440
    channels: Annotated[tuple[Literal["in_app", "email", "sms", "slack", "webhook"], ...], Bounded(max_length=5)] = (
        "in_app",
    )


class EventRule(_Rule):
    """Fires when something happens to a record that meets the condition: once a record within the cooldown, or once
    for all of them."""

    kind: Literal["event"]
    event: Annotated[StrictStr, Bounded(max_length=60)]
    condition: Condition | None = None
    per: Literal["record", "rule"] = "record"


class SlaRule(_Rule):
    """Fires when an open item that meets the condition passes a mark on the way to its deadline, or past it."""

    kind: Literal["sla"]
    mark: Mark
    condition: Condition | None = None
    per: Literal["record", "rule"] = "record"


class ThresholdRule(_Rule):
    """Fires when a metric has been beyond a value for so many minutes; over once it is back at `clears_at`."""

    kind: Literal["threshold"]
    metric: Annotated[StrictStr, Bounded(max_length=60)]
    operator: Literal["more_than", "at_least", "less_than", "at_most"]
    value: StrictInt | StrictFloat
    held_minutes: Annotated[StrictInt, Bounded(ge=0, le=10_080)] = 0
    clears_at: StrictInt | StrictFloat | None = None


class ScheduleRule(_Rule):
    """Fires at a time of day on some days in a zone. A time that clocks skip comes when they jump; one that they show
    twice comes the first time."""

    kind: Literal["schedule"]
    time: Annotated[StrictStr, Bounded(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    days: Annotated[tuple[Literal[DAYS], ...], Bounded(min_length=1, max_length=7)] = DAYS  # type: ignore[valid-type]
    zone: Annotated[StrictStr, Bounded(max_length=60)] = "UTC"

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone in which the time is meant."""
        return zone_named(self.zone)


RecordRule: TypeAlias = EventRule | SlaRule
AnyRule: TypeAlias = EventRule | SlaRule | ThresholdRule | ScheduleRule
Rule: TypeAlias = Annotated[EventRule | SlaRule | ThresholdRule | ScheduleRule, Bounded(discriminator="kind")]


def subject_of(rule: RecordRule) -> str:
    """What the rule's events are about."""
    return "item" if isinstance(rule, SlaRule) else EVENTS[rule.event].subject


def event_of(rule: RecordRule) -> str:
    """The kind of event that the rule waits for."""
    return rule.mark.event if isinstance(rule, SlaRule) else rule.event


def exact(value: float | str) -> Decimal | str | bool:
    """A value as it is compared: numbers by their digits, never by what binary fractions make of them."""
    return value if isinstance(value, bool | str) else Decimal(str(value))
