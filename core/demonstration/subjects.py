"""One invented subject for each item type: the records behind an item, its title, its reason and its context."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core.demonstration import wording
from core.demonstration.casting import Ref, Row, Scene, Subject, booking, payment, provider, some_customer


def complaint(scene: Scene, priority: str) -> Subject:
    """Somebody is unhappy about a booking."""
    category, subject, text = scene.dice.choice(wording.COMPLAINTS)
    bought = booking(scene, status="completed", scheduled_at=scene.before(20))
    values = {
        "customer_id": bought.values["customer_id"],
        "booking_id": bought.ref,
        "category": category,
        "subject": subject,
        "description": text,
        "priority": priority,
        "status": "open" if scene.is_open else "resolved",
        "responded_at": scene.decided_at,
        "resolved_at": scene.decided_at,
        "session_id": bought.values["session_id"],
        "created_at": scene.at,
    }
    row = Row(Ref("complaints", scene.key("complaint")), values)
    return _about(row, (bought, payment(bought, "paid"), row), subject, f"new complaint about {category}", bought)


def booking_problem(scene: Scene, _priority: str) -> Subject:
    """A booking that cannot go on by itself."""
    reason = scene.dice.choice(wording.BOOKING_REASONS)
    failed = "payment failed" in reason
    settled = "cancelled" if scene.option == "cancel" else "confirmed"
    row = booking(
        scene,
        status="pending" if scene.is_open else settled,
        payment_status="failed" if failed and (scene.is_open or settled == "cancelled") else "paid",
    )
    tries = (payment(row, "failed", reason.partition(": ")[2]),) if failed else ()
    return _about(
        row, (row, *tries), f"{row.values['service']}: {'payment' if failed else 'booking'} stuck", reason, row
    )


def refund(scene: Scene, _priority: str) -> Subject:
    """Somebody wants their money back."""
    reason = scene.dice.choice(wording.REFUND_REASONS)
    given = not scene.is_open and scene.option == "approve"
    row = booking(scene, status="cancelled", payment_status="refunded" if given else "paid")
    context = {"amount": row.values["amount"], "requested_by": "customer"}
    return _about(row, (row, payment(row, "paid")), f"Refund for {row.values['service']}", reason, row, context)


def cancellation(scene: Scene, _priority: str) -> Subject:
    """Somebody wants to cancel."""
    reason = scene.dice.choice(wording.CANCELLATION_REASONS)
    kept = scene.is_open or scene.option == "keep"
    row = booking(scene, status="confirmed" if kept else "cancelled")
    title = f"Cancellation of {row.values['service']}"
    return _about(row, (row,), title, f"customer cancels: {reason}", row, {"requested_by": "customer"})


def pdf_deletion_failed(scene: Scene, _priority: str) -> Subject:
    """A file that had to go and is still there."""
    tries = scene.dice.randrange(1, 6)
    error = scene.dice.choice(wording.STORAGE_ERRORS).format(tries=tries)
    plan, url = _meal_plan(scene)
    context = {
        "pdf_url": url,
        "meal_plan_id": plan.ref,
        "pdf_generated_at": plan.values["pdf_generated_at"],
        "retry_count": tries,
        "last_error": error,
    }
    title = f"PDF of {plan.values['title']} could not be deleted"
    return _of_automation(plan, (plan,), title, error, context)


def _meal_plan(scene: Scene) -> tuple[Row, str]:
    made_at = scene.before(120)
    url = f"https://blobs.example.net/plans/{scene.number:05d}/{scene.dice.randrange(16**8):08x}.pdf"
    values = {
        "customer_id": some_customer(scene.dice),
        "title": scene.dice.choice(wording.PLANS),
        "pdf_url": url if scene.is_open else None,
        "pdf_generated_at": made_at,
        "pdf_deleted_at": scene.decided_at,
        "created_at": made_at,
    }
    return Row(Ref("meal_plans", scene.key("plan")), values), url


def quiz_orphaned(scene: Scene, _priority: str) -> Subject:
    """Answers that nobody owns."""
    answered_at = scene.before(14)
    owned = not scene.is_open and scene.option == "associate"
    values = {
        "user_id": some_customer(scene.dice) if owned else None,
        "answers": {"goal": scene.dice.choice(("lose weight", "gain strength", "eat better")), "meals": 3},
        "created_at": answered_at,
    }
    row = Row(Ref("quiz_responses", scene.key("quiz")), values)
    context: dict[str, Any] = {
        "quiz_response_id": row.ref,
        "user_id": None,
        "created_at": answered_at,
        "references": [],
    }
    return _of_automation(row, (row,), "Quiz answers without an owner", "no user and no meal plan found", context)


def blacklist_disputed(scene: Scene, _priority: str) -> Subject:
    """Somebody says that they are blocked wrongly."""
    reason, appeal = scene.dice.choice(wording.BLACKLIST_REASONS), scene.dice.choice(wording.APPEALS)
    email = f"blocked{scene.number}@example.org"
    values = {
        "email": email,
        "reason": reason,
        "appeal": appeal,
        "active": scene.is_open or scene.option != "remove",
        "created_at": scene.before(200),
        "decided_at": scene.decided_at,
    }
    row = Row(Ref("blacklist_entries", email), values)
    failed = scene.dice.randrange(5)
    history = {"payments": failed + scene.dice.randrange(9), "failed": failed}
    context = {"email": email, "blacklist_reason": reason, "appeal_message": appeal, "payment_history": history}
    return _of_automation(row, (row,), "Appeal against a block", f"blocked for: {reason}", context)


def retention_exception(scene: Scene, _priority: str) -> Subject:
    """A record that should be deleted and may not be."""
    reason = scene.dice.choice(wording.HOLD_REASONS)
    until = scene.at + timedelta(days=scene.dice.randrange(5, 200))
    released = scene.decided_at if scene.option == "release" else None
    plan, _ = _meal_plan(scene)
    hold = {
        "resource_type": "meal_plan",
        "resource_id": plan.ref,
        "reason": reason,
        "hold_until": until,
        "released_at": released,
        "created_at": scene.before(100),
    }
    row = Row(Ref("retention_holds", plan.ref.key), hold)
    context = {"hold_reason": reason, "hold_until": until}
    return _of_automation(row, (plan, row), "Deletion stopped by a hold", f"deletion is due, but: {reason}", context)


def foreign_key_violation(scene: Scene, _priority: str) -> Subject:
    """A record that should go and is still referred to."""
    plan, _ = _meal_plan(scene)
    kept = scene.is_open or scene.option != "remove_reference"
    answers = {"meal_plan_id": plan.ref if kept else None, "user_id": plan.values["customer_id"], "answers": {}}
    quiz = Row(Ref("quiz_responses", scene.key("referring")), answers | {"created_at": scene.before(60)})
    context = {
        "operation": "delete",
        "table": "meal_plans",
        "referencing_table": "quiz_responses",
        "referencing_id": quiz.ref,
        "constraint": "quiz_responses_meal_plan_id_fkey",
    }
    reason = "meal plan could not be deleted: quiz responses still refer to it"
    return _of_automation(plan, (plan, quiz), f"{plan.values['title']} is still referred to", reason, context)


def duplicate_check(scene: Scene, _priority: str) -> Subject:
    """Two records that may be one provider."""
    one = provider(scene)
    alike = {"phone": None, "address_line1": str(one.values["address_line1"]).replace("Street", "St")}
    name = str(one.values["organisation"])
    other = provider(scene, "twin", **{**one.values, **alike, "organisation": name.upper(), "source": "demo partner"})
    likeness = round(scene.dice.uniform(0.62, 0.98), 2)
    context = {"provider_ids": [one.ref, other.ref], "similarity": likeness, "matched_on": ["npi", "city"]}
    return _of_provider(one, (one, other), f"Possible duplicate of {name}", "same NPI and city", context, likeness)


def missing_data(scene: Scene, _priority: str) -> Subject:
    """A provider record with gaps."""
    gaps = scene.dice.choice(wording.MISSING)
    row = provider(scene, "provider", **(dict.fromkeys(gaps) if scene.is_open else {}))
    named = " and ".join(gaps).replace("_", " ")
    title = f"{row.values['organisation']}: {named} missing"
    return _of_provider(row, (row,), title, f"no {named} on record", {"fields": list(gaps)})


def validation_flag(scene: Scene, _priority: str) -> Subject:
    """A provider record with something impossible in it."""
    field, problem = scene.dice.choice(wording.FLAGS)
    wrong = {"npi": "1234567890", "phone": "202555017", "postal_code": "00000"}[field]
    row = provider(scene, **({field: wrong} if scene.is_open else {}))
    context = {"fields": [field], "problem": problem}
    title = f"{row.values['organisation']}: {field.replace('_', ' ')} is doubtful"
    return _of_provider(row, (row,), title, problem, context, round(scene.dice.uniform(0.4, 0.9), 2))


def _about(
    row: Row,
    rows: tuple[Row, ...],
    title: str,
    reason: str,
    bought: Row,
    context: dict[str, Any] | None = None,
) -> Subject:
    values = bought.values
    stake, customer, session = float(values["amount"]), values["customer_id"], values["session_id"]
    return Subject(row.ref, rows, title, reason, context or {}, customer, stake, session_id=session)


def _of_automation(row: Row, rows: tuple[Row, ...], title: str, reason: str, context: dict[str, Any]) -> Subject:
    return Subject(row.ref, rows, title, reason, context, row.values.get("customer_id"))


def _of_provider(
    row: Row, rows: tuple[Row, ...], title: str, reason: str, context: dict[str, Any], confidence: float = 0.9
) -> Subject:
    return Subject(row.ref, rows, title, reason, context, confidence=confidence)


SUBJECTS: dict[str, Callable[[Scene, str], Subject]] = {
    "complaint": complaint,
    "booking": booking_problem,
    "refund": refund,
    "cancellation": cancellation,
    "pdf_deletion_failed": pdf_deletion_failed,
    "quiz_orphaned": quiz_orphaned,
    "blacklist_disputed": blacklist_disputed,
    "retention_exception": retention_exception,
    "foreign_key_violation": foreign_key_violation,
    "duplicate_check": duplicate_check,
    "missing_data": missing_data,
    "validation_flag": validation_flag,
}
