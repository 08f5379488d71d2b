"""The subsidy in the facility's money by sector 分领域补贴, at a quarter's end, exact: the parts of ``cost.csv``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import parse_quarter, quarter_end, quarter_text
from relending.engine.columns import codes, ints
from relending.engine.cost import per_tonne_e6
from relending.findings import InvariantError
from relending.study.carried import Carried
from relending.study.held import held_at
from relending.units import Ints, exact_sums, from_limbs, mul_div, weighted_limbs

LOAN, FACILITY = "loan", "facility"
PER = (LOAN, FACILITY)
"""Whose tonnes: those of the whole loans, or those of the part that the facility's money funds."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The facility's money held by the loans of one sector of a lender and facility at a quarter's end, exact.

    ``held_fen``; ``gain``, the sum of held x (own rate - tranche rate), in fen x ppm a year; ``reduction_g`` a year, of
    these loans; ``loans`` that hold. ``sector`` and ``field`` are empty for an opening balance (no loans of the run
    stand behind it, so it has no tonnes) and for a loan whose sector the book leaves empty.
    """

    lender: str
    facility: str
    field: str
    sector: str
    loans: int
    held_fen: int
    gain: int
    reduction_g: int

    def key(self, by: str) -> str:
        """The name it is grouped under."""
        return str(getattr(self, by))


def slices(run: Carried, quarter: str, per: str = LOAN) -> list[Slice]:
    """The money held, the subsidy in it and the tonnes by lender, facility and sector at the end of a quarter.

    ``per`` "loan" counts the tonnes of the whole loans, as ``reduction_in_balance`` does; "facility" of each loan
    half-even(reduction x held / principal) grams. Order: lender, facility of the scenario, sector.

    Raises ValueError for a quarter the run has no cost of, and InvariantError where the slices of a lender and facility
    are not what ``cost.csv`` says: balance, tonnes (per loan) and subsidy a tonne, to the last digit.

    >>> import relending as rl
    >>> parts = slices(rl.run("demo"), "2024Q4")
    >>> [(s.lender, s.sector, s.held_fen // 10**8, s.reduction_g // 10**6) for s in parts[:2]]
    [('demo', 'biomass', 90, 100000), ('demo', 'ccus', 240, 333333)]
    """
    if per not in PER:
        raise ValueError(f"per {per!r} is none of {', '.join(PER)}")
    cost = run.tables["cost"]
    rows = cost[cost["quarter"].eq(quarter_text(parse_quarter(quarter))).to_numpy(dtype=bool)]
    if not len(rows):
        known = cost["quarter"].tolist()
        told = f"{known[0]} to {known[-1]}" if known else "nothing"
        raise ValueError(f"quarter: the run has no cost of {quarter}; it has {told}")
    pairs = list(zip(rows["lender"].tolist(), rows["facility"].tolist(), strict=True))
    own, priced = ints(rows, "own_rate_ppm")
    out: list[Slice] = []
    held = held_at(run, int(quarter_end(parse_quarter(quarter))))
    place = ints(held, "place")[0]
    attribution = run.tables["attribution"]
    grams, money = ints(attribution, "reduction_g")[0], ints(held, "held_fen")[0]
    rate = ints(held, "rate_ppm")[0]
    principal = ints(attribution, "principal_fen")[0]
    pair = _pairs(held, pairs)
    if not priced[np.bincount(pair, minlength=len(pairs)) > 0].all():
        raise InvariantError(f"cost {quarter}: money is held by a lender without an own rate")
    names, fields, sector = _sectors(attribution, place)
    cell = pair * max(len(names), 1) + sector
    size = len(pairs) * max(len(names), 1)
    sums = exact_sums(money, cell, size)
    gains = from_limbs(weighted_limbs(money, own[pair] - rate, cell, size))
    loans, tonnes = _tonnes(place, cell, size, grams, money, principal, per)
    for c in range(size):
        if sums[c]:
            who, code = pairs[c // len(names)], names[c % len(names)]
            out.append(Slice(*who, fields.get(code, ""), code, loans[c], sums[c], gains[c], tonnes[c]))
    _compare(out, rows, pairs, quarter, per)
    return out


def _pairs(held: pd.DataFrame, pairs: list[tuple[str, str]]) -> Ints:
    """Of each row held the place of its lender and facility among the pairs."""
    (lender, lenders), (facility, facilities) = codes(held, "lender"), codes(held, "facility")
    number = {pair: i for i, pair in enumerate(pairs)}
    table = np.full((len(lenders), len(facilities)), -1, np.int64)
    for i, x in enumerate(lenders):
        for k, f in enumerate(facilities):
            table[i, k] = number.get((str(x), str(f)), -1)
    found: Ints = table[lender, facility]
    if found.size and int(found.min()) < 0:
        raise InvariantError("money is held by a lender and facility that the run has no cost of")
    return found


def _sectors(attribution: pd.DataFrame, place: Ints) -> tuple[list[str], dict[str, str], Ints]:
    """The sectors of what is held, by name; the field of each; and of each row held its sector's place.

    What has no loan behind it, and a loan without a sector, are the sector "".
    """
    (sector, named), (field, fields) = codes(attribution, "sector"), codes(attribution, "field")
    real = place >= 0
    code = np.full(place.size, len(named), np.int64)
    code[real] = sector[place[real]]
    texts = [*(str(x or "") for x in named), ""]
    used = np.flatnonzero(np.bincount(code, minlength=len(texts))).tolist()
    names = sorted({texts[c] for c in used})
    order = np.zeros(len(texts), np.int64)
    for c in used:
        order[c] = names.index(texts[c])
    loan = np.zeros(len(texts), np.int64)
    loan[code[real]] = place[real]
    homes = {texts[c]: str(fields[field[loan[c]]] or "") for c in used if c < len(named)}
    return names, homes, order[code]


def _tonnes(
    place: Ints, cell: Ints, size: int, grams: Ints, money: Ints, principal: Ints, per: str
) -> tuple[list[int], list[int]]:
    """Loans and grams by cell; a loan with several draws counts once."""
    real = np.flatnonzero(place >= 0)
    loan, first, of = np.unique(place[real], return_index=True, return_inverse=True)
    where = cell[real][first]
    part = grams[loan]
    if per == FACILITY:
        all_of_it = np.zeros(loan.size, np.int64)
        np.add.at(all_of_it, of, money[real])
        part = mul_div(part, all_of_it, np.maximum(principal[loan], 1), "half_even")
    return exact_sums(np.ones(loan.size, np.int64), where, size), exact_sums(part, where, size)


def _compare(parts: list[Slice], rows: pd.DataFrame, pairs: list[tuple[str, str]], quarter: str, per: str) -> None:
    """InvariantError where the slices of a lender and facility are not what the cost series says."""
    shown = [ints(rows, name) for name in ("facility_balance_fen", "reduction_in_balance_g", "subsidy_per_tonne_e6")]
    for i, pair in enumerate(pairs):
        mine = [s for s in parts if (s.lender, s.facility) == pair]
        held, grams, gain = (sum(getattr(s, n) for s in mine) for n in ("held_fen", "reduction_g", "gain"))
        found: list[int | None] = [held, grams, per_tonne_e6(gain, grams)]
        said = [int(values[i]) if there[i] else None for values, there in shown]
        if (found if per == LOAN else found[:1]) != (said if per == LOAN else said[:1]):
            raise InvariantError(f"{' '.join(pair)} {quarter}: the sectors add up to {found}, cost says {said}")
