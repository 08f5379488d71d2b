"""Plausibility 合理性检查: figures that can hardly be right. Warnings only: no figure and no eligibility changes.

Usual bounds are data (``policy/plausibility.toml``). A project is spoken of once a code, at its first loan in input
order that gives cause; whatever the blocks, the findings are the same. Loans in error or set aside are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from relending.engine.block import Block
from relending.engine.columns import Flags
from relending.engine.context import Context
from relending.engine.keys import Keys
from relending.engine.projects import Usable, Variants, first_of, place, variants
from relending.engine.ratios import RATIOS, bound_of, compare, outside_of, ratio_text, texts
from relending.engine.slips import MONEY, columns_of, principal_text, slip_text, suspected
from relending.findings import Findings
from relending.policy import Facility
from relending.policy.plausibility import HUNDREDTHS, share_bound, small
from relending.units import INT64_MAX, PPM, Ints, decimal_text, group_sum, mul_div


def project_findings(blocks: Sequence[Block], keys: Keys, usable: Usable, end: int) -> Findings:
    """Warnings about the figures of projects: ratios, slips of units, shares.

    ``end`` is the last day of the run (a day number): what is lent later is in no share.
    """
    if usable.row.size == 0:
        return Findings()
    said, slipped = _figures(blocks, keys, usable, variants(blocks, keys, usable))
    return Findings.concat([*said, _shares(blocks, keys, usable, end, slipped)])


def _once(group: Ints, at: Ints) -> Ints:
    """Of the positions ``at`` (ascending) the first of each group."""
    return at[np.sort(np.unique(group[at], return_index=True)[1])]


def _figures(blocks: Sequence[Block], keys: Keys, usable: Usable, rows: Variants) -> tuple[list[Findings], Ints]:
    """Ratios outside their bounds, and the slips that would explain them (then not the ratios too).

    With them the projects (groups) of which a slip is told.
    """
    compared = compare(rows)
    outside = outside_of(compared)
    wrong = np.logical_or.reduce(outside)
    if not wrong.any():
        return [], rows.group[:0]
    slips = suspected(compared, rows, wrong)
    names = (*rows.sectors, None)

    def said(code: str, at: Ints, column: Any, found: list[str], expected: list[str]) -> Findings:
        where = place(blocks, keys, usable.row[rows.at[at]])
        return Findings.of(code, int(at.size), **where, column=column, found=found, expected=expected)

    def figures(i: int) -> dict[str, int]:
        return {name: int(values[i]) for name, values in rows.figures.items()}

    parts = []
    for ratio, mask in zip(RATIOS, outside, strict=True):
        at = _once(rows.group, np.flatnonzero(mask & (slips == 0)))
        if at.size:
            bound = [bound_of(ratio.name, names[s]) for s in rows.sector[at].tolist()]
            top, bottom = (rows.figures[name][at].tolist() for name in (ratio.numerator, ratio.denominator))
            pairs = zip(top, bottom, bound, strict=True)
            found = [ratio_text(ratio, a, b, of.unit) for a, b, of in pairs if of is not None]
            parts.append(said(ratio.code, at, ratio.column, found, [b.text for b in bound if b is not None]))
    at = _once(rows.group, np.flatnonzero(slips))
    if at.size:
        shown = [r for r in RATIOS if r.name != "hours_in_year"]
        found, expected, columns = [], [], []
        for i, bits, s in zip(at.tolist(), slips[at].tolist(), rows.sector[at].tolist(), strict=True):
            given = figures(i)
            found.append(texts(shown, given, names[s]) or texts(RATIOS, given, names[s]))
            expected.append(slip_text(bits))
            suspects = columns_of(bits)
            columns.append(suspects[0] if len(suspects) == 1 or suspects[0] == MONEY else "")
        parts.append(said("unit_slip_suspected", at, columns, found, expected))
    return parts, rows.group[at]


def _shares(blocks: Sequence[Block], keys: Keys, usable: Usable, end: int, slipped: Ints) -> Findings:
    """Projects whose loans together pass the usual part of the investment, or are next to nothing of it; by integers.

    Counted are loans that are new and disbursed by ``end``; the investment is the largest they give, so that one that
    was revised upwards gives no false alarm. Next to nothing is not told of ``slipped``: of them a slip was told.
    """
    bound = share_bound()

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(b, name) for b in blocks])[usable.row]

    counted = np.flatnonzero(column("new") & (column("disbursed") <= end))
    project, principal = usable.project[counted], column("principal")[counted]
    lent = group_sum(principal, project, keys.projects)
    gives = column("has_investment")[counted]
    investment = np.zeros(keys.projects, np.int64)
    np.maximum.at(investment, project[gives], column("investment")[counted][gives])
    most = np.where(investment > 0, mul_div(investment, bound.high_e2, HUNDREDTHS, "floor"), INT64_MAX)
    parts = small().share_parts
    planned = np.zeros(keys.projects, np.bool_)
    planned[usable.project[usable.planned]] = True
    begun = first_of(project, keys.projects)

    def told(code: str, which: Flags, column: str, expected: Callable[[int, int], str], digits: int = 4) -> Findings:
        at = _once(usable.group, np.sort(counted[begun[which]]))
        named = usable.project[at]
        pairs = list(zip(lent[named].tolist(), investment[named].tolist(), strict=True))
        return Findings.of(
            code,
            int(at.size),
            **place(blocks, keys, usable.row[at]),
            column=column,
            found=[f"{decimal_text(a, 2)} / {decimal_text(b, 2)} = {a / b:.{digits}f}" for a, b in pairs],
            expected=[expected(a, b) for a, b in pairs],
        )

    high, low = lent > most, (lent > 0) & (lent < -(-investment // parts)) & ~planned
    # a plan's row has a project a loan and is in no low; of the others the group is the project
    low[slipped] = False
    said = []
    if high.any():
        most_text = f"<= {bound.high_e2 / HUNDREDTHS:.2f}"
        said.append(told("share_high", high, "project_investment", lambda a, b: most_text))
    if low.any():
        said.append(told("share_low", low, "principal", lambda a, b: f">= 1/{parts:,}; {principal_text(a, b)}", 6))
    return Findings.concat(said)


def rate_findings(block: Block, facility: Ints, context: Context, spoken: set[int]) -> Findings:
    """Loans at a rate below what their candidate facility charged on the day of the disbursement.

    Of a lending plan's row the first such loan only; ``spoken`` holds the rows that were named in earlier blocks.
    """
    parts = []
    for position, rules in enumerate(context.facilities):
        mine = np.flatnonzero((facility == position) & (block.rate < _highest(rules)))
        if mine.size == 0:
            continue
        least = rules.rate_ppm(block.disbursed[mine])
        below = block.rate[mine] < least
        mine, least = mine[below], least[below]
        if block.planned[mine].any():
            keep = _first_of_plan_rows(block, mine, spoken)
            mine, least = mine[keep], least[keep]
        if mine.size:
            parts.append(
                Findings.of(
                    "rate_below_facility",
                    int(mine.size),
                    **block.place(mine),
                    column="rate",
                    found=_percent(block.rate[mine]),
                    expected=_percent(least, ">= ", f" ({rules.id})"),
                )
            )
    return Findings.concat(parts)


def _highest(rules: Facility) -> int:
    """No loan at this rate or above is below the facility rate of any day."""
    rates = [v.value for v in rules["rate"].values]
    return max(int(r) for value in rates for r in (value.values() if hasattr(value, "values") else [value]))


def _first_of_plan_rows(block: Block, mine: Ints, spoken: set[int]) -> Flags:
    keep = ~block.planned[mine]
    rows = pa.array(block.frame["row"]).take(pa.array(mine)).to_pylist()
    for i in np.flatnonzero(~keep).tolist():
        if rows[i] not in spoken:
            spoken.add(rows[i])
            keep[i] = True
    return keep


def _percent(rates: Ints, before: str = "", after: str = "") -> pa.Array:
    """Rates in ppm as per cent, each distinct rate written once."""
    found, index = np.unique(rates, return_inverse=True)
    table = pa.array([f"{before}{rate * 100 / PPM:.4f} %{after}" for rate in found.tolist()], pa.string())
    return table.take(pa.array(index))
