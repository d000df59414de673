"""What automations could not finish: stored PDFs, orphaned answers, disputed entries, holds, broken references."""

from __future__ import annotations

from core.resolutions import blacklist, erasing, leftovers, references, releasing, storage
from core.resolutions.declaring import ItemType, Option, Parameter, declare
from core.resolutions.generic import DEFER, escalate_to
from core.words import Priority, Queue

PDF_DELETION_FAILED = ItemType(
    "pdf_deletion_failed",
    "PDF deletion failed",
    Queue.AUTOMATION,
    "meal_plan",
    Priority.MEDIUM,
    (
        Option(
            "retry_deletion",
            "Retry deletion",
            outside=storage.DELETION,
            guard=storage.deletable,
            needs=("pdf_url",),
            help="Asks the storage to delete the file. Settled when it is gone; else it comes back with the error.",
        ),
        Option(
            "mark_failed",
            "Mark permanently failed",
            effect=leftovers.give_up_pdf,
            guard=leftovers.plan,
            needs=("pdf_url",),
            recommended=leftovers.pdf_is_gone,
            help="The plan no longer has a PDF; this item keeps the address where the file was stored.",
        ),
        escalate_to("engineering", recommended=leftovers.stubborn),
        Option(
            "defer_hour",
            "Defer 1 h",
            settles="defer",
            effect=storage.in_an_hour,
            recommended=storage.just_failed,
            help="Comes back in an hour, when the storage may be well again. The deadline does not move.",
        ),
        Option(
            "defer",
            "Defer 24 h",
            settles="defer",
            recommended=leftovers.passing,
            help="Comes back in 24 hours. The deadline does not move.",
        ),
    ),
    context_keys=("pdf_url", "pdf_generated_at", "retry_count", "last_error"),
    optional_keys=("meal_plan_id", "retried_at"),
    runbook=(
        "A PDF with a customer's plan should be deleted from storage, and is perhaps still there.\n"
        "Read the last error: 404 or 410 mean that the file is gone; 5xx and time-outs mostly pass by themselves.\n"
        "Mark it as permanently failed only when the file is known to be gone, or when its remaining there has been "
        "accepted: the plan forgets where it was.\n"
        "Escalate to engineering after three days, or at once when many plans fail with the same error."
    ),
)

QUIZ_ORPHANED = ItemType(
    "quiz_orphaned",
    "Quiz without an owner",
    Queue.AUTOMATION,
    "quiz_response",
    Priority.LOW,
    (
        Option(
            "associate",
            "Associate with user",
            effect=leftovers.associate_quiz,
            guard=leftovers.quiz,
            parameters=leftovers.owner,
            recommended=leftovers.quiz_has_owner,
            help="The response belongs to this customer from now on.",
        ),
        Option(
            "delete",
            "Delete",
            effect=leftovers.delete_quiz,
            guard=leftovers.quiz_deletable,
            needs=("references",),
            recommended=leftovers.quiz_is_old,
            help="Deletes the response. Refused while a meal plan refers to it.",
        ),
        Option(
            "defer",
            DEFER.label,
            settles="defer",
            parameters=DEFER.parameters,
            recommended=leftovers.quiz_is_young,
        ),
    ),
    context_keys=("created_at", "references"),
    optional_keys=("quiz_response_id", "user_id"),
    runbook=(
        "Somebody answered a quiz and no customer owns the answers.\n"
        "Under 24 hours: wait. People often sign up after the quiz, and the answers find their owner.\n"
        "Up to 7 days: look for the owner; the item's context may name one. Associate only when you are sure, since "
        "the answers say something about a person's health.\n"
        "After 7 days: safe to delete, unless a meal plan was made from them."
    ),
)

BLACKLIST_DISPUTED = ItemType(
    "blacklist_disputed",
    "Blacklist disputed",
    Queue.AUTOMATION,
    "blacklist_entry",
    Priority.HIGH,
    (
        Option(
            "remove",
            "Remove from blacklist",
            effect=blacklist.take_off,
            guard=blacklist.listed,
            needs=("blacklist_reason",),
            recommended=blacklist.clean_record,
            help="The address may order again from now on.",
        ),
        Option(
            "reject_appeal",
            "Reject appeal",
            effect=blacklist.keep_on,
            guard=blacklist.listed,
            needs=("blacklist_reason", "appeal_message"),
            recommended=blacklist.bad_record,
            help="The entry stays in force, and the appeal is decided.",
        ),
        escalate_to("support"),
    ),
    context_keys=("email", "blacklist_reason", "appeal_message"),
    optional_keys=("payment_history",),
    runbook=(
        "A person cannot order and says that this is wrong: they are blocked until you decide.\n"
        "Weigh why the entry was made against how the address has paid since: payments that failed once are no "
        "fraud, and payments that never came in speak for themselves.\n"
        "Remove the entry when its reason was an error, or has gone.\n"
        "Escalate to support when chargebacks, threats or several addresses of one person are involved."
    ),
    facts=blacklist.payment_facts,
)

RETENTION_EXCEPTION = ItemType(
    "retention_exception",
    "Retention exception",
    Queue.AUTOMATION,
    "retention_hold",
    Priority.CRITICAL,
    (
        Option(
            "release",
            "Release hold and delete",
            effect=erasing.release_and_delete,
            guard=releasing.releasable,
            outside=releasing.FILE_FIRST,
            needs=("hold_reason", "hold_until"),
            recommended=erasing.ran_out,
            help="The hold ends. The record is deleted, a stored PDF first; where figures rest on it, only what is "
            "personal goes.",
        ),
        Option(
            "extend",
            "Extend hold",
            effect=erasing.extend,
            guard=erasing.hold,
            needs=("hold_reason",),
            parameters=(Parameter("hold_until", "Keep until", "date_time", help="After the hold's present end."),),
            help="The record is kept until then.",
        ),
        escalate_to("compliance", recommended=erasing.still_held),
    ),
    context_keys=("hold_reason", "hold_until"),
    runbook=(
        "A record ought to be deleted, and somebody has said that it must be kept: one of two duties is being "
        "missed until this is decided.\n"
        "Release when the reason of the hold has gone: the case is closed, or the hold has run out. What is deleted "
        "cannot be brought back after the undo window.\n"
        "Extend when the reason stands and has a date; write down who said so.\n"
        "When you cannot tell whether a court, an authority or an audit still needs the record, escalate to "
        "compliance. Never guess."
    ),
)

FOREIGN_KEY_VIOLATION = ItemType(
    "foreign_key_violation",
    "Foreign key violation",
    Queue.AUTOMATION,
    "record",
    Priority.MEDIUM,
    (
        Option(
            "retry",
            "Retry",
            effect=references.looked_again,
            guard=references.holds_now,
            needs=("table", "referencing_table", "constraint"),
            recommended=references.mended,
            help="Looks again: settles the item when nothing stands in the automation's way any more.",
        ),
        Option(
            "remove_reference",
            "Remove reference",
            effect=references.remove_reference,
            guard=references.some_refer,
            needs=("table", "referencing_table", "constraint"),
            help="The referring records stay and refer to nothing from now on.",
        ),
        escalate_to("engineering"),
    ),
    context_keys=("table", "referencing_table", "constraint"),
    optional_keys=("operation", "referencing_id"),
    runbook=(
        "An automation wanted to write or delete a record, and another record's reference forbade it.\n"
        "Look again first: the missing record has often arrived in the meantime.\n"
        "Remove the reference when the record that is referred to must go and the referring one means something "
        "without it; a complaint without its booking does, as a rule.\n"
        "Escalate to engineering when the same constraint fails again and again: then a program is wrong, not a record."
    ),
    facts=references.reference_facts,
)

declare(PDF_DELETION_FAILED, QUIZ_ORPHANED, BLACKLIST_DISPUTED, RETENTION_EXCEPTION, FOREIGN_KEY_VIOLATION)
