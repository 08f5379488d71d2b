"""Sweeps 参数扫描: one scenario under every combination of some values, as one long frame.

The stages of :mod:`relending.study.stages` do what is the same once; the cells are worked on so that what costs most
changes least, and stand in the result in the order of the grid.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.engine.columns import Flags
from relending.engine.convert import nearest_double
from relending.findings import Findings, InputError
from relending.scenario import load_scenario
from relending.scenario.problems import toml_text
from relending.scenario.scenario import Scenario
from relending.study.grid import Grid, make_grid
from relending.study.history import BALANCE, differs_before
from relending.study.measures import FLOW, Measure, pick
from relending.study.measures import measures as measures_known
from relending.study.own import own_text, own_values
from relending.study.panel import KEYS, Key, MisalignedError, ordered, panel
from relending.study.stages import Stages
from relending.study.variants import Variants
from relending.study.whole import with_weights
from relending.units import Ints, decimal_text, total

SERIES = ("funding", "cost")
"""The tables whose measures need no loan by loan disclosure; the others are asked for by name."""
MANY_CELLS, MANY_ROWS = 10_000, 5_000_000
"""From here on a sweep is likely a slip: it runs only if it is meant."""
MOST_BYTES = 4 * 2**30
"""Memory that the figures of a sweep may take."""
BYTES_A_FIGURE = 120
"""What a row of the long frame takes, with its texts."""
HEADLINES = ("interest_saved", "net_interest", "facility_balance", "blended_cost", "margin")
ALL = "all"
MOST_HEADLINES = 4

Progress = Callable[[int, int], None]


class LargeSweepError(Exception):
    """A sweep so large that it must be meant: how many cells and rows it has."""

    def __init__(self, cells: int, rows: int | None = None) -> None:
        super().__init__(f"{cells:,} scenarios" + ("" if rows is None else f", {rows:,} rows"))
        self.cells, self.rows = cells, rows


@dataclass(frozen=True, slots=True, repr=False)
class Sweep:
    """What a sweep gave.

    ``keys`` are (quarter, lender, facility) of the rows of each cell; ``values`` and ``known`` hold, by measure, a row
    a cell in the order of the grid (integers, as the measure's column says), also of what rates are weighted by.
    ``supported`` counts the supported loans of each cell, ``work`` how often each stage was done and used again,
    ``inputs`` the files read, with their sha256. ``findings`` are those of scenario and book, ``said`` what is said of
    the sweep itself (keys without an effect, a past that comes out otherwise); ``since`` is the day from which the
    values count.
    """

    scenario: Scenario
    grid: Grid
    measures: tuple[Measure, ...]
    keys: tuple[Key, ...]
    values: Mapping[str, Ints]
    known: Mapping[str, Flags]
    supported: Ints
    work: Mapping[str, tuple[int, int]]
    inputs: str = ""
    findings: Findings = field(default_factory=Findings)
    said: Findings = field(default_factory=Findings)
    since: dt.date | None = None

    def __repr__(self) -> str:
        return f"<Sweep of {self.scenario.name}: {len(self.grid):,} scenarios ({', '.join(self.grid.keys)})>"

    @property
    def names(self) -> list[str]:
        """The name of each cell: the scenario's and a number from 1."""
        return [_name(self.scenario.name, i, len(self.grid)) for i in range(len(self.grid))]

    def save(self, folder: Path | str, format: str = "csv", lang: str = "en") -> list[Path]:
        """Write the tables into a folder, made if it is not there, as csv, parquet, xlsx or dta; the files written.

        Files of their names are replaced. Raises InputError where a format cannot hold it.
        """
        from relending.study.sweepfiles import save

        out = Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        return save(self, out, format, lang)

    def parameters(self) -> pd.DataFrame:
        """The values of each cell, a column a key: numbers as numbers, anything else as TOML writes it."""
        rows = [cell for _, cell in self.grid.cells()]
        columns = zip(*rows, strict=True)
        return pd.DataFrame({k: _column(list(c)) for k, c in zip(self.grid.keys, columns, strict=True)})

    @property
    def frame(self) -> pd.DataFrame:
        """The long frame: scenario, parameter values, quarter, lender, facility, measure, unit, value.

        Values in yuan, fractions, tonnes a year (``unit``); empty where there is no figure. By scenario, then measure,
        then quarter, lender, facility.
        """
        cells, measures, keys = len(self.grid), len(self.measures), len(self.keys)
        each = measures * keys
        out: dict[str, Any] = {"scenario": _repeated(self.names, np.repeat(np.arange(cells), each))}
        for name, column in self.parameters().items():
            out[str(name)] = column.repeat(each).reset_index(drop=True)
        for i, name in enumerate(KEYS):
            texts, at = np.unique([key[i] for key in self.keys], return_inverse=True)
            out[name] = _repeated(texts.tolist(), np.tile(at, cells * measures))
        which = np.tile(np.repeat(np.arange(measures), keys), cells)
        out["measure"] = _repeated([m.name for m in self.measures], which)
        out["unit"] = _repeated([m.unit for m in self.measures], which)
        out["value"] = np.stack([self.figures(m) for m in self.measures], axis=1).ravel()
        return pd.DataFrame(out)

    @property
    def scenarios(self) -> pd.DataFrame:
        """One row of metadata a scenario: name, parameter values, supported loans, what it is a variant of, version.

        ``base_given`` is what the scenario itself has for the keys, where that is one value.
        """
        s = self.scenario
        return pd.DataFrame(
            {
                "scenario": self.names,
                **self.parameters(),
                "since": self.since.isoformat() if self.since else "",
                "supported": self.supported,
                "base": s.name,
                "base_given": own_text(own_values(s, self.grid.keys, self.since)),
                "title_zh": s.title.get("zh", ""),
                "title_en": s.title.get("en", ""),
                "lender_names": json.dumps(_named(s, {key[1] for key in self.keys}), ensure_ascii=False),
                "start": s.start.isoformat(),
                "end": s.end.isoformat(),
                "facilities": ", ".join(f.id for f in s.facilities),
                "inputs": self.inputs,
                "relending": version("relending"),
            }
        )

    def table(self, measure: str, quarter: str | None = None) -> pd.DataFrame:
        """One measure over lenders and facilities of a quarter (the last one), a row a cell: for a look or a picture.

        Raises ValueError for a measure that does not add up where there is more than one lender or facility.
        """
        one = pick([measure])[0]
        wanted = quarter or self.keys[-1][0]
        at = [i for i, key in enumerate(self.keys) if key[0] == wanted]
        if not at:
            raise ValueError(f"no quarter {wanted}")
        if len(at) > 1 and not one.adds_up:
            raise ValueError(f"{measure} of several lenders or facilities does not add up; take .frame")
        figures = self.figures(one)[:, at].sum(axis=1)
        return self.parameters().assign(**{measure: figures})

    def headlines(self, names: Sequence[str] = HEADLINES) -> dict[tuple[str, str], list[float]]:
        """Figures of each cell for a look, by measure and quarter (``all`` of flows): of all lenders together.

        Of ``names`` those that were asked for, else the first measures there are, that have a whole: what adds up, and
        rates weighted by what they are a quotient over (to a double's digits), of all quarters as well. Of a stock the
        last quarter in which any cell has something.
        """
        shown = [m for m in self.measures if m.name in names and self._has_whole(m)]
        shown = shown or [m for m in self.measures if self._has_whole(m)][:MOST_HEADLINES]
        quarters = list(dict.fromkeys(key[0] for key in self.keys))
        by_quarter = [(q, [i for i, key in enumerate(self.keys) if key[0] == q]) for q in quarters]
        out: dict[tuple[str, str], list[float]] = {}
        for m in shown:
            over_time = (m.kind == FLOW or m.over in self.values) and len(quarters) > 1
            wanted = [(ALL, list(range(len(self.keys))))] if over_time else by_quarter
            quarter, at = next((w for w in reversed(wanted) if self.values[m.name][:, w[1]].any()), wanted[-1])
            out[m.name, quarter] = self._whole(m, at)
        return out

    def _has_whole(self, m: Measure) -> bool:
        return m.adds_up or m.over in self.values or len({key[1:] for key in self.keys}) == 1

    def _whole(self, m: Measure, at: Sequence[int]) -> list[float]:
        """A measure over some rows of each cell; not a number where none of them has a figure."""
        known = self.known[m.name][:, at]
        if m.adds_up or len(at) == 1:
            sums = np.array([total(row) for row in self.values[m.name][:, at]], np.int64)
            return np.where(known.any(axis=1), nearest_double(sums, m.decimals), np.nan).tolist()
        figures, weights = self.figures(m)[:, at], self.values[m.over][:, at] * known
        over = weights.sum(axis=1, dtype=float)
        sums = np.where(known, figures * weights, 0.0).sum(axis=1)
        return np.divide(sums, over, out=np.full(len(over), np.nan), where=over > 0).tolist()

    def figures(self, measure: Measure) -> np.ndarray[Any, Any]:
        """One measure in its unit, cells x rows; not a number where there is none."""
        values = self.values[measure.name]
        out = nearest_double(values.ravel(), measure.decimals).reshape(values.shape)
        out[~self.known[measure.name]] = np.nan
        return out


def sweep(
    scenario: str | Path,
    over: Mapping[str, Sequence[Any]] | None = None,
    *,
    overrides: Sequence[str] = (),
    measures: Sequence[str] = (),
    quarters: str = "all",
    since: dt.date | str | None = None,
    allow_outside: bool = False,
    yes: bool = False,
    stages: Stages | None = None,
    progress: Progress = lambda done, of: None,
) -> Sweep:
    """The scenario under every combination of the values ``over`` gives to keys (else those of its [sweep] table).

    ``scenario`` is a file or the name of a shipped scenario; ``overrides`` as after ``--set``; ``measures`` names (all
    of funding and cost where there are none); ``quarters`` ``"all"``, ``"last"`` or one such as ``"2024Q4"``.
    Values count from the day ``since`` on (a date or ISO text; else that of the [sweep] table, where its values are
    swept), before it what the scenario has; without one from the beginning, so that past draws are others too.
    ``stages`` may be handed from one sweep to the next, which then does not read the book again. ``progress`` is told
    how many cells are done.

    Raises InputError with everything that is wrong with keys and values before any work; LargeSweepError for more than
    10,000 cells or 5 million rows, unless ``yes``.

    >>> found = sweep("demo", {"facility.cerf.ratio": [0.4, 0.6]}, measures=["interest_saved"], quarters="last")
    >>> found.table("interest_saved").to_numpy().tolist()
    [[0.4, 3921250.0], [0.6, 5831319.44]]
    """
    base = load_scenario(scenario, list(overrides), allow_outside=allow_outside)
    grid = make_grid(base.sweep if over is None else over)
    wanted = pick(measures) if measures else pick((), SERIES)
    day = dt.date.fromisoformat(since) if isinstance(since, str) else since
    vary = Variants(
        scenario, tuple(overrides), allow_outside, grid, base, day or (base.sweep_from if over is None else None)
    )
    if len(grid) > MANY_CELLS and not yes:
        raise LargeSweepError(len(grid))
    vary.check()
    stages = Stages() if stages is None else stages
    before = {stage.name: (stage.done, stage.used_again) for stage in stages.stages}
    disclosure = any(m.table not in SERIES for m in with_weights(wanted))
    first = stages.evaluate(vary.cell(next(grid.cells())[1]), disclosure=disclosure)
    every = with_weights(wanted)
    everything = panel(first.tables, every).keys
    rows = _rows(everything, quarters)
    keys = tuple(everything[i] for i in rows)
    _measured(len(grid), len(keys) * len(wanted), yes)
    values = {m.name: np.zeros((len(grid), len(keys)), np.int64) for m in every}
    known = {m.name: np.zeros((len(grid), len(keys)), bool) for m in every}
    supported = np.zeros(len(grid), np.int64)
    balance = measures_known()[BALANCE]
    as_it_is = panel(stages.evaluate(base).tables, [balance])
    past: Past | None = None
    for done, (number, cell) in enumerate(grid.cells(vary.slowest(stages)), 1):
        made = stages.evaluate(vary.cell(cell), disclosure=disclosure)
        found = panel(made.tables, every)
        if set(found.keys) == set(everything):
            found = ordered(found, everything)
        else:
            raise MisalignedError(_misaligned(cell, grid, found.keys, everything))
        for m in every:
            values[m.name][number], known[m.name][number] = found.values[m.name][rows], found.known[m.name][rows]
        supported[number] = made.supported
        if past is None and made.last_real is not None and as_it_is.keys == everything:
            differs = differs_before(as_it_is, panel(made.tables, [balance]), made.last_real)
            past = None if differs is None else (number, *differs)
        progress(done, len(grid))
    work = {s.name: (s.done - before[s.name][0], s.used_again - before[s.name][1]) for s in stages.stages}
    findings = base.findings + first.findings
    said = vary.without_effect(stages) + _past(past, base.name, balance.decimals, len(grid))
    inputs = "; ".join(dict.fromkeys(f"{entry['file']} {entry['sha256']}" for entry in first.inputs))
    return Sweep(base, grid, wanted, keys, values, known, supported, work, inputs, findings, said, vary.since)


Past = tuple[int, str, int, int]
"""A cell whose past differs from the scenario's own: its number, the first quarter, both balances in fen."""


def _past(past: Past | None, base: str, decimals: int, cells: int) -> Findings:
    """The warning that values also change what has happened already."""
    if past is None:
        return Findings()
    number, quarter, before, after = past
    found, expected = (f"{quarter}: {decimal_text(value, decimals)}" for value in (after, before))
    name = _name(base, number, cells)
    return Findings.one("history_differs", file=name, column=BALANCE, found=found, expected=f"{base} {expected}")


def _name(base: str, number: int, cells: int) -> str:
    return f"{base}#{number + 1:0{len(str(cells))}d}"


def _rows(keys: Sequence[Key], quarters: str) -> list[int]:
    """The rows of the quarters asked for."""
    last = keys[-1][0] if keys else ""
    if quarters == "all":
        return list(range(len(keys)))
    wanted = last if quarters == "last" else quarters
    found = [i for i, key in enumerate(keys) if key[0] == wanted]
    if not found:
        span = f"all, last, {keys[0][0]} … {last}" if keys else ""
        raise InputError(Findings.one("sweep_quarter", column="quarters", found=quarters, expected=span))
    return found


def _measured(cells: int, each: int, yes: bool) -> None:
    """Raise where the figures are too many to be meant, or to be held."""
    rows = cells * each
    if rows * BYTES_A_FIGURE > MOST_BYTES:
        most = f"<= {MOST_BYTES // BYTES_A_FIGURE:,}"
        raise InputError(Findings.one("sweep_too_large", column="sweep", found=f"{rows:,}", expected=most))
    if rows > MANY_ROWS and not yes:
        raise LargeSweepError(cells, rows)


def _misaligned(cell: Sequence[Any], grid: Grid, found: Sequence[Key], expected: Sequence[Key]) -> Findings:
    what = ", ".join(f"{k} = {toml_text(v)}" for k, v in zip(grid.keys, cell, strict=True))
    for i, code in enumerate(("misaligned_quarters", "misaligned_lenders", "misaligned_facilities")):
        mine, other = ({key[i] for key in keys} for keys in (found, expected))
        if mine != other:
            told = ", ".join(sorted(mine ^ other)[:6])
            return Findings.one(code, file=what, column=KEYS[i], found=told)
    return Findings.one("misaligned_quarters", file=what)


def _repeated(texts: Sequence[str], codes: np.ndarray[Any, Any]) -> pd.Series[Any]:
    """A text column from its distinct texts and where each row's stands."""
    column = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(texts), pa.string()))
    return pd.Series(pd.array(column.cast(pa.string()), dtype="str"))


def _named(scenario: Scenario, lenders: set[str]) -> dict[str, dict[str, str]]:
    """The short names of lenders by id and language, as the scenario has them: pictures of a saved sweep say them."""
    known = {one: scenario.lenders[one].short_name for one in sorted(lenders) if one in scenario.lenders}
    return {one: dict(names) for one, names in known.items() if names}


def _column(values: Sequence[Any]) -> list[Any]:
    """The values of a key as a column: numbers where all are, else what a TOML file would write."""
    if all(isinstance(v, int | Decimal) and not isinstance(v, bool) for v in values):
        whole = all(isinstance(v, int) for v in values)
        return [int(v) if whole else float(v) for v in values]
    return [v if isinstance(v, str) else toml_text(v) for v in values]
