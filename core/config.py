"""Runtime settings: each declared once with type, default, bounds and meaning; changed ones are in `ops_config`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import text

from core import db
from core.changes import Change, changes_of
from core.errors import Conflict, Invalid, NotFound
from core.fresh import Fresh
from core.permissions import Permission, requires
from core.text import checked_text
from core.uow import UnitOfWork

Value = str | int | float | bool
HAND_OUT = ("none", "round_robin", "least_loaded")
"""How a queue's items may be handed out: not at all, by turns, or to whoever has the fewest in hand."""


@dataclass(frozen=True)
class Setting:
    """One runtime setting: `low` and `high` bound numbers, `allowed` closes a list of words."""

    key: str
    default: Value
    meaning: str
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()

    def parse(self, given: str) -> Value:
        """The typed value of what somebody wrote; raises Invalid naming this setting and what is allowed."""
        return _PARSERS[type(self.default)](self, given.strip())


def _boolean(setting: Setting, given: str) -> bool:
    if given.lower() not in {"true", "false"}:
        raise Invalid(setting.key, "is true or false")
    return given.lower() == "true"


def _number(setting: Setting, given: str) -> int | float:
    kind = type(setting.default)
    try:
        value: int | float = int(given) if kind is int else float(given)
    except ValueError:
        raise Invalid(setting.key, "is a whole number" if kind is int else "is a number") from None
    low, high = setting.low, setting.high
    if math.isnan(value) or (low is not None and value < low) or (high is not None and value > high):
        raise Invalid(setting.key, f"lies between {low:g} and {high:g}")
    return value


def _word(setting: Setting, given: str) -> str:
    if setting.allowed and given not in setting.allowed:
        raise Invalid(setting.key, f"is one of {', '.join(setting.allowed)}")
    if setting.key == "TIME_ZONE":
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(setting.key, "is a time zone such as Europe/Berlin") from None
    if len(given) > 200:
        raise Invalid(setting.key, "has at most 200 characters")
    return given


_PARSERS: Mapping[type, Callable[[Setting, str], Value]] = {bool: _boolean, int: _number, float: _number, str: _word}

_DECLARED = (
    Setting(
        "DEFAULT_STATUS_FILTER",
        "pending",
        "What the queue shows first.",
        allowed=("pending", "reviewed", "all"),
    ),
    Setting("SLA_BUFFER_HOURS", 1.0, "How long before its deadline an item is at risk, in hours.", 0, 720),
    Setting("MAX_EXPAND_PER_HOUR", 100, "Full records that one person may open in an hour.", 0, 100_000),
    Setting("ENABLE_AUTO_ENRICHMENT", True, "Make summaries in the background when an item arrives."),
    Setting("TIME_ZONE", "UTC", "The zone in which today, weeks and months begin."),
    Setting("METRICS_CACHE_SECONDS", 300, "How long metrics are kept before they are counted anew.", 0, 86_400),
    Setting("METRIC_RECORD_DAYS", 90, "Days for which the records of the queue's depth are kept.", 1, 3650),
    Setting("WORKLOAD_THRESHOLD", 15, "Items in one pair of hands from which the load is called high.", 1, 1000),
    Setting("UNASSIGNED_MINUTES", 30, "Minutes a critical item may lie unclaimed before it alerts.", 1, 10_080),
    Setting("ACKNOWLEDGE_MINUTES", 240, "Minutes for which an acknowledged alert is quiet.", 5, 10_080),
    Setting("RULE_FAILURES", 5, "Failures in a row after which an alert rule is switched off.", 1, 100),
    Setting("RULE_STORM", 100, "Firings in 30 days from which saving a rule warns of a storm.", 1, 100_000),
    Setting("RULE_EVENT_DAYS", 60, "Days for which events are kept, for rules to be tried against.", 2, 3650),
    Setting("ALERT_RETENTION_DAYS", 30, "Days after which alerts are cleaned up.", 1, 3650),
    Setting("PENDING_BOOKING_HOURS", 48, "Hours a booking may stay pending before it becomes an item.", 1, 8760),
    Setting("LEASE_MINUTES", 30, "How long a claim holds without a sign of life.", 1, 1440),
    Setting("ASSIGN_CUSTOMER", "none", "How customer items find hands by themselves.", allowed=HAND_OUT),
    Setting("ASSIGN_AUTOMATION", "none", "How automation items find hands by themselves.", allowed=HAND_OUT),
    Setting("ASSIGN_PROVIDER_DATA", "none", "How provider data items find hands by themselves.", allowed=HAND_OUT),
    Setting("PRESENT_MINUTES", 15, "Minutes after their last deed for which a person counts as present.", 1, 480),
    Setting("STUCK_OPEN_DAYS", 14, "Days after which an open item counts as stuck.", 1, 3650),
    Setting("STUCK_WAITING_DAYS", 5, "Days of waiting for one answer after which an item counts as stuck.", 1, 365),
    Setting("STUCK_HANDOVERS", 3, "Times in 7 days that an item leaves a hand undecided, to count as stuck.", 2, 100),
    Setting("UNDO_SECONDS", 10, "How long a decision can be undone.", 0, 300),
    Setting(
        "REFUND_APPROVAL_ABOVE",
        500.0,
        "Above this much given back for one booking, in its currency, a second person must approve (0: always).",
        0,
        1e12,
    ),
    Setting("API_CALLS_PER_MINUTE", 24_000, "Calls that one API token may make in a minute.", 1, 10_000_000),
    Setting("IDEMPOTENCY_HOURS", 24, "Hours for which a repeated call is answered as the first one was.", 1, 720),
    Setting("OUTBOX_TRIES", 8, "Attempts after which what cannot be sent is parked.", 1, 50),
    Setting("SESSION_IDLE_MINUTES", 480, "A session ends after this long without use.", 5, 10_080),
    Setting("SESSION_HOURS", 24, "A session ends this long after sign-in.", 1, 720),
    Setting(
        "SIGN_IN_ATTEMPTS",
        10,
        "Failed sign-ins in 15 minutes that block a name (five times as many: an address).",
        3,
        1000,
    ),
    Setting("REPORT_RECIPIENTS", "", "Usernames, with commas: only they are mailed the report; none: all managers."),
    Setting("CURRENCY", "EUR", "The currency of amounts that name none."),
    Setting("SCORE_BASE_CRITICAL", 60.0, "Score points of a critical item.", 0, 100),
    Setting("SCORE_BASE_HIGH", 40.0, "Score points of a high item.", 0, 100),
    Setting("SCORE_BASE_MEDIUM", 20.0, "Score points of a medium item.", 0, 100),
    Setting("SCORE_BASE_LOW", 5.0, "Score points of a low item.", 0, 100),
    Setting("SCORE_SLA", 20.0, "Score points when the whole of the SLA is used up.", 0, 100),
    Setting("SCORE_AMOUNT", 10.0, "Score points for 100,000 at stake, on a logarithmic scale.", 0, 100),
    Setting("SCORE_TIER", 5.0, "Score points of a premium customer; a plus customer has half.", 0, 100),
    Setting(
        "SCORE_REPEAT",
        5.0,
        "Score points for each further open item of the same customer, up to three.",
        0,
        100,
    ),
    Setting("SCORE_DOUBT", 5.0, "Score points of an item nobody is sure about (confidence 0).", 0, 100),
    Setting("SCORE_PAYMENT", 5.0, "Score points of a booking whose payment failed.", 0, 100),
    Setting("SCORE_SERVICE", 10.0, "Score points of a booking whose service is within a day.", 0, 100),
)
DECLARED: Mapping[str, Setting] = MappingProxyType({setting.key: setting for setting in _DECLARED})


_followers: dict[str, Callable[[UnitOfWork], None]] = {}


def _read() -> dict[str, Value]:
    with db.engine("app").connect() as connection:
        rows = connection.execute(text("SELECT config_key, config_value FROM ops_config")).all()
    return {key: DECLARED[key].parse(value) for key, value in rows if key in DECLARED}


_cache = Fresh(_read)


def get(key: str) -> Value:
    """The value of a declared setting: as changed, or its default."""
    setting = DECLARED[key]
    return _cache.current().get(key, setting.default)


def number(key: str) -> float:
    """A setting that is a number."""
    value = get(key)
    assert isinstance(value, int | float)
    return value


def word(key: str) -> str:
    """A setting that is text."""
    return str(get(key))


def flag(key: str) -> bool:
    """A setting that is true or false."""
    return bool(get(key))


def sla_buffer() -> timedelta:
    """How long before a deadline at risk begins, where no policy says otherwise."""
    return timedelta(hours=number("SLA_BUFFER_HOURS"))


def drop_cache() -> None:
    """Read anew at the next question (after a change, and between tests)."""
    _cache.drop()


def follow(key: str, deed: Callable[[UnitOfWork], None]) -> None:
    """Have `deed` done in the transaction that changes `key`, for what is stored and depends on it."""
    _followers[key] = deed


@dataclass(frozen=True)
class Standing:
    """One setting as it stands. `version` is 0 while it has its default; `changed_at` is UTC."""

    key: str
    value: Value
    default: Value
    meaning: str
    low: float | None
    high: float | None
    allowed: tuple[str, ...]
    version: int
    changed_at: datetime | None

    @property
    def is_changed(self) -> bool:
        """Whether it is something else than its default."""
        return self.value != self.default


@requires(Permission.OPS_ADMIN, leaves="config.read")
def standing(uow: UnitOfWork, key: str) -> Standing:
    """One setting as it stands in the database, with what it may be. Raises NotFound. The look is audited."""
    setting = DECLARED.get(key)
    if setting is None:
        raise NotFound("setting", key)
    row = uow.execute(
        "SELECT config_value, version, changed_at FROM ops_config WHERE config_key = :key", {"key": key}
    ).one_or_none()
    uow.record("config.read", "setting", key)
    return _standing(setting, row)


def _standing(setting: Setting, row: Any) -> Standing:
    """The setting by its row, or by its default where nobody has changed it."""
    value = setting.parse(row.config_value) if row else setting.default
    told = (setting.default, setting.meaning, setting.low, setting.high, setting.allowed)
    return Standing(setting.key, value, *told, row.version if row else 0, row.changed_at if row else None)


@requires(Permission.OPS_ADMIN, leaves="config.changed")
def change(uow: UnitOfWork, key: str, value: str, *, version: int | None = None, reason: str = "") -> Value:
    """Change one runtime setting; every process sees it within seconds.

    Returns the typed value. Raises Invalid with the reason when it is refused (the old one stays), Conflict
    when somebody changed it since `version`.
    """
    if key not in DECLARED:
        raise Invalid(key, "is not a setting")
    setting = DECLARED[key]
    parsed = setting.parse(value)
    before = uow.execute(
        "SELECT config_value, version FROM ops_config WHERE config_key = :key FOR UPDATE", {"key": key}
    ).one_or_none()
    if version is not None and version != (before.version if before else 0):
        raise Conflict(
            f"{key} was changed by somebody else in the meantime.",
            {"value": before and before.config_value, "version": before.version if before else 0},
        )
    uow.execute(
        "INSERT INTO ops_config (config_key, config_value, description, changed_at, changed_by) "
        "VALUES (:key, :value, :meaning, :now, :by) ON CONFLICT (config_key) DO UPDATE SET "
        "config_value = excluded.config_value, version = ops_config.version + 1, "
        "changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        {
            "key": key,
            "value": value.strip(),
            "meaning": setting.meaning,
            "now": uow.now,
            "by": uow.principal.staff_id,
        },
    )
    why = checked_text("reason", reason, 500) if reason.strip() else None
    was = before and before.config_value
    uow.record("config.changed", "setting", key, before=was, after=value.strip(), reason=why)
    uow.afterwards(drop_cache)
    if key in _followers:
        _cache.put(_cache.current() | {key: parsed})
        _followers[key](uow)
    return parsed


@requires(Permission.OPS_ADMIN, leaves=None)
def standings(uow: UnitOfWork) -> list[Standing]:
    """Every setting as it stands, in the order in which they are declared."""
    rows = uow.rows("SELECT config_key, config_value, version, changed_at FROM ops_config")
    changed = {row.config_key: row for row in rows}
    return [_standing(setting, changed.get(key)) for key, setting in DECLARED.items()]


@requires(Permission.OPS_ADMIN, leaves=None)
def history(uow: UnitOfWork, key: str) -> list[Change]:
    """What a setting was before and after each change, with the reasons; newest first. Raises Invalid."""
    if key not in DECLARED:
        raise Invalid(key, "is not a setting")
    return changes_of(uow, "setting", key)
