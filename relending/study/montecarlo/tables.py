"""The tables of a study: statistics by quarter and convergence, tidy, in users' units."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from relending.dates import quarter_text
from relending.engine.convert import plain_name
from relending.scenario.random_paths import RandomModel
from relending.study.montecarlo.exact import MISSING
from relending.study.montecarlo.load import Loaded
from relending.study.montecarlo.measures import FLOWS, MEASURES
from relending.study.montecarlo.summary import TOTAL, Series, convergence, statistics, total_of
from relending.study.montecarlo.whole import whole_of_the_run
from relending.units import Ints

if TYPE_CHECKING:
    import pandas as pd

HEADLINE = ("blended_cost", "margin", "interest_saved", "facility_balance", "loan_yield", "own_rate")
"""Measures whose convergence is told: of one quarter, or of all quarters together where they add up."""
SUMMARY_COLUMNS = ("scenario", "quarter", "lender", "facility", "measure", "unit", "statistic", "value")
CONVERGENCE_COLUMNS = (
    *SUMMARY_COLUMNS[:6],
    "paths",
    "mean",
    "standard_error",
    "relative_error",
    "precise",
)
TENTH = 10
"""A quarter in which less than a tenth of the highest balance is held tells nothing of the facility."""
SHARES = ("below_zero",)
"""Statistics that are shares of paths, whatever the measure."""
Figures = Mapping[tuple[str, str, str], Ints]


def decimals_of(measure: str) -> int:
    """The decimals a whole number of a measure holds."""
    return plain_name(MEASURES[measure][0])[1] or 0


def central_figures(loaded: Loaded) -> dict[tuple[str, str, str], list[int | None]]:
    """The run's own figures by lender, facility and measure, a quarter each; the whole last."""
    import pandas as pd

    cost, series = loaded.cost, loaded.series
    out: dict[tuple[str, str, str], list[int | None]] = {}
    by_place = dict(list(cost.groupby(["lender", "facility"], sort=False)))
    for lender, f in series.places:
        key = series.lenders[lender], series.facilities[f]
        rows = by_place[key]
        for name, (column, _) in MEASURES.items():
            if name == "facility_interest":
                out[*key, name] = list(loaded.interest[lender, f])
            else:
                out[*key, name] = [None if pd.isna(v) else int(v) for v in rows[column]]
    return out | whole_of_the_run(out)


def telling_quarter(balance: Sequence[int | None], skip: int) -> int:
    """Which random quarter (from 0) rates and balances are shown of, of a run that holds ``balance`` by quarter.

    The last one in which it holds at least a tenth of the most it holds in any random quarter: later the facility has
    next to nothing to do with the figures. The last of all where it holds nothing.

    >>> telling_quarter([9, 0, 100, 10, 9], 2), telling_quarter([9, 0, 0], 1)
    (1, 1)
    """
    held = [x or 0 for x in balance[skip:]]
    return max((n for n, x in enumerate(held) if x and TENTH * x >= max(held)), default=len(held) - 1)


def all_series(loaded: Loaded, figures: Figures) -> Iterator[Series]:
    """Every series of a study: random quarters, those before (one figure), and totals of what adds up."""
    horizon, central = loaded.series.horizon, central_figures(loaded)
    skip = horizon.first - horizon.begin
    for n in range(skip):
        for (lender, facility, measure), known in central.items():
            one = known[n]
            yield Series(quarter_text(horizon.begin + n), lender, facility, measure, _alone(one), one)
    for n in range(horizon.count):
        for (lender, facility, measure), rows in figures.items():
            quarter = quarter_text(horizon.first + n)
            yield Series(quarter, lender, facility, measure, rows[n], central[lender, facility, measure][skip + n])
    for (lender, facility, measure), rows in figures.items():
        if measure in FLOWS:
            known = central[lender, facility, measure]
            yield Series(TOTAL, lender, facility, measure, total_of(rows, _sum(known[:skip])), _sum(known))


def _sum(known: Sequence[int | None]) -> int:
    return sum(x or 0 for x in known)


def _alone(figure: int | None) -> Ints:
    return np.zeros(0, np.int64) if figure is None else np.array([figure], np.int64)


def _scaled(value: float | int | None, decimals: int) -> float:
    return math.nan if value is None else value / 10**decimals


def summary_frame(loaded: Loaded, model: RandomModel, figures: Figures) -> pd.DataFrame:
    """The statistics of every series, a row a statistic."""
    import pandas as pd

    rows = []
    skip = {quarter_text(q) for q in range(loaded.series.horizon.begin, loaded.series.horizon.first)}
    for series in all_series(loaded, figures):
        found = statistics(series, model.quantiles, model.antithetic and series.quarter not in skip)
        if series.quarter in skip:
            found |= {"standard_deviation": 0.0, "standard_error": 0.0, "paths": model.paths}
        decimals = decimals_of(series.measure)
        head = _head(loaded, series)
        rows += [
            (*head, name, _scaled(value, 0 if name in ("paths", *SHARES) else decimals))
            for name, value in found.items()
        ]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def _head(loaded: Loaded, series: Series) -> tuple[str, ...]:
    unit = MEASURES[series.measure][1]
    return loaded.scenario.name, series.quarter, series.lender, series.facility, series.measure, unit


def convergence_frame(loaded: Loaded, model: RandomModel, figures: Figures) -> pd.DataFrame:
    """Mean and standard error of the headline measures after 100, 200, 500 … paths and after all.

    Of what does not add up over quarters it is the quarter of :func:`telling_quarter`.
    """
    import pandas as pd

    rows, horizon, central = [], loaded.series.horizon, central_figures(loaded)
    skip = horizon.first - horizon.begin
    for (lender, facility, measure), found in figures.items():
        if measure not in HEADLINE:
            continue
        known = central[lender, facility, measure]
        if measure in FLOWS:
            series = Series(TOTAL, lender, facility, measure, total_of(found, _sum(known[:skip])), _sum(known))
        else:
            balance = central[lender, facility, "facility_balance"]
            n = telling_quarter(balance, skip)
            quarter = quarter_text(horizon.first + n)
            series = Series(quarter, lender, facility, measure, found[n], known[skip + n])
        decimals, head = decimals_of(measure), _head(loaded, series)
        if (series.figures == MISSING).all():
            continue  # nothing is lent or held there: there is no mean to come close to
        for n, m, precise in convergence(series, model.antithetic, model.precision):
            # 0 of 0 is precise, something of 0 is not, and nothing can be said of one path
            share = m.error / abs(m.mean) if m.mean else (0.0 if m.error == 0 else math.nan)
            rows.append((*head, n, _scaled(m.mean, decimals), _scaled(m.error, decimals), share, precise))
    return pd.DataFrame(rows, columns=list(CONVERGENCE_COLUMNS))
