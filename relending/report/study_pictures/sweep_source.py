"""A sweep as a grid of figures: the values of its parameters, the scenario's own, and one measure in every cell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.report.study_pictures.errors import PictureError, StudyFolderError
from relending.report.study_pictures.figures import (
    Place,
    by_scenario,
    chosen,
    has_whole,
    moment,
    places_of,
    weighted_here,
)
from relending.report.study_pictures.names import Names, names_of
from relending.report.study_pictures.readtable import damaged, find_table, read_table
from relending.report.study_pictures.sweep_book import read_sweep_book
from relending.study.measures import FLOW, Measure, measures
from relending.study.own import own_from_text, own_values
from relending.study.whole import ALL, MEAN

if TYPE_CHECKING:
    import pandas as pd

    from relending.study.sweep import Sweep

TIDY, SCENARIOS = "sweep", "scenarios"
AFTER = ("quarter", "lender", "facility", "measure", "unit", "value")
"""The columns of a sweep behind those of its parameters."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter: its key path, its values (numbers ascending, texts as given) and the scenario's own, if it is one.

    ``label`` is what the source calls it, where that is not known from the key.
    """

    key: str
    values: tuple[Any, ...]
    own: Any = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep: its grid, and a row a cell, quarter, lender, facility and measure (``rows``, as the table has them)."""

    scenario: str
    titles: Mapping[str, str]
    axes: tuple[Axis, ...]
    rows: pd.DataFrame = field(repr=False)
    cells: Mapping[str, tuple[Any, ...]] = field(repr=False)
    names: Names = field(repr=False)
    since: str = ""

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures in the table, in its order."""
        return tuple(measures()[n] for n in dict.fromkeys(self.rows["measure"]) if n in measures())

    @property
    def quarters(self) -> tuple[str, ...]:
        """The quarters, ascending."""
        return tuple(sorted(dict.fromkeys(self.rows["quarter"])))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One measure over the whole grid: an array with an axis a parameter, NaN where there is no figure."""

    place: Place
    at: str
    figures: np.ndarray


def swept_of(sweep: Sweep) -> Swept:
    """The sweep in memory."""
    own = own_values(sweep.scenario, sweep.grid.keys, sweep.since)
    lenders = {k: {"short_name": v.short_name} for k, v in sweep.scenario.lenders.items()}
    return _swept(
        sweep.frame,
        list(sweep.grid.keys),
        own,
        sweep.scenario.name,
        sweep.scenario.title,
        sweep.since.isoformat() if sweep.since else "",
        lenders,
    )


def open_swept(path: Path) -> Swept:
    """The sweep in a folder, or beside a table of one; StudyFolderError where it is not as it was written."""
    folder = path if path.is_dir() else path.parent
    table = find_table(folder, TIDY) if path.is_dir() else path
    if table is None:
        raise StudyFolderError(f"{folder}: no sweep.csv", f"{folder}：没有 sweep.csv")
    try:
        if table.suffix == ".xlsx":
            rows, about, keys = read_sweep_book(table)
        else:
            rows = read_table(table, ("value",), ("scenario", *AFTER))
            about = _about(folder)
            keys = [name for name in rows.columns if name not in ("scenario", *AFTER)]
        if rows.empty or not keys:
            raise ValueError("no rows, or no parameter")
        for key in keys:
            rows[key] = _numbers(rows[key])
        first = about.iloc[0]
        own = own_from_text(str(first.get("base_given", "")), keys)
        titles = {lang: str(first.get(f"title_{lang}", "")) for lang in ("zh", "en")}
        lenders = _lenders(str(first.get("lender_names") or ""))
        return _swept(rows, keys, own, str(first["base"]), titles, str(first.get("since") or ""), lenders)
    except StudyFolderError:
        raise
    except Exception as error:  # a file of others: whatever fails over it is a matter of the file
        raise damaged(table, f"{type(error).__name__}: {error}"[:200]) from error


def _lenders(recorded: str) -> dict[str, Any]:
    """The short names that a sweep records of its lenders; none of one saved before they were."""
    found = json.loads(recorded) if recorded.startswith("{") else {}
    return {str(one): {"short_name": names} for one, names in found.items()}


def _about(folder: Path) -> pd.DataFrame:
    table = find_table(folder, SCENARIOS)
    if table is None:
        raise StudyFolderError(
            f"{folder}: scenarios.csv is missing from this sweep; run relending sweep again",
            f"{folder}：该参数扫描结果缺少 scenarios.csv；请重新运行 relending sweep",
        )
    return read_table(table, (), ("scenario", "base"))


def _numbers(column: pd.Series) -> pd.Series:
    """A parameter's values as numbers where all of them are."""
    import pandas as pd

    found = pd.to_numeric(column, errors="coerce")
    return found.astype(float) if found.notna().all() else column.astype(str)


def _swept(
    rows: pd.DataFrame,
    keys: Sequence[str],
    own: Mapping[str, Any],
    name: str,
    titles: Mapping[str, str],
    since: str,
    lenders: Mapping[str, Any],
) -> Swept:
    # one row a scenario has the values of all its parameters
    heads = rows.drop_duplicates("scenario")
    columns = [[_value(v) for v in heads[key]] for key in keys]
    cells = dict(zip(heads["scenario"], zip(*columns, strict=True), strict=True))
    axes = []
    for key, column in zip(keys, columns, strict=True):
        values = list(dict.fromkeys(column))
        values = sorted(values) if all(isinstance(v, float) for v in values) else [str(v) for v in values]
        mine = own.get(key)
        mine = None if mine is None else str(mine) if isinstance(values[0], str) else float(mine)
        axes.append(Axis(key, tuple(values), mine))
    ids = [*dict.fromkeys(rows["lender"]), *dict.fromkeys(rows["facility"])]
    kept = rows[["scenario", "quarter", "lender", "facility", "measure", "value"]]
    return Swept(name, dict(titles), tuple(axes), kept, cells, names_of(ids, lenders), since)


def _value(value: Any) -> float | str:
    return value if isinstance(value, str) else float(value)


def sheets(swept: Swept, measure: Measure, at: str, lender: str = "", facility: str = "") -> tuple[Sheet, ...]:
    """One measure over the grid: of all places together where it has a whole, else of each place that fits.

    ``at`` is a quarter, ``last``, ``all``, ``mean`` (``figures.moment``) or empty: then of a flow the sum, of a rate
    with a weight the mean of the run, of anything else the quarter that tells most cells apart, the last of several.
    PictureError where there is nothing to show.

    >>> import relending as rl
    >>> swept = swept_of(rl.sweep("demo", {"facility.cerf.ratio": [0.4, 0.6]}, measures=["interest_saved"]))
    >>> [(sheet.at, sheet.figures.round(2).tolist()) for sheet in sheets(swept, measures()["interest_saved"], "2026Q4")]
    [('2026Q4', [3921250.0, 5831319.44])]
    """
    places = chosen(places_of(swept.rows), lender, facility)
    one = has_whole(measure, places)
    if one and len(places) > 1 and not weighted_here(swept.rows, measure):
        over = measures()[str(measure.over)]
        raise PictureError(
            f"{measure.en}: of several lenders or facilities it is weighted by {over.en}, which this sweep was not "
            f"asked for; choose --lender and --facility, or sweep with --measure {over.name} too",
            f"{measure.zh}：多家机构或多项工具的数值须按{over.zh}加权，而本次扫描未包含该指标；"
            f"请用 --lender 和 --facility 选定，或扫描时加 --measure {over.name}",
        )
    groups = [places] if one else [[place] for place in places]
    when = moment(measure, at or _telling(swept, measure, places), swept.quarters, _alive(swept, measure))
    out = []
    for group in groups:
        quarters = (when,) if when in swept.quarters else ()
        figures = by_scenario(swept.rows, measure, group, quarters)
        grid = np.full([len(axis.values) for axis in swept.axes], np.nan)
        index = [{value: i for i, value in enumerate(axis.values)} for axis in swept.axes]
        for name, found in figures.items():
            key = (when, *group[0].key) if len(group) == 1 else (when, ALL, ALL)
            value = found.get(key)
            if value is not None:
                where = tuple(place[v] for place, v in zip(index, swept.cells[name], strict=True))
                grid[where] = value / 10**measure.decimals
        if np.isfinite(grid).any():
            out.append(Sheet(group[0] if len(group) == 1 else Place(lender, facility), when, grid))
    if not out:
        raise PictureError(
            f"{measure.en}: no figure at {when} in this sweep", f"{measure.zh}：该扫描结果在 {when} 没有数值"
        )
    return tuple(out)


def _telling(swept: Swept, measure: Measure, places: Sequence[Place]) -> str:
    """When a measure is shown that nobody named a quarter for; empty where ``figures.moment`` decides.

    At the end of a run that only runs off nothing is held any more, and its map would be the same all over.
    """
    if measure.kind == FLOW or len(swept.quarters) < 2:
        return ""
    if measure.over and weighted_here(swept.rows, measure):
        return MEAN
    rows = swept.rows[swept.rows["measure"] == measure.name]
    pairs = {place.key for place in places}
    rows = rows[[pair in pairs for pair in zip(rows["lender"], rows["facility"], strict=True)]]
    wide = rows.pivot_table(index="scenario", columns=["quarter", "lender", "facility"], values="value", dropna=False)
    index = [{value: i for i, value in enumerate(axis.values)} for axis in swept.axes]
    grid = np.full((*(len(axis.values) for axis in swept.axes), wide.shape[1]), np.nan)
    for name, row in zip(wide.index, wide.to_numpy(dtype=float), strict=True):
        grid[tuple(place[v] for place, v in zip(index, swept.cells[str(name)], strict=True))] = row
    grid[np.isnan(grid)] = -np.inf  # where there is no figure it is another than where there is one
    free = [i for i, axis in enumerate(swept.axes) if len(axis.values) > 1]
    found: list[tuple[int, int, str]] = []
    for quarter in dict.fromkeys(wide.columns.get_level_values(0)):
        now = grid[..., wide.columns.get_level_values(0) == quarter]
        moved = sum(bool((now.max(axis=i) != now.min(axis=i)).any()) for i in free)
        found.append((moved, len(np.unique(now.reshape(-1, now.shape[-1]), axis=0)), str(quarter)))
    whole = sum(bool((grid.max(axis=i) != grid.min(axis=i)).any()) for i in free)
    moved, _, best = max(found, default=(0, 0, ""))
    if 0 < moved < whole and measure.adds_up:
        return MEAN  # no quarter shows what all parameters do
    return best if moved else ""


def _alive(swept: Swept, measure: Measure) -> list[str]:
    """The quarters in which any cell has something of a measure."""
    rows = swept.rows
    some = rows[(rows["measure"] == measure.name) & (rows["value"].fillna(0.0) != 0.0)]
    return sorted(set(some["quarter"]))
