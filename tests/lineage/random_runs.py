"""Runs of random books beside a random record of the bank, in memory, as explain reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relending.engine.columns import arrow
from relending.engine.context import Context
from relending.engine.pipeline import run_blocks
from relending.findings import Findings, InputError
from relending.scenario.run import side_tables
from relending.units import LimitError
from tests.engine.bridge import context, loan_frame, side_frames
from tests.oracle.ledger_cases import random_case


@dataclass(frozen=True)
class Held:
    """The tables of a run in memory, and its rules."""

    tables: Mapping[str, pd.DataFrame]
    rules: Context
    _found: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict, init=False, repr=False)

    def loan_rows(self, table: str, loan_id: str, column: str = "") -> pd.DataFrame:
        """The rows of a loan, as a run gives them."""
        key = column or ("loan" if table == "findings" else "loan_id")
        return self.tables[table].iloc[self._places(table, key).get(loan_id, [])]

    def _places(self, table: str, key: str) -> dict[str, list[int]]:
        """The rows of each loan of a table, found once: every story asks for a few of many tables."""
        if (table, key) not in self._found:
            places: dict[str, list[int]] = {}
            for row, loan_id in enumerate(self.tables[table][key].tolist()):
                if isinstance(loan_id, str):
                    places.setdefault(loan_id, []).append(row)
            self._found[table, key] = places
        return self._found[table, key]

    def context(self) -> Context:
        """The rules."""
        return self.rules


def random_run(seed: int, size: int) -> Held | None:
    """The run of a random case, or None where its input stops it."""
    loans, prepayments, scenario, side = random_case(seed, size)
    frame = loan_frame(loans)
    # the reader of a book says what is wrong with a row; here it is enough that it is an error
    rows = np.flatnonzero(arrow(frame, "data_error").to_numpy(zero_copy_only=False).astype(bool))
    place = {name: arrow(frame, name).take(rows) for name in ("file", "sheet", "row")}
    wrong = Findings.of("unreadable_number", len(rows), **place, loan=arrow(frame, "loan_id").take(rows))
    beside, rules = side_frames(prepayments, side), context(scenario)
    try:
        found = run_blocks([frame], beside, rules)
    except (InputError, LimitError):
        return None
    names = ("screening", "attribution", "draws", "ledger", "funding", "disclosure", "cost")
    tables = {name: getattr(found, name) for name in names}
    findings = (wrong + found.findings).frame()
    loans_table = frame.drop(columns=["data_error"])
    return Held({"loans": loans_table, **tables, **side_tables(beside), "findings": findings}, rules)
