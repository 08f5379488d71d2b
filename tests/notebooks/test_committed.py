"""The committed notebooks: written by the tool, small, of no machine, readable in two languages, each told of."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools import build_notebooks as tool

ROOT = Path(__file__).parents[2]
MOST = 250_000
"""Bytes of a notebook."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OF_A_MACHINE = re.compile(r"/(?:home|root|tmp|Users|work|var|private)\b|[A-Z]:\\\\|site-packages|\bat 0x[0-9a-f]{6,}")
FIGURE = re.compile(r"\d[\d,]*\.\d+|\d[\d,.]* ?%")
NAMES = tool.names()


@cache
def notebook(name: str) -> Any:
    return tool.read(name)


def texts(name: str, kind: str) -> list[str]:
    return [c.source for c in notebook(name).cells if c.cell_type == kind]


def test_there_are_the_notebooks_that_the_page_tells_of() -> None:
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"notebooks/(\w+)\.ipynb", page))) == NAMES
    assert "docs/notebooks.md" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_as_the_tool_writes_it(name: str) -> None:
    text = (tool.FOLDER / f"{name}.ipynb").read_bytes().decode("utf-8")
    assert text == tool.text_of(tool.canonical(notebook(name)))
    assert len(text.encode()) < MOST
    ids = [c.id for c in notebook(name).cells]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-z][a-z0-9-]*", one) for one in ids)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_it_is_of_a_machine(name: str) -> None:
    text = (tool.FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not OF_A_MACHINE.findall(re.sub(r"\bd=\\\"[^\"]*", "", text))


@pytest.mark.parametrize("name", NAMES)
def test_every_output_shows_something_and_none_is_an_error(name: str) -> None:
    outputs = [(c.id, o) for c in notebook(name).cells if c.cell_type == "code" for o in c.outputs]
    assert len(outputs) > 8
    for cell, output in outputs:
        shown = [output.text] if output.output_type == "stream" else [*output.get("data", {}).values()]
        assert output.output_type != "error" and output.get("name") != "stderr", cell
        assert shown and all(str(text).strip() for text in shown), cell


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_opens_with_its_purpose_and_can_be_read_in_two_languages(name: str) -> None:
    first, *rest = texts(name, "markdown")
    title, *paragraphs = [part for part in first.split("\n\n") if part.strip()]
    assert title.startswith("# ") and len(paragraphs) >= 2
    assert CHINESE.search("".join(paragraphs)) and re.search(r"[a-z]{4} [a-z]", "".join(paragraphs))
    for source in rest:
        for heading in re.findall(r"^#+ .*$", source, re.M):
            assert CHINESE.search(heading), heading


@pytest.mark.parametrize("name", NAMES)
def test_prose_has_no_figure_that_no_cell_has(name: str) -> None:
    """A figure with decimals or per cent stands in a cell too, which computes, asserts or is given it."""
    code = "\n".join(texts(name, "code"))
    for source in texts(name, "markdown"):
        for figure in FIGURE.findall(re.sub(r"`[^`]*`", "", source)):
            number = figure.rstrip("% ").replace(",", "")
            share = f"{float(number) / 100:g}"
            assert number in code or (figure.endswith("%") and share in code), figure


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short(name: str) -> None:
    long = [c.id for c in notebook(name).cells if c.cell_type == "code" and c.source.count("\n") > 34]
    assert not long


def test_an_unknown_name_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["quikstart"]) == 2
    assert "quikstart" in capsys.readouterr().err
