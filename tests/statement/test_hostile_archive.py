"""A kept version whose record or loans someone made: sealed again, it is still found to be none, and quickly."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relending.engine.context import RATE_BASES
from relending.findings import InputError
from relending.scenario.model import Decimals, DisclosureTable
from relending.statement import record_check
from relending.statement.archive import Archive
from relending.statement.printed import FEN_IN, GRAMS_IN, MOST, YEAR_TEXTS, Options
from relending.statement.record import LOANS
from relending.statement.record_check import CLAIMS
from relending.statement.record_file import RECORD, SEAL, TABLE, _spelled, digest, files_of, read_record
from tests.statement.archived import record, run_of
from tests.statement.test_record import again, written

Held = dict[str, Any]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A sound record and its loans."""
    return written(record(run_of(tmp_path_factory.mktemp("run")), "2022Q3"))


def sealed(held: Held) -> bytes:
    return _spelled({**held, SEAL: digest(_spelled(held))})


def forged(kept: tuple[bytes, bytes], change: Callable[[Held], object], loans: bytes | None = None) -> str:
    """What is said of a record once it was changed and sealed again."""
    held = json.loads(kept[0])
    del held[SEAL]
    change(held)
    table = kept[1] if loans is None else loans
    with pytest.raises(InputError) as raised:
        read_record(files_of(sealed(held), RECORD)[0], table, RECORD)
    (row,) = raised.value.findings.frame().to_dict("records")
    assert row["code"] == "published_damaged" and row["file"] == RECORD
    return str(row["found"])


def option(name: str, value: object) -> Callable[[Held], object]:
    return lambda held: held["options"].update({name: value})


def put(name: str, value: object) -> Callable[[Held], object]:
    return lambda held: held.update({name: value})


CHANGES: dict[str, tuple[Callable[[Held], object], str]] = {
    "unit of amounts": (option("amount_unit", "foo"), "amount_unit"),
    "unit of reductions": (option("reduction_unit", "wan_yuan"), "reduction_unit"),
    "year text": (option("year_text", "{x}"), "year_text"),
    "decimals below 0": (option("rate", -2), "rate"),
    "decimals without end": (option("amount", 10**9), "amount"),
    "decimals of more digits than Python prints": (option("amount", 10**4000), "amount"),
    "no decimals": (option("reduction", True), "options"),
    "projects": (option("projects", 51), "projects"),
    "rate basis": (put("rate_basis", "{x}"), "rate_basis"),
    "claim": (put("claim", "half"), "claim"),
    "no figures": (put("figures", []), "figures"),
    "figures of a horizon missing": (
        lambda h: h.update(figures=[r for r in h["figures"] if r["horizon"] != "year"]),
        "figures",
    ),
    "a field missing": (
        lambda h: h.update(figures=[r for r in h["figures"] if r["code"] != "clean_energy"]),
        "clean_energy",
    ),
    "a sector with loans missing": (
        lambda h: h.update(figures=[r for r in h["figures"] if r["code"] != "wind"]),
        "wind",
    ),
    "one cell missing": (lambda h: h["figures"].pop(), "figures"),
    "a cell twice": (lambda h: h["figures"].append(h["figures"][0]), "figures"),
    "a horizon nobody knows": (lambda h: h["figures"][0].update(horizon="week"), "figures"),
    "a code nobody knows": (lambda h: h["figures"][0].update(code="x" * 999), "figures"),
    "figures of another kind": (put("figures", {"a": 1}), "list"),
    "a figure in other digits": (lambda h: h["figures"][0].update(amount="٣"), "figure"),
    "begun of no cell": (
        lambda h: h["began"].append(
            {"horizon": "week", "code": "wind", "projects": "0", "amount": "0", "weighted": "0", "reduction": "0"}
        ),
        "figures",
    ),
    "through of no horizon": (put("through", {"week": "2021Q4"}), "through"),
    "through to come": (put("through", {"year": "9999Q4"}), "through"),
    "compared with one to come": (put("previous", {"quarter": "2030Q1", "version": 1}), "previous"),
    "a version without end": (put("previous", {"quarter": "2022Q1", "version": 10**300}), "version"),
    "a facility nobody knows": (put("facility", "../../x"), "facility"),
    "projects that are one text": (put("projects", "abc"), "list"),
    "accepted that is a table": (put("accepted", {}), "list"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_record_that_no_run_can_have_made_is_damaged(kept: tuple[bytes, bytes], what: str) -> None:
    change, said = CHANGES[what]
    assert said in forged(kept, change)


def table_of(kept: tuple[bytes, bytes]) -> pa.Table:
    return pq.read_table(io.BytesIO(kept[1]))


def as_file(*tables: pa.Table) -> bytes:
    out = io.BytesIO()
    with pq.ParquetWriter(out, LOANS, compression="zstd", store_schema=False) as writer:
        for table in tables:
            writer.write_table(table)
    return out.getvalue()


def with_column(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, name, pa.array(values, LOANS.field(name).type))


@pytest.mark.parametrize("name", record_check.FILLED)
def test_loans_with_an_empty_cell_are_damaged(kept: tuple[bytes, bytes], name: str) -> None:
    table = table_of(kept)
    values = [*table[name].to_pylist()[:-1], None]
    assert name in forged(kept, lambda held: None, as_file(with_column(table, name, values)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quarter", 2**62),
        ("quarter", -1),
        ("quarter", 9999 * 4),
        ("amount_fen", -1),
        ("rate_ppm", 2**62),
        ("rate_ppm", -(2**62)),
    ],
)
def test_loans_with_impossible_figures_are_damaged(kept: tuple[bytes, bytes], name: str, value: int) -> None:
    table = table_of(kept)
    values = [value, *table[name].to_pylist()[1:]]
    assert name in forged(kept, lambda held: None, as_file(with_column(table, name, values)))


def test_the_same_loan_twice_is_damage(kept: tuple[bytes, bytes]) -> None:
    table = table_of(kept)
    ids = table["loan_id"].to_pylist()
    assert "loan_id" in forged(kept, lambda h: None, as_file(with_column(table, "loan_id", [ids[0], ids[0], *ids[2:]])))


@pytest.mark.parametrize("content", [b"", b"PAR1" + b"\xff" * 1000 + b"PAR1", b"x" * 100])
def test_what_is_no_table_is_damaged(kept: tuple[bytes, bytes], content: bytes) -> None:
    assert forged(kept, lambda held: None, content)


@cache
def bomb() -> bytes:
    """Twenty-five million loans in a small file."""
    n = 2**22
    zeros = {pa.string(): pa.array(["x"]).take(pa.array([0] * n)), pa.int64(): pa.nulls(n, pa.int64()).fill_null(0)}
    zeros[pa.bool_()] = pa.nulls(n, pa.bool_()).fill_null(False)
    return as_file(*[pa.table([zeros[field.type] for field in LOANS], schema=LOANS)] * 6)


def test_a_small_file_of_millions_of_loans_is_not_read(
    kept: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bomb()
    assert len(content) < 2**21

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the table was read")

    for name in ("read", "read_row_group"):
        monkeypatch.setattr(pq.ParquetFile, name, never)
    assert "20,000,000" in forged(kept, lambda held: None, content)


def test_a_long_text_meant_many_times_is_counted_before_it_is_held(
    kept: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(kept)
    long = with_column(table, "project_id", ["x" * 10_000] * len(table))
    content = as_file(long)
    assert len(content) < 10_000
    monkeypatch.setattr(record_check, "LARGEST_LOANS", 10_000 * len(table) - 1)
    assert "project_id" in forged(kept, lambda held: None, content)


@pytest.mark.parametrize("depth", [50_000])
def test_a_record_of_endless_depth_or_endless_numbers_is_damaged(depth: int) -> None:
    for content in (
        b'{"a": ' + b"[" * depth + b"]" * depth + b"}",
        b'{"format": ' + b"9" * 10_000 + b"}",
        b'{"format": 1, "version": ' + b"9" * 4_000 + b"}",
    ):
        with pytest.raises(InputError, match="published_damaged"):
            files_of(content, RECORD)


def test_a_table_of_loans_too_large_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path / "published")
    one = record(run_of(tmp_path / "run"), "2022Q1")
    folder = archive.keep(one, {})
    monkeypatch.setattr("relending.statement.archive.LARGEST_LOANS", (folder / TABLE).stat().st_size - 1)
    with pytest.raises(InputError, match="published_damaged") as raised:
        archive.latest(one.lender, one.facility, one.quarter)
    assert raised.value.findings.frame()["file"].tolist() == [f"icbc/cerf/2022Q1/v1/{TABLE}"]


def test_a_sector_listed_after_a_record_was_made_may_be_missing(kept: tuple[bytes, bytes]) -> None:
    """Lists grow: what was published before stays readable."""
    held = json.loads(kept[0])
    one = read_record(files_of(kept[0], RECORD)[0], kept[1], RECORD)
    none = next(r["code"] for r in held["figures"] if r["code"] == "biomass")
    fewer = replace(one, figures={key: figures for key, figures in one.figures.items() if key[1] != none})
    assert again(fewer).figures == fewer.figures
    half = replace(one, figures={key: f for key, f in one.figures.items() if key != ("year", none)})
    with pytest.raises(InputError, match="published_damaged"):
        again(half)


def test_what_a_record_may_say_is_what_a_scenario_may_say() -> None:
    fields = DisclosureTable.model_fields

    def choices(name: str) -> set[str]:
        return {one for part in get_args(fields[name].annotation) for one in get_args(part)}

    assert choices("amount_unit") == set(FEN_IN) and choices("reduction_unit") == set(GRAMS_IN)
    assert choices("year_text") == set(YEAR_TEXTS)
    assert choices("rate_basis") == set(RATE_BASES) and {"", *choices("claim")} == set(CLAIMS)
    most = {name: Decimals.model_fields[name] for name in ("amount", "rate", "reduction")}
    for name, field in {**most, "projects": fields["projects"]}.items():
        (upper,) = (one.le for one in field.metadata if hasattr(one, "le"))
        assert MOST[name] == upper
        assert Options(**{name: upper})
        with pytest.raises(ValueError, match=name):
            Options(**{name: upper + 1})
