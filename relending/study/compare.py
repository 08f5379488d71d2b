"""Several runs as one result, and each of them against the first: differences, and what causes them.

Every figure is an integer of the runs until it is told; a difference is one of integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.findings import Findings
from relending.study.causes import Cause, Evaluate, causes, staged
from relending.study.described import (
    COLUMNS,
    HIDDEN,
    RATES,
    Comparable,
    described,
    legend_of,
    name_of,
    parameters,
    scenario_of,
)
from relending.study.exact import E8_DECIMALS, Row, Table, exact, less
from relending.study.history import BALANCE, history_findings
from relending.study.measures import Measure, pick
from relending.study.measures import measures as measures_known
from relending.study.panel import Key, Panel, aligned, ordered, panel
from relending.study.parts import quotient_e8, shares_e8
from relending.study.whole import ALL, Figures, figures_of, with_weights

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCES = (
    "scenario",
    "base",
    "quarter",
    "lender",
    "facility",
    "measure",
    "unit",
    "base_value",
    "value",
    "absolute",
    "relative",
    "contribution",
)
CAUSES = (
    "scenario",
    "base",
    "measure",
    "unit",
    "quarter",
    "cause",
    "base_given",
    "given",
    "method",
    "effect",
    "share",
)


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Several runs, the base first.

    ``names`` are the scenarios, ``measures`` what was compared, ``parameters`` what each gives for keys that differ;
    ``figures`` hold every measure of every run, exact, with the wholes; ``found`` the causes by scenario. ``untold``
    are the scenarios whose causes nobody asked for or nobody can know (a run opened from a folder). ``findings`` warn
    of what may not be meant, ``legend`` has the names of lenders and facilities by id.
    """

    names: tuple[str, ...]
    titles: Mapping[str, Mapping[str, str]]
    measures: tuple[Measure, ...]
    parameters: Mapping[str, Sequence[str]]
    panels: Mapping[str, Panel]
    figures: Mapping[str, Mapping[str, Figures]]
    found: Mapping[str, Sequence[Cause]]
    untold: tuple[str, ...]
    metadata: tuple[Mapping[str, Any], ...]
    findings: Findings = field(default_factory=Findings)
    legend: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self.others)} with {self.base}: {len(self.measures)} measures>"

    @property
    def base(self) -> str:
        """The scenario the others are held against."""
        return self.names[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The scenarios held against the base."""
        return self.names[1:]

    @property
    def quarters(self) -> tuple[str, ...]:
        """The quarters of the runs."""
        return self.panels[self.base].quarters

    @property
    def frame(self) -> pd.DataFrame:
        """The long frame: scenario, a column a parameter that differs, quarter, lender, facility, measure, unit, value.

        A parameter is what the scenario gives, as a number where all of them give numbers; empty where it takes the
        policy file's. A value that is not there is empty, the row stays.
        """
        import pandas as pd

        frame = self.tidy_table().frame()
        for name in self.parameters:
            texts = frame[name]
            numbers = pd.to_numeric(texts.where(texts != "", None), errors="coerce")
            if bool((numbers.notna() | (texts == "")).all()):
                frame[name] = numbers.astype("float64")
        return frame

    @property
    def scenarios(self) -> pd.DataFrame:
        """A row of metadata a scenario (``relending.study.described.COLUMNS``)."""
        return self.scenario_table().frame()

    @property
    def differences(self) -> pd.DataFrame:
        """Each scenario against the base, by measure, quarter, lender and facility.

        Columns ``scenario``, ``base``, ``quarter``, ``lender``, ``facility``, ``measure``, ``unit``, ``base_value``,
        ``value``, ``absolute`` (value less base value), ``relative`` (absolute over base value; empty over nothing),
        ``contribution`` (of measures that add up: absolute over that of all lenders and facilities of the quarter; they
        add up to 1). ``all`` stands for all lenders, all facilities, or, of flows, all quarters; ``mean`` for the mean
        of the quarters' ends.
        """
        return self.difference_table().frame()

    @property
    def causes(self) -> pd.DataFrame:
        """What explains each scenario's difference of the whole, by measure and quarter: rows add up to it.

        Columns ``scenario``, ``base``, ``measure``, ``unit``, ``quarter``, ``cause`` (key paths), ``base_given`` and
        ``given`` (empty: the policy file's), ``method``, ``effect`` (in the unit), ``share`` (of the difference).
        """
        return self.cause_table().frame()

    def tidy_table(self) -> Table:
        """The table of :attr:`frame`."""
        rows = []
        for i, name in enumerate(self.names):
            given = [values[i] for values in self.parameters.values()]
            for m in self.measures:
                figures = self.figures[name][m.name]
                rows += [
                    (name, *given, *key, m.name, m.unit, exact(figures[key], m.decimals))
                    for key in self.panels[self.base].keys
                ]
        columns = ("scenario", *self.parameters, "quarter", "lender", "facility", "measure", "unit", "value")
        return Table(columns, tuple(rows))

    def scenario_table(self) -> Table:
        """The table of :attr:`scenarios`."""
        return Table(COLUMNS, tuple(tuple(row[c] for c in COLUMNS) for row in self.metadata))

    def difference_table(self) -> Table:
        """The table of :attr:`differences`."""
        rows: list[Row] = []
        for name in self.others:
            for m in self.measures:
                base, other = self.figures[self.base][m.name], self.figures[name][m.name]
                shares = contributions(base, other) if m.adds_up else {}
                for key, before in base.items():
                    if key[1] == ALL and key[2] == ALL and not self.has_whole(m):
                        continue
                    after = other[key]
                    gap = less(after, before)
                    numbers = [exact(v, m.decimals) for v in (before, after, gap)]
                    ratios = [exact(v, E8_DECIMALS) for v in (quotient_e8(gap, before), shares.get(key))]
                    rows.append((name, self.base, *key, m.name, m.unit, *numbers, *ratios))
        return Table(DIFFERENCES, tuple(rows))

    def cause_table(self) -> Table:
        """The table of :attr:`causes`."""
        rows: list[Row] = []
        for name, found in self.found.items():
            for m in self.measures:
                if not self.has_whole(m):
                    continue
                for quarter in self.times(m):
                    gap = self.gap(name, m, quarter)
                    for cause in found:
                        effect = cause.effects[(m.name, quarter)]
                        numbers = (exact(effect, m.decimals), exact(quotient_e8(effect, gap), E8_DECIMALS))
                        said = (cause.change.name or cause.method, *cause.change.given)
                        rows.append((name, self.base, m.name, m.unit, quarter, *said, cause.method, *numbers))
        return Table(CAUSES, tuple(rows))

    def has_whole(self, measure: Measure) -> bool:
        """Whether a measure has a figure of all lenders and facilities."""
        pairs = {key[1:] for key in self.panels[self.base].keys}
        return measure.adds_up or bool(measure.over) or len(pairs) == 1

    def times(self, measure: Measure) -> list[str]:
        """The quarters of a measure, and what stands for all of them (``all`` or ``mean``) where it has that."""
        return [key[0] for key in self.figures[self.base][measure.name] if key[1:] == (ALL, ALL)]

    def whole(self, name: str, measure: Measure, quarter: str) -> int | None:
        """The figure of all lenders and facilities of a quarter, ``all`` or the ``mean``; None where there is none."""
        return self.figures[name][measure.name].get((quarter, ALL, ALL))

    def gap(self, name: str, measure: Measure, quarter: str) -> int | None:
        """The difference of the whole."""
        return less(self.whole(name, measure, quarter), self.whole(self.base, measure, quarter))

    def save(self, folder: Path | str, force: bool = False, lang: str = "en", format: str = "csv") -> list[Path]:
        """Write ``comparison.csv``, ``differences.csv``, ``causes.csv``, ``scenarios.csv`` and ``comparison.xlsx``.

        ``format`` of the four tables is csv, parquet, dta, or xlsx: then there is the workbook alone. See
        :func:`relending.study.save.save_comparison`.
        """
        from relending.study.save import save_comparison

        return save_comparison(self, Path(folder), force, lang, format)


def contributions(base: Figures, other: Figures) -> dict[Key, int | None]:
    """The share of each row's difference in that of its quarter, scaled 10**8; rows of a whole have none."""
    by_quarter: dict[str, list[Key]] = {}
    for key in base:
        if key[1:] != (ALL, ALL):
            by_quarter.setdefault(key[0], []).append(key)
    out: dict[Key, int | None] = {}
    for keys in by_quarter.values():
        out |= dict(zip(keys, shares_e8([less(other[k], base[k]) for k in keys]), strict=True))
    return out


def compare_runs(
    runs: Sequence[Comparable],
    base: str | None = None,
    measures: Sequence[str] = (),
    with_causes: bool = True,
    evaluate: Evaluate | None = None,
) -> Comparison:
    """Several runs laid side by side, those that follow held against ``base``, else against the first.

    ``measures`` are those wanted, by name; all of them for none. ``evaluate`` carries out the mixtures of scenarios
    that causes are found by (stages of one study unless it is given). Raises MisalignedError where quarters, lenders
    or facilities differ, InputError for an unknown measure, ValueError for fewer than two runs, two of one name, or a
    base that is none of them.
    """
    wanted = pick(measures)
    names = [name_of(run) for run in runs]
    if len(runs) < 2 or len(set(names)) < len(names):
        raise ValueError(f"two runs or more, each of another name, not {names}")
    if base is not None and base not in names:
        raise ValueError(f"no run is called {base!r}; there are {', '.join(names)}")
    first = names.index(base) if base is not None else 0
    runs = [runs[first], *runs[:first], *runs[first + 1 :]]
    names = [names[first], *names[:first], *names[first + 1 :]]
    every = tuple({m.name: m for m in (*with_weights(wanted), measures_known()[BALANCE])}.values())
    panels = {name: panel(run.tables, every) for name, run in zip(names, runs, strict=True)}
    aligned(panels)
    panels = {name: ordered(one, panels[names[0]].keys) for name, one in panels.items()}
    evaluate = staged(every) if evaluate is None else evaluate
    given = parameters(runs)
    by_run = [{key: values[i] for key, values in given.items()} for i in range(len(runs))]
    found: dict[str, Sequence[Cause]] = {}
    untold = []
    scenario = scenario_of(runs[0])
    for name, run in zip(names[1:], runs[1:], strict=True):
        other = scenario_of(run)
        if scenario is None or other is None or not with_causes:
            untold.append(name)
        else:
            told = causes(scenario, other, (panels[names[0]], panels[name]), wanted, evaluate)
            found[name] = [hidden(c) for c in told] if "redacted" in run.manifest else told
    return Comparison(
        tuple(names),
        {name: dict(run.manifest["scenario"]["title"]) for name, run in zip(names, runs, strict=True)},
        wanted,
        given,
        panels,
        {name: {m.name: figures_of(one, m) for m in wanted} for name, one in panels.items()},
        found,
        tuple(untold),
        tuple(described(run, names[0], one, by_run[0]) for run, one in zip(runs, by_run, strict=True)),
        history_findings(runs[0].tables, names[0], panels, measures_known()[BALANCE].decimals),
        legend_of(runs),
    )


def hidden(cause: Cause) -> Cause:
    """A cause of redacted runs: what names a file is not told."""
    if any(key[0] == "scenario" or key[-1] in RATES for key in cause.change.keys):
        dots = (HIDDEN,) * len(cause.change.keys)
        return replace(cause, change=replace(cause.change, before=dots, after=dots, dated=()))
    return cause
