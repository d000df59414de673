"""Item types that administrators made: what may be said of one, and what this process knows of them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator
from sqlalchemy import Row, text

from core import db
from core.checking import text_up_to
from core.fresh import Fresh
from core.queue.newcomers import LONGEST_SLA_HOURS
from core.resolutions.declaring import ItemType, Option, Parameter, Widget, shipped
from core.resolutions.effects import Case
from core.words import Priority, Queue

MOST_TYPES = 200
_SETTLING = ("resolve", "reject")


def _in_one_line(given: str) -> str:
    if not given.isprintable():
        raise ValueError("is one line, without signs that cannot be seen")
    return given


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,59}$")]
Label = Annotated[str, Field(min_length=1), text_up_to(60), AfterValidator(_in_one_line)]
Choice = Annotated[str, Field(min_length=1), text_up_to(100), AfterValidator(_in_one_line)]
Help = Annotated[str, text_up_to(300)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)


class ParameterForm(_Part):
    """One thing that is filled in before an option is carried out; a choice has its `choices`."""

    name: Name
    label: Label
    widget: Widget = "text"
    required: StrictBool = True
    choices: Annotated[tuple[Choice, ...], Field(max_length=30)] = ()
    help: Help = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.widget == "choice") != bool(self.choices):
            raise ValueError("has choices where it is one, and only then")
        _refuse_twice("choice", self.choices)
        if self.name == "until" and self.widget != "date_time":
            raise ValueError("called until is a time")
        if self.name == "to" and self.widget != "choice":
            raise ValueError("called to is a choice")
        return self


class OptionForm(_Part):
    """One way to settle an item. It changes nothing but the item: what was filled in is kept with the decision."""

    name: Name
    label: Label
    settles: Literal["resolve", "reject", "respond", "defer", "escalate"] = "resolve"
    help: Help = ""
    parameters: Annotated[tuple[ParameterForm, ...], Field(max_length=12)] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        _refuse_twice("parameter", (each.name for each in self.parameters))
        return self


class TypeForm(_Part):
    """A whole item type as an administrator tells it."""

    name: Name
    label: Label
    queue: Queue
    resource_type: Name
    default_priority: Priority
    options: Annotated[tuple[OptionForm, ...], Field(min_length=1, max_length=12)]
    context_keys: Annotated[tuple[Key, ...], Field(max_length=30)] = ()
    optional_keys: Annotated[tuple[Key, ...], Field(max_length=30)] = ()
    runbook: Annotated[str, text_up_to(8000)] = ""
    sla_hours: Annotated[float, Field(gt=0, le=LONGEST_SLA_HOURS, allow_inf_nan=False)] | None = None
    lease_minutes: Annotated[int, Field(ge=1, le=1440, strict=True)] | None = None
    first_response_by: Literal["claim", "reply"] = "claim"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _refuse_twice("option", (each.name for each in self.options))
        _refuse_twice("context key", (*self.context_keys, *self.optional_keys))
        if not any(option.settles in _SETTLING for option in self.options):
            raise ValueError("has an option that resolves or rejects, or its items could never be decided")
        return self

    def as_type(self, *, retired: bool = False) -> ItemType:
        """The type as the whole of Opsdesk works with it."""
        plain = {name: getattr(self, name) for name in type(self).model_fields if name != "options"}
        return ItemType(**plain, options=tuple(_option(each) for each in self.options), is_retired=retired)


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"names the {what} {twice[0]} twice")


def _option(told: OptionForm) -> Option:
    parameters = tuple(Parameter(**each.model_dump()) for each in told.parameters)
    effect = _as_filled_in if parameters else None
    return Option(told.name, told.label, told.settles, effect, parameters, help=told.help)


def _as_filled_in(case: Case) -> dict[str, str]:
    """No effect but to be kept with the decision, as it was filled in."""
    return {name: str(value) for name, value in case.parameters.items()}


def told(row: Row[Any]) -> TypeForm | None:
    """The form that a row was made from; None when a later version of Opsdesk wrote what this one does not know."""
    try:
        return TypeForm.model_validate({name: getattr(row, name) for name in TypeForm.model_fields})
    except ValidationError:
        return None


def _read() -> Mapping[str, ItemType]:
    with db.engine("app").connect() as connection:
        rows = connection.execute(text("SELECT * FROM item_types ORDER BY label, name")).all()
    made = {row.name: form.as_type(retired=row.retired_at is not None) for row in rows if (form := told(row))}
    return MappingProxyType({**made, **shipped()})


_known = Fresh(_read)


def known() -> Mapping[str, ItemType]:
    """Every item type by name, those shipped and those made here; seconds old at most."""
    return _known.current()


def drop() -> None:
    """Read anew at the next question, after a change."""
    _known.drop()
