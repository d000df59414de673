"""Provider records as they come in. Finding gaps and duplicates among them is a job's matter, not intake's."""

from __future__ import annotations

from collections.abc import Sequence

from core.intake.forms import ProviderForm
from core.intake.keeping import Kept, keep
from core.permissions import Permission, requires
from core.uow import UnitOfWork


@requires(Permission.OPS_WRITE, leaves="providers.received")
def receive_providers(
    uow: UnitOfWork, forms: Sequence[ProviderForm], *, source: str = "api", overwrite: bool = True
) -> list[Kept]:
    """Keep provider records, each known by its reference; the answers stand in the order of `forms`.

    With `overwrite` False a known record is left as it is.
    """
    rows = [form.model_dump() | {"source": source} for form in forms]
    kept = keep(uow, "individual_providers", rows, "provider.received", overwrite=overwrite)
    uow.record("providers.received", "provider", None, count=len(forms), source=source)
    return kept
