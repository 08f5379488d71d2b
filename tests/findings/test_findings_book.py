"""Findings as a workbook: every one is there, in the user's words, and its link leads to the very cell."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import python_calamine as calamine
from click.testing import CliRunner, Result

from relending.book.sheetxml import column_number
from relending.cli import main
from relending.findings import Findings
from relending.runfolder import findings_book
from relending.runfolder.findings_book import TEXTS, write_findings_book
from relending.runfolder.findings_places import Places, Source
from relending.spreadsheet import workbook

HEADER = [
    "借据编号",
    "项目编号",
    "碳减排领域",
    "贷款金额（元）",
    "发放时利率（%）",
    "贷款发放日期",
    "贷款到期日期",
    "备注",
]


def row(loan: str, principal: object = 1_000_000, rate: object = 3.5, day: str = "2022-01-05") -> list[object]:
    return [loan, f"P{loan}", "coal_power", principal, rate, day, "2030-01-05", ""]


def make_book(path: Path, rows: list[list[object]], sheet: str = "借据", above: int = 0) -> Path:
    with workbook(path) as book:
        page = book.add_worksheet(sheet)
        for i, cells in enumerate([HEADER, *rows], above):
            for j, cell in enumerate(cells):
                page.write(i, j, cell)
    return path


def call(*args: str) -> Result:
    done = CliRunner().invoke(main, list(args))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = calamine.CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def links(path: Path, sheet: int) -> dict[str, tuple[str, str]]:
    """Cell -> target and location, as the file holds them."""
    with zipfile.ZipFile(path) as z:
        page = ElementTree.fromstring(z.read(f"xl/worksheets/sheet{sheet}.xml"))
        name = f"xl/worksheets/_rels/sheet{sheet}.xml.rels"
        rels = ElementTree.fromstring(z.read(name)) if name in z.namelist() else []
    targets = {one.get("Id"): one.get("Target", "") for one in rels}
    out = {}
    for one in page.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}hyperlink"):
        link = next(v for k, v in one.attrib.items() if k.endswith("}id"))
        out[one.get("ref", "")] = (targets[link], one.get("location", ""))
    return out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_row_leads_to_the_cell_it_speaks_of(tmp_path: Path, lang: str) -> None:
    sheet = "it's 借据 & <loans>"
    (tmp_path / "in put").mkdir()
    source = make_book(
        tmp_path / "in put" / "台账 100%20 #1.xlsx",
        [row("A", -5), row("B", 100, "x"), row("C", "?", 3.5, "soon"), row("D")],
        sheet,
        above=3,
    )
    to = tmp_path / "findings.xlsx"
    assert call("check", str(source), "--lender", "icbc", "--findings", str(to), "--lang", lang).exit_code == 1
    t = TEXTS[lang]
    cells = sheets(source)[sheet]
    header, *rows = sheets(to)[t["findings"]]
    at = {name: header.index(t[name]) for name in ("place", "found", "row", "code")}
    led = links(to, 2)
    followed = 0
    for n, line in enumerate(rows, 2):
        target, location = led[f"C{n}"]
        assert unquote(target.replace("\\", "/")) == "in put/台账 100%20 #1.xlsx"
        place = re.fullmatch(r"'(.*)'!([A-Z]+)([0-9]+)", location)
        assert place and place[1].replace("''", "'") == sheet
        assert line[at["place"]].endswith(f"!{place[2]}{place[3]}") and line[at["row"]] == int(place[3])
        if line[at["code"]] in ("principal_not_positive", "unreadable_number", "unreadable_date", "column_ignored"):
            cell = cells[int(place[3]) - 4][column_number(place[2])]  # this reader begins at the first row in use
            assert str(cell).removesuffix(".0") == line[at["found"]].removeprefix("'")
            followed += 1
    assert followed == 5


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_summary_counts_every_code_and_leads_to_its_first_place(tmp_path: Path, lang: str) -> None:
    source = make_book(tmp_path / "b.xlsx", [row("A", -5), row("B", -6), row("C", 1, "x"), row("D")])
    to = tmp_path / "f.xlsx"
    call("check", str(source), "--lender", "icbc", "--findings", str(to), "--lang", lang)
    summary, found = sheets(to)[TEXTS[lang]["summary"]], sheets(to)[TEXTS[lang]["findings"]][1:]
    counts = {line[1]: line[2] for line in summary[7:]}
    assert counts == {"unreadable_number": 1, "principal_not_positive": 2, "column_ignored": 1}
    assert [line[1] for line in summary[1:4]] == [3, 0, 1]
    assert sum(counts.values()) == len(found)
    assert [location for _, location in links(to, 1).values()] == ["'借据'!E4", "'借据'!D2", "'借据'!H1"]


def test_no_finding_is_left_out_where_a_sheet_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_book, "MOST_ROWS", 4)
    monkeypatch.setattr(findings_book, "MOST_LINKS", 3)
    source = make_book(tmp_path / "b.xlsx", [row(f"L{i}", -1 - i) for i in range(10)])
    found = Findings.of(
        "principal_not_positive", 10, file="b.xlsx", sheet="借据", row=list(range(2, 12)), column="principal"
    )
    write_findings_book(found, tmp_path / "f.xlsx", "en", [Source(source, "loans")])
    pages = sheets(tmp_path / "f.xlsx")
    assert list(pages) == ["Summary", "Findings", "Findings 2", "Findings 3"]
    rows = [line for name, page in pages.items() if name != "Summary" for line in page[1:]]
    assert [line[5] for line in rows] == list(range(2, 12))
    assert [len(links(tmp_path / "f.xlsx", n)) for n in (2, 3, 4)] == [3, 3, 2]
    assert "row 5" in pages["Findings"][0][2] and pages["Findings 3"][0][2] == "Place"
    assert rows[3][2] == "借据!D5"  # the place is told where no link is left


def test_texts_of_others_are_no_formulas_and_ids_stay_text(tmp_path: Path) -> None:
    found = Findings.one(
        "unknown_value", file="b.csv", row=2, loan="0012", column="=cmd()", found="=1+1", expected="@x" * 20_000
    )
    write_findings_book(found, tmp_path / "f.xlsx")
    line = sheets(tmp_path / "f.xlsx")["Findings"][1]
    assert line[6] == "0012" and line[7] == "'=cmd()" and line[8] == "'=1+1"
    assert line[9].startswith("'@x@x") and len(line[9]) == 32_767
    with zipfile.ZipFile(tmp_path / "f.xlsx") as z:
        assert b"<f>" not in z.read("xl/worksheets/sheet2.xml")


def test_two_files_of_one_name_have_no_link_and_neither_has_a_file_nobody_named(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        make_book(tmp_path / folder / "book.xlsx", [row("A")])
    places = Places([Source(tmp_path / f / "book.xlsx", "loans") for f in "ab"], tmp_path / "f.xlsx")
    assert (places.of("book.xlsx", "借据", 2, "principal").url, places.of("other.csv", "", 2, "").url) == ("", "")
    one = Places([Source(tmp_path / "a" / "book.xlsx", "loans")], tmp_path / "f.xlsx")
    assert one.of("book.xlsx", "借据", 2, "principal").url == "external:a/book.xlsx#'借据'!D2"
    assert one.of("book.xlsx", "借据", None, "").url == "external:a/book.xlsx#'借据'!A1"
    assert one.of("book.xlsx", "", None, "").url == "external:a/book.xlsx"


def test_a_text_file_is_linked_to_as_a_file_with_the_cell_in_words(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("借据编号,贷款金额\n1,2\n", encoding="utf-8")
    place = Places([Source(tmp_path / "b.csv", "loans")], tmp_path / "f.xlsx").of("b.csv", "", 2, "principal")
    assert (place.text, place.url) == ("b.csv:B2", "external:b.csv")


def test_a_run_that_stops_leaves_the_workbook_too(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("借据编号\n1\n", encoding="utf-8")
    assert call("check", str(tmp_path / "b.csv"), "--findings", str(tmp_path / "f.xlsx")).exit_code == 1
    assert {line[1] for line in sheets(tmp_path / "f.xlsx")["Findings"][1:]} == {"missing_column"}
    assert call("run", "demo", "--set", "scenario.lender=nobody", "--findings", str(tmp_path / "g.xlsx")).exit_code == 1
    assert len(sheets(tmp_path / "g.xlsx")["Findings"]) > 1


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_findings_book(Findings.one("value_missing", file="x.csv", row=3), tmp_path / name, "zh")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    write_findings_book(Findings(), tmp_path / "none.xlsx", "zh")
    assert len(sheets(tmp_path / "none.xlsx")["检查事项"]) == 1


@pytest.mark.parametrize("verb", ["check", "run"])
def test_another_ending_is_wrong_usage(tmp_path: Path, verb: str) -> None:
    said = call(verb, "demo", "--findings", str(tmp_path / "f.txt"))
    assert said.exit_code == 2 and ".xlsx" in said.output and not (tmp_path / "f.txt").exists()


def test_only_a_workbook_of_findings_is_written_over(tmp_path: Path) -> None:
    source, to = make_book(tmp_path / "b.xlsx", [row("A", -5), row("B")]), tmp_path / "f.xlsx"
    before = source.read_bytes()
    assert call("check", str(source), "--findings", str(source)).exit_code == 2
    assert source.read_bytes() == before
    to.write_bytes(b"")
    for code in (["principal_not_positive"], ["unreadable_number"]):
        make_book(source, [row("A", -5 if code[0].startswith("principal") else "x"), row("B")])
        assert call("check", str(source), "--lender", "icbc", "--findings", str(to)).exit_code == 1
        assert [line[1] for line in sheets(to)["Findings"][1:]] == [*code, "column_ignored"]
    to.write_bytes(b"PK not a workbook")
    assert call("check", str(source), "--findings", str(to)).exit_code == 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_screen_says_each_code_once_errors_first(tmp_path: Path, lang: str) -> None:
    rows = [row(f"L{i}", -1) for i in range(30)] + [row("X", 1, "x"), [*row("Y")[:2], "核电", *row("Y")[3:]]]
    said = call("check", str(make_book(tmp_path / "b.xlsx", rows)), "--lender", "icbc", "--lang", lang).output
    lines = said[said.index("检查事项" if lang == "zh" else "Findings") :].splitlines()
    heads = [line.split()[0] + " " + line.split(" × ")[1].split()[1] for line in lines if " × " in line]
    codes = [re.sub(r"[:：].*", "", head) for head in heads]
    assert codes == ["1 unreadable_number", "30 principal_not_positive", "1 unknown_sector", "1 column_ignored"]
    assert len(lines) == 1 + 3 * 3 + 2  # a note of which nothing need be done says no fix
    assert "'-1'" in said or "「-1」" in said
