"""Values from a day on 自某日起: what was before that day stays as the scenario has it.

A rule without dates holds from the beginning, so another value for it makes other draws of years already past. Given
from a day on, it is one more dated value behind those that there are; which date of a loan or draw is held against it
(its disbursement, its draw, its due date) is that of the rule (``relending policy``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from relending.findings import Findings, InputError
from relending.policy import ALWAYS, PARAMETERS, Dated, to_plain
from relending.scenario.read import parse_key
from relending.scenario.resolve import EARLIEST
from relending.scenario.scenario import Scenario
from relending.units import PPM

RATES = ("own_rate", "reference_rate", "collateral_cost")
NUMBERS = ("ratio", "rate", "ratio_ppm", "rate_table")


def from_day(base: Scenario, key: str, value: Any, since: dt.date) -> dict[str, Any]:
    """The keys and values that give ``key`` this value from the day ``since`` on, and before it what ``base`` has.

    Raises InputError for a key that has no dates (a quota with its pools, options of a whole run, files).

    >>> from relending.scenario import load_scenario
    >>> from_day(load_scenario("demo"), "facility.cerf.ratio", Decimal("0.4"), dt.date(2027, 1, 1))
    {'facility.cerf.ratio': [{'from': datetime.date(2021, 11, 8), 'value': Decimal('0.6000')}, \
{'from': datetime.date(2027, 1, 1), 'value': Decimal('0.4')}]}
    """
    before = dated_before(base, parse_key(key))
    if key == "market.lpr_shift_bp":
        # a shift counts for loans made after its day
        return {key: value, "market.lpr_shift_from": since - dt.timedelta(days=1)}
    if before is None or isinstance(value, list | dict):
        raise InputError(
            Findings.one("sweep_no_dates", column=key, found=key, expected="facility.*.ratio, market.own_rate")
        )
    kept = [(day, was) for day, was in before if day < since] or before[:1]
    steps = [*kept, (since, value)]
    return {key: [{"from": day, "value": was} for day, was in steps]}


def dated_before(base: Scenario, path: tuple[str, ...]) -> list[tuple[dt.date, Any]] | None:
    """The dated values a key has in a scenario, as a scenario file writes them; None where it has none."""
    if len(path) == 3 and path[0] == "facility":
        rules = next((f for f in base.facilities if f.id == path[1]), None)
        known = PARAMETERS.get(path[2])
        if rules is None or known is None or known.single or known.kind == "quota" or path[2] not in rules:
            return None
        starts = [entry.start for entry in rules[path[2]].values]
        plain = [entry["value"] for entry in to_plain(rules)[path[2]]]
        return [(_day(start), _number(known.kind, value)) for start, value in zip(starts, plain, strict=True)]
    rates: Mapping[str, Dated] = {}
    if len(path) == 2 and path[0] == "market" and path[1] in RATES:
        rates = {"": getattr(base, path[1]).get("")} if getattr(base, path[1]) else {}
        lender = ""
    elif len(path) == 3 and path[0] == "lenders" and path[2] == RATES[0]:
        rates, lender = base.own_rate, path[1]
    found = rates.get(lender) if rates else None
    return None if found is None else [(_day(v.start), Decimal(v.value) / PPM) for v in found.values]


def _day(start: dt.date) -> dt.date:
    return EARLIEST if start == ALWAYS else start


def _number(kind: str, value: Any) -> Any:
    if kind in NUMBERS:
        return {term: Decimal(rate) for term, rate in value.items()} if isinstance(value, Mapping) else Decimal(value)
    return value
