"""Quantiles of a Monte Carlo study by quarter: what its summary holds, ready to be drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.report.study_pictures.errors import PictureError, StudyFolderError
from relending.report.study_pictures.figures import Place, chosen, places_of
from relending.report.study_pictures.names import Names, names_of
from relending.report.study_pictures.readtable import damaged, find_table, read_table
from relending.study.measures import Measure, measures

if TYPE_CHECKING:
    import pandas as pd

    from relending.study.montecarlo import MonteCarlo

SUMMARY, RECORD = "summary", "study.json"
COLUMNS = ("scenario", "quarter", "lender", "facility", "measure", "unit", "statistic", "value")
_TOTAL = "total"
_MIDDLE = 0.5
Line = np.ndarray


@dataclass(frozen=True, slots=True)
class Fans:
    """A Monte Carlo study: its summary without totals, how many paths it has, and the first random quarter."""

    scenario: str
    titles: Mapping[str, str]
    rows: pd.DataFrame = field(repr=False)
    paths: int
    first_random: str
    names: Names = field(repr=False)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures in the study, in the order of its table."""
        return tuple(measures()[n] for n in dict.fromkeys(self.rows["measure"]) if n in measures())

    @property
    def quarters(self) -> tuple[str, ...]:
        """The quarters, ascending."""
        return tuple(dict.fromkeys(self.rows["quarter"]))


@dataclass(frozen=True, slots=True)
class Fan:
    """One measure of one place on all paths: figures by quarter in the measure's unit, NaN where there is none.

    ``bands`` are (share below, share above the lower bound, both ends), the widest first; ``lines`` are quantiles
    without a counterpart. ``paths`` is how many paths have a figure, by quarter.
    """

    place: Place
    bands: tuple[tuple[float, float, Line, Line], ...]
    lines: tuple[tuple[float, Line], ...]
    median: Line | None
    mean: Line
    central: Line
    paths: Line


def fans_of(study: MonteCarlo) -> Fans:
    """The study in memory."""
    return _fans(study.summary, study.metadata)


def open_fans(folder: Path) -> Fans:
    """The study in a folder; StudyFolderError where a file is missing or not as it was written."""
    table, record = find_table(folder, SUMMARY), folder / RECORD
    if table is None or not record.is_file():
        missing = RECORD if table is not None else f"{SUMMARY}.csv"
        raise StudyFolderError(
            f"{folder}: {missing} is missing from this Monte Carlo study; run relending monte-carlo again",
            f"{folder}：该蒙特卡洛结果缺少 {missing}；请重新运行 relending monte-carlo",
        )
    rows = read_table(table, ("value",), COLUMNS)
    try:
        said = json.loads(record.read_text(encoding="utf-8"))
        return _fans(rows, said)
    except Exception as error:  # a file of others: whatever fails over it is a matter of the file
        raise damaged(record, f"{type(error).__name__}: {error}"[:200]) from error


def _fans(rows: pd.DataFrame, said: Mapping[str, Any]) -> Fans:
    rows = rows[rows["quarter"] != _TOTAL]
    if rows.empty:
        raise ValueError("no rows")
    resolved = said.get("scenario_resolved") or {}
    ids = [*dict.fromkeys(rows["lender"]), *dict.fromkeys(rows["facility"])]
    paths = rows.loc[rows["statistic"] == "paths", "value"].max()
    return Fans(
        str(said["scenario"]),
        dict(resolved.get("title") or {}),
        rows,
        int(said["model"]["paths"]) if "model" in said else int(paths),
        str(said["first_random_quarter"]),
        names_of(ids, resolved.get("lenders")),
    )


def places_wanted(fans: Fans, measure: Measure, lender: str, facility: str) -> list[Place]:
    """The places drawn: the whole where nothing is chosen and there is one, else every place that fits."""
    rows = fans.rows[fans.rows["measure"] == measure.name]
    whole = ((rows["lender"] == Place().key[0]) & (rows["facility"] == Place().key[1])).any()
    if not lender and not facility and whole:
        return [Place()]
    return chosen(places_of(rows), lender, facility)


def fan(fans: Fans, measure: Measure, place: Place) -> Fan:
    """The figures of one measure and place; PictureError where no path has any.

    >>> import relending as rl
    >>> study = rl.monte_carlo("demo", paths=50, overrides=["monte_carlo.own_rate.volatility=0.004"])
    >>> found = fan(fans_of(study), measures()["margin"], Place())
    >>> [(low, high) for low, high, _, _ in found.bands], found.lines, int(found.paths[-1])
    ([(0.05, 0.95), (0.25, 0.75)], (), 50)
    """
    at = {quarter: i for i, quarter in enumerate(fans.quarters)}
    lender, facility = place.key
    rows = fans.rows
    some = rows[(rows["measure"] == measure.name) & (rows["lender"] == lender) & (rows["facility"] == facility)]
    found: dict[str, Line] = {}
    for name, quarter, value in some[["statistic", "quarter", "value"]].itertuples(index=False):
        found.setdefault(str(name), np.full(len(at), np.nan))[at[quarter]] = value
    if not found or not np.isfinite(found.get("mean", np.array([np.nan]))).any():
        raise PictureError(
            f"{measure.en}: no path has a figure of {'/'.join(place.key)}",
            f"{measure.zh}：{'/'.join(place.key)} 在各路径上均无数值",
        )
    shares = sorted(float(n[1:]) for n in found if n.startswith("q") and _is_number(n[1:]))
    bands, lines = _paired([s for s in shares if s != _MIDDLE])
    q = {float(n[1:]): line for n, line in found.items() if n.startswith("q") and _is_number(n[1:])}
    none = np.full(len(at), np.nan)
    return Fan(
        place,
        tuple((low, high, q[low], q[high]) for low, high in bands),
        tuple((s, q[s]) for s in lines),
        q.get(_MIDDLE),
        found["mean"],
        found.get("central", none),
        found.get("paths", none),
    )


def _paired(shares: Sequence[float]) -> tuple[list[tuple[float, float]], list[float]]:
    """Quantiles in pairs about the middle, the widest first, and those without a counterpart.

    >>> _paired([0.05, 0.25, 0.75, 0.9, 0.95])
    ([(0.05, 0.95), (0.25, 0.75)], [0.9])
    """
    rounded = {round(s, 9): s for s in shares}
    pairs = [(s, rounded[round(1 - s, 9)]) for s in shares if s < _MIDDLE and round(1 - s, 9) in rounded]
    used = {one for pair in pairs for one in pair}
    return pairs, [s for s in shares if s not in used]


def _is_number(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
