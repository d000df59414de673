"""The audit log for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.asking import Caller
from api.documents import refusals
from api.routing import router_of
from api.schemas import told
from api.schemas.sent import AuditQuery
from core import auditing
from core.uow import perform

router = router_of("audit")


@router.get("/audit", responses=refusals())
def audit(caller: Caller, asked: Annotated[AuditQuery, Query()]) -> told.AuditEntries:
    """One page of the audit log, newest first."""
    filters = auditing.Filters(**asked.model_dump(exclude={"limit", "cursor"}))
    found = perform(caller, auditing.entries, filters, cursor=asked.cursor, limit=asked.limit)
    return told.AuditEntries.model_validate(told.entries(found))
