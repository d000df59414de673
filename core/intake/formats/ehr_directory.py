"""Organisations as the vendors of health-record systems list them in their directories."""

from __future__ import annotations

from core.checking import checked_form
from core.intake.drafts import Draft, Format, Line, row_by_row
from core.intake.formats.provider_problems import problems
from core.intake.forms import ProviderForm
from core.intake.values import text
from core.resolutions.npi import is_npi

_FIELDS = {
    "organisation": "org_name",
    "address_line1": "address_line1",
    "address_line2": "address_line2",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country": "country",
    "phone": "phone",
}
_COLUMNS = ("record_id", "source_vendor", "source_org_id", "active", "npi", *_FIELDS.values())


def _read(line: Line) -> Draft:
    """A record may name several NPIs: the first that is one counts, and all stay in the details."""
    told = line.columns
    named = [npi for part in str(told["npi"]).split("|") if (npi := part.strip())]
    details = {"vendor": told["source_vendor"], "vendor_id": told["source_org_id"], "npis": named}
    form = checked_form(
        ProviderForm,
        {field: text(told, column) for field, column in _FIELDS.items()}
        | {
            "external_ref": f"ehr-directory:{told['record_id']}",
            "npi": next(filter(is_npi, named), named[0] if named else None),
            "is_active": told["active"] == "True",
            "details": details,
        },
    )
    return Draft(line.number, form, problems(form))


FORMAT = Format("ehr-directory", "providers", _COLUMNS, row_by_row(_read))
