"""A study saved from Python holds what the command line writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from click.testing import CliRunner

import relending as rl
from relending.cli import main


def test_a_sweep(tmp_path: Path) -> None:
    swept = rl.sweep("demo", {"facility.cerf.ratio": [0.4, 0.6]}, measures=["interest_saved"])
    files = swept.save(tmp_path / "made" / "here")
    options = ["--vary", "facility.cerf.ratio=0.4,0.6", "--measure", "interest_saved", "--out", str(tmp_path / "cli")]
    told = CliRunner().invoke(main, ["sweep", "demo", *options])
    assert told.exit_code == 0, told.output
    assert {p.name: p.read_bytes() for p in files} == {p.name: p.read_bytes() for p in (tmp_path / "cli").iterdir()}


def test_random_paths(tmp_path: Path) -> None:
    study = rl.monte_carlo("outlook/baseline", paths=100)
    files = study.save(tmp_path / "made", "parquet", ["margin"])
    assert sorted(p.name for p in files) == [
        "convergence.parquet",
        "draws-margin.parquet",
        "study.json",
        "summary.parquet",
    ]
    summary = pd.read_parquet(tmp_path / "made" / "summary.parquet")
    assert len(summary) == len(study.summary)
