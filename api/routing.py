"""How every route of the programs' door begins: under one prefix, behind a token."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.asking import Guarded, bearer

PREFIX = "/v1"


def router_of(noun: str) -> APIRouter:
    """A router for the calls about `noun`."""
    return APIRouter(prefix=PREFIX, tags=[noun], route_class=Guarded, dependencies=[Depends(bearer)])
