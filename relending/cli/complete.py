"""What the shell offers behind a verb: scenarios, facilities, measures, data, quarters. No frames are loaded for it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from relending.cli.language import language, typed

FILES = "file"
"""What click's scripts take for the shell's own completion of files."""
PATH_MEASURES = (
    "facility_balance",
    "facility_interest",
    "loans_outstanding",
    "loan_yield",
    "facility_rate",
    "own_rate",
    "blended_cost",
    "margin",
    "interest_saved",
    "reduction_in_balance",
    "subsidy_per_tonne",
)
"""Measures of random paths: known here too, for the code that computes them takes its time to load."""


def scenarios(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped scenarios, and groups of them that ``run`` knows; the shell's files where none begins so."""
    from relending.scenario import shipped_names

    names = shipped_names()
    groups = [] if ctx.info_name != "run" else sorted({one.partition("/")[0] for one in names} - set(names))
    # the files come first: click's script for bash forgets what was offered before them
    return [CompletionItem(incomplete, type=FILES), *_begin([*names, *groups], incomplete)]


def facilities(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Facilities, with their names."""
    from relending import policy

    lang = language(ctx)
    return [
        CompletionItem(one, help=policy.facility(one).name[lang])
        for one in policy.facilities()
        if one.startswith(incomplete)
    ]


def lenders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Lenders of the run folder that was typed; without one, those that the policy files know."""
    of_run = _scenario_of(ctx).get("lenders")
    if not isinstance(of_run, dict) or not of_run:
        from relending import policy

        return _begin(list(policy.lenders()), incomplete)
    return _begin(list(of_run), incomplete)


def quarters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Quarters of the run folder that was typed, the last one first."""
    scenario = _scenario_of(ctx)
    found = [re.fullmatch(r"(\d{4})-(\d\d)-\d\d", str(scenario.get(end, ""))) for end in ("start", "end")]
    if found[0] is None or found[1] is None:
        return []
    first, last = (4 * int(one[1]) + (int(one[2]) - 1) // 3 for one in found if one is not None)
    return _begin([f"{n // 4}Q{n % 4 + 1}" for n in range(last, first - 1, -1)], incomplete)


def measures(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Measures of studies, with what people call them."""
    # read as data: the code of studies would load the libraries it computes with
    path = Path(__file__).parents[1] / "study" / "measures.toml"
    known = tomllib.loads(path.read_text(encoding="utf-8"))
    lang = language(ctx)
    return [CompletionItem(one, help=said[lang]) for one, said in known.items() if one.startswith(incomplete)]


def path_measures(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Measures that every random path has."""
    return _begin(PATH_MEASURES, incomplete)


def data_sets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped data, with what it is."""
    from relending.shipped import shipped_sets

    lang = language(ctx)
    return [
        CompletionItem(one, help=said.about[lang]) for one, said in shipped_sets().items() if one.startswith(incomplete)
    ]


def which_quarters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What ``sweep --quarters`` takes beside one quarter."""
    return _begin(["all", "last"], incomplete)


def _begin(names: Sequence[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(one) for one in names if one.startswith(incomplete)]


def _scenario_of(ctx: click.Context) -> dict[str, Any]:
    """The scenario in the manifest of the run folder that was typed; nothing where there is none to be read."""
    # the line is not yet a whole one, so click has not told its words apart
    try:
        manifest = next(path for word in typed(ctx) if (path := Path(word) / "manifest.json").is_file())
        found = json.loads(manifest.read_text(encoding="utf-8"))["scenario"]
    except (StopIteration, OSError, ValueError, LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
