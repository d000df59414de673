"""Provider records, and which pairs of them were judged not to be duplicates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core.pii import Kind, Personal
from core.tables.columns import document, key, link, moment, personal, words


def _squeezed(expression: str) -> str:
    """Only small letters and digits: what is left of a text when people's ways of writing it are taken away."""
    return f"regexp_replace(lower({expression}), '[^a-z0-9]+', '', 'g')"


_NAME, _PLACE = _squeezed("coalesce(organisation, last_name)"), f"left({_squeezed('postal_code')}, 5)"
ALIKE = {
    "phone": f"right({_squeezed('phone')}, 10)",
    "place_and_name": f"({_PLACE} || left({_NAME}, 4))",
    "place_and_address": f"({_PLACE} || left({_squeezed('address_line1')}, 6))",
    "state_and_name": f"(lower(state) || left({_NAME}, 24))",
}
"""What two records of one provider are likely to share: keys over a record's columns, each with its index."""
UNSCANNED = "merged_into IS NULL AND scanned_as_of IS DISTINCT FROM updated_at"
"""Records that have changed since they were last compared with the others."""


class Provider(SQLModel, table=True):
    """A health-care provider: an individual or an organisation. A merged-away record points at its survivor."""

    __tablename__ = "individual_providers"
    __table_args__ = (
        CheckConstraint("merged_into IS NULL OR merged_into <> id", name="providers_not_into_itself"),
        Index("providers_by_survivor", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("providers_by_npi", "npi", postgresql_where=text("merged_into IS NULL")),
        Index(
            "providers_by_other_npis",
            text("(details -> 'npis')"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
        Index("providers_unscanned", "id", postgresql_where=text(UNSCANNED)),
        *(
            Index(f"providers_alike_by_{name}", text(expression), postgresql_where=text("merged_into IS NULL"))
            for name, expression in ALIKE.items()
        ),
        Index("providers_by_place", "postal_code", "city", postgresql_where=text("merged_into IS NULL")),
    )
    model_config = {"arbitrary_types_allowed": True}
    id: int | None = Field(default=None, sa_column=key())
    npi: str | None = Field(default=None, sa_column=words())
    first_name: Personal | None = Field(default=None, sa_column=personal(Kind.NAME))
    last_name: Personal | None = Field(default=None, sa_column=personal(Kind.NAME))
    organisation: str | None = Field(default=None, sa_column=words())
    taxonomy: str | None = Field(default=None, sa_column=words())
    phone: Personal | None = Field(default=None, sa_column=personal(Kind.PHONE))
    fax: Personal | None = Field(default=None, sa_column=personal(Kind.PHONE))
    address_line1: Personal | None = Field(default=None, sa_column=personal(Kind.OTHER))
    address_line2: Personal | None = Field(default=None, sa_column=personal(Kind.OTHER))
    city: str | None = Field(default=None, sa_column=words())
    state: str | None = Field(default=None, sa_column=words())
    postal_code: str | None = Field(default=None, sa_column=words())
    country: str | None = Field(default=None, sa_column=words())
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    unobtainable: list[str] = Field(default_factory=list, sa_column=document(default="[]"))
    source: str | None = Field(default=None, sa_column=words())
    details: dict[str, Any] = Field(default_factory=dict, sa_column=document())
    merged_into: int | None = Field(default=None, sa_column=link("individual_providers.id"))
    enumerated_on: datetime | None = Field(default=None, sa_column=moment())
    external_ref: str | None = Field(default=None, sa_column=words(unique=True))
    scanned_as_of: datetime | None = Field(default=None, sa_column=moment())
    created_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))
    updated_at: datetime | None = Field(default=None, sa_column=moment(nullable=False, now=True))


class DistinctPair(SQLModel, table=True):
    """Two provider records that a reviewer found to be different: never raised again."""

    __tablename__ = "distinct_provider_pairs"
    __table_args__ = (
        CheckConstraint("lower_id < higher_id", name="distinct_pairs_ordered"),
        Index("distinct_pairs_by_higher", "higher_id"),
    )
    lower_id: int = Field(sa_column=link("individual_providers.id", primary_key=True))
    higher_id: int = Field(sa_column=link("individual_providers.id", primary_key=True))
    judged_by: int | None = Field(default=None, sa_column=link("staff.id"))
    judged_at: datetime = Field(sa_column=moment(nullable=False))
