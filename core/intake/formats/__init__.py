"""The formats that are ready to import, by name."""

from core.intake.drafts import Format
from core.intake.formats import boston_311, ehr_directory, gp2gp, hotel_demand, nppes, uci_incidents

READY: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (boston_311, ehr_directory, gp2gp, hotel_demand, nppes, uci_incidents)
}
