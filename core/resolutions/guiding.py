"""What a reviewer is shown before deciding: the runbook, the facts, the options with their reasons for and against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from core.errors import OpsError
from core.looking import looked
from core.permissions import Permission, requires
from core.queue.deciding import case_of
from core.resolutions.declaring import Fact, ItemType, Option, Parameter, Settles, item_type
from core.resolutions.effects import Case
from core.uow import UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True)
class Offer:
    """One option as it stands for this item now: `refusal` says why it cannot be taken, `reason` why it is advised.

    One that `leaves_the_house` acts outside: the item stays in hand until that is done.
    """

    name: str
    label: str
    help: str
    settles: Settles
    parameters: tuple[Parameter, ...]
    refusal: str | None
    reason: str | None
    leaves_the_house: bool = False

    @property
    def enabled(self) -> bool:
        """Whether it can be taken."""
        return self.refusal is None


@dataclass(frozen=True)
class Guide:
    """What to weigh and what can be done about one item. The recommended offer comes first, if there is one."""

    item_type: str
    label: str
    runbook: str
    options: tuple[Offer, ...]
    missing: tuple[str, ...]
    facts: tuple[Fact, ...]

    @property
    def recommended(self) -> Offer | None:
        """The offer to prefer, with its reason; None where nothing speaks for one."""
        return next((offer for offer in self.options if offer.reason), None)


@requires(Permission.OPS_READ, leaves=None)
def guide(uow: UnitOfWork, item_id: int) -> Guide:
    """How an item can be settled, personal values as the caller may see them. Raises NotFound.

    Part of looking at the item: on record as that, once, also where the item itself was opened in the same unit.
    """
    case = case_of(uow, item_id)
    if not uow.recorded("item.read"):
        looked(uow, "item.read", "work_item", item_id, pii=uow.principal.lens.clear)
    declared = item_type(case.item["item_type"])
    return Guide(
        declared.name,
        declared.label,
        declared.runbook,
        _offers(case, declared),
        declared.missing(case.context),
        _if_possible(lambda: declared.facts(case)) or (),
    )


@requires(Permission.OPS_WRITE, leaves=None)
def common(uow: UnitOfWork, ids: Sequence[int]) -> tuple[Offer, ...]:
    """The options that can be taken for all of these items together, whatever their types.

    They ask the same of every type; one whose questions depend on the item is among them where it needs no answer.
    Whether an option fits an item, a preview says.
    """
    cases = [case_of(uow, row.example) for row in uow.rows(_EXAMPLES, {"ids": list(ids)})]
    offered = [{offer.name: offer for offer in _for_many(case)} for case in cases]
    first, others = (offered[0], offered[1:]) if offered else ({}, [])
    return tuple(
        offer
        for name, offer in first.items()
        if all(name in other and other[name].parameters == offer.parameters for other in others)
    )


_EXAMPLES = "SELECT min(id) AS example FROM work_items WHERE id = ANY(:ids) GROUP BY item_type ORDER BY count(*) DESC"


def _for_many(case: Case) -> Iterator[Offer]:
    """The options of a type as they stand for every item of it: without a question that depends on the item."""
    for option in item_type(case.item["item_type"]).options:
        alike = isinstance(option.parameters, tuple)
        asked = _if_possible(partial(option.asked, case)) or ()
        if alike or not any(wanted.required for wanted in asked):
            parameters = asked if alike else ()
            outside = option.outside is not None
            yield Offer(option.name, option.label, option.help, option.settles, parameters, None, None, outside)


def _offers(case: Case, declared: ItemType) -> tuple[Offer, ...]:
    """Every option of the type; of those that something speaks for, the first keeps its reason and goes ahead."""
    offers = [_offer(case, option) for option in declared.options]
    best = next((offer for offer in offers if offer.reason), None)
    if best is None:
        return tuple(offers)
    return (best, *(replace(offer, reason=None) for offer in offers if offer is not best))


def _offer(case: Case, option: Option) -> Offer:
    refusal = _refusal(case, option)
    return Offer(
        option.name,
        option.label,
        f"{option.help} {_if_possible(lambda: option.standing(case)) or ''}".strip(),
        option.settles,
        _if_possible(lambda: option.asked(case)) or (),
        refusal,
        _if_possible(lambda: option.recommended(case)) if refusal is None else None,
        _if_possible(lambda: option.leaving(case)) is not None,
    )


def _refusal(case: Case, option: Option) -> str | None:
    try:
        option.require(case)
    except OpsError as error:
        return error.sentence
    return None


def _if_possible(question: Callable[[], T]) -> T | None:
    """The answer, or None where the records that it needs are not there."""
    try:
        return question()
    except OpsError:
        return None
