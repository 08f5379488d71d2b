"""From files and ``--set`` to one table of tables, with the origin of every value.

Reads TOML (UTF-8, with or without BOM; decimals as ``Decimal``), follows ``extends``, and lays the overrides on top:
``--set`` over the scenario over what it extends. Tables are merged key by key and arrays replaced; so is the value of
a ``quota``, whose forms exclude one another.
"""

from __future__ import annotations

import datetime as dt
import numbers
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from relending.filenames import beside
from relending.scenario.paths import inside, leads_outside, refused
from relending.scenario.places import is_shipped, shipped
from relending.scenario.problems import Problems, path_text

KeyPath = tuple[str, ...]
Overrides = Mapping[str, Any] | Sequence[str]

SET = "--set"
WHOLE = ("facility", "*", "quota")  # a value that is a table: never mixed from two sources


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was given: the label shown to people, and the folder its file names start from."""

    label: str
    folder: Path

    @property
    def short(self) -> str:
        """``set`` for an override, else the file's name."""
        return "set" if self.label == SET else self.label


@dataclass(slots=True)
class Layers:
    """The values of all sources laid over one another, and which source each leaf came from.

    ``incomplete`` where a file to extend was refused: what seems to be missing may stand there.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, Origin] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    incomplete: bool = False

    def lay(self, over: Mapping[str, Any], origin: Origin) -> None:
        """Lay a source over what is there."""
        _merge(self.values, over, (), self.origins, origin)

    def origin(self, path: Sequence[str | int]) -> Origin:
        """The origin of a value, or of the nearest table that holds it, or of the file itself."""
        names: KeyPath = tuple(p for p in path if isinstance(p, str))
        for n in range(len(names), -1, -1):
            if names[:n] in self.origins:
                return self.origins[names[:n]]
        raise KeyError(path)

    def leaves(self) -> dict[str, str]:
        """Key path and source of every value given, ``set`` or a file's name, in the order of the keys."""
        out = {}
        for path, origin in sorted(self.origins.items()):
            node: Any = self.values
            for part in path:
                node = node[part]
            if path and not (isinstance(node, dict) and node and not _is_whole(path)):
                out[path_text(path)] = origin.short
        return out


def _is_whole(path: KeyPath) -> bool:
    return len(path) == len(WHOLE) and all(w in ("*", p) for w, p in zip(WHOLE, path, strict=True))


def _merge(
    into: dict[str, Any], over: Mapping[str, Any], at: KeyPath, origins: dict[KeyPath, Origin], origin: Origin
) -> None:
    for name, value in over.items():
        path = (*at, name)
        if isinstance(value, Mapping) and not _is_whole(path):
            if not isinstance(into.get(name), dict):
                _forget(origins, path)
                into[name] = {}
                origins[path] = origin
            _merge(into[name], value, path, origins, origin)
        else:
            _forget(origins, path)
            into[name] = value
            origins[path] = origin


def _forget(origins: dict[KeyPath, Origin], path: KeyPath) -> None:
    for known in [p for p in origins if p[: len(path)] == path]:
        del origins[known]


def read_toml(path: Path, problems: Problems) -> dict[str, Any] | None:
    """The tables of a TOML file, or None with the reason noted: missing, not UTF-8, not TOML."""
    try:
        if (why := refused(path)) is not None:
            code, found, expected = why
            problems.add(code, file=path.name, found=found, expected=expected)
            return None
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        problems.add("file_not_found", file=path.name, found=path.name)
    except UnicodeDecodeError as bad:
        problems.add(
            "scenario_not_utf8",
            file=path.name,
            row=bad.object.count(b"\n", 0, bad.start) + 1,
            found=f"byte 0x{bad.object[bad.start]:02x}",
            expected="UTF-8",
        )
    except tomllib.TOMLDecodeError as bad:
        line = re.search(r"\(at line (\d+)", str(bad))
        problems.add(
            "scenario_unreadable",
            file=path.name,
            row=int(line[1]) if line else None,
            found=str(bad),
            expected="TOML, UTF-8",
        )
    except (OSError, ValueError, RecursionError) as bad:
        problems.add(
            "scenario_unreadable",
            file=path.name,
            expected="TOML",
            found=getattr(bad, "strerror", None) or type(bad).__name__,
        )
    return None


def read_layers(path: Path, overrides: Overrides, problems: Problems, allow_outside: bool = False) -> Layers | None:
    """A scenario file, what it extends and the overrides, laid over one another.

    None when a file of the chain cannot be read or the chain runs in a circle; the reasons, and every override that
    is not ``key=value``, stand in ``problems``. A file to extend that is not in the folder of the file that names it
    is refused, and what is there is gone on with, unless ``allow_outside``.
    """
    given = read_overrides(overrides, problems)
    if any(_asked(override) is not None for override in given):
        problems.add(
            "scenario_bad_value",
            file=SET,
            column="scenario.extends",
            expected="extends only in a scenario file: an override comes after the files were read",
        )
    chain: list[tuple[Path, dict[str, Any]]] = []
    seen: list[Path] = []
    here: Path | None = path
    incomplete = False
    while here is not None:
        real = here.resolve()
        if real in seen:
            names = [p.name for p in seen[seen.index(real) :]] + [real.name]
            problems.add(
                "scenario_bad_value",
                file=chain[-1][0].name,
                column="scenario.extends",
                found=" -> ".join(names),
                expected="a chain of files that does not come back to itself",
            )
            return None
        tables = _tables(here, problems)
        if tables is None:
            if chain and problems.rows and problems.rows[-1]["code"] == "file_not_found":  # say which file asked for it
                problems.rows[-1].update(column="scenario.extends", file=chain[-1][0].name, found=_asked(chain[-1][1]))
            return None
        seen.append(real)
        chain.append((here, tables))
        up = _asked(tables)
        named = isinstance(up, str) and up != "" and "\0" not in up
        free = allow_outside or is_shipped(here)  # the shipped scenarios extend one another
        outside = leads_outside(up, here.parent) if named and not free else None
        if outside is not None:
            incomplete = True
            problems.add("path_unsafe", file=here.name, column="scenario.extends", found=outside, expected=inside(up))
        here = _extended(here.parent, up) if named and outside is None else None
    layers = Layers(files=seen, incomplete=incomplete)
    layers.origins[()] = Origin(path.name, path.parent)
    for file, tables in reversed(chain):
        layers.lay(tables, Origin(file.name, file.parent))
    for override in given:
        layers.lay(override, Origin(SET, Path()))
    return layers


def _extended(folder: Path, name: str) -> Path:
    """The file a scenario extends: one beside it, else the shipped scenario of that name."""
    path = beside(folder, name)
    found = None if path.exists() else shipped(name)
    return path if found is None else found


def _tables(path: Path, problems: Problems) -> dict[str, Any] | None:
    from relending.book.files import WORKBOOKS

    if path.suffix.lower() not in WORKBOOKS:
        return read_toml(path, problems)
    from relending.scenario.workbook import workbook_tables  # only now: it takes the readers of tables

    return workbook_tables(path, problems)


def _asked(tables: Mapping[str, Any]) -> Any:
    scenario = tables.get("scenario")
    return scenario.get("extends") if isinstance(scenario, dict) else None


def read_overrides(overrides: Overrides, problems: Problems) -> list[dict[str, Any]]:
    """Each override as a nest of tables, in the order given.

    ``overrides`` is a sequence of ``key=value`` texts, the value in TOML or a bare word, or a mapping of dotted keys
    to values (a float counts as its shortest decimal).

    >>> read_overrides(["facility.cerf.ratio=0.8", "scenario.name=high"], Problems())
    [{'facility': {'cerf': {'ratio': Decimal('0.8')}}}, {'scenario': {'name': 'high'}}]
    """
    out = []
    pairs: list[tuple[str, Any, str]] = []
    if isinstance(overrides, Mapping):
        pairs = [(str(key), plain(value), f"{key}={value}") for key, value in overrides.items()]
    else:
        for text in [overrides] if isinstance(overrides, str) else overrides:
            key, equals, value = str(text).partition("=")
            if not equals:
                problems.add("scenario_bad_value", file=SET, found=text, expected="key=value (facility.cerf.ratio=0.8)")
                continue
            try:
                pairs.append((key, parse_value(value), str(text)))
            except ValueError:
                problems.add(
                    "scenario_bad_value",
                    file=SET,
                    column=key.strip(),
                    found=value,
                    expected='0.8, 2024-01-01, "…", [1, 2]',
                )
    for key, value, text in pairs:
        path = parse_key(key)
        if not path:
            problems.add("scenario_bad_value", file=SET, found=text, expected="facility.cerf.ratio=0.8")
            continue
        nest: Any = value
        for part in reversed(path):
            nest = {part: nest}
        out.append(nest)
    return out


def parse_key(text: str) -> KeyPath:
    """The parts of a dotted key; empty where it is not one.

    >>> parse_key('facility.cerf.caps."2024Q1"')
    ('facility', 'cerf', 'caps', '2024Q1')
    """
    if "\n" in text or "\r" in text:
        return ()
    try:
        node: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(node, dict) and len(node) == 1:
        name, node = next(iter(node.items()))
        parts.append(name)
    return tuple(parts)


def parse_value(text: str) -> Any:
    """The value of ``--set key=value``: TOML, else the bare words themselves; ValueError for broken TOML.

    >>> parse_value("0.8"), parse_value("outstanding"), parse_value('{ flow = 8e11 }')
    (Decimal('0.8'), 'outstanding', {'flow': Decimal('8E+11')})
    """
    try:
        tables = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        tables = {}
    if set(tables) == {"value"}:
        return tables["value"]
    word = text.strip()
    if word[:1] in ("[", "{", '"', "'") or "\n" in word:
        raise ValueError(text)
    return word


def plain(value: Any) -> Any:
    """A Python value as TOML would have given it; what TOML has no form for stays and fails its type check."""
    if isinstance(value, bool | str | Decimal | int):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.date() if value.time() == dt.time() and value.tzinfo is None else value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return Decimal(repr(float(value)))
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
