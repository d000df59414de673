"""Files of any other shape, described by a mapping: which column is which field, and how its words are written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.checking import checked_form
from core.errors import Invalid
from core.intake.drafts import Draft, Drafts, Format, Line, Reject, Rows, drafted
from core.intake.forms import Form
from core.intake.values import Places


def _zone(given: str) -> str:
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is a time zone such as Europe/Berlin") from None
    return given


class Mapped(BaseModel):
    """A mapping, as docs/imports.md describes it.

    `fields` say which column fills which field, `constants` what is the same in every row, `context` which columns
    go into an item's context (or a provider's details), `words` how a field's words are said here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[str, Field(pattern=r"^[\w.:-]{1,60}$")]
    reference: str | list[str] | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    date_formats: list[str] = Field(default_factory=lambda: ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"])
    missing: list[str] = Field(default_factory=lambda: [""])
    fields: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, Any] = Field(default_factory=dict)
    context: dict[str, str] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def references(self) -> list[str]:
        """The columns that together name a row; none where the set names none."""
        if self.reference is None:
            return []
        return [self.reference] if isinstance(self.reference, str) else self.reference


def read_mapping(path: Path) -> Mapped:
    """The mapping in a TOML file. Raises Invalid naming the place that is wrong."""
    try:
        return Mapped.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise Invalid("mapping", f"cannot be read: {(error.strerror or 'it is no file').lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("mapping", f"is no TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Invalid(f"mapping: {'.'.join(map(str, first['loc']))}", first["msg"].lower()) from None


def mapped_format(mapped: Mapped, kind: str, form: type[Form]) -> Format:
    """A format for records of `kind`. Raises Invalid when the mapping names a field that they do not have."""
    times, room = _checked_fields(mapped, form), _room(form)
    columns = (*mapped.fields.values(), *mapped.context.values(), *mapped.references)

    def reader(rows: Rows, _as_of: datetime | None) -> Drafts:
        places = Places()
        for row in rows:
            yield row if isinstance(row, Reject) else drafted(row, lambda line: read(line, places))

    def read(line: Line, places: Places) -> Draft:
        told = _told(mapped, line.columns, times, room)
        return Draft(line.number, checked_form(form, told | {"external_ref": _reference(mapped, line, places)}))

    return Format(mapped.source, kind, tuple(dict.fromkeys(columns)), reader, plain=False)


def _checked_fields(mapped: Mapped, form: type[Form]) -> frozenset[str]:
    """The fields that are moments; raises Invalid for one that the form does not have."""
    known = set(form.model_fields) - {"external_ref", "customer"}
    for name in (*mapped.fields, *mapped.constants, *mapped.words):
        if name not in known:
            raise Invalid(f"mapping: {name}", f"is one of {', '.join(sorted(known))}")
    if mapped.context and not _room(form):
        raise Invalid("mapping: context", "has no room in records of this kind")
    return frozenset(name for name in known if "datetime" in str(form.model_fields[name].annotation).lower())


def _room(form: type[Form]) -> str | None:
    return next((name for name in ("context", "details") if name in form.model_fields), None)


def _told(mapped: Mapped, columns: Mapping[str, Any], times: frozenset[str], room: str | None) -> dict[str, Any]:
    told = dict(mapped.constants)
    for field, column in mapped.fields.items():
        said = columns[column]
        if not _is_missing(mapped, said):
            told[field] = _value(mapped, field, said, times)
    more = {name: said for name, column in mapped.context.items() if not _is_missing(mapped, said := columns[column])}
    return told | {room: more} if room and more else told


def _is_missing(mapped: Mapped, said: Any) -> bool:
    return isinstance(said, str) and said.strip() in mapped.missing


def _value(mapped: Mapped, field: str, said: Any, times: frozenset[str]) -> Any:
    if isinstance(said, str) and field in mapped.words:
        return mapped.words[field].get(said.strip(), said)
    return _moment(mapped, field, str(said).strip()) if field in times else said


def _moment(mapped: Mapped, field: str, said: str) -> datetime:
    """A moment in one of the mapping's ways of writing it; one that names its zone keeps it."""
    for form in mapped.date_formats:
        try:
            told = datetime.strptime(said, form)  # noqa: DTZ007 - the mapping says the zone
        except (ValueError, OverflowError):
            continue
        return (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(mapped.zone))).astimezone(UTC)
    raise Invalid(field, f"is a time written as {' or '.join(mapped.date_formats)}")


def _reference(mapped: Mapped, line: Line, places: Places) -> str:
    """By what a row is known: its own reference, else its place among the rows that are equal to it."""
    named = [str(line.columns[column]).strip() for column in mapped.references]
    if named and not all(named):
        raise Invalid("reference", "is missing in this row")
    return f"{mapped.source}:{'/'.join(named) if named else places.of(line.columns)}"
