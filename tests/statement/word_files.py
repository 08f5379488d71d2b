"""Word files as XML and nothing more: read, and taken apart and put together again, without any Word library."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

import relending as rl
from relending.dates import parse_quarter
from relending.lineage.disclosed import Disclosures
from relending.statement.printed import MEASURES, options_of
from relending.statement.statement import Reason, Statement, make_statement

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@cache
def statement(draft: bool = False, quarter: str = "2024Q1") -> Statement:
    """The demonstration bank's statement."""
    run = rl.run("demo")
    found = Disclosures(run).of("demo", "cerf", parse_quarter(quarter))
    reasons = (Reason("simulated", 26),) if draft else ()
    return make_statement(run, found, options_of(run.manifest), reasons=reasons)


def figures(one: Statement, lang: str) -> list[list[str]]:
    """The rows of the table as they must be printed in a language."""
    return [
        [cell.text(measure, lang) for cell in (one.printed(row, h) for h in row.cells) for measure in MEASURES]
        for row in one.rows
    ]


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def tree(path: Path, name: str = "word/document.xml") -> Any:
    return etree.fromstring(parts(path)[name])


def text(element: Any) -> str:
    return "".join(one.text or "" for one in element.iter(f"{W}t"))


def paragraphs(path: Path) -> list[str]:
    """The texts of the paragraphs outside tables that have any."""
    body = tree(path).find(f"{W}body")
    return [said for one in body.findall(f"{W}p") if (said := text(one))]


def table(path: Path) -> list[list[str]]:
    """The rows of the only table."""
    (only,) = tree(path).iter(f"{W}tbl")
    return [[text(cell) for cell in row.findall(f"{W}tc")] for row in only.findall(f"{W}tr")]


def changed(source: Path, target: Path, change: Mapping[str, Callable[[str], str] | bytes | None]) -> Path:
    """A Word file with some parts changed, added, or (None) taken away."""
    held = parts(source)
    for name, how in change.items():
        if how is None:
            del held[name]
        else:
            held[name] = how if isinstance(how, bytes) else how(held[name].decode()).encode()
    with zipfile.ZipFile(target, "w") as out:
        for name, data in held.items():
            out.writestr(name, data)
    return target


def put(old: str, new: str) -> Callable[[str], str]:
    """Put a text for the first place of another, which must be there."""

    def how(where: str) -> str:
        assert old in where, old
        return where.replace(old, new, 1)

    return how
