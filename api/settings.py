"""Runtime settings for programs."""

from __future__ import annotations

from fastapi import Response

from api.asking import Caller, IfMatch, Ordered, etag
from api.documents import refusals
from api.routing import router_of
from api.schemas import told
from api.schemas.sent import SettingIn
from core import config
from core.errors import Conflict, NotFound
from core.uow import perform

router = router_of("settings")


@router.get("/config/{key}", responses=refusals(404))
def setting(caller: Caller, key: str, response: Response) -> told.Setting:
    """One setting with what it may be; its version is the ETag."""
    return _shown(caller, key, response)


@router.put("/config/{key}", responses=refusals(404, 409, 412, body=True))
def change(order: Ordered, key: str, body: SettingIn, seen: IfMatch, response: Response) -> told.Setting:
    """Change one setting; a value that cannot be used is refused, and the old one stays."""
    if key not in config.DECLARED:
        raise NotFound("setting", key)
    try:
        order.carry_out(config.change, key, body.written, version=seen.version(body.version))
    except Conflict as conflict:
        seen.refuse(conflict)
    return _shown(order.principal, key, response)


def _shown(caller: Caller, key: str, response: Response) -> told.Setting:
    found = perform(caller, config.standing, key)
    response.headers["ETag"] = etag(found.version)
    return told.Setting.model_validate(found)
