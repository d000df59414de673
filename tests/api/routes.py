"""Every route of the programs' door: what it needs, and a call of it that goes well for whoever may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api.schemas.examples import EXAMPLES
from core import config
from core.alerts.broadcasting import broadcast
from core.alerts.raising import Audience
from core.alerts.rules import keeping
from core.permissions import MANAGES, Permission, Principal
from core.uow import perform
from tests.builders import claimed, opened
from tests.cast import Cast

Made = Callable[[Cast, Principal], int]


@dataclass(frozen=True)
class Route:
    """A route, who may use it, how it is called well, and how it answers then."""

    method: str
    path: str
    needs: Permission
    status: int = 200
    body: Any = None
    about: Made | None = None  # makes what the path's number stands for
    name: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}{f' ({self.name})' if self.name else ''}"


def _announcement(cast: Cast, _who: Principal) -> int:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return perform(cast.manager, broadcast, "Hear", "all of you", Audience(), tomorrow)


def _rule(cast: Cast, who: Principal) -> int:
    return perform(cast.manager, keeping.create, f"{who.name} {datetime.now(UTC)}", RULE["definition"])


def _open(cast: Cast, _who: Principal) -> int:
    return opened(cast.manager, "complaint", reason="late")


def _anothers(cast: Cast, _who: Principal) -> int:
    return claimed(cast.reviewer2, "complaint")


def _held(cast: Cast, who: Principal) -> int:
    return claimed(who, "odd_thing") if who.may(Permission.OPS_WRITE) else _open(cast, who)


def _waiting(cast: Cast, who: Principal) -> int:
    from core.queue import waiting

    item = _held(cast, who)
    if who.may(Permission.OPS_WRITE):
        perform(who, waiting.wait_on, item, "customer")
    return item


def _decided(cast: Cast, who: Principal) -> int:
    from core.queue import deciding

    item = _held(cast, who)
    if who.may(Permission.OPS_WRITE):
        perform(who, deciding.reject, item, "no")
    return item


READ, WRITE, ADMIN = Permission.OPS_READ, Permission.OPS_WRITE, Permission.OPS_ADMIN
ALERTS = Permission.ALERTS_READ
_ACTIONS = "/work-items/{item_id}/actions"


def _action(name: str, about: Made, needs: Permission = WRITE, **said: Any) -> Route:
    return Route("POST", _ACTIONS, needs, body={"action": name, **said}, about=about, name=name)


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


BOOKING = {"external_ref": "b-1", "service": "Massage", "amount": "120.00"}
ANNOUNCEMENT = {"title": "Hear", "message": "all", "expires_at": _tomorrow()}
RULE = EXAMPLES["post", "/v1/alerts/rules"]["many are late"]
ROUTES = (
    Route("GET", "/ops/dashboard/priority-queue", READ),
    Route("GET", "/work-items/{item_id}", READ, about=_open),
    Route("POST", "/work-items", WRITE, 201, {"item_type": "complaint"}),
    Route("POST", "/work-items/take-next", WRITE),
    _action("claim", _open),
    _action("release", _held),
    _action("assign", _open, MANAGES, assignee=1),
    _action("take_over", _anothers, MANAGES),
    _action("comment", _open, text="seen"),
    _action("defer", _open, until=_tomorrow()),
    _action("escalate", _open, reason="it burns"),
    _action("priority", _open, priority=1, reason="it burns"),
    _action("resolve", _held, option="resolve", justification="done"),
    _action("reject", _held, reason="no"),
    _action("undo", _decided),
    _action("reopen", _decided, MANAGES, reason="again"),
    _action("wait", _held, waiting_on="customer"),
    _action("resume", _waiting),
    Route("POST", "/bookings", WRITE, 201, BOOKING),
    Route("POST", "/complaints", WRITE, 201, {"external_ref": "c-1", "category": "late", "subject": "Late"}),
    Route(
        "POST", "/payments", WRITE, 201, {"external_ref": "p-1", "booking_ref": "b-0", "status": "paid", "amount": 5}
    ),
    Route("POST", "/providers", WRITE, 201, {"external_ref": "n-1", "organisation": "Clinic"}),
    Route("GET", "/alerts", ALERTS),
    Route("GET", "/alerts/unread/count", ALERTS),
    Route("GET", "/alerts/{alert_id}", ALERTS, about=_announcement),
    Route("PUT", "/alerts/{alert_id}/read", ALERTS, 204, about=_announcement),
    Route("PUT", "/alerts/{alert_id}/dismiss", ALERTS, 204, about=_announcement),
    Route("POST", "/alerts/broadcast", Permission.ALERTS_BROADCAST, 201, ANNOUNCEMENT),
    Route("GET", "/ops/dashboard/metrics", READ),
    Route("GET", "/alerts/rules", MANAGES),
    Route("POST", "/alerts/rules", MANAGES, 201, RULE),
    Route("PUT", "/alerts/rules/{rule_id}", MANAGES, body={"enabled": True, "version": 1}, about=_rule),
    Route("DELETE", "/alerts/rules/{rule_id}?version=1", MANAGES, 204, about=_rule),
    Route("POST", "/alerts/rules/{rule_id}/backtest", MANAGES, body={"days": 7}, about=_rule),
    Route("GET", "/audit", Permission.AUDIT_READ),
    Route("GET", "/config/{key}", ADMIN),
    Route("PUT", "/config/{key}", ADMIN, body={"value": 120}),
)
KEY = "MAX_EXPAND_PER_HOUR"
assert KEY in config.DECLARED


def address(route: Route, cast: Cast, who: Principal) -> str:
    """The route's path with what it is about made and filled in."""
    number = str(route.about(cast, who)) if route.about else ""
    return "/api/v1" + route.path.replace("{item_id}", number).replace("{alert_id}", number).replace(
        "{rule_id}", number
    ).replace("{key}", KEY)
