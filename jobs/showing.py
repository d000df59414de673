"""An item and what can be done about it, as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from core.queue.inbox import QueueRow
from core.queue.proposing import Proposal
from core.queue.viewing import ItemView
from core.resolutions.guiding import Guide, Offer
from core.spans import format_span
from ui.plain import line, plain


def item_lines(view: ItemView, guide: Guide) -> Iterator[str]:
    """All of an item: what it is, how old and how late, what is known of it, what to weigh."""
    row = view.row
    yield f"Item {row.id}: {line(row.title)}"
    yield f"  Priority  {row.priority}, score {row.priority_score:.0f}"
    yield f"  Age       {format_span(view.read_at - row.created_at)}{_due(row, view.read_at)}"
    yield f"  Type      {line(guide.label)} ({row.item_type}), in the queue {row.queue}"
    yield f"  Resource  {line(row.resource_type or 'none')} {line(row.resource_id or '')}".rstrip()
    yield f"  Reason    {_indented(row.reason) or 'none given'}"
    yield from _pairs("Context", view.context)
    yield from _pairs("Record", row.related)
    yield from _pairs("To know", {fact.label: fact.value for fact in guide.facts})
    if guide.missing:
        yield f"  Missing   {line(', '.join(guide.missing))}"
    if view.proposal:
        yield from _proposed(view.proposal)
    if view.draft_note:
        yield f"  Draft     {_indented(view.draft_note)}"
    if guide.runbook:
        yield f"  To weigh  {_indented(guide.runbook)}"


def _proposed(proposal: Proposal) -> Iterator[str]:
    returned = f"{proposal.returned:,.2f} {proposal.currency}"
    yield f"  Proposed  {line(proposal.label)}, giving back {returned}, by {line(proposal.name)}: "
    yield f"            {_indented(proposal.justification)}"


def option_lines(guide: Guide) -> Iterator[str]:
    """The numbered options, each with what speaks for it or against it."""
    yield "Options"
    for number, offer in enumerate(guide.options, 1):
        yield f"  {number:>2}  {line(offer.label)}{_verdict(offer)}"
        if offer.help:
            yield f"      {line(offer.help)}"


def _verdict(offer: Offer) -> str:
    if offer.refusal:
        return f" - cannot be taken: {line(offer.refusal)}"
    return f" - advised: {line(offer.reason)}" if offer.reason else ""


def _due(row: QueueRow, now: datetime) -> str:
    if row.sla_deadline is None:
        return ", without a deadline"
    left = row.sla_deadline - now
    told = f"due in {format_span(left)}" if row.sla_deadline > now else f"late by {format_span(-left)}"
    return f", {told} ({row.sla_state.replace('_', ' ')})"


def _pairs(heading: str, told: Mapping[str, Any]) -> Iterator[str]:
    for number, (name, value) in enumerate(told.items()):
        said = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
        yield f"  {'' if number else heading:<9} {line(name)}: {line(said, 500)}"


def _indented(text: str) -> str:
    return "\n            ".join(plain(text, 4_000).strip().splitlines())
