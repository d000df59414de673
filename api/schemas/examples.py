"""Bodies that go well, one or more for each call that has one: shown in the reference, and posted by a test."""

from __future__ import annotations

from typing import Any

_CUSTOMER = {"external_ref": "cu-77", "name": "Jane Smith", "email": "jane@example.com", "mobile": "9876543210"}
_RULE = {
    "kind": "threshold",
    "metric": "total_pending",
    "operator": "more_than",
    "value": 500,
    "held_minutes": 10,
    "severity": "warning",
    "title": "The queue is long",
    "audience": {"to": "role", "role": "manager"},
    "cooldown_minutes": 60,
}
EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/work-items"): {
        "one": {
            "item_type": "pdf_deletion_failed",
            "resource_type": "meal_plan",
            "resource_id": 12345,
            "priority": "medium",
            "reason": "storage answered 503 after 3 attempts",
            "context": {
                "pdf_url": "https://files.example.com/plans/12345.pdf",
                "retry_count": 3,
                "last_error": "503 Service Unavailable",
            },
            "sla_hours": 24,
            "external_ref": "cleanup-12345",
        },
        "many": [{"item_type": "complaint", "reason": "late"}, {"item_type": "quiz_orphaned", "resource_id": 7}],
    },
    ("post", "/v1/work-items/{item_id}/actions"): {
        "claim": {"action": "claim"},
        "comment": {"action": "comment", "text": "Asked the storage team."},
        "wait": {"action": "wait", "waiting_on": "supplier", "note": "They look at it tomorrow."},
        "resume": {"action": "resume"},
        "escalate": {"action": "escalate", "reason": "It happens every night.", "to": "engineering"},
        "priority": {"action": "priority", "priority": "high", "reason": "A customer has asked."},
        "reject": {"action": "reject", "reason": "The plan was made anew."},
        "undo": {"action": "undo"},
        "release": {"action": "release"},
        "assign": {"action": "assign", "assignee": 2},
        "take_over": {"action": "take_over"},
        "resolve": {"action": "resolve", "option": "mark_failed", "justification": "The file is gone for good."},
        "reopen": {"action": "reopen", "reason": "It is back."},
        "defer": {"action": "defer", "until": "2026-11-23T09:00:00+00:00", "reason": "The storage is moved on Sunday."},
    },
    ("post", "/v1/work-items/take-next"): {"any": {}, "of one queue": {"queue": "automation"}},
    ("post", "/v1/bookings"): {
        "a refund is asked for": {
            "external_ref": "bk-1001",
            "customer": _CUSTOMER,
            "service": "Deep tissue massage",
            "status": "confirmed",
            "payment_status": "paid",
            "amount": "120.00",
            "currency": "EUR",
            "scheduled_at": "2026-11-25T10:00:00+01:00",
            "request": "refund",
            "request_reason": "ill",
        }
    },
    ("post", "/v1/complaints"): {
        "one": {
            "external_ref": "cp-501",
            "customer": _CUSTOMER,
            "booking_ref": "bk-1001",
            "category": "lateness",
            "subject": "The therapist came an hour late",
            "priority": "high",
        }
    },
    ("post", "/v1/payments"): {
        "a failed one": {
            "external_ref": "py-9001",
            "booking_ref": "bk-1001",
            "status": "failed",
            "amount": "120.00",
            "failure_reason": "card declined",
        }
    },
    ("post", "/v1/providers"): {
        "an organisation": {"external_ref": "npi-1", "npi": "1234567893", "organisation": "City Clinic", "state": "MA"}
    },
    ("post", "/v1/alerts/broadcast"): {
        "to all": {
            "title": "Payments are down",
            "message": "Decide no refunds until noon.",
            "severity": "warning",
            "expires_at": "2026-11-22T12:00:00+00:00",
        }
    },
    ("put", "/v1/config/{key}"): {"a number": {"value": 120}},
    ("post", "/v1/alerts/rules"): {"many are late": {"name": "Many are late", "definition": _RULE}},
    ("put", "/v1/alerts/rules/{rule_id}"): {"switch on": {"enabled": True, "version": 1}},
    ("post", "/v1/alerts/rules/{rule_id}/backtest"): {"a month": {"days": 30}},
}
