"""The schema: every table of Opsdesk, by subject."""

from core.tables.alerts import (
    Alert,
    AlertReceipt,
    AlertRule,
    AlertRuleVersion,
    AlertSubscription,
    MaintenanceWindow,
    OncallShift,
    RuleEvent,
    RuleFiring,
    RuleRecording,
)
from core.tables.audit import AuditRow, AuditSeal
from core.tables.batches import Batch
from core.tables.content import BlacklistEntry, MealPlan, QuizResponse, RetentionHold
from core.tables.customers import Booking, Complaint, Customer, Payment
from core.tables.groups import GroupOutcome, GroupRun
from core.tables.jobs import JobRun, Leadership, OutboxEntry, Report, Runner
from core.tables.metrics import MetricDelta, MetricRecord, MetricRollup, PastCycle
from core.tables.people import Allowance, ApiToken, ExportTicket, SavedView, SignInThrottle, Staff, StaffSession
from core.tables.programs import CallRate, KeptAnswer
from core.tables.providers import DistinctPair, Provider
from core.tables.searching import ItemWords
from core.tables.settings import OpsConfig, OwnItemType
from core.tables.work import BusinessCalendar, ClockEvent, ResolutionTemplate, SlaPolicy, WorkAction, WorkItem

APPEND_ONLY = ("ops_audit_log", "audit_seals", "work_actions", "clock_events")
"""Tables that the application's role may add to and read, and nothing else."""

__all__ = [
    "APPEND_ONLY",
    "Alert",
    "AlertReceipt",
    "AlertRule",
    "AlertRuleVersion",
    "AlertSubscription",
    "Allowance",
    "ApiToken",
    "AuditRow",
    "AuditSeal",
    "Batch",
    "BlacklistEntry",
    "Booking",
    "BusinessCalendar",
    "CallRate",
    "ClockEvent",
    "Complaint",
    "Customer",
    "DistinctPair",
    "ExportTicket",
    "GroupOutcome",
    "GroupRun",
    "ItemWords",
    "JobRun",
    "KeptAnswer",
    "Leadership",
    "MaintenanceWindow",
    "MealPlan",
    "MetricDelta",
    "MetricRecord",
    "MetricRollup",
    "OncallShift",
    "OpsConfig",
    "OutboxEntry",
    "OwnItemType",
    "PastCycle",
    "Payment",
    "Provider",
    "QuizResponse",
    "Report",
    "ResolutionTemplate",
    "RetentionHold",
    "RuleEvent",
    "RuleFiring",
    "RuleRecording",
    "Runner",
    "SavedView",
    "SignInThrottle",
    "SlaPolicy",
    "Staff",
    "StaffSession",
    "WorkAction",
    "WorkItem",
]
