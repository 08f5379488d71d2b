"""A run comes with the statement of each lender's last quarter: eight files, equal to its disclosure table."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import relending as rl
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from tests.statement.flows import FORMATS, KEY, Bank, everything, files, loan, typed
from tests.statement.word_files import table as word_table

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ("clean_energy", "energy_saving", "carbon_reduction_technology", TOTAL)
EXPECTED = {
    "demo": ["demo_cerf_2026Q2", "demo_city_cerf_2023Q2"],
    "ledger": ["demo_bank_cerf_2024Q2"],
    "statements/icbc-2023": ["icbc_cerf_2023Q4"],
}


@cache
def folder_of(scenario: str) -> Path:
    import tempfile

    out = Path(tempfile.mkdtemp()) / "run"
    assert typed("run", scenario, "--out", out, "--quiet").exit_code == 0
    return out


def rounded(value: Decimal, places: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"


def due(run: Path, lender: str, quarter: str) -> list[list[str]]:
    """The cells of a statement as the text of ``disclosure.csv`` gives them: a list for each field and the total."""
    with (run / "disclosure.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {
            (r["code"], r["horizon"]): r
            for r in csv.DictReader(file)
            if (r["lender"], r["facility"], r["quarter"]) == (lender, "cerf", quarter)
        }
    out = []
    for code in FIELDS:
        line = []
        for horizon in HORIZONS:
            one = rows[code, horizon]
            rate = rounded(Decimal(one["weighted_rate"]) * 100, 2) if one["weighted_rate"] else "—"
            amount, reduction = Decimal(one["amount"]) / 10000, Decimal(one["reduction"])
            line += [one["projects"], rounded(amount, 2), rate, rounded(reduction, 2)]
        out.append(line)
    return out


def plain(rows: Iterator[list[str]] | list[list[str]]) -> list[list[str]]:
    """The last four rows without the name of the field, no separators of thousands, no marks of Markdown."""
    every = [[cell.strip(" *").replace(",", "") for cell in row][-12:] for row in rows]
    return every[-4:]


def shown(path: Path) -> list[list[str]]:
    """The figures of the table of a statement, in any of its formats."""
    if path.suffix == ".docx":
        return plain(word_table(path))
    if path.suffix == ".md":
        lines = path.read_text(encoding="utf-8").splitlines()
        return plain([line.split("|")[1:-1] for line in lines if line.startswith("|")])
    if path.suffix == ".html":
        body = path.read_text(encoding="utf-8")
        rows = re.findall(r"<tr.*?</tr>", body, flags=re.S)
        cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, flags=re.S) for row in rows]
        return plain([[html.unescape(re.sub("<[^>]*>", "", cell)) for cell in row] for row in cells])
    book = openpyxl.load_workbook(path, data_only=True)
    for sheet in book:
        rows = [[cell for cell in row if cell.value is not None] for row in sheet.iter_rows()]
        full = [row for row in rows if len(row) == 13]
        if full:
            return plain([[in_excel(cell) for cell in row] for row in full])
    raise AssertionError("no table")


def in_excel(cell: Any) -> str:
    """A cell as Excel prints it: the number to the decimals of its format."""
    if isinstance(cell.value, str):
        return cell.value
    places = len((re.search(r"\.(0+)", cell.number_format) or ["", ""])[1])
    return rounded(Decimal(str(cell.value)), places)


@pytest.mark.parametrize("scenario", EXPECTED)
def test_each_lender_s_last_quarter_is_there_in_every_format_and_language(scenario: str) -> None:
    names = [f"{one}_{lang}.{ending}" for one in EXPECTED[scenario] for lang in ("zh", "en") for ending in FORMATS]
    assert sorted(p.name for p in files(folder_of(scenario) / "statements")) == sorted(names)


@pytest.mark.parametrize("scenario", EXPECTED)
def test_every_format_prints_the_figures_of_the_disclosure_table(scenario: str) -> None:
    run = folder_of(scenario)
    for path in files(run / "statements"):
        lender, quarter = re.fullmatch(r"(\w+)_cerf_(\d{4}Q\d)_(?:zh|en)", path.stem).groups()  # type: ignore[union-attr]
        wanted = [[cell.replace(",", "") for cell in row] for row in due(run, lender, quarter)]
        assert shown(path) == wanted, path.name


def test_the_quarter_is_the_last_with_new_loans() -> None:
    run = folder_of("demo")
    for one in EXPECTED["demo"]:
        lender, quarter = one.split("_cerf_")
        with (run / "disclosure.csv").open(encoding="utf-8-sig", newline="") as file:
            amounts = {
                r["quarter"]: Decimal(r["amount"])
                for r in csv.DictReader(file)
                if (r["lender"], r["facility"], r["horizon"], r["code"]) == (lender, "cerf", "quarter", TOTAL)
            }
        assert quarter == max(q for q, amount in amounts.items() if amount)


@pytest.mark.parametrize("scenario", EXPECTED)
def test_the_record_names_them_as_public_and_everything_else_as_internal(scenario: str) -> None:
    run = folder_of(scenario)
    outputs = json.loads((run / "manifest.json").read_bytes())["outputs"]
    public = {name for name, entry in outputs.items() if entry["confidentiality"] == "public"}
    assert public == {f"statements/{p.name}" for p in files(run / "statements")} and public
    assert {e["confidentiality"] for n, e in outputs.items() if n not in public} == {"internal"}
    for name in public:
        assert outputs[name]["sha256"] == hashlib.sha256((run / name).read_bytes()).hexdigest()
    assert rl.verify(run) == []


def test_a_changed_statement_is_found(tmp_path: Path) -> None:
    run = Bank(tmp_path).run()
    path = files(run / "statements")[0]
    path.write_bytes(path.read_bytes() + b" ")
    assert [one.kind for one in rl.verify(run)] == ["changed"]
    refused = typed("disclose", run, "--quarter", "2024Q1", "--out", tmp_path / "o", "--lang", "en")
    assert refused.exit_code == 1 and path.name in refused.output and not (tmp_path / "o").exists()


# ---- who gets one


def test_no_statement_without_a_duty_or_without_supported_loans(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    bank.facilities = ["cerf", "clean_coal"]
    bank.names += "\nadmitted = { clean_coal = 2021-11-17 }"
    bank.add(loan("K1", "7", "2022-05-04", "coal_power"), funded="")
    bank.tail = '[lenders.idle]\nclass = "city"\nfull_name = { zh = "闲", en = "Idle" }'
    for row in bank.loans.values():
        row["lender"] = "harbour"
    bank.add(loan("Z1", "8", "2024-02-01", lender="idle"), funded="")
    run = bank.run()
    with (run / "disclosure.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {(r["lender"], r["facility"]) for r in csv.DictReader(file)} >= {
            ("idle", "cerf"),
            ("harbour", "clean_coal"),
        }
    assert {p.name.split("_2")[0] for p in files(run / "statements")} == {"harbour_cerf"}
    refused = typed("disclose", run, "--quarter", "2024Q1", "--facility", "clean_coal", "--out", tmp_path / "o")
    assert refused.exit_code == 1 and "statement_no_duty" in refused.output
    assert {p.name.split("_2")[0] for p in files(folder_of("demo") / "statements")} == {"demo_cerf", "demo_city_cerf"}


def test_a_book_without_supported_loans_gets_no_folder(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    bank.funded = {}
    run = bank.run()
    assert not (run / "statements").exists() and rl.verify(run) == []
    assert not any("statements" in name for name in json.loads((run / "manifest.json").read_bytes())["outputs"])


# ---- the same bytes


def by_itself(where: Path, scenario: Path | str, **env: str) -> dict[str, bytes]:
    where.mkdir(parents=True)
    given = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "TZ", "PYTHON"))}
    code = f"import os; os.umask({env.pop('UMASK', '0o022')}); from relending.cli import main; main()"
    more = {"PYTHONPATH": str(ROOT), **env}
    for words in (
        ["run", str(scenario), "--out", "run", "--quiet"],
        ["disclose", "run", "--quarter", "2024Q2", "--out", "out", "--published", "kept", "--lang", "zh"],
    ):
        started = [sys.executable, "-c", code, *words, *(["--lender", "demo"] if words[0] == "disclose" else [])]
        done = subprocess.run(started, cwd=where, env={**given, **more}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return everything(where)


def test_statements_and_papers_repeat_byte_for_byte_elsewhere(tmp_path: Path) -> None:
    first = by_itself(tmp_path / "a", "demo", PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    other = {"PYTHONHASHSEED": "4242", "TZ": "Asia/Shanghai", "LC_ALL": "C.utf8", "UMASK": "0o077", "PYTHONUTF8": "1"}
    second = by_itself(tmp_path / "b" / "深 folder", "demo", **other)
    assert first.keys() == second.keys() and len([n for n in first if n.startswith("run/statements/")]) == 16
    assert {name for name in first if first[name] != second[name]} == set()
    assert len([n for n in first if n.startswith("out/")]) == 7


@pytest.mark.parametrize("scenario", ["demo", "ledger", "own"])
def test_redaction_leaves_the_statements_byte_for_byte(scenario: str, tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    key.write_bytes(KEY)
    where = Bank(tmp_path).scenario() if scenario == "own" else scenario
    for name, more in (("plain", []), ("redacted", ["--redact", key])):
        assert typed("run", where, "--out", tmp_path / name, "--quiet", *more).exit_code == 0
    assert everything(tmp_path / "plain" / "statements") == everything(tmp_path / "redacted" / "statements") != {}
    assert (tmp_path / "plain" / "loans.csv").read_bytes() != (tmp_path / "redacted" / "loans.csv").read_bytes()
    assert rl.verify(tmp_path / "redacted") == []
