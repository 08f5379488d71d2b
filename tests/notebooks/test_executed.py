"""Every notebook comes out as committed: run from an empty folder, with nobody's settings, warnings as errors."""

from __future__ import annotations

import copy
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import from_dict

from tests.notebooks.outputs import differences
from tools import build_notebooks as tool


def made_of(*sources: str) -> Any:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for i, s in enumerate(sources)
    ]
    return from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize("name", tool.names())
def test_a_notebook_comes_out_as_committed(name: str) -> None:
    kept = tool.read(name)
    pictures = kept.metadata[tool.DRAWN] == f"matplotlib {version('matplotlib')}"
    found = differences(tool.executed(kept), kept, pictures)
    assert not found, "make notebooks writes them again\n" + "\n".join(found)


def test_a_cell_starts_in_an_empty_folder_with_nobodys_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = tmp_path / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("MINE = 1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    source = "from pathlib import Path\nprint(list(Path().iterdir()), 'MINE' in globals())"
    (cell,) = tool.executed(made_of(source)).cells
    assert cell.outputs[0].text == "[] False\n"


def test_the_package_run_is_the_one_beside_the_notebooks() -> None:
    (cell,) = tool.executed(made_of("import relending\nprint(relending.__file__)")).cells
    assert Path(cell.outputs[0].text.strip()).parent.parent == tool.ROOT


@pytest.mark.parametrize("source", ["import warnings\nwarnings.warn('old')", "1 / 0"])
def test_a_warning_or_an_error_stops(source: str) -> None:
    with pytest.raises(CellExecutionError):
        tool.executed(made_of(source))


def test_what_differs_is_found() -> None:
    kept = tool.read("quickstart")
    changed: dict[str, Any] = {}
    for name, kind in (("run", "text/plain"), ("cost", "text/html"), ("picture", "image/svg+xml")):
        changed[name] = copy.deepcopy(kept)
        (output,) = next(c for c in changed[name].cells if c.id == name).outputs
        assert kind in output.data
        output.data[kind] = output.data[kind].replace("2", "3")
        assert [line.split(":")[0] for line in differences(changed[name], kept)] == [name]
    assert differences(changed["picture"], kept, pictures=False) == []
    changed["cell"] = copy.deepcopy(kept)
    changed["cell"].cells[1].source += "\n"
    assert differences(changed["cell"], kept) == ["other cells"]
    changed["nothing"] = copy.deepcopy(kept)
    next(c for c in changed["nothing"].cells if c.id == "run").outputs = []
    assert len(differences(changed["nothing"], kept)) == 1
    assert differences(kept, kept) == []


def test_outputs_are_kept_without_a_trace_of_the_run() -> None:
    source = "import sys\nprint('a')\nsys.stdout.flush()\nprint('b')\n{1: 2}"
    made = tool.executed(made_of("x = 1", source))
    assert [c.execution_count for c in made.cells] == [1, 2]
    stream, result = made.cells[1].outputs
    assert (stream.text, result.data, result.metadata) == ("a\nb\n", {"text/plain": "{1: 2}"}, {})
    assert tool.text_of(made) == tool.text_of(tool.canonical(made))
    again = tool.executed(made)
    assert tool.text_of(again) == tool.text_of(made)
