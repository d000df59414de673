"""Four eyes on money that is given back: above a limit a decision is a proposal, which somebody else approves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from core import config
from core.errors import OpsError
from core.pii import Lens
from core.queue import moves
from core.queue.lifecycle import Moved, move, these
from core.queue.refusals import expect
from core.resolutions.declaring import Option, item_type
from core.resolutions.effects import Case
from core.uow import UnitOfWork


class NeedsApproval(OpsError):
    """More is given back than one person may decide."""

    status = 409


@dataclass(frozen=True)
class Proposal:
    """A decision that waits for somebody else's approval. `returned` is what would be given back by it."""

    option: str
    label: str
    parameters: Mapping[str, Any]
    justification: str
    by: int
    name: str
    at: datetime
    returned: Decimal
    currency: str


def proposal_of(item: Mapping[str, Any], lens: Lens | None = None) -> Proposal | None:
    """The proposal that an item carries (its texts as seen through the lens), or None."""
    kept = item["proposal"]
    if kept is None:
        return None
    option = item_type(item["item_type"]).option(kept["option"])
    why = kept["justification"]
    return Proposal(
        kept["option"],
        option.label if option else kept["option"],
        kept["parameters"] if lens is None else lens.document(kept["parameters"]),
        why if lens is None else lens.text(why) or "",
        kept["by"],
        kept["name"],
        datetime.fromisoformat(kept["at"]),
        Decimal(kept["returned"]),
        kept["currency"],
    )


def require_one_is_enough(case: Case) -> None:
    """Raise NeedsApproval when what is given back for the booking in all, this included, is above the limit."""
    limit = Decimal(str(config.number("REFUND_APPROVAL_ABOVE")))
    if case.given_back is not None and case.given_back.in_all > limit:
        raise NeedsApproval(f"More than {limit:,.2f} is given back only when two people have decided it.")


def propose(case: Case, option: Option, why: str, given: Mapping[str, Any], version: int | None) -> Moved:
    """Keep the decision as a proposal; the item goes back to the queue for somebody else."""
    uow, item_id = case.uow, int(case.item["id"])
    assert case.given_back is not None  # it is why there is a proposal
    said = {
        "option": option.name,
        "justification": why,
        "returned": str(case.given_back.amount),
        "currency": case.given_back.currency,
    }
    me = uow.principal
    kept = {**said, "parameters": dict(given), "by": me.staff_id, "name": me.full_name or me.name}
    proposal = json.dumps({**kept, "at": uow.now.isoformat()}, default=str)
    moved = move(uow, moves.PROPOSE, these([item_id], version), payload=said, proposal=proposal)
    return expect(uow, moved, item_id, moves.PROPOSE, version)


def withdraw(uow: UnitOfWork, item_id: int, version: int | None) -> Moved:
    """Take one's own proposal back: into one's own hands, or out of the hands of whoever was to approve it."""
    picks = these([item_id], version)
    moved = move(uow, moves.WITHDRAW, picks) or move(uow, moves.WITHDRAW_UNSEEN, picks)
    return expect(uow, moved, item_id, moves.WITHDRAW, version)
