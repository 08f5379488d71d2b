"""What setup.cfg installs is what the folders hold: every package, and every data file the code reads."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import requires
from pathlib import Path

import pytest

from relending.scenario.places import INSTALLED, shipped_names, shipped_root

ROOT = Path(__file__).resolve().parents[2]
IMPORTED_AS = {
    "XlsxWriter": "xlsxwriter",
    "python-calamine": "python_calamine",
    "chinesecalendar": "chinese_calendar",
    "Jinja2": "jinja2",
}
BROUGHT = {"pydantic_core": "pydantic", "markupsafe": "jinja2"}
"""Modules that a declared dependency always brings with it."""


def words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[\n,]", text) if word.strip()]


@pytest.fixture(scope="module")
def config() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def folders(config: ConfigParser) -> dict[Path, str]:
    """The packages of setup.cfg by their folders."""
    places = dict(line.split(" = ") for line in words(config["options"]["package_dir"]))
    return {ROOT / places.get(name, name.replace(".", "/")): name for name in words(config["options"]["packages"])}


@pytest.fixture(scope="module")
def data_files(folders: dict[Path, str]) -> list[tuple[str, str]]:
    """Every file that is no module: the package whose folder it lies in or below, and its path from there."""
    found = []
    for path in [*(ROOT / "relending").rglob("*"), *(ROOT / "scenarios").rglob("*")]:
        inside = path.relative_to(ROOT).parts
        if path.is_file() and path.suffix != ".py" and not any(p == "__pycache__" or p[0] == "." for p in inside):
            home = next(folder for folder in path.parents if folder in folders)
            found.append((folders[home], path.relative_to(home).as_posix()))
    return found


def third_party(path: Path) -> set[str]:
    """The modules a file imports that are neither ours nor Python's."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - {"relending"}


def covers(pattern: str, name: str) -> bool:
    return fnmatch(name, pattern) and name.count("/") == pattern.count("/")


def test_the_list_of_packages_is_the_folders_on_disk(folders: dict[Path, str]) -> None:
    assert set(folders) == {p.parent for top in ("relending", "scenarios") for p in (ROOT / top).rglob("__init__.py")}


def test_no_module_lies_in_a_folder_that_is_no_package(folders: dict[Path, str]) -> None:
    assert [p for p in (ROOT / "relending").rglob("*.py") if p.parent not in folders] == []


def test_every_data_file_is_installed(config: ConfigParser, data_files: list[tuple[str, str]]) -> None:
    data = {key: words(value) for key, value in config["options.package_data"].items()}
    assert len(data_files) > 10
    assert [
        (package, name)
        for package, name in data_files
        if not any(covers(p, name) for p in data.get(package, []) + data["*"])
    ] == []


def test_every_dependency_is_imported_and_every_import_declared(config: ConfigParser) -> None:
    declared = {re.split(r"[<>=!~;\[ ]", line)[0] for line in words(config["options"]["install_requires"])}
    used = set().union(*(third_party(p) for p in (ROOT / "relending").rglob("*.py")))
    assert {BROUGHT.get(name, name) for name in used} == {IMPORTED_AS.get(name, name) for name in declared}


def test_every_dependency_has_a_lower_bound(config: ConfigParser) -> None:
    lists = [config["options"]["install_requires"], *config["options.extras_require"].values()]
    assert [line for text in lists for line in words(text) if line != "%(test)s" and ">=" not in line] == []


def test_the_installation_under_test_is_that_of_this_setup_cfg(config: ConfigParser) -> None:
    installed = {line.lower() for line in requires("relending") or [] if "extra ==" not in line}
    assert installed == {line.lower() for line in words(config["options"]["install_requires"])}, (
        "install again: pip install -e .[dev]"
    )


def test_the_shipped_scenarios_are_found_under_the_name_they_are_installed_as(folders: dict[Path, str]) -> None:
    assert folders[ROOT / "scenarios"] == INSTALLED
    root = shipped_root()
    assert root is not None and root.resolve() == ROOT / "scenarios"
    assert {"demo", "demo/outstanding"} <= set(shipped_names())


def test_pyproject_holds_the_build_system_table_alone() -> None:
    assert set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))) == {"build-system"}


def test_the_licence_is_the_whole_apache_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_knows_this_version(config: ConfigParser) -> None:
    assert f"\n## {config['metadata']['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
