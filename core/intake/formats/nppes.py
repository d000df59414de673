"""The United States' register of provider identifiers: organisations, whose numbers passed through a float."""

from __future__ import annotations

from core.checking import checked_form
from core.intake.drafts import Draft, Format, Line, row_by_row
from core.intake.formats.provider_problems import problems
from core.intake.forms import ProviderForm
from core.intake.values import Columns, moment, text

_NOTHING = ("", "<UNAVAIL>")
_FIELDS = {
    "organisation": "Provider Organization Name (Legal Business Name)",
    "taxonomy": "Healthcare Provider Taxonomy Code_1",
    "address_line1": "Provider First Line Business Practice Location Address",
    "address_line2": "Provider Second Line Business Practice Location Address",
    "city": "Provider Business Practice Location Address City Name",
    "state": "Provider Business Practice Location Address State Name",
    "country": "Provider Business Practice Location Address Country Code (If outside U.S.)",
}
_PHONE = "Provider Business Practice Location Address Telephone Number"
_FAX = "Provider Business Practice Location Address Fax Number"
_POSTAL_CODE = "Provider Business Practice Location Address Postal Code"
_OTHER_NAME = "Provider Other Organization Name"
_ENUMERATED, _DEACTIVATED = "Provider Enumeration Date", "NPI Deactivation Date"
_COLUMNS = ("NPI", *_FIELDS.values(), _PHONE, _FAX, _POSTAL_CODE, _OTHER_NAME, _ENUMERATED, _DEACTIVATED)


def _read(line: Line) -> Draft:
    told = line.columns
    npi = _number(told, "NPI")
    given = {field: text(told, column, _NOTHING) for field, column in _FIELDS.items()}
    form = checked_form(
        ProviderForm,
        given
        | {
            "external_ref": f"nppes:{npi}",
            "npi": npi,
            "phone": _number(told, _PHONE),
            "fax": _number(told, _FAX),
            "postal_code": _postal_code(_number(told, _POSTAL_CODE)),
            "is_active": text(told, _DEACTIVATED) is None,
            "enumerated_on": moment(told, _ENUMERATED, "%m/%d/%Y"),
            "details": {"other_name": text(told, _OTHER_NAME, _NOTHING)},
        },
    )
    return Draft(line.number, form, problems(form))


def _number(told: Columns, column: str) -> str | None:
    """Digits that were written as a float."""
    said = text(told, column, _NOTHING)
    return said.removesuffix(".0") if said else None


def _postal_code(said: str | None) -> str | None:
    """Five or nine digits; a float has no leading zeros, so those that are missing were there."""
    if said is None or not said.isdecimal():
        return said
    return said.zfill(9 if len(said) > 5 else 5)


FORMAT = Format("nppes", "providers", _COLUMNS, row_by_row(_read))
