"""What can be searched for: the words of each work item, filled in by the database itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel


class ItemWords(SQLModel, table=True):
    """The words of an item's title, reason, type and references, without what a mask would hide from anybody.

    A trigger keeps them. They stand apart from the item, whose every move would otherwise rewrite their index.
    """

    __tablename__ = "item_words"
    __table_args__ = (Index("item_words_by_word", "words", postgresql_using="gin"),)
    item_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("work_items.id", ondelete="CASCADE"), primary_key=True)
    )
    words: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
