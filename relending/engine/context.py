"""What a run works by: facilities with their dated rules, lenders, LPR, the bank's own rate, the horizon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import Days, quarter_end, quarter_start, to_day, whole_quarters
from relending.units import BP, PPM, Ints

if TYPE_CHECKING:
    from relending.engine.columns import Flags
    from relending.policy import Dated, Facility, Lpr


RATE_BASES = ("issue", "current")
"""Which rates are weighed, or earned: those at issue, or the current ones."""


@dataclass(frozen=True, slots=True)
class Context:
    """The rules and the horizon, the same for every block of a run.

    ``own_rate`` by lender id, "" for every other lender; ``first_quarter`` and ``last_quarter`` are quarter numbers
    (``year * 4 + 0..3``), ``end`` the last day as a day number. ``lpr_shift_bp`` moves the LPR of planned loans
    disbursed after the day ``lpr_shift_from``. ``claim`` is empty where none is given
    (:mod:`relending.engine.claims`).
    """

    facilities: tuple[Facility, ...]
    lenders: Mapping[str, Any]
    lpr: Lpr
    own_rate: Mapping[str, Dated]
    first_quarter: int
    last_quarter: int
    rate_basis: str = "issue"
    admitted: Mapping[str, Mapping[str, dt.date]] = field(default_factory=dict)
    default_lender: str | None = None
    lpr_shift_bp: int = 0
    lpr_shift_from: int = 0
    simulate_from: dt.date | None = None
    reference_rate: Mapping[str, Dated] = field(default_factory=dict)
    collateral_cost: Mapping[str, Dated] = field(default_factory=dict)
    earning_assets: Dated | None = None
    loan_rates: str = "issue"
    ineligible: str = "listed"
    claim: str = ""

    def lpr_shift(self, planned: Flags, disbursed: Days) -> Ints:
        """What the scenario adds to the LPR of loans, ppm: planned ones after the day of the shift, no other."""
        return np.where(planned & (disbursed > self.lpr_shift_from), self.lpr_shift_bp * (PPM // BP), 0)

    @property
    def end(self) -> int:
        """Last day of the run as a day number."""
        return int(quarter_end(self.last_quarter))

    @property
    def start(self) -> int:
        """First day of the run's tables as a day number: what an opening balance begins with."""
        return int(quarter_start(self.first_quarter))

    @property
    def simulate_from_day(self) -> int | None:
        """The day from which loans without a row in the record are simulated; None: none are."""
        return None if self.simulate_from is None else to_day(self.simulate_from)

    @property
    def quarters(self) -> range:
        """The quarters of the series."""
        return range(self.first_quarter, self.last_quarter + 1)

    def own_rate_of(self, lender: str) -> Dated | None:
        """The own funding rate that counts for a lender."""
        return self.own_rate.get(lender, self.own_rate.get(""))

    def reference_rate_of(self, lender: str) -> Dated | None:
        """The rate a lender holds the facility's against, beside its own."""
        return self.reference_rate.get(lender, self.reference_rate.get(""))

    def collateral_cost_of(self, lender: str) -> Dated | None:
        """What the collateral a lender pledges costs it a year."""
        return self.collateral_cost.get(lender, self.collateral_cost.get(""))

    def lender_id(self, text: str | None) -> str | None:
        """The id of a lender given by id or by a name the scenario knows it by; the scenario's lender for no text.

        A text nobody knows stays as it is.
        """
        if text is None or text == "":
            return self.default_lender
        if text in self.lenders:
            return text
        from relending.policy import normalised

        wanted = normalised(text)
        named = (
            one.id for one in self.lenders.values() for name in getattr(one, "names", ()) if normalised(name) == wanted
        )
        return next(named, text)

    def admitted_from(self, facility: Facility, lender: str | None) -> dt.date | None:
        """The date from which a lender may use a facility; None: never. A scenario's own admission decides."""
        if lender is None:
            return None
        given = self.admitted.get(lender, {}).get(facility.id)
        if given is not None:
            return given
        known = self.lenders.get(lender)
        return facility.admitted_from(lender, known.cls if known is not None else None)


def make_context(scenario: Any) -> Context:
    """The context of a loaded scenario."""
    first, last = whole_quarters(scenario.start, scenario.end)
    return Context(
        facilities=tuple(scenario.facilities),
        lenders=scenario.lenders,
        lpr=scenario.lpr,
        own_rate=scenario.own_rate,
        first_quarter=first,
        last_quarter=last,
        rate_basis=scenario.rate_basis,
        default_lender=scenario.lender,
        lpr_shift_bp=scenario.lpr_shift_bp,
        lpr_shift_from=to_day(scenario.lpr_shift_from),
        simulate_from=scenario.simulate_from,
        reference_rate=scenario.reference_rate,
        collateral_cost=scenario.collateral_cost,
        earning_assets=scenario.earning_assets,
        loan_rates=scenario.loan_rates,
        ineligible=scenario.ineligible,
        claim=scenario.claim,
        admitted={name: dict(getattr(lender, "admitted", {}) or {}) for name, lender in scenario.lenders.items()},
    )


def launch_day(facility: Facility) -> int:
    """Day of a facility's launch."""
    return to_day(facility["launch"].latest().value)
