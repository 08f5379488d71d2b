"""A bank with a record of its own, run and disclosed by the command line, quarter by quarter, as its book changes."""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from click.testing import CliRunner

from relending.cli import main

FORMATS = ("docx", "html", "md", "xlsx")
LENDER, FACILITY = "harbour", "cerf"
FULL_NAME = {"zh": "港湾城市商业银行股份有限公司", "en": "Harbour City Bank"}
BORROWER, SECRET, PUBLISHED = "鹭江甲风电有限公司", "鹭江海上风电一期", "海风示范项目"
KEY = b"a key for tests, of more than 16 bytes"
UNMISTAKABLE = re.compile("QX-[A-Z]{2}|鹭江|筼筜|闽环评|闽设计院")
"""What no public file, and no redacted one, may hold."""
SCENARIO = """
[scenario]
name = "harbour"
book = "{book}"
applications = "applications.csv"
lender = "harbour"
start = 2024-01-01
end = 2025-12-31
facilities = {facilities}
[lenders.harbour]
class = "city"
{names}
[market]
own_rate = 0.02
{tail}
"""


def loan(name: str, project: str, disbursed: str, sector: str = "wind", **more: str) -> dict[str, str]:
    """A row of the book; ``name`` and ``project`` are the ends of unmistakable ids."""
    row = {
        "loan_id": f"QX-LN-{name}",
        "lender": "",
        "contract_id": f"QX-HT-{name}",
        "branch": "筼筜支行",
        "borrower": BORROWER,
        "project_id": f"QX-PJ-{project}",
        "project_code": f"QX-DM-{project}",
        "project_name": f"{SECRET}{project}",
        "publish_name": PUBLISHED if project == "1" else "",
        "sector": sector,
        "principal": "1000000",
        "rate": "0.03",
        "disbursed": disbursed,
        "matures": "2034-01-05",
        "project_investment": "50000000",
        "project_reduction": "70000",
        "evidence": "eia",
        "evidence_doc": f"闽环评〔2023〕{project}号",
        "evidence_by": "闽设计院",
    }
    return {**row, **more}


BOOK = (
    loan("A1", "1", "2024-01-15", rate="0.031"),
    loan("A2", "2", "2024-02-20", "ccus", principal="2000000.07"),
    loan("B1", "1", "2024-05-10", "wind", principal="3000000"),
    loan("B2", "3", "2024-06-01", "industrial_efficiency", rate="0.0285"),
    loan("C1", "4", "2024-08-01", "solar", principal="4000000"),
    loan("D1", "5", "2024-11-20", "storage", principal="500000"),
)
"""Loans of the four quarters of 2024; A1 and B1 are of one project."""
COLUMNS = tuple(BOOK[0])


class Bank:
    """The files of a bank in a folder; ``loans`` and ``funded`` may be changed between runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.book, self.runs = folder, "book.csv", 0
        self.loans = {row["loan_id"]: dict(row) for row in BOOK}
        self.funded = {name: ratio(row) for name, row in self.loans.items()}
        self.names, self.tail, self.facilities = names_of(FULL_NAME), "", [FACILITY]
        self.published = folder / "published"

    def copied(self, folder: Path) -> Bank:
        """The same bank in another folder, with its files as they are and its book as it is."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        other = Bank(folder)
        other.book, other.runs, other.names, other.tail = self.book, self.runs, self.names, self.tail
        other.loans, other.funded = {name: dict(row) for name, row in self.loans.items()}, dict(self.funded)
        other.facilities = list(self.facilities)
        return other

    def add(self, row: Mapping[str, str], funded: str | None = None) -> str:
        """Add a loan; ``funded`` is what arrived for it, "" for nothing, by default all of its draw."""
        name = row["loan_id"]
        self.loans[name] = dict(row)
        if funded != "":
            self.funded[name] = funded or ratio(row)
        return name

    def scenario(self) -> Path:
        """Write the files; the scenario among them."""
        write_rows(self.folder / self.book, COLUMNS, [[row[c] for c in COLUMNS] for row in self.loans.values()])
        rows = [
            [name, period(self.loans[name]["disbursed"]), "funded", amount, paid_on(self.loans[name]["disbursed"])]
            for name, amount in self.funded.items()
        ]
        head = ["loan_id", "period", "status", "applied_amount", "funded_on", "funded_amount"]
        write_rows(
            self.folder / "applications.csv",
            head,
            [[n, p, s, ratio(self.loans[n]), day, amount] for n, p, s, amount, day in rows],
        )
        path = self.folder / "harbour.toml"
        said = SCENARIO.format(
            book=self.book, names=self.names, tail=self.tail, facilities=str(self.facilities).replace("'", '"')
        )
        path.write_text(said, encoding="utf-8")
        return path

    def run(self, *more: object) -> Path:
        """Run the book as it is now; the run folder."""
        self.runs += 1
        out = self.folder / f"run{self.runs}"
        done = typed("run", self.scenario(), "--out", out, "--quiet", *more)
        assert done.exit_code == 0, done.output
        return out

    def disclose(self, run: Path, quarter: str, *more: object, lang: str = "en", out: str = "") -> Any:
        """``relending disclose`` against the published statements; ``done.folder`` is where it writes."""
        folder = self.folder / (out or f"out-{quarter}-{len(list(self.folder.iterdir()))}")
        words = ["disclose", run, "--quarter", quarter, "--out", folder, "--published", self.published, "--lang", lang]
        done = typed(*words, *more)
        done.folder = folder
        return done

    def final(self, run: Path, quarter: str, *more: object, lang: str = "en") -> Path:
        """A statement made final; the folder written."""
        done = self.disclose(run, quarter, "--final", *more, lang=lang)
        assert done.exit_code == 0, done.output
        return Path(done.folder)

    def version(self, quarter: str, version: int = 1) -> Path:
        """Where a published version is kept."""
        return self.published / LENDER / FACILITY / quarter / f"v{version}"


def typed(*words: object) -> Any:
    """A command as typed; no exception but SystemExit may come out of it."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert "Traceback" not in done.output
    return done


def names_of(full: Mapping[str, str], quoted: Any = lambda text: f'"{text}"') -> str:
    """The key of a scenario that gives a bank's name."""
    return f"full_name = {{ zh = {quoted(full['zh'])}, en = {quoted(full['en'])} }}"


def ratio(row: Mapping[str, str]) -> str:
    """Three fifths of a loan's principal, cut to the fen."""
    whole, _, part = row["principal"].partition(".")
    fen = int(whole) * 100 + int((part + "00")[:2])
    return f"{fen * 3 // 5 / 100:.2f}"


def period(day: str) -> str:
    return f"{day[:4]}Q{(int(day[5:7]) + 2) // 3}"


def paid_on(day: str) -> str:
    """A day in the quarter after."""
    last = (int(day[5:7]) + 2) // 3 * 3
    return f"{day[:4]}-{last + 1:02d}-20" if last < 12 else f"{int(day[:4]) + 1}-01-20"


def write_rows(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)
        out.writerows(rows)
    return path


def filled(path: Path, reason: str = "checked with the paper file", by: str = "Wang Fang", skip: str = "") -> Path:
    """A list of open points filled in, as a person would; ``skip`` is the loan whose row is taken out."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        for row in range(sheet.max_row, 1, -1):
            if skip and sheet.cell(row, 1).value == skip:
                sheet.delete_rows(row)
                continue
            sheet.cell(row, sheet.max_column - 1, reason)
            sheet.cell(row, sheet.max_column, by)
        book.save(path)
        return path
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    kept = [[*row[:-2], reason, by] for row in rows[1:] if row[0] != skip]
    return write_rows(path, rows[0], kept)


def content(path: Path) -> str:
    """All the text of a file: of a packed one that of every part, its names among them, and its bytes beside it."""
    data = path.read_bytes()
    pieces = [data]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            pieces += [one.encode() + b"\n" + packed.read(one) for one in packed.namelist()]
            pieces.append(packed.comment)
    return "\n".join(piece.decode("utf-8", "replace") for piece in pieces)


def words_of(path: Path) -> str:
    """The text of a file as a reader sees it."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    said = content(path)
    if path.suffix == ".html":
        said = re.sub(r"<style.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.S)
    return html.unescape(re.sub(r"<[^>]*>", "", said))


def everything(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())
