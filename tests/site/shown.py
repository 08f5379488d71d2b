"""Pages that show commands: reads what a page says, types it as a reader would, and says where what comes out differs.

A page is carried out from top to bottom in one empty folder:

- a block ``console``: every line ``$ relending …`` is run there; the lines below it must be printed, in that order
  (a line ``…`` alone stands for lines left out);
- a block ``toml`` or ``csv`` after a line that ends in "`NAME`:" is written into the file NAME (in GBK if the line says
  so); if the line begins with "In " or "打开" the file is there already, and has these lines in that order;
- a table after a line that names a sheet, "“借据” … `台账.xlsx`:", is typed into that sheet: into the row of its first
  cell, where there is one, else below; in the sheet of parameters into column B.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from click.testing import CliRunner

from relending.cli import main

EXAMPLES = ("示例-", "EXAMPLE", "example")
PARAMETER_SHEETS = ("参数", "Parameters")
_FENCE = re.compile(r"^```(\w*)$")
_FILE = re.compile(r"`([^`]+\.\w+)`[:：]$")
_SHEET = re.compile(r"[“\"]([^”\"]+)[”\"].*`([^`]+\.xlsx)`[:：]$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block or a table, with the line of text before it."""

    kind: str
    label: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class Done:
    """What came of a page: commands run, lines compared, and what was not as the page says."""

    commands: list[str] = field(default_factory=list)
    compared: int = 0
    wrong: list[str] = field(default_factory=list)


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block and every table of a page, in order."""
    label, lines = "", iter(text.splitlines())
    for line in lines:
        fence = _FENCE.match(line)
        if fence:
            inside = []
            for body in lines:
                if body == "```":
                    break
                inside.append(body)
            yield Block(fence[1], label, tuple(inside))
        elif line.startswith("| "):
            rows = [line]
            for body in lines:
                if not body.startswith("|"):
                    break
                rows.append(body)
            yield Block("table", label, tuple(rows))
        elif line.strip():
            label = line.strip()


def carry_out(text: str, folder: Path) -> Done:
    """Do what the page says, in ``folder``."""
    done = Done()
    for block in blocks(text):
        named, sheet = _FILE.search(block.label), _SHEET.search(block.label)
        if block.kind == "console":
            _console(block, folder, done)
        elif block.kind == "table" and sheet:
            _type_in(folder / sheet[2], sheet[1], block.lines)
        elif block.kind in ("toml", "csv") and named:
            if block.label.startswith(("In ", "打开")):
                written = (folder / named[1]).read_text(encoding="utf-8-sig").splitlines()
                _compare(named[1], block.lines, written, done)
            else:
                encoding = "gbk" if "GBK" in block.label else "utf-8"
                (folder / named[1]).write_text("\n".join(block.lines) + "\n", encoding=encoding)
    return done


def _console(block: Block, folder: Path, done: Done) -> None:
    """Run each command of the block and compare what is shown below it."""
    assert block.lines[0].startswith("$ relending "), block.lines[0]
    starts = [i for i, line in enumerate(block.lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        command, shown = block.lines[start].removeprefix("$ "), list(block.lines[start + 1 : end])
        while command.endswith("\\"):
            command = command.removesuffix("\\") + shown.pop(0).strip()
        code, printed = _run(shlex.split(command)[1:], folder)
        # check ends with 1 where the book has errors, which is what it is asked for
        if code not in ((0, 1) if command.startswith("relending check") else (0,)):
            done.wrong.append(f"$ {command}: exit code {code}\n{printed}")
        done.commands.append(command)
        _compare(command, tuple(shown), printed.splitlines(), done)


def _run(words: list[str], folder: Path) -> tuple[int, str]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(main, words)
    finally:
        os.chdir(before)
    return result.exit_code, result.output


def _compare(what: str, shown: tuple[str, ...], printed: list[str], done: Done) -> None:
    """Every line shown stands in what was printed, in the same order; next to each other but for ``…``."""
    at, loose = 0, True
    for line in shown:
        if line.strip() == "…":
            loose = True
            continue
        found = next((i for i in range(at, len(printed)) if printed[i].rstrip() == line.rstrip()), None)
        if found is None or (not loose and found != at):
            near = printed[at] if at < len(printed) else "the end"
            done.wrong.append(f"{what}: shown {line!r}, printed there {near!r}")
            return
        done.compared += 1
        at, loose = found + 1, False


def _type_in(path: Path, sheet: str, table: tuple[str, ...]) -> None:
    """Type a table of the page into a workbook, as a person would."""
    rows = [[_value(cell) for cell in line.strip("|").split("|")] for line in table if not set(line) <= set("|-: ")]
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    if sheet in PARAMETER_SHEETS:
        for label, value in rows[1:]:
            at = next(r for r in range(1, page.max_row + 1) if page.cell(r, 1).value == label)
            page.cell(at, 2).value = value
    else:
        heads = {page.cell(1, c).value: c for c in range(1, page.max_column + 1)}
        for row in rows[1:]:
            at = _row_of(page, row[0])
            for head, value in zip(rows[0], row, strict=True):
                page.cell(at, heads[head]).value = value
    for other in book:
        first = str(other.cell(2, 1).value or "")
        if first.startswith(EXAMPLES):
            for column in range(1, other.max_column + 1):
                other.cell(2, column).value = None
    book.save(path)


def _row_of(page: Any, ident: Any) -> int:
    """The row that has this id, else the first that is free or holds the example (which is cleared)."""
    for at in range(2, page.max_row + 2):
        now = page.cell(at, 1).value
        if now == ident:
            return at
        if now is None or str(now).startswith(EXAMPLES):
            for column in range(1, page.max_column + 1):
                page.cell(at, column).value = None
            return at
    raise AssertionError("no free row")


def _value(cell: str) -> Any:
    cell = cell.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell):
        return dt.date.fromisoformat(cell)
    if re.fullmatch(r"[\d,]+(\.\d+)?", cell):
        number = float(cell.replace(",", ""))
        return int(number) if number.is_integer() else number
    return cell or None
