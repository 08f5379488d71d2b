"""What setup.cfg installs is what the folders hold: every package, and every data file the code reads."""

from __future__ import annotations

import re
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = "relending_scenarios"


@pytest.fixture(scope="module")
def config() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[\n,]", text) if word.strip()]


def folder_of(package: str) -> Path:
    return ROOT / ("scenarios" if package == SCENARIOS else package.replace(".", "/"))


def files_of(package: str, packages: list[str]) -> list[Path]:
    """Files of the package's folder and of those below it that are no package themselves."""
    others = {folder_of(p) for p in packages} - {folder_of(package)}
    found = (p for p in folder_of(package).rglob("*") if p.is_file() and not (others & set(p.parents)))
    skipped = {"__pycache__", ".ruff_cache", ".mypy_cache"}
    return [p for p in found if folder_of(package) not in {o for o in others} and not (skipped & set(p.parts))]


def test_the_list_of_packages_is_the_folders_on_disk(config: ConfigParser) -> None:
    on_disk = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "relending").rglob("__init__.py")}
    assert set(words(config["options"]["packages"])) == on_disk | {SCENARIOS}


def test_no_module_lies_in_a_folder_that_is_no_package() -> None:
    lost = [p for p in (ROOT / "relending").rglob("*.py") if not (p.parent / "__init__.py").is_file()]
    assert lost == []


def test_every_data_file_is_covered_by_package_data(config: ConfigParser) -> None:
    packages = words(config["options"]["packages"])
    data = {key: words(value) for key, value in config["options.package_data"].items()}
    missed, used = [], set()
    for package in packages:
        patterns = [(package, p) for p in data.get(package, [])] + [("*", p) for p in data.get("*", [])]
        for path in files_of(package, packages):
            name = path.relative_to(folder_of(package)).as_posix()
            if path.suffix == ".py":
                continue
            hits = {p for p in patterns if fnmatch(name, p[1]) and name.count("/") == p[1].count("/")}
            used |= hits
            if not hits:
                missed.append(f"{package}: {name}")
    assert missed == []
    assert {p for owner, patterns in data.items() if owner not in ("*", SCENARIOS) for p in patterns} == {
        p for owner, p in used if owner not in ("*", SCENARIOS)}, "a pattern that matches nothing"


def test_no_pattern_would_install_a_scenario_s_neighbour(config: ConfigParser) -> None:
    # a scenario is DIR/NAME.toml with its books beside it; anything deeper would not be installed
    deep = [p for p in (ROOT / "scenarios").rglob("*")
            if p.is_file() and "__pycache__" not in p.parts and len(p.relative_to(ROOT / "scenarios").parts) > 2]
    assert deep == []


def test_the_top_level_of_the_package_is_what_it_imports(config: ConfigParser) -> None:
    """Every third-party module imported is a declared dependency, and every one declared is imported."""
    names = {"XlsxWriter": "xlsxwriter", "python-calamine": "python_calamine", "chinesecalendar": "chinese_calendar"}
    declared = {re.split(r"[<>=!~;\[ ]", line)[0] for line in words(config["options"]["install_requires"])}
    modules = {names.get(name, name).lower() for name in declared}
    pattern = re.compile(r"^\s*(?:from|import) ([A-Za-z_]\w*)", re.MULTILINE)
    import sys

    used = {m for p in (ROOT / "relending").rglob("*.py") for m in pattern.findall(without_texts(p))}
    third = {m for m in used if m not in sys.stdlib_module_names and m not in ("relending", SCENARIOS)}
    assert third == modules


def without_texts(path: Path) -> str:
    """The source with every string literal cut out, so that prose is not read as an import."""
    import ast

    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            lines += [f"import {alias.name.split('.')[0]}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            lines.append(f"from {(node.module or '').split('.')[0]} import x")
    return "\n".join(lines)


def test_every_dependency_has_a_lower_bound(config: ConfigParser) -> None:
    lists: list[Any] = [config["options"]["install_requires"], *config["options.extras_require"].values()]
    loose = [line for text in lists for line in words(text) if not line.startswith("%(") and ">=" not in line]
    assert loose == []


def test_the_installation_under_test_is_that_of_this_setup_cfg(config: ConfigParser) -> None:
    declared = {re.sub(r"\s", "", line).lower() for line in words(config["options"]["install_requires"])}
    installed = {re.sub(r"\s", "", line).lower() for line in requires("relending") or [] if "extra ==" not in line}
    assert installed == declared, "run `make test` again, or `pip install -e .[dev]`"


def test_the_wheel_finds_its_scenarios_by_the_name_setup_cfg_gives_them(config: ConfigParser) -> None:
    from relending.scenario.places import INSTALLED, shipped_names, shipped_root

    assert INSTALLED == SCENARIOS
    assert f"{SCENARIOS} = scenarios" in config["options"]["package_dir"]
    root = shipped_root()
    assert root is not None and root.resolve() == ROOT / "scenarios"
    assert "demo" in shipped_names()


def test_the_build_system_table_is_all_pyproject_holds() -> None:
    import tomllib

    assert set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))) == {"build-system"}


def test_license_is_the_whole_apache_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text and len(text) > 11_000


def test_the_changelog_knows_this_version(config: ConfigParser) -> None:
    assert f"\n## {config['metadata']['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
