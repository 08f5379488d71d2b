"""A Monte Carlo study 蒙特卡洛模拟 of a scenario: ``relending.monte_carlo``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import quarter_text
from relending.engine.convert import nearest_double
from relending.findings import Findings
from relending.scenario import Scenario, load_scenario
from relending.scenario.random_paths import RandomModel
from relending.scenario.read import Overrides
from relending.study.montecarlo.exact import MISSING, Floats
from relending.study.montecarlo.load import Loaded, load, model_of
from relending.study.montecarlo.measures import MEASURES
from relending.study.montecarlo.paths import figures_of
from relending.study.montecarlo.tables import convergence_frame, decimals_of, summary_frame
from relending.units import PPM, Ints

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class MonteCarlo:
    """The result of a study.

    ``summary`` (scenario, quarter, lender, facility, measure, unit, statistic, value) and ``convergence`` (scenario,
    quarter, lender, facility, measure, unit, paths, mean, standard_error, relative_error, precise) are frames in users'
    units: yuan, tonnes, fractions; of a run with several lenders or facilities with its whole, as lender "all",
    facility "all". ``figures`` are the whole numbers behind them, by lender, facility and measure: random quarters x
    paths (the whole last), ``MISSING`` where a path has none.
    """

    scenario: Scenario
    model: RandomModel
    summary: pd.DataFrame
    convergence: pd.DataFrame
    figures: Mapping[tuple[str, str, str], Ints]
    quarters: tuple[str, ...]
    random_quarters: tuple[str, ...]
    findings: Findings
    metadata: Mapping[str, Any]

    def __repr__(self) -> str:
        paths, seed = f"{self.model.paths:,} paths", self.model.seed
        span = f"{self.random_quarters[0]} to {self.random_quarters[-1]}"
        return f"<MonteCarlo of {self.scenario.name}: {paths}, random {span}, seed {seed}>"

    def save(self, folder: Path | str, format: str = "csv", draws: Sequence[str] = (), lang: str = "en") -> list[Path]:
        """Write the tables into a folder, made if it is not there; the files written.

        ``draws`` are measures whose every path is written too. See
        :func:`relending.study.montecarlo.files.write_study`.
        """
        from relending.study.montecarlo.files import write_study

        return write_study(self, Path(folder), format, draws, lang)

    def draws(self, measure: str, lender: str = "", facility: str = "") -> pd.DataFrame:
        """A measure on every path (rows, from 1) in every random quarter (columns), in users' units.

        Quarters before the random ones are not in it: they are the run's on every path. ``lender`` and ``facility`` may
        be left out where there is one; of several, "all" and "all" are the whole of what has one. ValueError otherwise,
        and for an unknown name.
        """
        import pandas as pd

        _known(measure)
        places = list(dict.fromkeys((a, b) for a, b, _ in self.figures))
        some = [p for p in places if lender in ("", p[0]) and facility in ("", p[1])]
        if len(some) != 1:
            shown = ", ".join(f"{a} {b}" for a, b in (some or places))
            raise ValueError(f"one lender and facility is needed, of: {shown}")
        if (*some[0], measure) not in self.figures:
            raise ValueError(f"{measure} of several lenders or facilities has no whole")
        whole = self.figures[*some[0], measure]
        index = pd.RangeIndex(1, whole.shape[1] + 1, name="path")
        columns = pd.Index(self.random_quarters, name="quarter")
        return pd.DataFrame(_users(whole, measure).T, index=index, columns=columns)

    def all_draws(self, measure: str) -> pd.DataFrame:
        """A measure of every lender and facility, the whole last: a row a path and random quarter, in users' units."""
        import pandas as pd

        _known(measure)
        parts = []
        for (lender, facility, name), whole in self.figures.items():
            if name == measure:
                count, paths = whole.shape
                parts.append(
                    pd.DataFrame(
                        {
                            "scenario": self.scenario.name,
                            "path": np.tile(np.arange(1, paths + 1), count),
                            "quarter": np.repeat(np.array(self.random_quarters, object), paths),
                            "lender": lender,
                            "facility": facility,
                            "measure": measure,
                            "unit": MEASURES[measure][1],
                            "value": _users(whole, measure).ravel(),
                        }
                    )
                )
        return pd.concat(parts, ignore_index=True)

    def precise(self) -> dict[str, bool]:
        """Of each headline measure whether its standard error is below ``model.precision`` of its mean everywhere."""
        last = self.convergence[self.convergence["paths"] == self.model.paths]
        return {str(name): bool(some.all()) for name, some in last.groupby("measure", sort=False)["precise"]}


def _known(measure: str) -> None:
    if measure not in MEASURES:
        raise ValueError(f"no measure named {measure!r}; there are: {', '.join(MEASURES)}")


def _users(whole: Ints, name: str) -> Floats:
    """Figures of a measure as people have them, NaN where there is none."""
    out = nearest_double(np.where(whole == MISSING, 0, whole).ravel(), decimals_of(name)).reshape(whole.shape)
    out[whole == MISSING] = np.nan
    return out


def monte_carlo(
    scenario: Scenario | str | Path,
    paths: int | None = None,
    seed: int | None = None,
    *,
    antithetic: bool | None = None,
    overrides: Overrides = (),
    allow_outside: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> MonteCarlo:
    """Random paths about a scenario, by its table ``[monte_carlo]`` (docs/monte_carlo.md).

    ``scenario`` is a loaded scenario, a file or the name of a shipped one (then ``overrides`` and ``allow_outside`` are
    those of ``load_scenario``); ``paths``, ``seed`` and ``antithetic`` come before what the table says.

    Raises InputError with everything that is wrong: no source of randomness, no random quarter, more paths than fit in
    memory, an odd number of antithetic ones, a quota that binds in a way cohorts cannot follow.
    """
    if isinstance(scenario, Scenario):
        if overrides:
            raise ValueError("overrides are for a scenario still to be loaded")
        given = scenario
    else:
        given = load_scenario(scenario, overrides, allow_outside=allow_outside)
    model = model_of(given, paths, seed, antithetic)
    return simulate(load(given, model, progress), model, progress)


def simulate(loaded: Loaded, model: RandomModel, progress: Callable[[str], None] = lambda text: None) -> MonteCarlo:
    """Draw the paths of a loaded scenario and measure them; what is raised is that of :func:`monte_carlo`."""
    progress("paths")
    found = figures_of(loaded, model)
    progress("statistics")
    horizon = loaded.series.horizon
    said = [Findings.one("monte_carlo_source_idle", column=f"monte_carlo.{name}", found=name) for name in found.idle]
    return MonteCarlo(
        loaded.scenario,
        model,
        summary_frame(loaded, model, found.by_measure),
        convergence_frame(loaded, model, found.by_measure),
        found.by_measure,
        tuple(quarter_text(q) for q in loaded.context.quarters),
        tuple(quarter_text(q) for q in horizon.quarters),
        Findings.concat([loaded.findings, *said]),
        {
            "scenario": loaded.scenario.name,
            "version": version("relending"),
            "numpy": np.__version__,
            "bit_generator": "PCG64",
            "first_random_quarter": quarter_text(horizon.first),
            "last_quarter": quarter_text(horizon.last),
            "quantiles": [q / PPM for q in model.quantiles],
            "precision": model.precision,
            "model": model.plain(),
            "inputs": [{key: one[key] for key in ("file", "sha256", "rows") if key in one} for one in loaded.inputs],
            "scenario_resolved": loaded.scenario.resolved(),
        },
    )
