"""The tables of a run folder: which columns each has, in which order, of which type and how their figures
print.

``columns.toml`` declares them; writing, reading and the documentation page follow it. ``conform`` is the
border: what passes it has exactly the declared columns and types, so the writers need not doubt anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from relending.engine.convert import arrow_column, one_array, plain_name
from relending.runfolder.errors import FigureTooLarge

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

LOANS_IN_CSV = 100_000  # with more, loan-level tables are Parquet: no spreadsheet opens them anyway
DIGITS = 18  # of a figure, decimals included: what Parquet holds in a 64-bit integer
REPEATED = "continued_N_fen"
FIGURE = r"\A-?[0-9]+(\.[0-9]+)?\z"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in memory and in files, its type, and the decimals of its figure (None: not
    scaled)."""

    step: str
    name: str
    kind: str  # text, figure, date, bool or int
    decimals: int | None
    meaning: str

    def step_type(self) -> pa.DataType:
        """Type in memory."""
        import pyarrow as pa

        kinds = {"text": pa.string(), "figure": pa.string(), "date": pa.date32(), "bool": pa.bool_(), "int": pa.int64()}
        return kinds[self.kind]

    def file_type(self) -> pa.DataType:
        """Type in a Parquet file, and the type a CSV file's text is read as."""
        import pyarrow as pa

        return self.step_type() if self.decimals is None else pa.decimal128(DIGITS, self.decimals)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order, whether it has rows loan by loan, and whether a run may be without it.

    ``added`` are columns (names in memory) that folders of earlier versions do not have: they are empty there.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    loan_level: bool
    optional: bool = False
    added: frozenset[str] = frozenset()


@cache
def tables() -> Mapping[str, Table]:
    """Every table of a run folder, in the order of ``columns.toml``.

    >>> [c.name for c in tables()["screening"].columns]
    ['loan_id', 'facility', 'eligible', 'reasons']
    >>> column = tables()["ledger"].columns[5]
    >>> column.step, column.name, column.decimals
    ('amount_fen', 'amount', 2)
    """
    declared = resources.files("relending.runfolder").joinpath("columns.toml").read_text(encoding="utf-8")
    return {
        name: Table(
            name,
            entry["title"],
            tuple(_column(*line) for line in entry["columns"]),
            bool(entry.get("loan_level", False)),
            bool(entry.get("optional", False)),
            frozenset(entry.get("added", ())),
        )
        for name, entry in tomllib.loads(declared).items()
    }


def _column(step: str, kind: str, meaning: str) -> Column:
    name, decimals = plain_name(step) if kind == "int" else (step, None)
    return Column(step, name, kind, decimals, meaning)


def columns_of(table: str, present: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a table in declared order, where ``present`` (names in memory or in a file) says how
    often the repeated one, ``continued_N``, is there.

    >>> [c.name for c in columns_of("draws", ["continued_1_fen", "continued_2_fen"])][3:]
    ['drawn', 'continued_1', 'continued_2', 'repaid_on', 'basis']
    """
    out: list[Column] = []
    names = set(present)
    for column in tables()[table].columns:
        if column.step != REPEATED:
            out.append(column)
            continue
        k = 1
        while {REPEATED.replace("N", str(k)), f"continued_{k}"} & names:
            out.append(_column(REPEATED.replace("N", str(k)), column.kind, column.meaning))
            k += 1
    return tuple(out)


def conform(table: str, frame: pd.DataFrame | pa.Table) -> pa.Table:
    """A step frame as the declared table: columns in declared order and exact types, unit names kept.

    An empty text and no text are the same in a run folder: null, except in ``findings``, whose texts are
    never null.

    Raises ``ValueError`` (columns missing or too many, an empty boolean, a figure of more than 18 digits) or
    ``TypeError`` (a column of another type, a float for an amount); both name table and column.
    """
    import pyarrow as pa

    held = frame.column_names if isinstance(frame, pa.Table) else [str(c) for c in frame.columns]
    columns = columns_of(table, held)
    wanted = [c.step for c in columns]
    if sorted(held) != sorted(wanted):
        missing, extra = [c for c in wanted if c not in held], [c for c in held if c not in wanted]
        raise ValueError(f"{table}: columns missing {missing}, not declared {extra}")
    arrays = [_conform_column(table, c, frame[c.step]) for c in columns]
    return pa.Table.from_arrays(arrays, names=wanted)


def _conform_column(table: str, column: Column, values: Any) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    array = one_array(values) if isinstance(values, pa.ChunkedArray) else arrow_column(values)
    where, kind = f"{table}.{column.step}", array.type
    if pa.types.is_dictionary(kind):
        array = array.cast(kind.value_type)
        kind = array.type
    known = {
        "text": pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "figure": pa.types.is_string(kind),
        "date": pa.types.is_date(kind) or pa.types.is_timestamp(kind),
        "bool": pa.types.is_boolean(kind),
        "int": pa.types.is_integer(kind),
    }[column.kind]
    if not known and not (pa.types.is_null(kind) and (column.kind != "bool" or not len(array))):
        raise TypeError(f"{where}: {kind} where {column.step_type()} is declared")
    array = array.cast(column.step_type())
    if column.kind == "bool" and array.null_count:
        raise ValueError(f"{where}: {array.null_count} booleans are empty")
    if column.decimals is not None and len(array):
        ends = pc.min_max(array).as_py()
        if ends["min"] is not None and (ends["min"] <= -(10**DIGITS) or ends["max"] >= 10**DIGITS):
            raise FigureTooLarge(f"{where}: a figure of more than {DIGITS} digits: {ends['min']} … {ends['max']}")
    if column.kind == "text":
        array = _texts(table, array)
    if column.kind == "figure":
        # written as it is, so it must be a number and nothing a spreadsheet could take for a formula
        plain = pc.match_substring_regex(array, FIGURE)
        if not pc.all(plain, min_count=0).as_py():
            raise ValueError(f"{where}: {array.filter(pc.invert(plain))[0]} is no plain number")
    return array


def _texts(table: str, array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if table == "findings":
        return array.fill_null("")
    shortest = pc.min(pc.binary_length(array)).as_py()
    if shortest == 0:
        array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
    return array


def step_frame(table: pa.Table) -> pd.DataFrame:
    """A conformed table as a step frame (Arrow-backed columns, index 0 … n-1)."""
    import pandas as pd

    held = {name: pd.arrays.ArrowExtensionArray(table[name]) for name in table.column_names}
    return pd.DataFrame(held, index=pd.RangeIndex(table.num_rows))


def empty_frame(table: str, rollovers: int = 0) -> pd.DataFrame:
    """A step frame of this table without rows; ``rollovers`` = how many ``continued_N`` columns ``draws``
    has.

    >>> empty_frame("draws", 2).shape
    (0, 8)
    """
    columns = columns_of(table, [f"continued_{k}" for k in range(1, rollovers + 1)])
    import pyarrow as pa

    return step_frame(pa.table({c.step: pa.array([], c.step_type()) for c in columns}))


def file_name(table: str, loans: int) -> str:
    """The table's file in the folder of a run of so many loans.

    >>> file_name("loans", 100_000), file_name("loans", 100_001), file_name("ledger", 100_001)
    ('loans.csv', 'loans.parquet', 'ledger.csv')
    """
    large = tables()[table].loan_level and loans > LOANS_IN_CSV
    return f"{table}.parquet" if large else f"{table}.csv"
