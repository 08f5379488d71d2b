"""A run folder whose files were changed, each checksum renewed: said to be damaged, and nothing leaves --out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relending.cli.run_folders import DEBUG, damage_told
from relending.findings import Findings, InputError, InvariantError
from relending.runfolder import RunFolderError
from relending.statement.files import all_inside, stem
from relending.units import LimitError
from tests.statement.flows import LENDER, Bank, everything, typed

Record = dict[str, Any]
ESCAPE = "../../../../escaped/x"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Bank(tmp_path_factory.mktemp("bank")).run()


def resealed(
    sound: Path,
    to: Path,
    record: Callable[[Record], object] = lambda record: None,
    table: Callable[[str, str], str] = lambda name, text: text,
) -> Path:
    """A copy of a run with its record and its tables changed, every checksum as it should be."""
    run = to / "run"
    shutil.copytree(sound, run)
    held = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    for path in sorted(run.glob("*.csv")):
        path.write_text(table(path.name, path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
        held["outputs"][path.name]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    record(held)
    (run / "manifest.json").write_text(json.dumps(held), encoding="utf-8")
    return run


def disclosed(run: Path, quarter: str = "2024Q2", *more: str) -> Any:
    out = run.parent / "a" / "b" / "out"
    out.parent.mkdir(parents=True, exist_ok=True)
    return typed("disclose", run, "--quarter", quarter, "--out", out, *more)


def option(name: str, value: object) -> Callable[[Record], object]:
    return lambda held: held["scenario"]["disclosure"].update({name: value})


def decimals(name: str, value: object) -> Callable[[Record], object]:
    return lambda held: held["scenario"]["disclosure"]["decimals"].update({name: value})


def lender(name: str, value: object) -> Callable[[Record], object]:
    return lambda held: held["scenario"]["lenders"][LENDER].update({name: value})


RECORDS: dict[str, tuple[Callable[[Record], object], str]] = {
    "decimals without end": (decimals("amount", 10**9), "amount"),
    "more decimals than a scenario may have": (decimals("rate", 5), "rate"),
    "decimals below 0": (decimals("amount", -2), "amount"),
    "decimals that are a text": (decimals("reduction", "x"), "reduction"),
    "decimals that are true": (decimals("reduction", True), "reduction"),
    "no decimals": (decimals("reduction", None), "reduction"),
    "a text for all decimals": (option("decimals", "x"), "decimals"),
    "unit of amounts": (option("amount_unit", "foo"), "amount_unit"),
    "unit of reductions": (option("reduction_unit", ["t"]), "reduction_unit"),
    "projects that are a text": (option("projects", "x"), "projects"),
    "projects below 0": (option("projects", -1), "projects"),
    "year text": (option("year_text", {}), "year_text"),
    "rate basis": (option("rate_basis", "zzz"), "rate_basis"),
    "ineligible": (option("ineligible", "zzz"), "ineligible"),
    "claim": (option("claim", "zzz"), "claim"),
    "claim that is a list": (option("claim", ["full"]), "claim"),
    "loan rates": (lambda held: held["scenario"]["market"].update(loan_rates="zzz"), "loan_rates"),
    "full name that is a list": (lender("full_name", ["x"]), "full_name"),
    "full name that is a number": (lender("full_name", {"zh": 7, "en": "x"}), "full_name"),
    "short name that is a text": (lender("short_name", "x"), "short_name"),
    "lender that is a text": (lambda held: held["scenario"]["lenders"].update({LENDER: "x"}), ""),
    "no lenders": (lambda held: held["scenario"].update(lenders=None), ""),
    "no disclosure": (lambda held: held["scenario"].pop("disclosure"), "disclosure"),
    "no scenario": (lambda held: held.update(scenario=[]), ""),
    "no policy": (lambda held: held.update(policy={}), ""),
    "days without end": (lambda held: held["scenario"].update(start="9999999-01-01"), ""),
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_record_that_no_run_can_have_is_damaged(sound: Path, tmp_path: Path, what: str) -> None:
    change, said = RECORDS[what]
    run = resealed(sound, tmp_path, change)
    done = disclosed(run)
    assert done.exit_code == 1 and "damaged (" in done.output and said in done.output
    assert not (tmp_path / "a" / "b" / "out").exists()


def without(file: str, rows: int) -> Callable[[str, str], str]:
    return lambda name, text: "\n".join(text.splitlines()[:-rows]) + "\n" if name == file else text


def cell(file: str, column: str, value: Callable[[str], str], row: int | None = None) -> Callable[[str, str], str]:
    def change(name: str, text: str) -> str:
        if name != file:
            return text
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
        at = lines[0].index(column)
        for i, line in enumerate(lines[1:]):
            if row is None or i == row:
                line[at] = value(line[at])
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(lines)
        return mark + out.getvalue()

    return change


TABLES: dict[str, Callable[[str, str], str]] = {
    "attribution with a row missing": without("attribution.csv", 1),
    "attribution without rows": without("attribution.csv", 6),
    "screening with a row missing": without("screening.csv", 1),
    "loans with a row missing": without("loans.csv", 1),
    "loans in another order": lambda name, text: (
        "\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])]) + "\n" if name == "loans.csv" else text
    ),
    "no basis of loans": cell("attribution.csv", "basis", lambda value: ""),
    "no basis of one loan": cell("attribution.csv", "basis", lambda value: "", 2),
    "a basis nobody knows": cell("attribution.csv", "basis", lambda value: "zzz", 0),
    "no basis of figures": cell("disclosure.csv", "basis", lambda value: ""),
    "a basis of figures nobody knows": cell("disclosure.csv", "basis", lambda value: "zzz"),
    "a facility nobody knows": cell("attribution.csv", "facility", lambda value: "zzz"),
    "no facility": cell("attribution.csv", "facility", lambda value: ""),
    "no days": cell("attribution.csv", "disbursed", lambda value: ""),
    "opening quarters that are none": cell("disclosure.csv", "quarter", lambda value: "zzz"),
}


@pytest.mark.parametrize("what", TABLES)
def test_tables_that_do_not_fit_together_are_damaged(sound: Path, tmp_path: Path, what: str) -> None:
    run = resealed(sound, tmp_path, table=TABLES[what])
    done = disclosed(run)
    assert done.exit_code == 1 and "damaged (" in done.output, done.output
    assert not (tmp_path / "a" / "b" / "out").exists()


def test_what_was_changed_is_what_is_refused(sound: Path, tmp_path: Path) -> None:
    """The same folder with its checksums renewed and nothing changed is disclosed."""
    assert disclosed(resealed(sound, tmp_path)).exit_code == 0


@pytest.mark.parametrize("change", ["full_name", "tables"])
def test_apply_says_so_too(sound: Path, tmp_path: Path, change: str) -> None:
    run = (
        resealed(sound, tmp_path, lender("full_name", ["x"]))
        if change == "full_name"
        else resealed(sound, tmp_path, table=cell("loans.csv", "disbursed", lambda value: ""))
    )
    done = typed("apply", run, "--quarter", "2024Q2", "--out", tmp_path / "list.xlsx")
    assert done.exit_code == 1 and ("damaged (" in done.output or "apply_" in done.output), done.output
    assert not (tmp_path / "list.xlsx").exists()


# ---- names that are paths

UNFIT = [ESCAPE, "a/b", "a\\b", "C:x", "NUL", "aux.txt", "x" * 300, "行" * 90, ".", "..", "a\u202eb", " a"]


def renamed(sound: Path, tmp_path: Path, name: str) -> Path:
    def table(file: str, text: str) -> str:
        return cell(file, "lender", lambda value: name if value == LENDER else value)(file, text)

    def record(held: Record) -> None:
        held["scenario"]["lenders"] = {name: held["scenario"]["lenders"][LENDER]}
        held["scenario"]["lender"] = name

    return resealed(
        sound, tmp_path, record, lambda file, text: table(file, text) if "lender" in text.splitlines()[0] else text
    )


@pytest.mark.parametrize("name", UNFIT)
def test_a_lender_that_is_a_path_makes_no_file(sound: Path, tmp_path: Path, name: str) -> None:
    run = renamed(sound, tmp_path, name)
    (tmp_path / "escaped").mkdir()
    before = everything(tmp_path)
    done = disclosed(run)
    assert done.exit_code == 1 and "statement_lender_unfit" in done.output, done.output
    assert everything(tmp_path) == before and not (tmp_path / "a" / "b" / "out").exists()


def test_a_lender_that_only_its_bank_knows_is_disclosed(sound: Path, tmp_path: Path) -> None:
    run = renamed(sound, tmp_path, "示范银行")
    assert disclosed(run).exit_code == 0
    assert (tmp_path / "a/b/out/statements/示范银行_cerf_2024Q2_en.md").is_file()


def test_a_facility_that_is_a_path_makes_no_file(sound: Path, tmp_path: Path) -> None:
    def record(held: Record) -> None:
        for one in held["policy"]["facilities"]:
            one["id"] = ESCAPE if one["id"] == "cerf" else one["id"]

    def table(file: str, text: str) -> str:
        return cell(file, "facility", lambda v: ESCAPE if v == "cerf" else v)(file, text)

    run = resealed(sound, tmp_path, record, lambda f, t: table(f, t) if "facility" in t.splitlines()[0] else t)
    (tmp_path / "escaped").mkdir()
    before = everything(tmp_path)
    done = disclosed(run)
    assert done.exit_code == 1 and done.output
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", UNFIT)
def test_no_name_of_a_file_is_made_of_a_path(name: str) -> None:
    from types import SimpleNamespace as Some

    for who, what in ((name, "cerf"), ("demo", name)):
        with pytest.raises(ValueError, match="name of a file"):
            stem(Some(lender=who, facility=Some(id=what), quarter=8097, version=1), "zh")  # type: ignore[arg-type]


def test_a_file_that_would_lie_elsewhere_is_not_counted_as_written(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert all_inside(tmp_path / "in", [tmp_path / "in" / "a.md"]) == [tmp_path / "in" / "a.md"]
    for path in (tmp_path / "in" / ".." / "a.md", tmp_path / "a.md", tmp_path / "in" / "b" / "a.md"):
        with pytest.raises(ValueError, match="does not lie"):
            all_inside(tmp_path / "in", [path])


# ---- `relending run` of a book whose text of a lender is a path


def book_of(tmp_path: Path, text: str) -> Path:
    """A run in which money arrived for the loans of a lender that the book alone knows."""
    bank = Bank(tmp_path)
    for row in bank.loans.values():
        row["lender"] = text
    scenario = bank.scenario()
    out = tmp_path / "a" / "b" / "run"
    done = typed("run", scenario, "--out", out, "--findings", tmp_path / "findings.csv")
    assert done.exit_code == 0, done.output
    assert ("statement_unnamed" in (tmp_path / "findings.csv").read_text(encoding="utf-8-sig")) == (text != "示范银行")
    return out


@pytest.mark.parametrize("text", ["a/b", ESCAPE, "NUL", "x" * 300])
def test_a_run_leaves_out_the_statement_of_a_lender_that_cannot_name_a_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "escaped").mkdir()
    run = book_of(tmp_path, text)
    assert not (run / "statements").exists() and not list((tmp_path / "escaped").iterdir())
    assert "statement_unnamed" in (run / "findings.csv").read_text(encoding="utf-8-sig")


def test_a_run_writes_the_statement_of_a_lender_that_the_book_alone_knows(tmp_path: Path) -> None:
    run = book_of(tmp_path, "示范银行")
    assert (run / "statements" / "示范银行_cerf_2024Q4_zh.docx").is_file()


# ---- what is damage, and what is not


@pytest.mark.parametrize(
    "error",
    [KeyError("sector"), IndexError(3), ValueError("x"), TypeError("x"), AttributeError("x"), ZeroDivisionError("x")],
)
def test_whatever_the_tables_make_fail_is_damage_with_its_cause(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(DEBUG, raising=False)
    with pytest.raises(RunFolderError, match=type(error).__name__) as raised, damage_told(tmp_path):
        raise error
    assert raised.value.__cause__ is error and "damaged" in raised.value.en
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(RunFolderError), damage_told(tmp_path):
        raise error
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        LimitError("too many"),
        InvariantError("does not add up"),
        InputError(Findings.one("statement_lender")),
        OSError("full"),
        RuntimeError("ours"),
        AssertionError("ours"),
    ],
)
def test_what_is_said_of_input_identities_limits_and_disks_stays(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as raised, damage_told(tmp_path):
        raise error
    assert raised.value is error


# ---- a run that is redacted


def test_a_redacted_run_is_neither_redacted_again_nor_made_final(tmp_path: Path) -> None:
    bank = Bank(tmp_path)
    key = tmp_path / "key.txt"
    key.write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    plain, run = bank.run(), bank.run("--redact", key)
    assert bank.disclose(plain, "2024Q1", "--redact", key).exit_code == 0
    for words in (["--redact", key], ["--final"], ["--amend", "--reason", "x"]):
        done = bank.disclose(run, "2024Q1", *words)
        assert done.exit_code == 1 and "statement_redacted_run" in done.output and words[0] in done.output
        assert not done.folder.exists() and not bank.published.exists()
    assert typed("disclose", run, "--quarter", "2024Q1", "--out", tmp_path / "draft").exit_code == 0
