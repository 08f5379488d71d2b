"""Where scenarios are found: a path of the user's, or a scenario shipped with the package by its name."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from relending.scenario.problems import Problems, choices

INSTALLED = "relending_scenarios"  # the repository's scenarios/ folder, as it is installed


def shipped_root() -> Path | None:
    """The folder of the shipped scenarios: as installed, else that of a source checkout; None if neither is there."""
    spec = find_spec(INSTALLED)
    places = [Path(p) for p in (spec.submodule_search_locations or ())] if spec else []
    places.append(Path(__file__).resolve().parents[2] / "scenarios")
    return next((place for place in places if place.is_dir()), None)


def shipped_names() -> tuple[str, ...]:
    """Every shipped scenario by name: ``demo`` for ``demo/demo.toml``, ``demo/x`` for any other file of the folder."""
    root = shipped_root()
    if root is None:
        return ()
    found = [p.relative_to(root) for p in sorted(root.glob("*/*.toml"))]
    return tuple(sorted(p.parent.name if p.stem == p.parent.name else f"{p.parent.name}/{p.stem}" for p in found))


def shipped_group(name: str) -> tuple[str, ...]:
    """The shipped scenarios of a folder that has none of its own name: they are meant to be run together.

    >>> shipped_group("national")
    ('national/original', 'national/outstanding', 'national/part-rolled', 'national/quarter-later')
    >>> shipped_group("demo")
    ()
    """
    if shipped(name) is not None:
        return ()
    return tuple(one for one in shipped_names() if one.startswith(f"{name}/"))


def shipped(name: str) -> Path | None:
    """The file of a shipped scenario, or None if no scenario has that name."""
    root = shipped_root()
    if root is None or not re.fullmatch(r"[A-Za-z0-9_-]+([/\\][A-Za-z0-9_-]+)?", name):
        return None
    folder, _, stem = name.replace("\\", "/").partition("/")
    wanted = (folder, f"{stem or folder}.toml")
    # compared as text: a disk that takes Demo for demo would find on one system what another does not know
    return next((path for path in root.glob("*/*.toml") if path.parts[-2:] == wanted), None)


def is_shipped(path: Path) -> bool:
    """Whether a scenario file is one that came with the package, as it is installed."""
    root = shipped_root()
    return root is not None and path.parent.parent == root


def _is_book(path: Path) -> bool:
    from relending.book.files import READ

    return path.suffix.lower() in READ


def locate(path_or_name: str | Path, problems: Problems) -> Path | None:
    """The scenario file meant: a TOML file or a workbook with parameters, a shipped scenario, or a folder's own file.

    A folder never hides a shipped scenario of its name; ``DIR`` stands for ``DIR/DIR.toml``.
    """
    path = Path(path_or_name)
    if path.is_file() and not _is_book(path):
        return path
    if path.is_file():
        from relending.scenario.workbook import has_parameters, lost_parameters  # only now: it takes table readers

        if has_parameters(path):
            return path
        names = lost_parameters(path)
        if names:
            problems.add("parameter_sheet_missing", file=path.name, found=", ".join(names))
            return None
        problems.add("scenario_is_book", file=path.name, found=path.name, expected="*.toml")
        return None
    found = shipped(str(path_or_name)) if isinstance(path_or_name, str) else None
    if found is not None:
        return found
    inside = path / f"{path.name}.toml"
    if path.is_dir() and inside.is_file():
        return inside
    if path.is_dir() and any(inside.suffix.lower() == ".parquet" for inside in path.iterdir()):
        problems.add("scenario_is_book", file=path.resolve().name, found=path.resolve().name, expected="*.toml")
        return None
    if path.is_dir():
        where = path.resolve().name
        problems.add("folder_not_scenario", file=str(path_or_name), expected=f"{where}/{where}.toml")
        return None
    names = shipped_names()
    expected = "an existing scenario file" + (
        f", or a shipped scenario ({choices(str(path_or_name), names)})" if names else ""
    )
    problems.add("file_not_found", file=str(path_or_name), expected=expected)
    return None
