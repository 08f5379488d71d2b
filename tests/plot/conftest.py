"""A sweep, random paths and a comparison of the demonstration, once for all tests, in memory and as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import relending as rl
from relending.study.montecarlo.files import write_study
from relending.study.sweepfiles import save

AXES = {"facility.cerf.ratio": [0.4, 0.6, 0.8], "market.own_rate": [0.02, 0.03]}
NOISE = ["monte_carlo.own_rate.volatility=0.004", "monte_carlo.from=2026-01-01", "monte_carlo.rollover.refusal=0.2"]
FORMATS = ("csv", "parquet", "xlsx", "dta")


@pytest.fixture(scope="session")
def swept() -> rl.Sweep:
    return rl.sweep("demo", AXES)


@pytest.fixture(scope="session")
def study() -> rl.MonteCarlo:
    return rl.monte_carlo("demo", paths=60, seed=3, overrides=NOISE)


@pytest.fixture(scope="session")
def compared() -> rl.Comparison:
    return rl.compare("demo", "demo/outstanding")


@pytest.fixture(scope="session")
def sweep_in(swept: rl.Sweep, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder the sweep was saved to, by format and language."""
    kept: dict[tuple[str, str], Path] = {}

    def folder(kind: str = "csv", lang: str = "en") -> Path:
        if (kind, lang) not in kept:
            kept[kind, lang] = tmp_path_factory.mktemp("sweep")
            save(swept, kept[kind, lang], kind, lang)
        return kept[kind, lang]

    return folder


@pytest.fixture(scope="session")
def study_in(study: rl.MonteCarlo, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def folder(kind: str = "csv") -> Path:
        return write_study(study, tmp_path_factory.mktemp("study"), kind)[0].parent

    return folder


@pytest.fixture(scope="session")
def comparison_in(compared: rl.Comparison, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def folder(kind: str = "csv") -> Path:
        place = tmp_path_factory.mktemp("compared")
        compared.save(place, format=kind)
        return place

    return folder


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rl.run("demo").save(tmp_path_factory.mktemp("runs") / "demo")
