"""Customers as bookings and complaints bring them along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.intake.forms import CustomerForm
from core.intake.keeping import keep
from core.uow import UnitOfWork


def keep_customers(uow: UnitOfWork, forms: Iterable[CustomerForm | None], *, overwrite: bool = True) -> dict[str, int]:
    """Keep the customers that are named, each once. Returns their numbers by reference."""
    named = {form.external_ref: form for form in forms if form is not None}
    ranked = [form for form in named.values() if form.tier is not None]
    others = [form for form in named.values() if form.tier is None]
    return _keep(uow, ranked, {"tier"}, overwrite) | _keep(uow, others, set(), overwrite)


def _keep(uow: UnitOfWork, forms: Sequence[CustomerForm], told: set[str], overwrite: bool) -> dict[str, int]:
    """A tier that is not told stays what it was, so it is no column then."""
    rows = [form.model_dump(include={"external_ref", "name", "email", "mobile"} | told) for form in forms]
    kept = keep(uow, "customers", rows, "customer.received", overwrite=overwrite)
    return {form.external_ref: customer.id for form, customer in zip(forms, kept, strict=True)}
