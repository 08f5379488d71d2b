"""Policy as dated data: facilities, lenders, sectors and the LPR, with source, status and date of the last check.

The data are TOML and CSV files beside this module; no rate, ratio, date or list stands in code.
"""

from __future__ import annotations

from relending.policy.fixings import Fixing, Lpr, lpr
from relending.policy.names import (
    Field,
    Lender,
    Sector,
    field_of,
    fields,
    lender_of,
    lenders,
    nearest,
    nearest_lender,
    nearest_sector,
    normalised,
    sector_of,
    sectors,
)
from relending.policy.parameters import (
    ASSUMPTIONS,
    BORROWER_TYPES,
    CLASSES,
    DATING,
    OPTIONS,
    PARAMETERS,
    STATUSES,
    Parameter,
)
from relending.policy.parse import Problem
from relending.policy.plain import (
    from_plain,
    lender_from_plain,
    lender_to_plain,
    lpr_from_plain,
    lpr_to_plain,
    to_plain,
)
from relending.policy.read import SCENARIO, check_overrides, facilities, facility, last_checked
from relending.policy.values import (
    ALWAYS,
    Dated,
    DatedValue,
    Facility,
    Membership,
    Pool,
    Quota,
    SectorListing,
    Window,
    rate_of,
)
from relending.policy.words import option_name, source_in

__all__ = [
    "ALWAYS",
    "ASSUMPTIONS",
    "BORROWER_TYPES",
    "CLASSES",
    "DATING",
    "OPTIONS",
    "PARAMETERS",
    "SCENARIO",
    "STATUSES",
    "Dated",
    "DatedValue",
    "Facility",
    "Field",
    "Fixing",
    "Lender",
    "Lpr",
    "Membership",
    "Parameter",
    "Pool",
    "Problem",
    "Quota",
    "Sector",
    "SectorListing",
    "Window",
    "check_overrides",
    "facilities",
    "facility",
    "field_of",
    "fields",
    "from_plain",
    "last_checked",
    "lender_from_plain",
    "lender_of",
    "lender_to_plain",
    "lenders",
    "lpr",
    "lpr_from_plain",
    "lpr_to_plain",
    "nearest",
    "nearest_lender",
    "nearest_sector",
    "normalised",
    "option_name",
    "rate_of",
    "sector_of",
    "sectors",
    "source_in",
    "to_plain",
]
