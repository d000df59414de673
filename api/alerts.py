"""Alerts for programs: the owner's own, read and put away, and broadcasts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from api.asking import Caller, Ordered
from api.documents import refusals
from api.routing import router_of
from api.schemas import told
from api.schemas.sent import AlertQuery, BroadcastIn
from core.alerts import answering, broadcasting, inbox
from core.errors import NotFound
from core.uow import perform

router = router_of("alerts")


@router.get("/alerts", responses=refusals())
def alerts(caller: Caller, asked: Annotated[AlertQuery, Query()]) -> told.Alerts:
    """One page of the owner's alerts, the last seen first."""
    wanted = inbox.AlertFilter(asked.severity, asked.alert_type, asked.unread, asked.past, asked.mine)
    found = perform(caller, inbox.alerts, wanted, limit=asked.limit, cursor=asked.cursor)
    return told.Alerts.model_validate(told.alerts(found))


@router.get("/alerts/unread/count", responses=refusals())
def unread(caller: Caller) -> told.Unread:
    """How many alerts are unread."""
    return told.Unread(unread=perform(caller, inbox.unread_count))


@router.get("/alerts/{alert_id}", responses=refusals(404))
def alert(caller: Caller, alert_id: int) -> told.Alert:
    """One alert; another person's is not there."""
    return told.Alert.model_validate(perform(caller, inbox.alert, _number(alert_id)))


@router.put("/alerts/{alert_id}/read", status_code=204, responses=refusals(404))
def read(caller: Caller, alert_id: int) -> Response:
    """Note that the owner has read it."""
    perform(caller, answering.mark_read, _number(alert_id))
    return Response(status_code=204)


@router.put("/alerts/{alert_id}/dismiss", status_code=204, responses=refusals(404))
def dismiss(caller: Caller, alert_id: int) -> Response:
    """Put it away for the owner alone."""
    perform(caller, answering.dismiss, _number(alert_id))
    return Response(status_code=204)


@router.post("/alerts/broadcast", status_code=201, responses=refusals(409, body=True))
def broadcast(order: Ordered, body: BroadcastIn) -> told.Numbered:
    """Tell everybody, a role, or those who work a queue."""
    said = (body.title, body.message, body.audience, body.expires_at)
    return told.Numbered(id=order.carry_out(broadcasting.broadcast, *said, severity=body.severity))


def _number(alert_id: int) -> int:
    if not 0 < alert_id < 2**63:
        raise NotFound("alert", alert_id)
    return alert_id
