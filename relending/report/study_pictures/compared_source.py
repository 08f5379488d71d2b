"""Scenarios compared: figures by quarter of each, and what causes the differences, ready to be drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.report.study_pictures.errors import PictureError, StudyFolderError
from relending.report.study_pictures.figures import Place, by_scenario, chosen, has_whole, places_of, weighted_here
from relending.report.study_pictures.names import Names, names_of
from relending.report.study_pictures.readtable import damaged, read_table
from relending.study.measures import FLOW, Measure, measures
from relending.study.whole import ALL, MEAN

if TYPE_CHECKING:
    import pandas as pd

    from relending.study.compare import Comparison

TABLES = ("comparison", "differences", "causes", "scenarios")
NEEDED = {
    "comparison": ("scenario", "quarter", "lender", "facility", "measure", "unit", "value"),
    "differences": ("scenario", "base", "quarter", "lender", "facility", "measure", "base_value", "value"),
    "causes": ("scenario", "base", "measure", "quarter", "cause", "base_given", "given", "method", "effect"),
    "scenarios": ("scenario", "title_zh", "title_en"),
}
NUMBERS = ("value", "base_value", "absolute", "relative", "contribution", "effect", "share")


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison: scenarios (the base first), and its tables; ``causes`` may be empty.

    ``labels`` are the causes in words by scenario and cause, where the source knows them.
    """

    names: tuple[str, ...]
    titles: Names
    rows: pd.DataFrame = field(repr=False)
    differences: pd.DataFrame = field(repr=False)
    causes: pd.DataFrame = field(repr=False)
    called: Names = field(repr=False)
    labels: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures compared, in the order of the table."""
        return tuple(measures()[n] for n in dict.fromkeys(self.rows["measure"]) if n in measures())

    @property
    def quarters(self) -> tuple[str, ...]:
        """The quarters, ascending."""
        return tuple(sorted(dict.fromkeys(self.rows["quarter"])))


@dataclass(frozen=True, slots=True)
class Lines:
    """One measure by quarter, a line a scenario in their order; NaN where there is no figure."""

    place: Place
    figures: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Cause:
    """What one change does: its key paths, what base and scenario give for it, its effect in the measure's unit."""

    cause: str
    base_given: str
    given: str
    method: str
    effect: float


@dataclass(frozen=True, slots=True)
class Falls:
    """From the base to one scenario by cause: both figures in the measure's unit, and the causes between them."""

    scenario: str
    at: str
    base: float
    value: float
    causes: tuple[Cause, ...]


def compared_of(comparison: Comparison) -> Compared:
    """The comparison in memory."""
    labels = {
        (name, cause.change.name or cause.method): {lang: cause.label(lang) for lang in ("zh", "en")}
        for name, found in comparison.found.items()
        for cause in found
    }
    return Compared(
        comparison.names,
        comparison.titles,
        comparison.frame[list(NEEDED["comparison"])],
        comparison.differences,
        comparison.causes,
        comparison.legend,
        labels,
    )


def open_compared(folder: Path) -> Compared:
    """The comparison in a folder; StudyFolderError where a table is missing or not as it was written."""
    read = {}
    for name in TABLES:
        # the workbook has the name of the tables, but is not one of them
        table = next(
            (folder / f"{name}.{e}" for e in ("csv", "parquet", "dta") if (folder / f"{name}.{e}").is_file()), None
        )
        if table is None:
            raise StudyFolderError(
                f"{folder}: {name}.csv is missing from this comparison; compare again (relending run … --force)",
                f"{folder}：该情景比较缺少 {name}.csv；请重新比较（relending run …… --force）",
            )
        read[name] = read_table(table, NUMBERS, NEEDED[name])
        if read[name].empty and name in ("comparison", "scenarios"):
            raise damaged(table, "no rows")
    about, rows = read["scenarios"], read["comparison"]
    titles = {
        str(name): {"zh": str(zh), "en": str(en)}
        for name, zh, en in about[["scenario", "title_zh", "title_en"]].itertuples(index=False)
    }
    names = tuple(dict.fromkeys(rows["scenario"]))
    ids = [*dict.fromkeys(rows["lender"]), *dict.fromkeys(rows["facility"])]
    return Compared(names, titles, rows, read["differences"], read["causes"], names_of(ids, _lenders(folder, names)))


def _lenders(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """The lenders as the records of the runs beside the tables call them; none where there are no such runs."""
    out: dict[str, Any] = {}
    for name in names:
        try:
            record = json.loads((folder / name / "manifest.json").read_text(encoding="utf-8"))
            out |= record["scenario"]["lenders"]
        except (OSError, ValueError, LookupError, TypeError):
            continue  # names of lenders are all that is missing then: their ids stand for them
    return out


def has_tables(folder: Path) -> bool:
    """Whether a folder holds the tables of a comparison (not its workbook alone)."""
    return any((folder / f"{TABLES[0]}.{ending}").is_file() for ending in ("csv", "parquet", "dta"))


def lines(compared: Compared, measure: Measure, lender: str = "", facility: str = "") -> tuple[Lines, ...]:
    """A measure by quarter: of all places together where it has a whole, else of each place that fits.

    >>> import relending as rl
    >>> found = lines(compared_of(rl.compare("demo", "demo/outstanding", measures=["margin"])), measures()["margin"])
    >>> len(found), [(name, round(float(values[-1]), 6)) for name, values in found[0].figures.items()]
    (1, [('demo', 0.013437), ('demo-outstanding', 0.017321)])
    """
    places = chosen(places_of(compared.rows), lender, facility)
    whole = has_whole(measure, places)
    everyone = not lender and not facility
    groups = [places] if whole else [[place] for place in places]
    out = []
    for group in groups:
        if len(group) > 1 and not weighted_here(compared.rows, measure):
            if not everyone:
                over = measures()[measure.over]
                raise PictureError(
                    f"{measure.en}: it is weighted by {over.en}, which this comparison does not have; choose a lender "
                    "and a facility, or compare that measure too",
                    f"{measure.zh}：须按{over.zh}加权，而本次比较未包含该指标；请选定机构和工具，或将其一并比较",
                )
            found = _told(compared, measure)
        else:
            figures = by_scenario(compared.rows, measure, group)
            key = group[0].key if len(group) == 1 else (ALL, ALL)
            found = {
                name: np.array([_float(some.get((q, *key)), measure) for q in compared.quarters])
                for name, some in figures.items()
            }
        if any(np.isfinite(line).any() for line in found.values()):
            place = group[0] if len(group) == 1 else Place(lender, facility)
            out.append(Lines(place, {name: found[name] for name in compared.names if name in found}))
    if not out:
        raise PictureError(f"{measure.en}: no figure in any scenario", f"{measure.zh}：各情景均无数值")
    return tuple(out)


def _float(value: int | None, measure: Measure) -> float:
    return np.nan if value is None else value / 10**measure.decimals


def _told(compared: Compared, measure: Measure) -> dict[str, np.ndarray]:
    """The whole as the table of differences tells it: the comparison had the weights."""
    rows = compared.differences
    some = rows[(rows["measure"] == measure.name) & (rows["lender"] == ALL) & (rows["facility"] == ALL)]
    at = {q: i for i, q in enumerate(compared.quarters)}
    out = {name: np.full(len(at), np.nan) for name in compared.names}
    columns = ["scenario", "base", "quarter", "base_value", "value"]
    for name, base, quarter, before, after in some[columns].itertuples(index=False):
        if quarter in at:
            out[name][at[quarter]], out[base][at[quarter]] = after, before
    return out


def _last_alive(rows: pd.DataFrame, quarters: Sequence[str]) -> str:
    """The last quarter in which a measure has something in any scenario; the last where it never has."""
    some = rows[(rows["value"].fillna(0.0) != 0.0) | (rows["base_value"].fillna(0.0) != 0.0)]
    alive = set(some["quarter"])
    return next((q for q in reversed(quarters) if q in alive), quarters[-1])


def falls(compared: Compared, measure: Measure, asked: str = "") -> tuple[Falls, ...]:
    """From the base to each scenario by cause: of a flow over all quarters, else of the last one that has a figure.

    ``asked`` is another quarter, ``last``, ``all`` (a flow) or ``mean``. Scenarios whose causes nobody asked for are
    left out; PictureError where that is all of them, or where the measure has no whole.
    """
    rows, causes = compared.differences, compared.causes
    of = rows[(rows["measure"] == measure.name) & (rows["lender"] == ALL) & (rows["facility"] == ALL)]
    if of.empty:
        raise PictureError(
            f"{measure.en}: it has no figure of several lenders or facilities together, so no causes",
            f"{measure.zh}：多家机构或多项工具没有合计数，无法分解原因",
        )
    at = {"": ALL if measure.kind == FLOW else _last_alive(of, compared.quarters), "last": compared.quarters[-1]}.get(
        asked, asked
    )
    here = of[of["quarter"] == at]
    if here.empty:
        there = ", ".join(q for q in (ALL, MEAN) if (of["quarter"] == q).any())
        raise PictureError(
            f"{measure.en}: nothing at {at}; there are the quarters {compared.quarters[0]} to {compared.quarters[-1]}"
            + (f" and {there}" if there else ""),
            f"{measure.zh}：{at} 没有数值；有 {compared.quarters[0]} 至 {compared.quarters[-1]}"
            + (f"，以及 {there}" if there else ""),
        )
    out = []
    mine = causes[(causes["measure"] == measure.name) & (causes["quarter"] == at)]
    for name, before, after in here[["scenario", "base_value", "value"]].itertuples(index=False):
        some = mine[mine["scenario"] == name]
        if some.empty or not (np.isfinite(before) and np.isfinite(after)):
            continue
        found = tuple(
            Cause(str(c), str(b), str(g), str(m), float(e))
            for c, b, g, m, e in some[["cause", "base_given", "given", "method", "effect"]].itertuples(index=False)
        )
        out.append(Falls(str(name), at, float(before), float(after), found))
    if not out and not np.isfinite(of[["base_value", "value"]].to_numpy(dtype=float)).any():
        raise PictureError(f"{measure.en}: no figure in any scenario", f"{measure.zh}：各情景均无数值")
    if not out:
        raise PictureError(
            f"{measure.en}: this comparison has no causes of it at {at} (they are not found of runs opened from "
            "folders, nor with --no-causes)",
            f"{measure.zh}：该比较在 {at} 没有原因分解（由运行文件夹比较或使用 --no-causes 时不作分解）",
        )
    return tuple(out)
