"""The shipped item types, one module a family; importing this declares them all."""

from __future__ import annotations

import core.resolutions.families.automation
import core.resolutions.families.customer
import core.resolutions.families.provider_data  # noqa: F401 - all three declare themselves
