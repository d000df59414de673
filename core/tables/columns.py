"""The kinds of column the schema is made of, so that every table says them the same way."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    Numeric,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.pii import Kind, PersonalText


def key() -> Any:
    """A 64-bit identity that the database hands out."""
    return Column(BigInteger, Identity(), primary_key=True)


def link(target: str, *, nullable: bool = True, primary_key: bool = False) -> Any:
    """A reference to another table's row; what it points at cannot be deleted under it."""
    return Column(BigInteger, ForeignKey(target), nullable=nullable and not primary_key, primary_key=primary_key)


def moment(*, nullable: bool = True, now: bool = False) -> Any:
    """A moment in UTC; `now` lets the database fill it in."""
    return Column(DateTime(timezone=True), nullable=nullable, server_default=text("now()") if now else None)


def words(*, nullable: bool = True, default: str | None = None, unique: bool = False) -> Any:
    """Text of any length."""
    server_default = None if default is None else text(f"'{default}'")
    return Column(Text, nullable=nullable, server_default=server_default, unique=unique or None)


def personal(kind: Kind, *, nullable: bool = True) -> Any:
    """Text about a person: loads as a value that prints masked."""
    return Column(PersonalText(kind), nullable=nullable)


def digest() -> Any:
    """A keyed hash, by which a value is found again that is never compared itself."""
    return Column(LargeBinary, nullable=True)


def money(*, nullable: bool = True) -> Any:
    """An amount with two decimals; its currency stands in a column beside it."""
    return Column(Numeric(14, 2), nullable=nullable)


def document(*, nullable: bool = False, default: str = "{}") -> Any:
    """A JSON document."""
    server_default = None if nullable else text(f"'{default}'::jsonb")
    return Column(JSONB(none_as_null=True), nullable=nullable, server_default=server_default)


def one_of(column: str, allowed: type[StrEnum] | Iterable[str], name: str) -> CheckConstraint:
    """The column holds one of the closed list's words (or null, where it may be)."""
    listed = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def sql_list(allowed: Iterable[str]) -> str:
    """'a', 'b', … for the inside of an SQL IN."""
    return ", ".join(f"'{word}'" for word in allowed)
