"""Nothing depends on the separator of paths, the case of names, the line end or the code page of the system."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import relending as rl
from relending.cli.main import main
from relending.cli.people import command_line
from relending.filenames import beside, unfit
from relending.scenario import load_scenario, shipped

ROOT = Path(__file__).resolve().parents[2]
SOURCE = sorted((ROOT / "relending").rglob("*.py"))
WRITES_TEXT = {"write_text", "read_text", "open"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a method or function whose name is that of one which reads or writes a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in WRITES_TEXT and isinstance(node.func, ast.Attribute | ast.Name):
                yield name, node


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_every_text_file_is_read_and_written_in_a_named_encoding_with_plain_line_ends(path: Path) -> None:
    wrong = []
    for name, call in calls(path):
        said = {k.arg for k in call.keywords}
        mode = next((a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)), "r")
        ours = isinstance(call.func, ast.Name) or ast.unparse(call.func).startswith(
            "z."
        )  # read_text of cells; a zip's part
        if ours or (name == "open" and "b" in mode):
            continue
        writes = name == "write_text" or (name == "open" and set(mode) & set("wax"))
        if "encoding" not in said or (writes and "newline" not in said):
            wrong.append(f"{call.lineno}: {ast.unparse(call)}")
    assert wrong == []


@given(st.text(max_size=90))
def test_a_fit_name_is_one_part_of_a_path_that_windows_keeps_as_it_is(name: str) -> None:
    if unfit(name):
        return
    assert name and not set(name) & set('<>:"/\\|?*\0\n') and name[-1] not in " ."
    assert (Path("runs") / name).parts == ("runs", name) and (Path("runs") / name).name == name


@pytest.mark.parametrize("name", ["AUX", "aux", "Aux.toml", "com1.tar.gz", "LPT9", "nul .x", "COM0"])
def test_a_device_of_windows_names_no_file_in_any_case_and_with_any_ending(name: str) -> None:
    assert unfit(name) == name.split(".")[0].strip().upper()


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A scenario whose book lies in a folder below it, named as Windows does."""
    (tmp_path / "books").mkdir()
    shutil.copy(ROOT / "scenarios" / "demo" / "demo.xlsx", tmp_path / "books" / "demo.xlsx")
    text = (ROOT / "scenarios" / "demo" / "demo.toml").read_text(encoding="utf-8")
    assert 'book = "demo.xlsx"' in text
    path = tmp_path / "Mine.TOML"
    path.write_text(text.replace('book = "demo.xlsx"', r"book = 'books\demo.xlsx'"), encoding="utf-8")
    return path


def test_a_scenario_written_on_windows_finds_its_book_anywhere(mine: Path) -> None:
    (book,) = load_scenario(mine).book
    assert book.is_file() and book.name == "demo.xlsx"


def test_a_file_that_really_has_a_backslash_in_its_name_is_the_one_meant(tmp_path: Path) -> None:
    there = tmp_path / r"a\b.csv"
    there.write_bytes(b"")
    assert beside(tmp_path, r"a\b.csv") == there


def test_the_run_folder_holds_no_separator_of_the_system_and_no_folder(mine: Path, tmp_path: Path) -> None:
    rl.run(mine).save(tmp_path / "out")
    texts = {p.name: p.read_text(encoding="utf-8-sig") for p in (tmp_path / "out").iterdir() if p.is_file()}
    assert len(texts) > 5
    assert [name for name, text in texts.items() if str(tmp_path) in text or r"books\demo" in text] == []
    assert [name for name, text in texts.items() if "books/demo" in text] == []
    assert "\\" not in texts["manifest.json"]
    assert [name for name, text in texts.items() if "\r" in text] == []


def test_check_knows_a_scenario_whatever_the_case_of_its_ending(mine: Path) -> None:
    said = CliRunner().invoke(main, ["check", str(mine)])
    assert "scenario_is_book" not in said.output and "file_extension" not in said.output and "71" in said.output


def test_a_shipped_scenario_has_one_spelling_with_either_separator() -> None:
    assert shipped("demo/outstanding") == shipped(r"demo\outstanding") is not None
    assert shipped("demo") is not None
    for name in ("Demo", "DEMO", "demo/Outstanding", "Demo/outstanding"):
        assert shipped(name) is None


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        (r"runs\demo", r"runs\demo"),
        (r"C:\my runs\示范", r'"C:\my runs\示范"'),
        ("a&b", '"a&b"'),
        ("x(1).toml", '"x(1).toml"'),
        ("it's", '"it\'s"'),
        ("", '""'),
    ],
)
def test_a_command_to_be_typed_on_windows_is_quoted_as_cmd_reads_it(word: str, typed: str) -> None:
    assert command_line("relending", "explain", word, "L1", windows=True) == f"relending explain {typed} L1"
