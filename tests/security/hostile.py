"""A book of texts that a spreadsheet, a terminal or a shell would obey."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

HEADER = (
    "loan_id",
    "contract_id",
    "branch",
    "borrower",
    "project_id",
    "project_name",
    "evidence_doc",
    "sector",
    "principal",
    "rate",
    "disbursed",
    "matures",
    "project_investment",
    "project_reduction",
    "evidence",
)
SCENARIO = """
[scenario]
name = "s"
title = {{ zh = {title}, en = {title} }}
book = {book}
prepayments = "p.csv"
lender = "icbc"
start = 2022-01-01
end = 2023-12-31
facilities = ["cerf"]
[market]
own_rate = 0.03
"""


def rows_of(texts: Sequence[str], ids: Sequence[str] = ()) -> list[list[str]]:
    """A loan for each text, which stands in every column of text; one more that is not listed, one with an error.

    The ids of loans, contracts and projects are the texts too, unless others are given.
    """
    end = ["wind", "1000000", "0.03", "2022-01-05", "2030-01-05", "5000000", "100", "eia"]
    rows = [[one, one, text, text, one, text, text, *end] for text, one in zip(texts, ids or texts, strict=True)]
    more = [[one, one, text, text, one, text, text, *end] for text, one in zip(texts, ("X1", "X2"), strict=False)]
    more[0][HEADER.index("sector")] = texts[0]
    more[1][HEADER.index("rate")] = texts[1]
    return [list(HEADER), *rows, *more]


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return path


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'


def write_scenario(folder: Path, book: str, ids: Sequence[str], title: str = "t") -> Path:
    """A scenario beside the book, with a prepayment of each loan of these ids."""
    write_csv(folder / "p.csv", [["loan_id", "date", "amount"], *([one, "2022-09-01", "1000"] for one in ids)])
    path = folder / "s.toml"
    path.write_text(SCENARIO.format(book=quoted(book), title=quoted(title)), encoding="utf-8")
    return path
