"""Tickets: leave to fetch one file, once, within a minute, by whoever asked for it and nobody else."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from core.errors import NotFound, NotPermitted
from core.permissions import Permission, requires
from core.uow import UnitOfWork

LIFE = timedelta(seconds=60)
_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Export:
    """A finished file: its name, its content from the beginning, its bytes, its lines below the headings, its type.

    Whoever has it closes the file, which then is gone.
    """

    name: str
    file: IO[bytes]
    size: int
    lines: int
    media_type: str = "text/csv; charset=utf-8"


Maker = Callable[[UnitOfWork, str, Mapping[str, Any]], Export]
_MAKERS: dict[str, Maker] = {}


def made_by(maker: Maker, *contents: str) -> None:
    """Have files of these contents made by a verb, which is given the contents and what was wanted of them.

    It makes them for who fetches them, as they may see them then, and puts that on record.
    """
    _MAKERS.update(dict.fromkeys(contents, maker))


def give(uow: UnitOfWork, contents: str, wanted: str) -> str:
    """A ticket for a file that a verb named by `made_by` will make from `wanted`, a JSON object.

    The file is at `/export/` and the ticket. Part of the verb that offers it, and on record with it.
    """
    if uow.principal.staff_id is None:
        raise NotPermitted(Permission.OPS_READ, "Only a member of staff gets exports.")
    ticket = secrets.token_urlsafe(32)
    uow.execute("DELETE FROM export_tickets WHERE expires_at < :now", {"now": uow.now})
    uow.execute(
        "INSERT INTO export_tickets (token_hash, staff_id, contents, filters, expires_at) "
        "VALUES (:hash, :me, :contents, CAST(:filters AS jsonb), :expires_at)",
        {
            "hash": _hash(ticket),
            "me": uow.principal.staff_id,
            "contents": contents,
            "filters": wanted,
            "expires_at": uow.now + LIFE,
        },
    )
    return ticket


@requires(Permission.OPS_READ, leaves=None)
def redeem(uow: UnitOfWork, ticket: str) -> Export:
    """The file that a ticket is for, with personal data as the caller may see it now. Its own verb puts it on record.

    Raises NotFound for a ticket that is used, too old, or another's.
    """
    row = uow.execute(
        "UPDATE export_tickets SET used_at = :now WHERE token_hash = :hash AND staff_id = :me AND used_at IS NULL "
        "AND expires_at > :now RETURNING contents, filters",
        {"now": uow.now, "hash": _hash(ticket), "me": uow.principal.staff_id},
    ).one_or_none()
    if row is None or not _TICKET.fullmatch(ticket):
        raise NotFound("export", "here: it was fetched already, or asked for more than a minute ago. Ask for it again")
    return _MAKERS[row.contents](uow, row.contents, row.filters)


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode(errors="replace")).digest()
