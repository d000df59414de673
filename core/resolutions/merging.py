"""Two provider records that may be one: merging them field by field, or remembering that they are two."""

from __future__ import annotations

from typing import Any

from core.errors import Conflict
from core.resolutions.declaring import Fact, Parameter
from core.resolutions.effects import Case, number_of
from core.resolutions.npi import is_npi
from core.resolutions.provider_fields import LABELS

TABLE = "individual_providers"


def pair(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two records, lower number first. Raises Conflict when there are not two, or one was merged already."""
    named = case.context.get("provider_ids")
    numbers = {number_of(given) for given in named} if isinstance(named, list) else set()
    keys = sorted(number for number in numbers if number is not None)
    if len(keys) != 2:
        raise Conflict("The item's context does not name two provider records.")
    one, other = (case.record(TABLE, key) for key in keys)
    for record in (one, other):
        if record["merged_into"]:
            raise Conflict(f"Provider {record['id']} was merged into provider {record['merged_into']} already.")
    return one, other


def choices(case: Case) -> tuple[Parameter, ...]:
    """Which record stays, and for each field in which they differ, whose value: side by side."""
    one, other = pair(case)
    ids = (str(one["id"]), str(other["id"]))
    fuller = max((one, other), key=lambda record: sum(bool(record[field]) for field in LABELS))
    survivor = Parameter("survivor", "Record that stays", "choice", choices=ids, suggested=str(fuller["id"]))
    return (survivor, *(_pick(case, field, one, other, fuller) for field in differing(one, other)))


def _pick(case: Case, field: str, one: dict[str, Any], other: dict[str, Any], fuller: dict[str, Any]) -> Parameter:
    """Whose value of one field stays; the survivor's own, unless it is said otherwise."""
    best = fuller if fuller[field] else (one if one[field] else other)
    return Parameter(
        field,
        LABELS[field],
        "choice",
        required=False,
        choices=(str(one["id"]), str(other["id"])),
        captions=(_shown(case, field, one), _shown(case, field, other)),
        suggested=str(best["id"]),
    )


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The fields in which two records say different things."""
    return [field for field in LABELS if (one[field] or None) != (other[field] or None)]


def merge(case: Case) -> dict[str, Any]:
    """One record stays, with the values picked; the other points at it, and so does all that pointed at the other."""
    records = {str(record["id"]): record for record in pair(case)}
    survivor = records.pop(case.parameters["survivor"])
    (away,) = records.values()
    picks = {name: choice for name, choice in case.parameters.items() if name != "survivor"}
    taken = {field: away[field] for field, choice in picks.items() if choice == str(away["id"])}
    case.change(TABLE, survivor["id"], **taken, updated_at=case.now)
    _point(case, away["id"], survivor["id"])
    _inherit_judgements(case, away["id"], survivor["id"])
    case.redirect("provider", away["id"], survivor["id"])
    return {"survivor": survivor["id"], "merged": away["id"], "fields": sorted(taken)}


def _point(case: Case, away: int, survivor: int) -> None:
    """The record that goes, and those that went into it before, lead to the survivor."""
    earlier = case.uow.execute(f"SELECT id FROM {TABLE} WHERE merged_into = :away", {"away": away}).scalars().all()
    case.change(TABLE, away, merged_into=survivor, is_active=False, updated_at=case.now)
    if earlier:
        case.change(TABLE, earlier, merged_into=survivor, updated_at=case.now)


def _inherit_judgements(case: Case, away: int, survivor: int) -> None:
    """Whom the record that goes was found to be different from, the survivor is different from too."""
    judged = case.uow.rows(
        "SELECT lower_id + higher_id - :away AS other, judged_by, judged_at FROM distinct_provider_pairs "
        "WHERE (lower_id = :away OR higher_id = :away) AND :survivor NOT IN (lower_id, higher_id)",
        {"away": away, "survivor": survivor},
    )
    for row in judged:
        _remember(case, row.other, survivor, judged_by=row.judged_by, judged_at=row.judged_at)


def keep_apart(case: Case) -> None:
    """The pair is remembered as two, and not raised again."""
    one, other = pair(case)
    _remember(case, one["id"], other["id"], judged_by=case.uow.principal.staff_id, judged_at=case.now)


def _remember(case: Case, one: int, other: int, **judged: Any) -> None:
    keys = {"lower_id": min(one, other), "higher_id": max(one, other)}
    known = "SELECT 1 FROM distinct_provider_pairs WHERE lower_id = :lower_id AND higher_id = :higher_id"
    if case.uow.execute(known, keys).first() is None:
        case.add("distinct_provider_pairs", **keys, **judged)


def same_npi(case: Case) -> str | None:
    """A reason to merge: an NPI belongs to one provider for life."""
    one, other = pair(case)
    return "Both carry the same NPI." if one["npi"] and one["npi"] == other["npi"] else None


def different_npis(case: Case) -> str | None:
    """A reason to keep them apart: two valid NPIs are two providers."""
    one, other = (str(record["npi"] or "") for record in pair(case))
    return "They carry two different valid NPIs." if one != other and is_npi(one) and is_npi(other) else None


def side_by_side(case: Case) -> tuple[Fact, ...]:
    """Every field in which the two differ, both values as this principal may see them."""
    one, other = pair(case)
    return tuple(
        Fact(LABELS[field], f"{one['id']}: {_shown(case, field, one)} / {other['id']}: {_shown(case, field, other)}")
        for field in differing(one, other)
    )


def _shown(case: Case, field: str, record: dict[str, Any]) -> str:
    seen = case.uow.principal.lens.document({field: record[field]})[field]
    return str(seen) if seen else "nothing"
