"""Approving what another proposed, as it stands, or sending it back with a reason. Nobody approves their own."""

from __future__ import annotations

from core.errors import Conflict, NotPermitted
from core.permissions import Permission, requires
from core.queue import moves
from core.queue.deciding import JUSTIFICATION_LENGTH, carry_out, case_of, option_of, require_held, settle
from core.queue.lifecycle import Moved, move, these
from core.queue.proposing import Proposal, proposal_of
from core.queue.refusals import expect
from core.queue.summaries import follow
from core.resolutions.declaring import item_type
from core.resolutions.effects import Case
from core.text import checked_text
from core.uow import UnitOfWork


@requires(Permission.OPS_WRITE, leaves="item.approved")
def approve(uow: UnitOfWork, item_id: int, version: int | None = None) -> Moved:
    """Carry out what another proposed for an item that the caller holds, exactly as it was proposed.

    Both people are on record. Raises NotPermitted for one's own proposal; Conflict when there is none any more, when
    the item is not in the caller's hands, or when it would give back another amount by now.
    """
    case = case_of(uow, item_id, locks=True)
    require_held(uow, item_id, version)
    proposal = _anothers(uow, case)
    option = option_of(item_type(case.item["item_type"]), proposal.option)
    done = carry_out(case, option, proposal.parameters)
    if case.given_back is None or case.given_back.amount != proposal.returned:
        raise Conflict("Another amount would be given back by now than was proposed. Send it back, or decide anew.")
    uow.record("item.approved", "work_item", item_id, option=option.name, proposed_by=proposal.by)
    both = {"proposed_by": proposal.name, "approved_by": uow.principal.full_name or uow.principal.name}
    moved = settle(uow, these([item_id], version), option, proposal.justification, case, done | both)
    follow(uow, item_id, case.journal)
    return expect(uow, moved, item_id, moves.RESOLVE, version)


@requires(Permission.OPS_WRITE, leaves="item.sent_back")
def send_back(uow: UnitOfWork, item_id: int, reason: str, version: int | None = None) -> Moved:
    """Turn another's proposal down with a reason: the item is open again for anybody, its proposer too."""
    payload = {"reason": checked_text("reason", reason, JUSTIFICATION_LENGTH)}
    moved = move(uow, moves.SEND_BACK, these([item_id], version), payload=payload)
    return expect(uow, moved, item_id, moves.SEND_BACK, version)


def _anothers(uow: UnitOfWork, case: Case) -> Proposal:
    """The item's proposal, when it is another's."""
    proposal = proposal_of(case.item)
    if proposal is None:
        raise Conflict(f"Nothing is proposed for item {case.item['id']} any more: it was taken back, or sent back.")
    if uow.principal.staff_id in {None, proposal.by}:
        raise NotPermitted(Permission.OPS_WRITE, "Nobody approves what they proposed themselves.")
    return proposal
