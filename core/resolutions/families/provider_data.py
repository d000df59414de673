"""What is doubtful about provider records: two that may be one, and fields that are missing or look wrong."""

from __future__ import annotations

from core.resolutions import completing, merging
from core.resolutions.declaring import ItemType, Option, declare
from core.resolutions.generic import DEFER, REJECT
from core.words import Priority, Queue

DUPLICATE_CHECK = ItemType(
    "duplicate_check",
    "Duplicate check",
    Queue.PROVIDER_DATA,
    "provider",
    Priority.MEDIUM,
    (
        Option(
            "merge",
            "Merge into",
            effect=merging.merge,
            guard=merging.pair,
            needs=("provider_ids",),
            parameters=merging.choices,
            recommended=merging.same_npi,
            help="One record stays, with the values that you pick; everything about the other leads to it.",
        ),
        Option(
            "not_duplicate",
            "Not a duplicate",
            effect=merging.keep_apart,
            guard=merging.pair,
            needs=("provider_ids",),
            recommended=merging.different_npis,
            help="Remembered: these two are not raised again.",
        ),
        DEFER,
    ),
    context_keys=("provider_ids",),
    optional_keys=("similarity", "evidence"),
    runbook=(
        "Two records look like one provider. A wrong merge is worse than a duplicate: it gives one person's "
        "patients to another.\n"
        "The same NPI settles it: merge. Two different valid NPIs settle it too: they are two, even at one address.\n"
        "Without NPIs, merge only when name, taxonomy and one of phone or address agree. Relatives share names and "
        "practices; organisations share addresses.\n"
        "Keep the record that is more complete, and pick the newer phone and address."
    ),
    facts=merging.side_by_side,
)

UPDATE_FIELDS = Option(
    "update_fields",
    "Update fields",
    effect=completing.update_fields,
    guard=completing.fillable,
    needs=("fields",),
    parameters=completing.form,
    help="The record says from now on what you fill in. Fields left empty stay as they are.",
)
MARK_UNOBTAINABLE = Option(
    "mark_unobtainable",
    "Mark unobtainable",
    effect=completing.mark_unobtainable,
    guard=completing.something_lacking,
    needs=("fields",),
    help="These fields cannot be had, and are not asked for again.",
)

MISSING_DATA = ItemType(
    "missing_data",
    "Missing data",
    Queue.PROVIDER_DATA,
    "provider",
    Priority.LOW,
    (
        UPDATE_FIELDS,
        MARK_UNOBTAINABLE,
        Option("reject", REJECT.label, settles="reject", recommended=completing.filled_by_now, help=REJECT.help),
    ),
    context_keys=("fields",),
    runbook=(
        "A provider record lacks something. Look it up at the source: the registry, the provider's own page, a call.\n"
        "Fill in only what you have seen written by the provider or the registry; a guess is worse than a gap.\n"
        "Mark as unobtainable what two sources do not have, so that nobody looks again."
    ),
    facts=completing.field_facts,
)

VALIDATION_FLAG = ItemType(
    "validation_flag",
    "Validation flag",
    Queue.PROVIDER_DATA,
    "provider",
    Priority.MEDIUM,
    (
        UPDATE_FIELDS,
        MARK_UNOBTAINABLE,
        Option("resolve", "Accept as it is", help="The values are odd and right, or were mended at their source."),
        REJECT,
    ),
    context_keys=("fields",),
    optional_keys=("problem",),
    runbook=(
        "A record came in with something impossible: closed before it was opened, a negative rate, a placeholder for "
        "a number. It was kept as it came.\n"
        "Find out which side is wrong before changing anything: the source repeats its errors with the next import.\n"
        "Correct provider fields here; other records are mended at their source and accepted here.\n"
        "Reject the flag when the rule is wrong, and say so: then the rule needs mending."
    ),
    facts=completing.field_facts,
)

declare(DUPLICATE_CHECK, MISSING_DATA, VALIDATION_FLAG)
