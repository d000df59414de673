"""Templates: an option with its justification and parameters, kept under a name and applied with one click."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import Invalid, NotFound, NotPermitted
from core.permissions import MANAGES, Permission, requires
from core.queue import deciding
from core.queue.deciding import JUSTIFICATION_LENGTH, Decision
from core.queue.lifecycle import Moved
from core.resolutions.declaring import Option, item_type
from core.resolutions.parameters import checked
from core.text import checked_text
from core.uow import UnitOfWork

NAME_LENGTH = 80


@dataclass(frozen=True)
class Template:
    """What is decided, for items of which type, under which name. `shared`: a manager's, for everybody."""

    item_type: str
    name: str
    option: str
    justification: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shared: bool = False
    id: int | None = None


@requires(Permission.OPS_WRITE, leaves="template.saved")
def save(uow: UnitOfWork, wanted: Template) -> int:
    """Keep a template; one's own (or the shared one) of that type and name is replaced. Returns its number.

    Raises Invalid for an option that the type does not have or what does not fit it, NotPermitted.
    """
    values = _checked(wanted) | {"owner": _owner(uow, wanted.shared)}
    uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))", {"key": f"template:{wanted.item_type}"})
    known = uow.execute(_REPLACE, values).scalar_one_or_none()
    number = int(known or uow.execute(_ADD, values).scalar_one())
    uow.record("template.saved", "resolution_template", number, option=wanted.option, shared=wanted.shared)
    return number


_REPLACE = (
    "UPDATE resolution_templates SET option = :option, justification = :justification, "
    "parameters = CAST(:parameters AS jsonb) WHERE staff_id IS NOT DISTINCT FROM :owner AND item_type = :item_type "
    "AND name = :name RETURNING id"
)
_ADD = (
    "INSERT INTO resolution_templates (staff_id, item_type, name, option, justification, parameters) VALUES "
    "(:owner, :item_type, :name, :option, :justification, CAST(:parameters AS jsonb)) RETURNING id"
)


@requires(Permission.OPS_WRITE, leaves=None)
def templates(uow: UnitOfWork, of_type: str) -> list[Template]:
    """One's own templates for items of a type, then the shared ones."""
    rows = uow.rows(
        "SELECT * FROM resolution_templates WHERE item_type = :item_type AND (staff_id = :me OR staff_id IS NULL) "
        "ORDER BY staff_id IS NULL, lower(name), id",
        {"item_type": of_type, "me": uow.principal.staff_id},
    )
    return [_template(row) for row in rows]


@requires(Permission.OPS_WRITE, leaves="template.deleted")
def delete(uow: UnitOfWork, template_id: int) -> None:
    """Take a template away: one's own, or as a manager a shared one. Raises NotFound, NotPermitted."""
    _owner(uow, _known(uow, template_id).shared)
    uow.execute("DELETE FROM resolution_templates WHERE id = :id", {"id": template_id})
    uow.record("template.deleted", "resolution_template", template_id)


@requires(Permission.OPS_WRITE, leaves="template.applied")
def apply(
    uow: UnitOfWork,
    item_id: int,
    template_id: int,
    version: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Moved:
    """Decide an item that the caller holds as the template says; `parameters` fill in what it leaves open.

    Raises NotFound, Invalid when the template is for another type, and whatever `decide` raises.
    """
    found = _known(uow, template_id)
    item = deciding.case_of(uow, item_id).item
    if item["item_type"] != found.item_type:
        raise Invalid("template", f"is for items of type {item_type(found.item_type).label.lower()}")
    uow.record("template.applied", "resolution_template", template_id, item_id=item_id)
    decision = Decision(found.option, found.justification, {**found.parameters, **(parameters or {})})
    return deciding.decide(uow, item_id, decision, version)


def _checked(wanted: Template) -> dict[str, Any]:
    declared = item_type(checked_text("item_type", wanted.item_type, 100))
    option = deciding.option_of(declared, wanted.option)
    _check_parameters(option, wanted.parameters)
    return {
        "item_type": declared.name,
        "name": checked_text("name", wanted.name, NAME_LENGTH),
        "option": option.name,
        "justification": checked_text("justification", wanted.justification, JUSTIFICATION_LENGTH),
        "parameters": json.dumps(dict(wanted.parameters), default=str),
    }


def _check_parameters(option: Option, given: Mapping[str, Any]) -> None:
    """What is given must fit; what the option asks of each case anew is checked when the template is applied."""
    if isinstance(option.parameters, tuple):
        left_open = {asked.name for asked in option.parameters} - set(given)
        checked(option.label, tuple(asked for asked in option.parameters if asked.name not in left_open), given)


def _owner(uow: UnitOfWork, shared: bool) -> int | None:
    """Whose a template is: nobody's when it is shared. Raises NotPermitted."""
    if shared and not uow.principal.may(MANAGES):
        raise NotPermitted(MANAGES, "Only managers keep templates for everybody.")
    if not shared and uow.principal.staff_id is None:
        raise NotPermitted(Permission.OPS_WRITE, "Only a member of staff has templates.")
    return None if shared else uow.principal.staff_id


def _known(uow: UnitOfWork, template_id: int) -> Template:
    row = uow.execute(
        "SELECT * FROM resolution_templates WHERE id = :id AND (staff_id = :me OR staff_id IS NULL)",
        {"id": template_id, "me": uow.principal.staff_id},
    ).one_or_none()
    if row is None:
        raise NotFound("template", template_id)
    return _template(row)


def _template(row: Any) -> Template:
    shared = row.staff_id is None
    return Template(row.item_type, row.name, row.option, row.justification, row.parameters, shared, row.id)
