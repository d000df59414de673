"""Writing, sealing and judging an audit log in tests, as the console and its jobs do."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlmodel import Session

from core import anchors, db, sealing, verifying
from core.permissions import Principal, process
from core.uow import UnitOfWork, perform
from core.verifying import Verdict

RUNNER = process("job", "seal")
OPERATOR = process("cli", "verify-audit")


def written(principal: Principal, count: int, undone: int = 0) -> None:
    """`count` rows of various kinds in a few units of work, and `undone` numbers that come to nothing."""
    for number in range(0, count, 5):
        with UnitOfWork(principal) as uow:
            for step in range(number, min(number + 5, count)):
                uow.record("item.view", "work_item", step or None, pii=step % 2 == 0, fields=["name"], share=1.50)
    for _ in range(undone):
        drawn_and_undone()


def drawn_and_undone() -> None:
    """One number of the log handed out to an attempt that is rolled back."""
    with Session(db.engine("app")) as session:
        session.connection().exec_driver_sql(
            "INSERT INTO ops_audit_log (at, actor_kind, actor_name, action, resource_type, metadata) "
            "VALUES (now(), 'cli', 'nobody', 'undone', 'nothing', '{}')"
        )
        session.rollback()


def sealed(patience_seconds: float = 10.0) -> int:
    """What one run of the sealing job seals."""
    return perform(RUNNER, sealing.seal, patience_seconds=patience_seconds)


def anchored() -> bool:
    """Whether one run of the anchoring job had anything to note."""
    return perform(RUNNER, anchors.anchor)


def judged(principal: Principal = OPERATOR) -> Verdict:
    """The verdict that an operator gets."""
    return perform(principal, verifying.verify)


def judged_on(connection: Connection) -> Verdict:
    """The verdict on what this connection sees, whether or not it is ever committed."""
    uow = UnitOfWork(OPERATOR)
    with Session(connection, join_transaction_mode="create_savepoint") as uow.session:
        return verifying.verify(uow)
