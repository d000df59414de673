"""References between records that an automation could not follow: looking again, and removing them."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Conflict
from core.resolutions.declaring import Fact
from core.resolutions.effects import Case, number_of


@dataclass(frozen=True)
class Reference:
    """A column of ours that refers to another table and may be empty."""

    table: str
    column: str
    refers_to: str

    @property
    def constraint(self) -> str:
        """The name by which the database complains."""
        return f"{self.table}_{self.column}_fkey"


REMOVABLE = {
    reference.constraint: reference
    for reference in (
        Reference("bookings", "customer_id", "customers"),
        Reference("complaints", "customer_id", "customers"),
        Reference("complaints", "booking_id", "bookings"),
        Reference("meal_plans", "customer_id", "customers"),
        Reference("quiz_responses", "user_id", "customers"),
        Reference("quiz_responses", "meal_plan_id", "meal_plans"),
    )
}
"""The references that a reviewer may look at and remove; no others."""


def reference(case: Case) -> Reference:
    """Which of our references the item is about. Raises Conflict when it is none of them, or the context disagrees."""
    said = case.context
    found = REMOVABLE.get(str(said.get("constraint")))
    if found is None or (said.get("table"), said.get("referencing_table")) != (found.refers_to, found.table):
        raise Conflict("The item's context names no reference that can be handled from here.")
    return found


def target(case: Case) -> int:
    """The number of the record that is, or ought to be, referred to. Raises Conflict when the item names none."""
    key = number_of(case.item["resource_id"] or "")
    if key is None:
        raise Conflict("The item does not say which record is referred to.")
    return key


def holds_now(case: Case) -> None:
    """Raise Conflict while the violation stands: a deletion with references left, or a reference to nothing."""
    found, key = reference(case), target(case)
    if case.context.get("operation") == "delete":
        left = len(referring(case))
        if left:
            raise Conflict(f"{left} {found.table} still refer to {found.refers_to} {key}.")
    elif case.find(found.refers_to, key) is None:
        raise Conflict(f"There is still no {found.refers_to} {key} to refer to.")


def looked_again(case: Case) -> dict[str, str]:
    """What the second look found: nothing stands in the way of the automation's next try."""
    return {"constraint": reference(case).constraint, "found": "holds"}


def referring(case: Case) -> list[int]:
    """The numbers of the rows that refer to the record: the one that the context names, or all."""
    found, only = reference(case), number_of(case.context.get("referencing_id"))
    return list(
        case.uow.execute(
            f"SELECT id FROM {found.table} WHERE {found.column} = :key "
            "AND (CAST(:only AS bigint) IS NULL OR id = :only) ORDER BY id",
            {"key": target(case), "only": only},
        ).scalars()
    )


def some_refer(case: Case) -> None:
    """Raise Conflict when there is no reference to remove."""
    if not referring(case):
        raise Conflict(f"No {reference(case).table} refer to {reference(case).refers_to} {target(case)}.")


def remove_reference(case: Case) -> dict[str, str]:
    """The referring rows refer to nothing from now on; they themselves stay."""
    found, keys = reference(case), referring(case)
    case.change(found.table, keys, **{found.column: None})
    return {"constraint": found.constraint, "rows": str(len(keys))}


def mended(case: Case) -> str | None:
    """A reason to close the matter: a second look finds nothing wrong."""
    holds_now(case)
    return "A second look finds nothing in the way."


def reference_facts(case: Case) -> tuple[Fact, ...]:
    """Whether the record exists, and how many rows refer to it."""
    found, key = reference(case), target(case)
    there = "exists" if case.find(found.refers_to, key) else "does not exist"
    return (
        Fact(f"{found.refers_to} {key}".replace("_", " "), there),
        Fact(f"{found.table} that refer to it".replace("_", " "), str(len(referring(case)))),
    )
