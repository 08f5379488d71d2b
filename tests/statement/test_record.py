"""What an archive keeps of a statement comes back as it was, and nothing of it changes unseen."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.engine.columns import frame_of
from relending.findings import InputError
from relending.lineage.disclosed import Figures, fields_of, sectors_of
from relending.policy import facility
from relending.statement.printed import Options
from relending.statement.record import (
    FIRST_LOANS,
    LOANS,
    WORKED_OUT_FROM,
    Accepted,
    Record,
    of_code,
    record_of,
    run_digest,
    sums,
    unlike_loans,
)
from relending.statement.record_file import (
    RECORD,
    SEAL,
    TABLE,
    _spelled,
    digest,
    files_of,
    loans_file,
    read_record,
    record_file,
)
from tests.statement.archived import BOOK, record, run_of, stated


def written(one: Record) -> tuple[bytes, bytes]:
    """The record's file and that of its loans."""
    loans = loans_file(one)
    return record_file(one, {TABLE: digest(loans), "statements/a.txt": "0" * 64}), loans


def again(one: Record) -> Record:
    """The record written and read."""
    content, loans = written(one)
    held, files = files_of(content, RECORD)
    assert files == {TABLE: digest(loans), "statements/a.txt": "0" * 64}
    return read_record(held, loans, RECORD)


def assert_same(one: Record, other: Record) -> None:
    for name in Record.__slots__:
        if name != "loans":
            assert getattr(one, name) == getattr(other, name), name
    pd.testing.assert_frame_equal(one.loans, other.loans)


INT = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
BIG = st.integers(0, 10**60)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Records of any loans, whose figures are theirs and those of what they began with."""
    n = draw(st.integers(0, 6))
    small = st.integers(0, 10**15)
    columns = {
        "loan_id": draw(st.lists(TEXT, min_size=n, max_size=n, unique=True)),
        "project_id": draw(st.lists(TEXT | st.none(), min_size=n, max_size=n)),
        "field": draw(st.lists(st.sampled_from(["clean_energy", "energy_saving"]), min_size=n, max_size=n)),
        "sector": draw(st.lists(st.sampled_from(["wind", "solar"]), min_size=n, max_size=n)),
        "quarter": draw(st.lists(st.integers(8080, 8099), min_size=n, max_size=n)),
        "amount_fen": draw(st.lists(small, min_size=n, max_size=n)),
        "rate_ppm": draw(st.lists(st.integers(0, 10**6), min_size=n, max_size=n)),
        "reduction_g": draw(st.lists(small, min_size=n, max_size=n)),
        **{
            f"in_{h}": draw(st.lists(st.booleans(), min_size=n, max_size=n)) for h in ("quarter", "year", "since_start")
        },
        **{name: draw(st.lists(small | st.none(), min_size=n, max_size=n)) for name in WORKED_OUT_FROM.names[:2]},
        **{name: draw(st.lists(TEXT | st.none(), min_size=n, max_size=n)) for name in WORKED_OUT_FROM.names[2:]},
    }
    import pyarrow as pa

    loans = frame_of({name: pa.array(columns[name], kind) for name, kind in zip(LOANS.names, LOANS.types, strict=True)})
    began = {("since_start", "total"): Figures(*(draw(BIG) for _ in range(4)))}
    figures = {}
    for h in ("quarter", "year", "since_start"):
        inside = loans[loans[f"in_{h}"].to_numpy(dtype=bool)]
        for code in ("total", *fields_of(facility("cerf")), *sectors_of(facility("cerf"))):
            figures[h, code] = sums(of_code(inside, code)) + began.get((h, code), Figures())
    return Record(
        draw(TEXT),
        "cerf",
        draw(st.integers(8100, 9000)),
        draw(st.integers(1, 99)),
        figures,
        Options(amount_unit="yi_yuan", rate=4),
        draw(st.sampled_from(["issue", "current"])),
        draw(st.sampled_from(["", "full", "funded"])),
        tuple(draw(st.lists(TEXT, max_size=3))),
        loans,
        began,
        {"since_start": 8079},
        draw(TEXT),
        tuple(Accepted(*(draw(TEXT) for _ in range(4))) for _ in range(draw(st.integers(0, 2)))),
        draw(TEXT),
        draw(TEXT),
        draw(st.none() | st.just((8079, 2))),
    )


@settings(max_examples=25)
@given(records())
def test_a_record_is_read_as_it_was_written(one: Record) -> None:
    assert_same(again(one), one)
    assert written(again(one)) == written(one)


@settings(max_examples=25)
@given(records())
def test_a_reason_that_is_no_text_on_every_system_is_kept_all_the_same(one: Record) -> None:
    odd = replace(one, reason="a\udc80b")
    assert again(odd).reason == odd.reason and written(again(odd)) == written(odd)


@given(records(), st.data())
def test_no_byte_of_a_record_changes_unseen(one: Record, data: st.DataObject) -> None:
    content, _ = written(one)
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[at]))
    other = content[:at] + bytes([byte]) + content[at + 1 :]
    with pytest.raises(InputError) as raised:
        files_of(other, RECORD)
    assert set(raised.value.findings.codes()) <= {"published_damaged", "published_format"}


def test_a_record_of_a_run_keeps_what_the_statement_was_made_of(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    found, statement = stated(run, "2022Q3")
    one = record_of(found, statement, claim="whole", run=run_digest(run.manifest))
    assert one.figures == found.cells and not unlike_loans(one)
    assert one.loans["loan_id"].tolist() == ["A1", "A2", "B1", "B2", "C1"]
    assert one.loans["in_quarter"].tolist() == [False] * 4 + [True]
    assert (one.lender, one.facility, one.quarter, one.version) == ("icbc", "cerf", found.quarter, 1)
    assert one.run == run_digest(run_of(tmp_path / "again").manifest) and len(one.run) == 64
    content = record_file(one, {TABLE: "0" * 64})
    assert content.startswith(b'{\n "accepted"') and content.endswith(b"}\n") and b"\r" not in content
    assert str(tmp_path).encode() not in content
    assert json.loads(content)["files"] == [{"class": "internal", "file": TABLE, "sha256": "0" * 64}]


def test_a_record_keeps_what_each_reduction_was_worked_out_from(tmp_path: Path) -> None:
    """The figures that count for the loan: its own, or by a revision of its project."""
    loans = [BOOK[0].but(evidence_doc="甲1号"), *BOOK[1:]]
    revised = "project_id,from,investment,reduction,evidence,reason\nP1,2022-05-01,6000000,1200,third_party,核实\n"
    one = record(run_of(tmp_path / "run", loans, {"revisions": revised}), "2022Q2")
    kept = {row["loan_id"]: tuple(row[n] for n in WORKED_OUT_FROM.names) for row in one.loans.to_dict("records")}
    assert kept["A1"] == (500_000_000, 1_000_700_000, "eia", "甲1号")
    assert kept["B1"][:3] == (600_000_000, 1_200_000_000, "third_party") and pd.isna(kept["B1"][3])
    assert_same(again(one), one)
    key = lambda kind, text: f"{kind[0]}-{text}"  # noqa: E731
    found, statement = stated(run_of(tmp_path / "again", loans), "2022Q2")
    hidden = record_of(found, statement, claim="", run="", rehash=key, redacted="abc")
    assert hidden.loans["evidence_doc"].iloc[0] == "d-甲1号" and pd.isna(hidden.loans["evidence_doc"].iloc[1])


def test_an_older_record_is_read_with_what_it_did_not_keep_left_empty(tmp_path: Path) -> None:
    one = record(run_of(tmp_path / "run"), "2022Q2")
    out = io.BytesIO()
    table = pq.read_table(io.BytesIO(loans_file(one)))
    pq.write_table(table.select(FIRST_LOANS.names).cast(FIRST_LOANS), out, store_schema=False)
    content = record_file(one, {TABLE: digest(out.getvalue())})
    older = read_record(files_of(content, RECORD)[0], out.getvalue(), RECORD)
    assert older.loans[WORKED_OUT_FROM.names].isna().all(axis=None)
    pd.testing.assert_frame_equal(older.loans[FIRST_LOANS.names], one.loans[FIRST_LOANS.names])
    half = io.BytesIO()
    pq.write_table(table.drop_columns(["evidence"]), half, store_schema=False)
    with pytest.raises(InputError, match="published_damaged"):
        read_record(files_of(content, RECORD)[0], half.getvalue(), RECORD)


def test_ids_of_a_redacted_record_are_hashed_and_its_key_is_asked_for(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    found, statement = stated(run, "2022Q2")
    one = record_of(found, statement, claim="", run="", rehash=lambda kind, v: f"{kind[0]}-{v}", redacted="abc")
    assert one.loans["loan_id"].tolist() == ["l-A1", "l-A2", "l-B1", "l-B2"]
    assert one.loans["project_id"].tolist() == ["p-P1", "p-P2", "p-P1", "p-P3"]
    assert one.under("abc") is one and not unlike_loans(one)
    for fingerprint in ("", "abd"):
        with pytest.raises(InputError, match="published_key"):
            one.under(fingerprint)
    with pytest.raises(ValueError, match="key"):
        record_of(found, statement, claim="", run="", redacted="abc")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": 2}, "published_format"),
        ({"format": "1"}, "published_damaged"),
        ({"format": True}, "published_damaged"),
        ({"version": 0}, "published_damaged"),
        ({"version": "1"}, "published_damaged"),
        ({"quarter": "2022Q5"}, "published_damaged"),
        ({}, ""),
        ({"figures": [{"horizon": "quarter"}]}, "published_damaged"),
        ({"figures": {"a": 1}}, "published_damaged"),
        ({"figures": 7}, "published_damaged"),
        ({"options": {}}, "published_damaged"),
        ({"files": [{"file": TABLE, "sha256": "x"}]}, "published_damaged"),
        ({"files": []}, "published_damaged"),
        ({"previous": [1]}, "published_damaged"),
        ({"through": []}, "published_damaged"),
        ({"accepted": [{}]}, "published_damaged"),
    ],
)
def test_a_sealed_record_of_other_content_is_said_to_be_damaged(
    tmp_path: Path, change: dict[str, object], code: str
) -> None:
    """Even one whose seal someone made fit."""
    content, loans = written(record(run_of(tmp_path / "run"), "2022Q1"))
    held = json.loads(content) | change
    del held[SEAL]
    sealed = _spelled({**held, SEAL: digest(_spelled(held))})
    if not code:
        read_record(files_of(sealed, RECORD)[0], loans, RECORD)
        return
    with pytest.raises(InputError) as raised:
        read_record(files_of(sealed, RECORD)[0], loans, RECORD)
    assert raised.value.findings.codes() == {code: 1}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"{}", b"[" * 100_000, b'{"format": 1e999}', b"NaN"])
def test_what_is_no_record_is_said_to_be_damaged(content: bytes) -> None:
    with pytest.raises(InputError, match="published_damaged"):
        files_of(content, RECORD)


def test_a_record_is_not_even_spelled_otherwise(tmp_path: Path) -> None:
    content, _ = written(record(run_of(tmp_path / "run"), "2022Q1"))
    assert files_of(content, RECORD)
    for other in (content[:-1], content.replace(b"\n", b"\r\n"), json.dumps(json.loads(content)).encode()):
        with pytest.raises(InputError, match="published_damaged"):
            files_of(other, RECORD)


def test_figures_that_are_not_those_of_the_loans_are_found(tmp_path: Path) -> None:
    one = record(run_of(tmp_path / "run"), "2022Q2")
    key = ("since_start", "total")
    for name in Figures.__slots__:
        figures = dict(one.figures)
        figures[key] = replace(figures[key], **{name: getattr(figures[key], name) + 1})
        wrong = replace(one, figures=figures)
        assert unlike_loans(wrong) == ["since_start/total"]
        with pytest.raises(InputError, match="since_start/total"):
            again(wrong)
    figures = dict(one.figures)
    figures[key] = replace(figures[key], projects=figures[key].projects - 1)
    assert unlike_loans(replace(one, figures=figures)) == ["since_start/total"]
    few = replace(one, loans=one.loans.iloc[np.arange(len(one.loans) - 1)])
    with pytest.raises(InputError, match="published_damaged"):
        again(few)
