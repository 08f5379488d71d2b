"""What a check of a book names: the first loans of each reason, and where they stand."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from relending.engine.check import check_book
from tests.plausibility.book import context, frames, loan


class Read:
    """A book as read."""

    def __init__(self, blocks: list[pd.DataFrame]) -> None:
        self.blocks, self.loans = blocks, pd.concat(blocks)
        self.side = {}


@pytest.mark.parametrize(("sheet", "place"), [("借据", "book.csv 借据:3"), ("", "book.csv:3"), (None, "book.csv:3")])
def test_the_place_of_a_loan_has_its_sheet_where_the_file_has_sheets(sheet: str | None, place: str) -> None:
    two = frames([loan(), loan(project_id="P2", evidence=None)])
    blocks = [f.assign(sheet=pd.array([sheet] * len(f), pd.ArrowDtype(pa.string()))) for f in two]
    assert check_book(Read(blocks), context()).named == {"evidence_missing": (f"L2 ({place})",)}
