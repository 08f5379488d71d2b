"""Every shipped scenario still gives the values a person agreed with (see store.py; ``make golden``)."""

from __future__ import annotations

import pytest

from relending.runfolder import run
from relending.scenario import shipped_names
from tests.golden import store


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_scenario_gives_its_golden_values(name: str) -> None:
    lines = store.moved(store.read(name), store.texts(run(name)))
    assert not lines, "\n".join(lines[:20])


def test_every_golden_folder_belongs_to_a_scenario() -> None:
    folders = {p.name for p in store.HERE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == {store.folder(name).name for name in shipped_names()}


def test_a_moved_figure_is_named() -> None:
    old = {"ledger": [["date", "amount_fen"], ["2021-12-31", "5"]]}
    new = {"ledger": [["date", "amount_fen"], ["2021-12-31", "6"]]}
    assert store.moved(old, new) == ["ledger 2021-12-31 6: amount_fen '5' -> '6'"]
