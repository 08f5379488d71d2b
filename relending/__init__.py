"""relending: lending supported by the re-lending facilities of the People's Bank of China, simulated and disclosed.

    import relending as rl
    run = rl.run("demo")            # the shipped scenario; or a path to yours
    run.disclosure, run.ledger      # frames in yuan, tonnes, fractions
    run.save("runs/demo")

Names load on first use, so that ``import relending`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relending.api import compare as compare
    from relending.api import data as data
    from relending.api import facility as facility
    from relending.api import plot as plot
    from relending.api import save_picture as save_picture
    from relending.book import Book as Book
    from relending.book import read_book as read_book
    from relending.book.template import write_template as write_template
    from relending.engine import costing as costing
    from relending.engine.context import Context as Context
    from relending.engine.steps import Funded as Funded
    from relending.engine.steps import attribute as attribute
    from relending.engine.steps import cost as cost
    from relending.engine.steps import disclose as disclose
    from relending.engine.steps import fund as fund
    from relending.engine.steps import schedule as schedule
    from relending.engine.steps import screen as screen
    from relending.findings import Findings as Findings
    from relending.findings import InputError as InputError
    from relending.findings import InvariantError as InvariantError
    from relending.labelled import write_labelled as write_labelled
    from relending.lineage import Redactor as Redactor
    from relending.lineage import explain as explain
    from relending.lineage import new_key as new_key
    from relending.lineage import opening_from as opening_from
    from relending.lineage import read_key as read_key
    from relending.runfolder import OpenedRun as OpenedRun
    from relending.runfolder import Run as Run
    from relending.runfolder import RunFolderError as RunFolderError
    from relending.runfolder import open_run as open_run
    from relending.runfolder import run as run
    from relending.runfolder import verify as verify
    from relending.runfolder import write_report as write_report
    from relending.scenario import Scenario as Scenario
    from relending.scenario import load_scenario as load_scenario
    from relending.statement.asked import QuarterStatement as QuarterStatement
    from relending.statement.asked import quarter_statement as quarter_statement
    from relending.study import MisalignedError as MisalignedError
    from relending.study.abatement import abatement_curve as abatement_curve
    from relending.study.abatement import abatement_steps as abatement_steps
    from relending.study.compare import Comparison as Comparison
    from relending.study.montecarlo import MonteCarlo as MonteCarlo
    from relending.study.montecarlo import monte_carlo as monte_carlo
    from relending.study.passed_on import pass_through as pass_through
    from relending.study.stages import Stages as Stages
    from relending.study.sweep import Sweep as Sweep
    from relending.study.sweep import sweep as sweep
    from relending.study.tonne_cost import cost_per_tonne as cost_per_tonne

_HOMES = {
    "relending.api": ("compare", "data", "facility", "plot", "save_picture"),
    "relending.book": ("Book", "read_book"),
    "relending.book.template": ("write_template",),
    "relending.engine.context": ("Context",),
    "relending.engine.steps": ("Funded", "attribute", "cost", "disclose", "fund", "schedule", "screen"),
    "relending.findings": ("Findings", "InputError", "InvariantError"),
    "relending.labelled": ("write_labelled",),
    "relending.lineage": ("Redactor", "explain", "new_key", "opening_from", "read_key"),
    "relending.runfolder": ("OpenedRun", "Run", "RunFolderError", "open_run", "run", "verify", "write_report"),
    "relending.scenario": ("Scenario", "load_scenario"),
    "relending.statement.asked": ("QuarterStatement", "quarter_statement"),
    "relending.study.abatement": ("abatement_curve", "abatement_steps"),
    "relending.study.passed_on": ("pass_through",),
    "relending.study.stages": ("Stages",),
    "relending.study.sweep": ("Sweep", "sweep"),
    "relending.study.tonne_cost": ("cost_per_tonne",),
    "relending.study": ("Comparison", "MisalignedError"),
    "relending.study.montecarlo": ("MonteCarlo", "monte_carlo"),
}
_MODULES = {"costing": "relending.engine.costing"}
"""Modules that are offered whole."""
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, *_MODULES, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = import_module(_MODULES[name])
    elif name == "__version__":
        from importlib.metadata import version

        value = version("relending")
    else:
        raise AttributeError(f"module 'relending' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
