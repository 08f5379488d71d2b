"""Findings as a workbook: how many of what, then every one with a link to the cell it was found in."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.findings import SEVERITIES, WORDS, Findings, messages
from relending.outfile import whole_file
from relending.runfolder.findings_places import Place, Places, Source
from relending.spreadsheet import CELL, escape, workbook

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1_048_575
"""Findings a sheet: a sheet has one row more, for the header."""
MOST_LINKS = 65_530
"""Links a sheet holds; the places of later rows are text."""
BLOCK_ROWS = 2**16

TEXTS = {
    "en": {
        "summary": "Summary",
        "findings": "Findings",
        "title": "Findings: summary",
        "severity": "Severity",
        "code": "Code",
        "count": "Count",
        "message": "What it means",
        "fix": "What to do",
        "first": "First place",
        "place": "Place",
        "text_from": "Place (text without link from row {} on: a sheet holds no more links)",
        "file": "File",
        "sheet": "Sheet",
        "row": "Row",
        "loan": "Loan",
        "column": "Column",
        "found": "Found",
        "expected": "Expected",
        "none": "Nothing was found.",
        "hint": "A click on a place opens the file there (of a CSV file: the file only).",
    },
    "zh": {
        "summary": "汇总",
        "findings": "检查事项",
        "title": "检查事项汇总",
        "severity": "级别",
        "code": "代码",
        "count": "数量",
        "message": "说明",
        "fix": "如何处理",
        "first": "首例位置",
        "place": "位置",
        "text_from": "位置（自第 {} 行起为文字：一张工作表的链接数有上限）",
        "file": "文件",
        "sheet": "工作表",
        "row": "行",
        "loan": "借据编号",
        "column": "列",
        "found": "实际",
        "expected": "应为",
        "none": "没有检查事项。",
        "hint": "点击“位置”即可打开原文件的相应单元格（CSV 文件只能打开文件本身）。",
    },
}
SUMMARY = {"severity": 9, "code": 26, "count": 9, "first": 22, "found": 30, "expected": 30, "message": 44, "fix": 60}
"""Columns of the summary and their widths in characters."""
FULL = {
    "severity": 9,
    "code": 26,
    "place": 20,
    "file": 22,
    "sheet": 12,
    "row": 8,
    "loan": 22,
    "column": 24,
    "found": 30,
    "expected": 30,
    "message": 44,
    "fix": 60,
}
"""The same of the sheet with every finding."""
MARK = "relending findings"
"""The property by which a workbook written here is known; a spreadsheet program keeps it."""
_PROPERTIES = "docProps/custom.xml"
COLOURS = {"error": "#F8CBAD", "warning": "#FFE699", "note": "#DDEBF7"}


def write_findings_book(
    findings: Findings,
    path: Path,
    lang: str = "en",
    sources: Iterable[Source] = (),
    labels: Mapping[str, str] | None = None,
) -> None:
    """Write all findings as an .xlsx at ``path``, whole or not at all.

    ``sources`` are the files they may point into; ``labels`` say what people call a column. The first sheet counts
    them by severity and code, the next ones have them all, none left out. Raises ``OSError`` where the disk refuses.
    """
    places = Places(sources, path)
    with whole_file(path) as room, workbook(room, constant_memory=True) as book:
        book.set_custom_property(MARK, "1")
        style = _styles(book)
        frame = findings.frame()
        _summary(book.add_worksheet(TEXTS[lang]["summary"]), findings, frame, places, style, lang, labels or {})
        for n, start in enumerate(range(0, max(len(frame), 1), MOST_ROWS)):
            name = TEXTS[lang]["findings"] + (f" {n + 1}" if n else "")
            part = frame.iloc[start : start + MOST_ROWS]
            _all(book.add_worksheet(name), part, places, style, lang, labels or {})


def is_findings_book(path: Path) -> bool:
    """Whether a file is a workbook written here: what may be written over where its user names a file."""
    try:
        with zipfile.ZipFile(path) as z:
            return MARK.encode() in z.read(_PROPERTIES)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return False


def _styles(book: Any) -> dict[str, Any]:
    top = {"valign": "top", "text_wrap": True}
    made = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F4E78", **top}),
        "text": book.add_format({**top, "num_format": "@"}),
        "number": book.add_format({"valign": "top", "num_format": "#,##0"}),
        "row": book.add_format({"valign": "top", "num_format": "0"}),
        "link": book.add_format({**top, "font_color": "#0563C1", "underline": 1}),
    }
    return made | {name: book.add_format({**top, "bg_color": colour}) for name, colour in COLOURS.items()}


def _laid_out(sheet: Any, widths: Mapping[str, int], header: Sequence[str], at: int, rows: int, head: Any) -> None:
    for i, width in enumerate(widths.values()):
        sheet.set_column(i, i, width)
    for i, text in enumerate(header):
        sheet.write_string(at, i, text, head)
    sheet.freeze_panes(at + 1, 0)
    if rows:
        sheet.autofilter(at, 0, at + rows, len(header) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(at)


def _summary(
    sheet: Any,
    findings: Findings,
    frame: pd.DataFrame,
    places: Places,
    style: Mapping[str, Any],
    lang: str,
    labels: Mapping[str, str],
) -> None:
    t, counts, told = TEXTS[lang], findings.codes(), messages()
    words = WORDS[lang]
    sheet.write_string(0, 0, t["title"], style["title"])
    for i, severity in enumerate(SEVERITIES):
        sheet.write_string(1 + i, 0, words[severity], style[severity])
        sheet.write_number(1 + i, 1, findings.count(severity), style["number"])
    sheet.write_string(4, 0, t["hint"] if counts else t["none"])
    at = 6
    _laid_out(sheet, SUMMARY, [t[name] for name in SUMMARY], at, len(counts), style["head"])
    first = frame[~frame.duplicated("code")].set_index("code", drop=False)
    order = sorted(counts, key=lambda code: SEVERITIES.index(told[code].severity))
    for line, code in enumerate(order, at + 1):
        r = next(_rows(first.loc[[code]], labels))
        one = told[code]
        texts = r | {"code": code, "message": one.message[lang], "fix": one.fix[lang]}
        for i, name in enumerate(SUMMARY):
            if name == "severity":
                sheet.write_string(line, i, words[one.severity], style[one.severity])
            elif name == "count":
                sheet.write_number(line, i, counts[code], style["number"])
            elif name == "first":
                _place(sheet, line, i, places.of(*r["at"]), style, link=True)
            else:
                sheet.write_string(line, i, _cell(texts[name]), style["text"])


def _all(
    sheet: Any, frame: pd.DataFrame, places: Places, style: Mapping[str, Any], lang: str, labels: Mapping[str, str]
) -> None:
    t, told, words = TEXTS[lang], messages(), WORDS[lang]
    header = {name: t[name] for name in FULL}
    if len(frame) > MOST_LINKS:
        header["place"] = t["text_from"].format(MOST_LINKS + 2)
    _laid_out(sheet, FULL, list(header.values()), 0, len(frame), style["head"])
    for line, r in enumerate(_rows(frame, labels), 1):
        one = told[r["code"]]
        texts = r | {"message": one.message[lang], "fix": one.fix[lang]}
        for i, name in enumerate(FULL):
            if name == "severity":
                sheet.write_string(line, i, words[one.severity], style[one.severity])
            elif name == "place":
                _place(sheet, line, i, places.of(*r["at"]), style, link=line <= MOST_LINKS)
            elif name == "row":
                if r["row"] is not None:
                    sheet.write_number(line, i, r["row"], style["row"])
            else:
                sheet.write_string(line, i, _cell(texts[name]), style["text"])


def _rows(frame: pd.DataFrame, labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Each finding as a mapping; ``at`` is where it is, and the column is called what people call it."""
    names = ("code", "file", "sheet", "row", "loan", "column", "found", "expected")
    for start in range(0, len(frame), BLOCK_ROWS):
        part = frame.iloc[start : start + BLOCK_ROWS]
        lists = [part[name].astype(object).where(part[name].notna(), None).tolist() for name in names]
        for values in zip(*lists, strict=True):
            r = dict(zip(names, values, strict=True))
            r["at"] = (r["file"], r["sheet"], r["row"], r["column"])
            r["column"] = labels.get(r["column"], r["column"])
            yield r


def _place(sheet: Any, line: int, at: int, place: Place, style: Mapping[str, Any], *, link: bool) -> None:
    if link and place.url:
        sheet.write_url(line, at, place.url, style["link"], _cell(place.text))
    else:
        sheet.write_string(line, at, _cell(place.text), style["text"])


def _cell(text: str) -> str:
    return escape(text)[:CELL]
