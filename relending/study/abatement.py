"""Marginal abatement cost curve 边际减排成本曲线 by sector, of the subsidy: from any frame, or from a run.

What is ranked is the subsidy per annual tonne of the loans it supports, NOT the abatement cost of the projects. A
sector is cheap here where its subsidy is small against the tonnes attributed to its loans (carbon capture, say, whose
plants are dear and whose subsidy per tonne is not), and dear where few tonnes stand behind much facility money.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from relending.study.carried import Carried
from relending.study.sector_subsidy import LOAN, Slice, slices
from relending.units import FEN, GRAMS, PPM

BY = ("sector", "field", "lender", "facility")
STEPS = ("subsidy", "reduction", "subsidy_per_tonne", "cumulative_from", "cumulative_to", "cumulative_subsidy")
MEANING = (
    "subsidy per annual tonne of the supported loans: what the facility's cheaper money costs, "
    "not the abatement cost of the projects"
)
MEANING_ZH = "按获支持贷款的年减排量计算的单位补贴，即再贷款低息资金的成本，不是项目的减排成本"
UNITS = {
    "held": "yuan",
    "subsidy": "yuan a year",
    "reduction": "tCO2e a year",
    "subsidy_per_tonne": "yuan per annual tonne and year",
    "cumulative_from": "tCO2e a year",
    "cumulative_to": "tCO2e a year",
    "cumulative_subsidy": "yuan a year",
}


def abatement_steps(
    frame: pd.DataFrame,
    *,
    by: str,
    subsidy: str = "subsidy",
    reduction: str = "reduction",
    additionality: float = 1.0,
) -> pd.DataFrame:
    """The steps of a marginal abatement cost curve: groups from the least subsidy per tonne to the most [1].

    What is ranked is the SUBSIDY per annual tonne of what it supports. It is NOT the abatement cost of the projects
    (their own cost less that of what they replace): for that, give a column of it as ``subsidy``.

    Parameters: ``frame``, a row a project or loan; ``by`` its column of groups (a sector, say); ``subsidy`` and
    ``reduction`` its columns of a year's subsidy [yuan/a] and reduction [t/a]; ``additionality`` [-], the part of the
    tonnes that counts: 1 gives c1, the cost of an annual tonne, below 1 c3 (docs/methods.md, "Cost methods"). It is no
    c2: do not hold it against a carbon price.

    Returns a row a group, by ``subsidy_per_tonne`` and then by name: the group, subsidy [yuan/a], reduction [t/a]
    (that counts), subsidy_per_tonne [yuan/(t/a)/a], cumulative_from and cumulative_to [t/a] (the step's ends on the
    axis of tonnes), cumulative_subsidy [yuan/a]. A group without tonnes comes last, with no cost: its
    subsidy buys none. Sums do not depend on the order of the rows.

    Raises ValueError for a missing column, an empty figure, tonnes below 0 or an additionality outside (0, 1].

    [1] The usual construction of abatement cost curves: measures ranked by cost, width their yearly tonnes. Average
    cost stands for marginal cost within a group.

    >>> made = {"sector": ["a", "b", "a", "c"], "subsidy": [4.0, 9.0, 2.0, 1.0], "reduction": [2, 9, 1, 0]}
    >>> frame = pd.DataFrame(made)
    >>> print(abatement_steps(frame, by="sector").to_string(index=False))
    sector  subsidy  reduction  subsidy_per_tonne  cumulative_from  cumulative_to  cumulative_subsidy
         b      9.0        9.0             1.0              0.0            9.0                 9.0
         a      6.0        3.0             2.0              9.0           12.0                15.0
         c      1.0        0.0             NaN             12.0           12.0                16.0
    """
    missing = [name for name in (by, subsidy, reduction) if name not in frame]
    if missing:
        raise ValueError(f"columns missing: {', '.join(missing)}")
    counted(additionality)
    groups: dict[Any, tuple[list[float], list[float]]] = {}
    for name, money, tonnes in zip(frame[by].tolist(), frame[subsidy].tolist(), frame[reduction].tolist(), strict=True):
        if pd.isna(money) or pd.isna(tonnes) or tonnes < 0:
            raise ValueError(f"{by} {name!r}: subsidy {money}, reduction {tonnes}")
        lists = groups.setdefault("" if pd.isna(name) else str(name), ([], []))
        lists[0].append(float(money))
        lists[1].append(float(tonnes))
    rows = [(name, math.fsum(m), math.fsum(t) * additionality) for name, (m, t) in groups.items()]
    return _ranked(by, rows, {})


def abatement_curve(
    run: Carried,
    quarter: str,
    *,
    by: str = "sector",
    per: str = LOAN,
    additionality: float = 1.0,
    lenders: Sequence[str] = (),
    facilities: Sequence[str] = (),
) -> pd.DataFrame:
    """The marginal abatement cost curve of a run at a quarter's end, a step a sector (field, lender or facility).

    It ranks the FACILITY'S SUBSIDY per annual tonne of the supported loans. It is NOT the abatement cost of the
    projects: carbon capture, dear to build, is cheap here where its subsidy is small against the tonnes attributed to
    its loans. ``attrs`` of the frame says so (meaning, meaning_zh, units).

    The subsidy of a sector is the sum over the facility's money its loans hold that day of held x (own rate - tranche
    rate), a year; its tonnes are the annual reduction of those loans. Over all sectors of a lender and facility they
    are, exactly, the figures behind ``subsidy_per_tonne`` of ``cost.csv``, which is checked.

    Parameters: ``run``, in memory or opened; ``quarter`` as "2024Q2"; ``by`` sector, field, lender or facility; ``per``
    "loan" (the tonnes of the whole loans) or "facility" (of the part the facility's money funds: phi * R);
    ``additionality`` [-] as in :func:`abatement_steps`; ``lenders`` and ``facilities`` restrict it, all where empty.

    Returns the columns of :func:`abatement_steps` and, behind the group, loans (that hold) and held [yuan]. An opening
    balance has no loans in the run: its money is the group "", without tonnes. Loans without a study (a facility
    with no duty to publish may have none) bring 0 tonnes: last, with no cost.

    Raises ValueError for words not named here or unknown to the run, InvariantError as :func:`slices`.

    >>> import relending as rl
    >>> curve = abatement_curve(rl.run("demo"), "2024Q4", facilities=["cerf"])
    >>> curve.columns.tolist()[:6]
    ['sector', 'loans', 'held', 'subsidy', 'reduction', 'subsidy_per_tonne']
    >>> bool(curve["subsidy_per_tonne"].dropna().is_monotonic_increasing)
    True
    """
    if by not in BY:
        raise ValueError(f"by {by!r} is none of {', '.join(BY)}")
    counted(additionality)
    parts = _some(run, slices(run, quarter, per), lenders, facilities)
    groups: dict[str, list[Slice]] = {}
    for part in parts:
        groups.setdefault(part.key(by), []).append(part)
    rows, more = [], {}
    for name, mine in groups.items():
        loans, held, gain, grams = (
            sum(getattr(s, n) for s in mine) for n in ("loans", "held_fen", "gain", "reduction_g")
        )
        # each figure is the double nearest to the exact one
        rows.append((name, float(Fraction(gain, FEN * PPM)), float(Fraction(grams, GRAMS)) * additionality))
        more[name] = (loans, float(Fraction(held, FEN)))
    return _ranked(by, rows, more)


def counted(additionality: float) -> None:
    """ValueError for a part of the tonnes that is none."""
    if not 0 < additionality <= 1:
        raise ValueError(f"additionality {additionality} is not above 0 and at most 1")


def _some(run: Carried, parts: list[Slice], lenders: Sequence[str], facilities: Sequence[str]) -> list[Slice]:
    cost = run.tables["cost"]
    for name, wanted in (("lender", lenders), ("facility", facilities)):
        if isinstance(wanted, str):
            raise ValueError(f"{name}: a list of ids, not {wanted!r}")
        known = set(cost[name].tolist())
        if set(wanted) - known:
            raise ValueError(f"{name}: {', '.join(sorted(set(wanted) - known))} is none of {', '.join(sorted(known))}")
    return [s for s in parts if s.lender in (lenders or (s.lender,)) and s.facility in (facilities or (s.facility,))]


def _ranked(by: str, rows: Sequence[tuple[str, float, float]], more: dict[str, tuple[int, float]]) -> pd.DataFrame:
    def cost(row: tuple[str, float, float]) -> float:
        return row[1] / row[2] if row[2] else math.inf

    ranked = sorted(rows, key=lambda row: (cost(row), row[0]))
    names, money, tonnes = [r[0] for r in ranked], [r[1] for r in ranked], [r[2] for r in ranked]
    ends = [math.fsum(tonnes[: k + 1]) for k in range(len(ranked))]
    out: dict[str, Any] = {by: pd.Series(names, dtype="str")}
    if more or not rows:
        out |= {"loans": np.array([more[n][0] for n in names], np.int64), "held": [more[n][1] for n in names]}
    out |= {
        "subsidy": money,
        "reduction": tonnes,
        "subsidy_per_tonne": [m / t if t else math.nan for m, t in zip(money, tonnes, strict=True)],
        "cumulative_from": [0.0, *ends][: len(ends)],
        "cumulative_to": ends,
        "cumulative_subsidy": [math.fsum(money[: k + 1]) for k in range(len(ranked))],
    }
    frame = pd.DataFrame({name: np.array(v, float) if isinstance(v, list) else v for name, v in out.items()})
    frame.attrs |= {
        "meaning": MEANING,
        "meaning_zh": MEANING_ZH,
        "units": {name: unit for name, unit in UNITS.items() if name in frame},
    }
    return frame
