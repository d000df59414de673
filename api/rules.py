"""Alert rules for programs: kept, tried against the past, switched on and off."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query, Response

from api.asking import Caller, IfMatch, Ordered, Seen, etag
from api.documents import refusals
from api.routing import router_of
from api.schemas import told
from api.schemas.sent import BacktestIn, RuleChange, RuleIn
from core.alerts.rules import backtesting, keeping
from core.errors import Conflict, Invalid, NotFound
from core.permissions import Principal
from core.uow import UnitOfWork, perform

router = router_of("alert rules")


@router.get("/alerts/rules", responses=refusals())
def rules(caller: Caller) -> list[told.Rule]:
    """All rules, by name."""
    return [told.Rule.model_validate(each) for each in perform(caller, keeping.rules)]


@router.post("/alerts/rules", status_code=201, responses=refusals(409, body=True))
def create(order: Ordered, body: RuleIn, response: Response) -> told.Rule:
    """Keep a new rule, switched off."""
    number = order.carry_out(keeping.create, body.name, body.definition)
    return _shown(order.principal, number, response)


@router.put("/alerts/rules/{rule_id}", responses=refusals(404, 409, 412, body=True))
def change(order: Ordered, rule_id: int, body: RuleChange, seen: IfMatch, response: Response) -> told.Rule:
    """Say a rule anew, or switch it on or off, as long as nobody has changed it since `version` or If-Match."""
    try:
        order.carry_out(_change, _number(rule_id), _needed(seen, body.version), body)
    except Conflict as conflict:
        seen.refuse(conflict)
    return _shown(order.principal, rule_id, response)


@router.delete("/alerts/rules/{rule_id}", status_code=204, responses=refusals(404, 409, 412))
def delete(
    caller: Caller, rule_id: int, seen: IfMatch, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> Response:
    """Take a rule away; its standing alerts are over, its history stays."""
    try:
        perform(caller, keeping.delete, _number(rule_id), _needed(seen, version))
    except Conflict as conflict:
        seen.refuse(conflict)
    return Response(status_code=204)


@router.post("/alerts/rules/{rule_id}/backtest", responses=refusals(404, body=True))
def backtest(caller: Caller, rule_id: int, body: BacktestIn | None = None) -> told.Backtest:
    """Try a rule, or another definition of it, against what was recorded: how often it would have fired, and when."""
    asked = body or BacktestIn()
    return told.Backtest.model_validate(perform(caller, _try, _number(rule_id), asked))


def _change(uow: UnitOfWork, number: int, version: int, said: RuleChange) -> int:
    if said.definition is not None:
        name = said.name if said.name is not None else keeping.rule(uow, number).name
        version = keeping.change(uow, number, version, name, said.definition)
    if said.enabled is not None:
        version = keeping.switch(uow, number, version, on=said.enabled)
    return version


def _try(uow: UnitOfWork, number: int, asked: BacktestIn) -> dict[str, Any]:
    kept = keeping.rule(uow, number)
    definition = kept.definition if asked.definition is None else asked.definition
    tried = asdict(backtesting.backtest(uow, definition, days=asked.days, name=kept.name))
    return tried | {"by_day": {day.isoformat(): count for day, count in tried["by_day"].items()}}


def _needed(seen: Seen, in_body: int | None) -> int:
    version = seen.version(in_body)
    if version is None:
        raise Invalid("version", "is needed, here or as If-Match")
    return version


def _number(rule_id: int) -> int:
    if not 0 < rule_id < 2**63:
        raise NotFound("rule", rule_id)
    return rule_id


def _shown(caller: Principal, number: int, response: Response) -> told.Rule:
    found = perform(caller, keeping.rule, number)
    response.headers["ETag"] = etag(found.version)
    return told.Rule.model_validate(found)
