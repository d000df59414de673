"""SLA compliance: of the items whose fate was sealed in a period, the share that was decided by the deadline."""

from __future__ import annotations

from dataclasses import dataclass

from core.metrics.cycles import CYCLES, MET, SEALED, Period, known
from core.permissions import Permission, requires
from core.uow import UnitOfWork


@dataclass(frozen=True)
class Compliance:
    """How many fates were sealed and how many of them well. A cycle of an item counts once."""

    sealed: int
    met: int

    @property
    def rate(self) -> float | None:
        """The share in 0..1; None where nothing was sealed."""
        return self.met / self.sealed if self.sealed else None


@requires(Permission.OPS_READ, leaves=None)
def compliance(uow: UnitOfWork, period: Period) -> Compliance:
    """What was sealed in this period, as it was known at its end. On record with the question that it is part of."""
    counted = (
        f"{CYCLES} SELECT count(*) FILTER (WHERE {SEALED}) AS sealed, count(*) FILTER (WHERE {MET}) AS met FROM cycles"
    )
    row = uow.execute(counted, known(uow, period)).one()
    return Compliance(row.sealed, row.met)
