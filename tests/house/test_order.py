"""The house in order: what modules say of themselves, how things are named, what the repository may not hold."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from pathlib import Path

import pytest

import relending

ROOT = Path(__file__).resolve().parents[2]
SOURCE = [p for top in ("relending", "tools", "benchmarks") for p in sorted((ROOT / top).rglob("*.py"))]
ROOMS = {"cli", "runfolder", "report", "statement", "audit", "lineage", "study", "scenario", "engine", "book", "policy"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """The files of the repository; outside a checkout (an unpacked source archive) there is nothing to ask."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if asked.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in asked.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_a_module_says_what_it_is_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert text.count("\n") <= 500, "over 500 lines; 400 is the aim: does it still hold one concept?"


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_what_a_module_offers_is_documented_and_typed(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.name.startswith("_")]
    assert [n.name for n in public if not ast.get_docstring(n)] == [], "no docstring"
    bare = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.returns is None]
    assert bare == [], "no return type"


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_no_function_is_named_like_a_subpackage(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # methods may: Run.disclosure is a table. A function would hide the module of its name in `relending`.
    assert [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in ROOMS] == []


def test_no_name_of_the_package_is_one_of_its_rooms() -> None:
    assert set(relending.__all__) & ROOMS == set()


@pytest.mark.parametrize("name", [n for n in relending.__all__ if not n.startswith("_")])
def test_a_public_name_loads_and_explains_itself(name: str) -> None:
    thing = getattr(relending, name)
    said = inspect.getdoc(thing) or ""
    assert said
    if inspect.isfunction(thing):
        # an example to run, or what comes out: its rows, its columns, its fields
        assert re.search(r">>>|Parameters|\bcolumns?\b|\brows?\b|``", said), said
        assert inspect.signature(thing).return_annotation is not inspect.Signature.empty


def test_the_package_lists_what_it_offers() -> None:
    assert set(relending.__all__) <= set(dir(relending))
    with pytest.raises(AttributeError, match="no attribute 'run_everything'"):
        relending.run_everything  # noqa: B018


def test_nothing_of_the_machine_it_was_made_on_is_in_the_repository() -> None:
    # spelled in pieces, so that this file does not hold them
    leak = re.compile("|".join(["/" + "work/", "/" + "tmp/[a-z]", "/" + "root/", r"\." + "library"]).encode())
    found = [f"{name_of(p)}: {m[0].decode()}" for p in tracked() for m in leak.finditer(p.read_bytes())]
    assert found == []


def test_the_repository_holds_no_large_file_and_no_run() -> None:
    font = "relending/report/pictures/fonts/RelendingSansSC-Regular.otf"  # Chinese on every machine takes 1.5 MB
    assert [name_of(p) for p in tracked() if p.stat().st_size > 1_000_000] == [font]
    assert [name_of(p) for p in tracked() if p.name == "manifest.json"] == []


def test_text_files_are_utf_8_with_plain_line_ends() -> None:
    books = ROOT / "tests" / "books" / "files"  # made to be in every encoding and with every line end
    kinds = {".py", ".toml", ".md", ".cfg", ".csv"}
    texts = {p: p.read_bytes() for p in tracked() if p.suffix in kinds and books not in p.parents}
    assert [name_of(p) for p, data in texts.items() if b"\r" in data] == []
    assert [name_of(p) for p, data in texts.items() if "\ufffd" in data.decode("utf-8", "replace")] == []


def test_no_test_leans_on_the_clock() -> None:
    clock = re.compile(r"\b(perf_counter|time\.time|monotonic|process_time|sleep)\(")
    tests = {p: p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests").rglob("*.py"))}
    del tests[ROOT / "tests" / "books" / "fuzz.py"]  # a program that is told for how many minutes to run
    assert [name_of(p) for p, text in tests.items() if clock.search(text)] == []
