"""Runtime settings, and the notes imports leave so that a file may be read twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Integer, Text, text
from sqlmodel import Field, SQLModel

from core.tables.columns import link, moment, words


class OpsConfig(SQLModel, table=True):
    """One runtime setting that was changed from its default. `core.config` declares them all."""

    __tablename__ = "ops_config"
    config_key: str = Field(sa_column=Column(Text, primary_key=True))
    config_value: str = Field(sa_column=words(nullable=False))
    description: str = Field(default="", sa_column=words(nullable=False, default=""))
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default=text("1")))
    changed_at: datetime = Field(sa_column=moment(nullable=False))
    changed_by: int | None = Field(default=None, sa_column=link("staff.id"))
