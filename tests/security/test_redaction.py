"""With --redact nothing a run writes or shows names a loan, a borrower or a project; what joined still joins."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

import relending as rl
from relending.cli import main
from relending.findings import Findings, InputError, messages
from relending.lineage.known import Known
from relending.lineage.redaction import FIGURE, Redactor, declared, hidden_columns
from relending.lineage.redaction_key import NEW_KEY
from relending.runfolder import tables as tables_module
from relending.runfolder.redacted import redacted_toml
from relending.runfolder.tables import tables

KEY = b"a key for tests, of more than 16 bytes"
SINGLE = ("loan", "contract", "borrower", "project", "project_code", "project_name", "document", "author", "branch")

# ---- a book in which every value is unmistakable, and stands where it should not too

BORROWER = "鹭江甲风电有限公司"
LOANS = """\
loan_id,contract_id,branch,borrower,project_id,project_code,project_name,publish_name,sector,issue_type,principal,rate,\
disbursed,matures,project_investment,project_reduction,evidence,evidence_doc,evidence_by,region,refinances,备忘
QX-LN-0001,QX-HT-81,筼筜支行,鹭江甲风电有限公司,QX-PJ-01,QX-DM-77,鹭江海上风电一期,鹭江一期,wind,new,\
1000000,0.03,2024-01-05,2034-01-05,5000000,100,eia,闽环评〔2023〕991号,闽设计院,福建,,x
QX-LN-0002,QX-HT-82,筼筜支行,翔安乙光伏有限公司,QX-PJ-02,QX-DM-78,翔安屋顶光伏,,solar,new,\
2000000,0.03,2024-02-05,2034-02-05,6000000,100,eia,闽环评〔2023〕992号,闽设计院,福建,,x
QX-LN-0003,QX-HT-83,筼筜支行,翔安乙光伏有限公司,QX-PJ-02,QX-DM-78,翔安屋顶光伏,,solar,new,\
1500000,三厘 翔安乙光伏有限公司,2024-03-05,2034-03-05,6000000,100,eia,闽环评〔2023〕992号,闽设计院,福建,,x
QX-LN-0004,QX-HT-84,筼筜支行,丙热能有限公司,QX-PJ-03,,丙余热发电,,industrial_efficiency,refinanced,\
1500000,0.03,2024-03-06,2034-03-05,6000000,100,eia,,,QX-LN-0001 所在地,QX-LN-0002,x
QX-LN-0004,QX-HT-85,筼筜支行,丙热能有限公司,QX-PJ-03,,丙余热发电,,industrial_efficiency,new,\
1500000,0.03,2024-03-06,2034-03-05,6000000,100,eia,,,福建,,x
QX-LN-0006,QX-HT-86,筼筜支行,丁未列名有限公司,QX-PJ-06,,丁物流园,,丁物流园 QX-PJ-06,new,\
1500000,0.03,2024-03-07,2034-03-05,6000000,100,eia,,,福建,QX-LN-9999,x
"""
SIDE = {
    "applications": "loan_id,period,status,applied_amount,funded_on,funded_amount,rate,tranche\n"
    "QX-LN-0001,2024Q1,funded,600000,2024-04-22,600000,0.0175,QX-ZD/001\n"
    "QX-LN-0002,2024Q1,applied,1200000,,,,\nQX-LN-7777,2024Q1,applied,1200000,,,,\n",
    "revisions": "project_id,from,investment,reason\nQX-PJ-01,2024-06-01,5500000,鹭江海上风电一期概算调整\n",
    "other_loans": "project_id,project_code,lender,loan_id,disbursed,principal\n"
    "QX-PJ-01,,鼓浪屿信托,QX-TA-5,2024-01-01,10\n",
    "opening": "facility,code,through,projects,amount,weighted_rate,reduction,project_ids\n"
    "cerf,total,2023Q4,2,100,0.03,1,QX-PJ-01；QX-PJ-98\n",
    "opening_tranches": "facility,drawn_on,due_on,principal,rate,rollovers_used,tranche\n"
    "cerf,2023-06-30,2024-06-30,100,0.0175,0,QX-ZD-900\n",
}
SCENARIO = """
[scenario]
name = "own"
title = {{ zh = "翔安屋顶光伏", en = "All of QX-PJ-02" }}
description = "For 丙热能有限公司"
book = "{book}"
{side}
lender = "bank"
start = 2024-01-01
end = 2024-12-31
facilities = ["cerf"]
[lenders.bank]
class = "city"
[market]
own_rate = 0.03
"""
UNMISTAKABLE = re.compile("QX-[A-Z]{2}|鹭江|筼筜|翔安|丙热能|丙余热|丁未列名|丁物流园|闽环评|闽设计院|鼓浪屿")


def own_scenario(folder: Path, book: str = f"{BORROWER}.csv") -> Path:
    """The unmistakable book with its tables beside it, in a file named after a borrower."""
    (folder / book).write_text(LOANS, encoding="utf-8")
    for name, content in SIDE.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    path = folder / "own.toml"
    side = "\n".join(f'{name} = "{name}.csv"' for name in SIDE)
    path.write_text(SCENARIO.format(book=book, side=side), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return rl.run(own_scenario(tmp_path_factory.mktemp("own")))


@pytest.fixture(scope="module", params=["demo", "ledger", "own"])
def run(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("own") if request.param == "own" else rl.run(request.param)


def content(path: Path) -> str:
    """All the text a file holds; of a Parquet file that of its cells."""
    if path.suffix != ".parquet":
        return path.read_bytes().decode("utf-8", "replace")
    cells = [str(value) for column in pq.read_table(path).columns for value in column.to_pylist() if value is not None]
    return "\n".join(cells)


def hidden_values(run: Any) -> set[str]:
    """Every value of a run's tables that is to be hashed, lists and tranche names taken apart."""
    found: set[str] = set()
    for name, frame in run.tables.items():
        for column, kind in declared()["tables"][name].get("hashed", {}).items():
            values = frame[column].dropna().astype(str)
            if kind == "tranche_name":
                continue
            found |= {part.strip() for value in values for part in re.split("[;；]", value)}
    return found - {""}


# ---- nothing that is written names anybody


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_no_hidden_value_is_in_any_file_of_the_folder(
    run: Any, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_module, "LOANS_IN_CSV", 10**6 if form == "csv" else 1)
    out = run.save(tmp_path / "out", redact=KEY)
    hidden = hidden_values(run)
    assert len(hidden) > 20
    files = [p for p in out.rglob("*") if p.is_file()]
    assert any(p.suffix == f".{form}" for p in files)
    published = set(run.tables["loans"]["publish_name"].dropna())  # a statement may print these
    left = set()
    for path in files:
        text = content(path)
        for name in published if "statements" in path.parts else ():
            text = text.replace(name, "")
        left |= {(path.name, value) for value in hidden if value in text}
    assert left == set()
    assert rl.verify(out) == []


def test_a_value_is_hidden_too_where_it_should_not_stand(own: Any, tmp_path: Path) -> None:
    """In the name of a file, in title and description, in another column, in an unreadable cell, in a tranche."""
    plain, out = own.save(tmp_path / "plain"), own.save(tmp_path / "out", redact=KEY)
    shown = {p.name for p in plain.iterdir() if p.is_file() and UNMISTAKABLE.search(content(p))}
    assert {"manifest.json", "loans.csv", "findings.csv", "ledger.csv", "other_loans.csv"} <= shown
    assert {p.name: m for p in out.iterdir() if p.is_file() and (m := UNMISTAKABLE.search(content(p)))} == {}
    loans = rl.open_run(out).loans
    assert loans["file"].str.fullmatch("F-[0-9a-f]{16}").all()
    assert loans["sector"].tolist()[:2] == ["wind", "solar"]
    assert loans["sector"].iloc[5].startswith("X-")
    assert loans["region"].str[:2].tolist() == ["福建"] * 3 + ["X-"] + ["福建"] * 2
    drawn = rl.open_run(out).ledger["tranche"].unique().tolist()
    number = rl.open_run(out).applications["tranche"].iloc[0]
    assert number.startswith("T-") and f"cerf/bank/2024-04-22/{number}" in drawn


def test_findings_keep_figures_and_words_of_the_package(own: Any, tmp_path: Path) -> None:
    plain, after = own.findings, rl.open_run(own.save(tmp_path / "out", redact=KEY)).findings
    assert plain["code"].value_counts().to_dict() == after["code"].value_counts().to_dict()
    unread = after[after["code"] == "unreadable_number"].iloc[0]
    assert unread["column"] == "rate" and unread["found"].startswith("X-")
    twice = after[after["code"] == "duplicate_loan_id"]
    assert len(twice) and twice["loan"].str.startswith("L-").all()
    unknown = after[after["code"] == "refinances_unknown"].iloc[0]
    assert unknown["loan"].startswith("L-")
    assert (after.loc[after["code"] == "column_ignored", "found"] == "备忘").all()


# ---- what could be joined, counted and published still can


def test_published_figures_are_the_same_to_the_byte_and_counts_agree(run: Any, tmp_path: Path) -> None:
    plain, out = run.save(tmp_path / "plain"), run.save(tmp_path / "out", redact=KEY)
    for name in ("disclosure.csv", "funding.csv", "cost.csv"):
        assert (plain / name).read_bytes() == (out / name).read_bytes()
    assert sorted(p.name for p in plain.iterdir()) == sorted(p.name for p in out.iterdir())
    a, b = rl.open_run(plain), rl.open_run(out)
    for key in ("borrower", "project_id", "contract_id", "project_code"):
        assert a.loans.groupby("lender")[key].nunique().equals(b.loans.groupby("lender")[key].nunique())
    for name, frame in a.tables.items():
        other = b.tables[name]
        assert len(frame) == len(other)
        if name != "findings":
            rule = declared()["tables"][name]
            same = [c for c in frame if c not in rule.get("hashed", {}) and c not in rule.get("guarded", {})]
            pd.testing.assert_frame_equal(frame[same], other[same])


def joined(opened: Any) -> dict[str, int]:
    """How many rows of one table find theirs in another."""
    t = opened.tables
    ids = t["loans"]["loan_id"].dropna().drop_duplicates()
    out = {n: int(t[n]["loan_id"].isin(ids).sum()) for n in ("screening", "attribution", "draws", "prepayments")}
    for name in ("applications", "balances", "batches", "restatement"):
        out[name] = int(t[name]["loan_id"].isin(ids).sum()) if name in t else 0
    out["refinances"] = int(t["loans"]["refinances"].isin(ids).sum())
    out["findings"] = int(t["findings"]["loan"].isin(ids).sum())
    out["found"] = int(t["findings"]["found"].isin(ids).sum())
    out["revisions"] = int(t["revisions"]["project_id"].isin(t["loans"]["project_id"]).sum()) if "revisions" in t else 0
    out["ledger"] = int(t["draws"]["tranche"].isin(t["ledger"]["tranche"]).sum())
    listed = t["opening"]["project_ids"].dropna().str.split("[;；] ?", regex=True).explode() if "opening" in t else ()
    out["opening"] = sum(one in set(t["loans"]["project_id"].dropna()) for one in listed)
    return out


def test_joins_hold(run: Any, tmp_path: Path) -> None:
    plain, out = run.save(tmp_path / "plain"), run.save(tmp_path / "out", redact=KEY)
    assert joined(rl.open_run(plain)) == joined(rl.open_run(out))
    assert joined(rl.open_run(out))["ledger"] > 0


def bytes_of(folder: Path) -> Mapping[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_one_key_gives_the_same_bytes_and_another_other_hashes(own: Any, tmp_path: Path) -> None:
    first, again = own.save(tmp_path / "a", redact=KEY), own.save(tmp_path / "b", redact=Redactor(KEY))
    other = own.save(tmp_path / "c", redact=KEY + b"!")
    assert bytes_of(first) == bytes_of(again)
    a, c = rl.open_run(first), rl.open_run(other)
    assert a.manifest["redacted"] == Redactor(KEY).fingerprint != c.manifest["redacted"]
    assert re.fullmatch("[0-9a-f]{12}", a.manifest["redacted"])
    for column in ("loan_id", "borrower", "project_id"):
        assert not set(a.loans[column]) & set(c.loans[column]) - {""}


def test_a_run_is_not_redacted_twice(own: Any) -> None:
    with pytest.raises(ValueError, match="already"):
        own.redacted(KEY).redacted(KEY)
    assert "redacted" not in own.manifest


# ---- hashes


@given(st.text(min_size=1), st.text(min_size=1))
def test_equal_values_have_equal_hashes_and_different_ones_different(a: str, b: str) -> None:
    one, other = Redactor(KEY), Redactor(KEY)
    assert one.text("loan", a) == other.text("loan", a)
    assert (one.text("loan", a) == one.text("loan", b)) == (a == b)
    assert one.text("loan", a)[2:] != one.text("borrower", a)[2:]
    assert re.fullmatch("L-[0-9a-f]{16}", one.text("loan", a))


@given(st.binary(min_size=16, max_size=200), st.sampled_from(SINGLE), st.text(min_size=1))
def test_a_hash_is_hmac_sha256_of_kind_and_value(key: bytes, kind: str, value: str) -> None:
    expected = hmac.new(key, kind.encode() + b"\0" + value.encode("utf-8", "surrogatepass"), hashlib.sha256)
    assert Redactor(key).text(kind, value).split("-")[1] == expected.hexdigest()[:16]


def test_empty_stays_empty_and_the_key_is_not_shown() -> None:
    redactor = Redactor(KEY)
    assert redactor.text("loan", "") == ""
    frame = pd.DataFrame({"loan_id": ["A1", "", None, "A1"], "facility": "cerf", "eligible": True, "reasons": ""})
    ids = redactor.table("screening", frame.astype({"loan_id": "string[pyarrow]"}))["loan_id"]
    assert ids.isna().tolist() == [False, False, True, False]
    assert ids[0] == ids[3] == redactor.text("loan", "A1") and ids[1] == ""
    assert KEY.decode() not in repr(redactor) + str(vars(redactor))


PIECE = st.text("甲乙丙AB12-_ ", min_size=2, max_size=6).filter(lambda text: any(c.isalnum() for c in text))


@given(st.lists(PIECE, min_size=1, max_size=5), PIECE, PIECE)
def test_a_value_that_stands_alone_in_a_text_is_found(values: list[str], before: str, behind: str) -> None:
    known = Known([pa.array(values)])
    assert all(known.inside([text for v in values for text in (v, f"{before} {v} {behind}", f"（{v}）")]))
    assert not Known([]).holds(before)


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("40,000,000.00", True),
        ("<= 2026-11-23", True),
        ("0.45–0.95 t/MWh", True),
        ("3,000–6,000 yuan/kW", True),
        ("0.00 (2023-09-30)", True),
        ("2024年3月5日", True),
        ("甲公司", False),
        ("A1 (row 7)", False),
        ("12 LN", False),
    ],
)
def test_figures_and_dates_are_told_from_texts(text: str, figure: bool) -> None:
    assert (re.match(FIGURE, text) is not None) == figure


# ---- every column is decided on


def test_every_text_column_of_every_table_is_hashed_guarded_or_open() -> None:
    for name, table in tables().items():
        rule = declared()["tables"][name]
        decided = [*rule.get("hashed", {}), *rule.get("guarded", {}), *rule.get("open", [])]
        assert sorted(decided) == sorted(c.step for c in table.columns if c.kind == "text"), name
    assert set(declared()["tables"]) == set(tables())


def test_kinds_codes_and_prefixes_are_ones_there_are() -> None:
    prefixes = declared()["prefixes"]
    assert len(set(prefixes.values())) == len(prefixes)
    kinds = {
        k for t in declared()["tables"].values() for part in ("hashed", "guarded") for k in t.get(part, {}).values()
    }
    assert kinds - {"projects", "tranche_name"} == set(prefixes)
    assert set(declared()["findings"]["quoting"]) | set(declared()["findings"]["worded"]) <= set(messages())
    assert {"loan_id", "borrower", "project_name", "refinances"} <= hidden_columns()
    assert not {"principal", "lender", "sector"} & hidden_columns()


# ---- the scenario file of a workbook


def test_a_scenario_file_keeps_its_rules_and_loses_its_names() -> None:
    known = Known([pa.array([BORROWER, "city"])])
    text = (
        f'# Made from {BORROWER}.xlsx\n[scenario]\nbook = "{BORROWER}.xlsx"\nlender = "city"\ntitle = {{ zh = "甲" }}\n'
    )
    after = redacted_toml(text, Redactor(KEY), known)
    assert BORROWER not in after
    assert 'lender = "city"\ntitle = { zh = "甲" }' in after and re.search('book = "F-[0-9a-f]{16}"', after)


# ---- what the command line says


def typed(*words: object) -> Any:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_bytes(KEY + b"\r\n")
    return path


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_neither_the_screen_nor_the_findings_file_names_anybody(tmp_path: Path, key: Path, lang: str) -> None:
    scenario = own_scenario(tmp_path, "book.csv")
    for ending in ("csv", "xlsx"):
        place = tmp_path / f"findings.{ending}"
        out = tmp_path / f"out-{ending}"
        done = typed("run", scenario, "--out", out, "--redact", key, "--findings", place, "--lang", lang)
        assert done.exit_code == 0, done.output
        assert not UNMISTAKABLE.search(done.output)
        assert "L-" in done.output
        if ending == "csv":
            assert not UNMISTAKABLE.search(content(place))
            assert place.read_bytes() == (out / "findings.csv").read_bytes()
        else:
            cells = [str(c.value) for sheet in load_workbook(place) for row in sheet.iter_rows() for c in row]
            assert len(cells) > 50 and not UNMISTAKABLE.search("\n".join(cells))
        assert rl.open_run(out).manifest["redacted"] == Redactor(KEY).fingerprint
        assert rl.verify(out) == []
        hint = re.search(r"explain \S+ (\S+)", done.output)
        assert hint is not None
        told = typed("explain", out, hint[1], "--lang", lang)
        assert told.exit_code == 0 and hint[1] in told.output
        assert not UNMISTAKABLE.search(told.output)


@pytest.mark.parametrize("run", ["demo", "ledger", "own"], indirect=True)
def test_every_loan_of_a_redacted_folder_can_be_explained(run: Any, tmp_path: Path) -> None:
    opened = rl.open_run(run.save(tmp_path / "out", redact=KEY))
    hidden = [value for value in hidden_values(run) if len(value) > 3]
    for loan in opened.loans["loan_id"]:
        for story in rl.explain(opened, loan):
            assert not [value for value in hidden if value in story.text()]


def test_where_the_input_stops_the_run_the_screen_is_plain_and_the_findings_file_is_not(
    tmp_path: Path, key: Path
) -> None:
    scenario, place = own_scenario(tmp_path, "book.csv"), tmp_path / "findings.csv"
    stopped = typed("run", scenario, "--out", tmp_path / "o", "--redact", key, "--strict", "--findings", place)
    assert stopped.exit_code == 1 and not (tmp_path / "o").exists()
    assert "QX-LN-0003" in stopped.output
    assert not UNMISTAKABLE.search(content(place))
    rows = list(csv.DictReader(place.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["loan"] for row in rows if row["code"] == "unreadable_number"} == {
        Redactor(KEY).text("loan", "QX-LN-0003")
    }
    assert {row["file"] for row in rows} >= {"book.csv"}


@pytest.mark.parametrize(
    ("content", "code", "said", "zh"),
    [
        (None, "key_not_found", "does not exist", "密钥文件不存在"),
        (b"short\n", "key_too_short", "5 bytes", "密钥太短"),
        (b"\r\n" * 20, "key_too_short", "0 bytes", "密钥太短"),
        (b"x" * 5000, "key_unreadable", "cannot be read as a key", "不能作为"),
    ],
)
def test_a_key_that_is_none_is_refused_with_a_line_that_makes_one(
    tmp_path: Path, content: bytes | None, code: str, said: str, zh: str
) -> None:
    path = tmp_path / "key.txt"
    if content is not None:
        path.write_bytes(content)
    for lang, words in (("en", said), ("zh", zh)):
        refused = typed("run", "demo", "--out", tmp_path / "out", "--redact", path, "--lang", lang)
        assert refused.exit_code == 1 and code in refused.output and words in refused.output
        assert NEW_KEY in refused.output.splitlines()
        assert "Traceback" not in refused.output
    with pytest.raises(InputError, match=code):
        rl.read_key(path)
    assert path.exists() == (content is not None) and not (tmp_path / "out").exists()


def test_a_folder_is_no_key_and_line_ends_and_marks_do_not_count(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="key_unreadable"):
        rl.read_key(tmp_path)
    text = rl.new_key()
    spellings = [text.encode(), f"{text}\n".encode(), f"{text}\r\n".encode(), f"{text}\r\n".encode("utf-8-sig")]
    spellings.append(f"{text}\r\n".encode("utf-16"))  # what > writes in an older PowerShell
    for i, spelling in enumerate(spellings):
        (tmp_path / str(i)).write_bytes(spelling)
    assert {rl.read_key(tmp_path / str(i)) for i in range(len(spellings))} == {text.encode()}


def test_a_key_in_the_run_folder_is_wrong_usage(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert typed("run", "demo", "--out", out, "--quiet").exit_code == 0
    (out / "key.txt").write_bytes(KEY)
    refused = typed("run", "demo", "--out", out, "--force", "--redact", out / "key.txt")
    assert refused.exit_code == 2 and "--redact" in refused.output and (out / "key.txt").exists()


def test_findings_without_a_run_lose_every_text() -> None:
    said = Findings.one("unreadable_number", file="b.csv", row=2, loan="LN-1", column="rate", found="甲公司")
    said += Findings.one("unreadable_number", file="b.csv", row=3, loan="LN-1", column="rate", found="1,0,0")
    said += Findings.one("quote_not_closed", file="LN-1.csv", row=3, found="LN-2,乙公司")
    frame = Redactor(KEY).findings(said).frame()
    assert (
        frame["found"].str.match(r"X-|1,0,0$").all()
        and frame["loan"].isin(["", Redactor(KEY).text("loan", "LN-1")]).all()
    )
    assert set(frame["file"]) == {"b.csv", Redactor(KEY).text("file", "LN-1.csv")}
    assert len(Redactor(KEY).findings(Findings()).frame()) == 0


# ---- public or internal


def test_every_file_but_a_statement_says_that_it_is_internal_and_older_folders_open(tmp_path: Path) -> None:
    out = rl.run("statements/boc-2024q2").save(tmp_path / "out")
    record = json.loads((out / "manifest.json").read_bytes())
    inside = {name: entry for name, entry in record["outputs"].items() if not name.startswith("statements/")}
    assert {entry["confidentiality"] for entry in inside.values()} == {"internal"}
    for entry in record["outputs"].values():
        del entry["confidentiality"]
    (out / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    assert rl.verify(out) == [] and len(rl.open_run(out).loans)
