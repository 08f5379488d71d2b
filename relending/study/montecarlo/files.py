"""The files of a study: its tables in any labelled format, and what they rest on as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relending.labelled import write_labelled
from relending.outfile import whole_files
from relending.study.labels import labels_of
from relending.study.montecarlo.study import MonteCarlo

if TYPE_CHECKING:
    import pandas as pd

METADATA = "study.json"


def write_study(
    study: MonteCarlo, folder: Path, kind: str = "csv", draws: Sequence[str] = (), lang: str = "en"
) -> list[Path]:
    """Write summary, convergence, ``draws`` (measures) and ``study.json`` into a folder; all of the files or none.

    The folder is made if it is not there. ``kind`` is csv, parquet, xlsx or dta, ``lang`` that of their labels. Raises
    OSError where the disk refuses, InputError where a format cannot hold a table; ValueError for an unknown measure.
    """
    tables: dict[str, pd.DataFrame] = {"summary": study.summary, "convergence": study.convergence}
    tables |= {f"draws-{name}": study.all_draws(name) for name in draws}
    paths = [folder / f"{name}.{kind}" for name in tables]
    folder.mkdir(parents=True, exist_ok=True)
    name = study.scenario.name
    paths_said = f"{study.model.paths:,}"
    title = {"zh": f"{name}：蒙特卡洛模拟，{paths_said} 条路径", "en": f"{name}: Monte Carlo, {paths_said} paths"}
    with whole_files(*paths, folder / METADATA) as rooms:
        for frame, room in zip(tables.values(), rooms, strict=False):
            write_labelled(frame, room, labels_of(frame.columns), title=title, lang=lang, format=kind)
        text = json.dumps(study.metadata, ensure_ascii=False, indent=2, sort_keys=True, default=str)
        rooms[-1].write_text(text + "\n", encoding="utf-8", newline="\n")
    return [*paths, folder / METADATA]
