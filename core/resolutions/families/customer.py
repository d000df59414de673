"""What customers ask for: complaints, bookings that are stuck, refunds and cancellations."""

from __future__ import annotations

from core.resolutions.answering import REPLY, answer, complaint, hand_up, refund_complaint, refundable, settle
from core.resolutions.bookings import (
    accept_cancellation,
    accept_with_fee,
    approve_refund,
    asked_back,
    bookable,
    cancel,
    cancellable,
    confirm,
    facts,
    fee_possible,
    kept,
    paid,
    passed_unpaid,
    requested,
)
from core.resolutions.declaring import ItemType, Option, Parameter, declare
from core.resolutions.generic import escalate_to
from core.resolutions.paying import CHECK, checkable
from core.resolutions.refunding import something_left
from core.resolutions.writing import LETTER, MESSAGE, means, reachable
from core.words import Priority, Queue

COMPLAINT = ItemType(
    "complaint",
    "Complaint",
    Queue.CUSTOMER,
    "complaint",
    Priority.HIGH,
    (
        Option(
            "respond",
            "Respond",
            settles="respond",
            effect=answer,
            guard=complaint,
            outside=REPLY,
            parameters=(MESSAGE,),
            standing=means,
            help="Answers the customer, which is the first response; the complaint stays in your hands.",
        ),
        Option("resolve", "Resolve", effect=settle, guard=complaint, help="The complaint is settled; say how."),
        Option(
            "refund",
            "Refund",
            effect=refund_complaint,
            guard=refundable,
            parameters=(Parameter("amount", "Amount to give back", "number"),),
            help="Gives back some of what was paid for the booking, and settles the complaint.",
        ),
        escalate_to("the customer care lead", also=hand_up),
    ),
    runbook=(
        "Read the whole message before anything else: what does the customer want, and is it ours to give?\n"
        "Answer first, settle later: the first response has a deadline of its own, and an honest interim answer "
        "meets it.\n"
        "Refund when the service was not given, or not as booked; weigh what was paid and what was given back "
        "already. Goodwill is no refund of the whole.\n"
        "Escalate when somebody may have been harmed, when the press or a lawyer is named, or when the same "
        "customer has complained about the same thing before."
    ),
    first_response_by="reply",
    facts=facts,
)

BOOKING = ItemType(
    "booking",
    "Booking",
    Queue.CUSTOMER,
    "booking",
    Priority.HIGH,
    (
        Option(
            "confirm",
            "Confirm",
            effect=confirm,
            guard=bookable,
            recommended=paid,
            help="The service will be given as booked; a booking that is confirmed already stays so.",
        ),
        Option(
            "cancel",
            "Cancel",
            effect=cancel,
            guard=cancellable,
            recommended=passed_unpaid,
            help="The service will not be given. What was paid is not given back by this.",
        ),
        Option(
            "contact",
            "Contact customer",
            settles="respond",
            guard=reachable,
            outside=LETTER,
            parameters=(MESSAGE,),
            help="Writes to the customer by e-mail; the booking stays in your hands.",
        ),
        Option(
            "retry_payment_check",
            "Retry payment check",
            settles="keep",
            guard=checkable,
            outside=CHECK,
            help="Asks the payment provider how it stands. The booking says so from then on, and stays in your hands.",
        ),
    ),
    runbook=(
        "A booking is here because it has been pending too long or its payment failed: find out which.\n"
        "Confirm when the money has come, or when the customer is known to pay on the spot.\n"
        "Ask the payment provider again before you believe that it is unpaid, and write to the customer when it is.\n"
        "Cancel when the time of the service has passed unpaid, or when payments keep failing and the customer "
        "does not answer; somebody else may want the place.\n"
        "The nearer the time of the service, the more a wrong cancellation hurts: when in doubt, ask first."
    ),
    facts=facts,
)

REFUND = ItemType(
    "refund",
    "Refund",
    Queue.CUSTOMER,
    "booking",
    Priority.HIGH,
    (
        Option(
            "approve",
            "Approve",
            effect=approve_refund,
            guard=something_left,
            parameters=requested,
            recommended=asked_back,
            help="What was asked for is given back, or the amount that you fill in.",
        ),
        Option("refuse", "Refuse", help="Nothing is given back; say why."),
    ),
    runbook=(
        "Compare what is asked for with what was paid and what was given back already.\n"
        "Approve when the service was not given, or when the terms of the booking promise the money back.\n"
        "Refuse when the deposit was agreed to be kept, and say so in words that the customer could read.\n"
        "An amount lower than asked for is possible: say in the justification how it was found."
    ),
    optional_keys=("amount",),
    facts=facts,
)

CANCELLATION = ItemType(
    "cancellation",
    "Cancellation",
    Queue.CUSTOMER,
    "booking",
    Priority.MEDIUM,
    (
        Option(
            "accept",
            "Accept",
            effect=accept_cancellation,
            guard=cancellable,
            help="The booking is cancelled, and what was paid for it is given back.",
        ),
        Option(
            "accept_with_fee",
            "Accept with fee",
            effect=accept_with_fee,
            guard=fee_possible,
            parameters=(Parameter("fee", "Fee to keep", "number", help="At most what was paid."),),
            help="The booking is cancelled; the fee is kept and the rest of what was paid is given back.",
        ),
        Option("keep", "Keep booking", guard=kept, help="The booking stays as it is."),
    ),
    runbook=(
        "How long before the service was the cancellation asked for, and what do the terms say about that?\n"
        "Accept without a fee when it was in time, or when the reason is ours.\n"
        "Accept with the agreed fee when it came late; never more than what was paid.\n"
        "Keep the booking when the customer has changed their mind, or when it is not theirs to cancel."
    ),
    facts=facts,
)

declare(COMPLAINT, BOOKING, REFUND, CANCELLATION)
