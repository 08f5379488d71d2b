"""What is written is what is read, whatever the texts and figures; CSV and Parquet give the same frames."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relending.runfolder.parse import read_rows, read_table
from relending.runfolder.tables import columns_of, conform, empty_frame, step_frame, tables
from relending.runfolder.write import write_table

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "'=1",
    "''@",
    "'",
    "'x",
    "a,b",
    'a"b',
    '"',
    '""',
    "a\nb",
    "a\r\nb",
    "\n",
    " a",
    "a ",
    " ",
    "null",
    "NA",
    "nan",
    "true",
    "1.50",
    "2024-01-01",
    "甲，乙",
    "\ufeffx",
    "\x00",
    "x\x00y",
    "🌱",
    "长" * 5000,
    "\u2028",
    "\u3000全角",
]
texts = st.one_of(
    st.none(), st.sampled_from(HOSTILE), st.text(max_size=12), st.text(alphabet="'=+-@\t\r\n\", a", max_size=6)
)
figures = st.one_of(
    st.none(),
    st.integers(-(10**18) + 1, 10**18 - 1),
    st.integers(-200, 200),
    st.sampled_from([10**18 - 1, -(10**18) + 1, 0, -1, 2**53 + 1]),
)
printed = st.one_of(st.none(), st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", fullmatch=True))
counts = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
days = st.one_of(st.none(), st.integers(-719162, 2932896))


@st.composite
def step_tables(draw: st.DrawFn) -> tuple[str, pa.Table]:
    name = draw(st.sampled_from(list(tables())))
    columns = columns_of(name, [f"continued_{k + 1}" for k in range(draw(st.integers(0, 3)))])
    rows = draw(st.integers(0, 4))
    held = {}
    for c in columns:
        if c.kind == "text":
            values: Any = draw(st.lists(texts, min_size=rows, max_size=rows))
        elif c.kind == "figure":
            values = draw(st.lists(printed, min_size=rows, max_size=rows))
        elif c.kind == "date":
            values = draw(st.lists(days, min_size=rows, max_size=rows))
        elif c.kind == "bool":
            values = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
        else:
            values = draw(st.lists(figures if c.decimals is not None else counts, min_size=rows, max_size=rows))
        storage = pa.int32() if c.kind == "date" else c.step_type()
        held[c.step] = pa.array(values, storage).cast(c.step_type())
    return name, pa.table(held)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(step_tables())
def test_a_table_read_back_equals_the_table_written(ending: str, made: tuple[str, pa.Table]) -> None:
    name, table = made
    frame = step_frame(table)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}{ending}"
        assert write_table(name, frame, path) == len(frame)
        back = read_table(name, path)
    assert back.equals(conform(name, frame))
    for column, before in zip(back.column_names, table.columns, strict=True):
        expected = [None if v == "" else v for v in before.to_pylist()]
        if name == "findings" and pa.types.is_string(before.type):
            expected = [v or "" for v in expected]
        assert back[column].to_pylist() == expected


@pytest.mark.parametrize("text", HOSTILE)
def test_every_hostile_text_survives_a_spreadsheet_file_and_starts_no_formula(text: str, tmp_path: Path) -> None:
    frame = pd.concat(
        [
            empty_frame("screening"),
            step_frame(pa.table({"loan_id": [text], "facility": ["x"], "eligible": [True], "reasons": [text]})),
        ],
        ignore_index=True,
    )
    path = tmp_path / "screening.csv"
    write_table("screening", frame, path)
    assert read_table("screening", path)["reasons"].to_pylist() == [text]
    with path.open(encoding="utf-8-sig", newline="") as file:
        if "\x00" not in text:  # the csv module of Python 3.11 does without
            row = list(csv.reader(file))[1]
            assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
            assert row[0].removeprefix("'") == text or row[0] == text


def test_a_formula_start_gets_one_apostrophe_and_other_texts_none(tmp_path: Path) -> None:
    given_texts = ["=A1", "-5", "'=A1", "''=A1", "'quoted'", "O'Neill", "a=b"]
    frame = step_frame(
        pa.table({"loan_id": given_texts, "facility": ["f"] * 7, "eligible": [True] * 7, "reasons": ["r"] * 7})
    )
    write_table("screening", frame, tmp_path / "screening.csv")
    lines = (tmp_path / "screening.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == ["'=A1", "'-5", "''=A1", "'''=A1", "'quoted'", "O'Neill", "a=b"]


def test_figures_are_printed_from_the_integers_with_all_their_decimals(tmp_path: Path) -> None:
    rows = {
        "quarter": ["2024Q2"] * 3,
        "lender": ["icbc"] * 3,
        "facility": ["cerf"] * 3,
        "loans_outstanding_fen": [10**18 - 1, 0, 1],
        "facility_balance_fen": [5, None, 100],
        "loan_yield_e8": [1, 3_850_000, None],
        "facility_rate_e8": [1_750_000, 0, 1],
        "own_rate_ppm": [29500, 1, 0],
        "blended_cost_e8": [2, 2, 2],
        "margin_e8": [-1, -(10**8), 0],
        "interest_saved_fen": [-5, -100, 304555980],
        "reduction_g": [1, 10**6, 1234567],
        "reduction_in_balance_g": [0, 0, 0],
        "subsidy_per_tonne_e6": [1, None, -7],
        "average_loans_fen": [1, 0, 10**18 - 1],
        "average_balance_fen": [0, 1, 2],
        "loan_interest_fen": [100, 0, 0],
        "facility_interest_fen": [3, 0, 0],
        "own_funding_interest_fen": [4, 0, 0],
        "collateral_cost_fen": [5, None, 0],
        "net_interest_fen": [88, 0, -1],
        "nim_effect_bp_e6": [5_272_222, None, -1],
        "reference_rate_ppm": [25_000, None, 0],
        "interest_saved_reference_fen": [-7, None, 0],
        "basis": ["simulated", "recorded", "mixed"],
    }
    write_table("cost", step_frame(pa.table({k: pa.array(v) for k, v in rows.items()})), tmp_path / "cost.csv")
    assert (tmp_path / "cost.csv").read_text(encoding="utf-8-sig").splitlines()[1:] == [
        (
            "2024Q2,icbc,cerf,9999999999999999.99,0.05,0.00000001,0.01750000,0.029500,0.00000002,-0.00000001,-0.05,"
            "0.000001,0.000000,0.000001,0.01,0.00,1.00,0.03,0.04,0.05,0.88,5.272222,0.025000,-0.07,simulated"
        ),
        (
            "2024Q2,icbc,cerf,0.00,,0.03850000,0.00000000,0.000001,0.00000002,-1.00000000,-1.00,1.000000,0.000000,,"
            "0.00,0.01,0.00,0.00,0.00,,0.00,,,,recorded"
        ),
        (
            "2024Q2,icbc,cerf,0.01,1.00,,0.00000001,0.000000,0.00000002,0.00000000,3045559.80,1.234567,0.000000,"
            "-0.000007,9999999999999999.99,0.02,0.00,0.00,0.00,0.00,-0.01,-0.000001,0.000000,0.00,mixed"
        ),
    ]


def test_parquet_holds_decimals_as_integers_of_declared_scale_and_no_pandas_metadata(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_table("attribution", empty_frame("attribution"), tmp_path / "attribution.parquet")
    file = pq.ParquetFile(tmp_path / "attribution.parquet")
    assert file.schema_arrow.field("principal").type == pa.decimal128(18, 2)
    assert file.schema_arrow.field("share").type == pa.decimal128(18, 8)
    assert file.schema_arrow.field("disbursed").type == pa.date32()
    assert {file.schema.column(i).physical_type for i in (8, 9, 10, 11)} == {"INT64"}
    assert not file.schema_arrow.metadata and not file.metadata.metadata


def test_row_groups_are_cut_by_row_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    from relending.runfolder import write

    assert write.GROUP_ROWS == 2**20
    monkeypatch.setattr(write, "GROUP_ROWS", 4)
    n = 10
    table = pa.table(
        {
            "loan_id": [f"L{i % 7}" for i in range(n)],
            "facility": ["cerf"] * n,
            "eligible": [True] * n,
            "reasons": pa.array([None] * n, pa.string()),
        }
    )
    path = tmp_path / "screening.parquet"
    write_table("screening", table, path)
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [4, 4, 2]
    found, places = read_rows("screening", path, "loan_id", "L2")
    assert (found["loan_id"].to_pylist(), places) == (["L2", "L2"], [2, 9])
    found, places = read_rows("screening", path, "loan_id", "nobody")
    assert (found.num_rows, found.column_names, places) == (0, table.column_names, [])


def small(**changes: Any) -> pa.Table:
    held: dict[str, Any] = {
        "loan_id": ["a"],
        "date": pa.array([1], pa.int32()).cast(pa.date32()),
        "amount_fen": [1],
        "file": ["f"],
        "sheet": ["s"],
        "row": [2],
    }
    return pa.table({k: v for k, v in (held | changes).items() if v is not None})


@pytest.mark.parametrize(
    ("table", "error", "says"),
    [
        (small(amount_fen=[1.5]), TypeError, r"prepayments\.amount_fen: double where int64"),
        (small(amount_fen=["1"]), TypeError, r"prepayments\.amount_fen: string where int64"),
        (small(amount_fen=[10**18]), ValueError, r"prepayments\.amount_fen: a figure of more than 18 digits"),
        (small(amount_fen=[-(10**18)]), ValueError, "more than 18 digits"),
        (small(row=None), ValueError, r"prepayments: columns missing \['row'\]"),
        (small(rate_ppm=[1]), ValueError, r"not declared \['rate_ppm'\]"),
    ],
)
def test_a_table_that_is_not_as_declared_is_refused_by_name(
    table: pa.Table, error: type[Exception], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says):
        write_table("prepayments", table, tmp_path / "prepayments.csv")
    assert not list(tmp_path.iterdir())


def test_an_empty_boolean_is_refused(tmp_path: Path) -> None:
    table = pa.table({"loan_id": ["a"], "facility": ["f"], "eligible": pa.array([None], pa.bool_()), "reasons": ["r"]})
    with pytest.raises(ValueError, match=r"screening\.eligible: 1 booleans are empty"):
        write_table("screening", table, tmp_path / "screening.csv")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_columns_in_another_order_and_of_plain_numpy_types_give_the_same_file(ending: str, tmp_path: Path) -> None:
    exact = step_frame(small())
    loose = pd.DataFrame(
        {
            "row": [2],
            "sheet": ["s"],
            "file": ["f"],
            "loan_id": ["a"],
            "amount_fen": [1],
            "date": pd.to_datetime(["1970-01-02"]),
        }
    )
    write_table("prepayments", exact, tmp_path / f"a{ending}")
    write_table("prepayments", loose, tmp_path / f"b{ending}")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()
