"""The disclosed figures as tables: of each lender and facility its last quarter with its loans, and those before.

The page has room for so many; what is left out is counted, and stands in the run's disclosure table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from relending.dates import parse_quarter, quarter_text
from relending.engine.columns import ints
from relending.engine.disclosure import HORIZONS
from relending.lineage.disclosed import Disclosures
from relending.policy import fields, sectors
from relending.report.page.context import Subject
from relending.report.page.figures import exact_money, exact_tonnes, percent
from relending.report.page.largest import Largest, largest
from relending.report.page.words import Both, said, shown

if TYPE_CHECKING:
    import pandas as pd

MOST_GROUPS = 12
"""Lenders and facilities shown, those with the largest amounts first."""
SHOWN_FIRST = "since_start"
ORDER = (SHOWN_FIRST, *(h for h in HORIZONS[::-1] if h != SHOWN_FIRST))
LEVELS = ("total", "field", "sector")


@dataclass(frozen=True, slots=True)
class Loan:
    """One of the largest loans: its place by amount and by reduction among those of its cell (0: not among them)."""

    loan_id: str
    borrower: str
    project: str
    amount: str
    rate: str
    share: str
    reduction: str
    by_amount: int
    by_reduction: int


@dataclass(frozen=True, slots=True)
class Loans:
    """The largest loans of a cell, how many there are in it, and the cell's address."""

    shown: tuple[Loan, ...]
    count: int
    rest: int
    rest_amount: str
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a field or sector with its figures, and the loans behind it where they are shown."""

    code: str
    level: str
    name: Both
    projects: str
    amount: str
    rate: str
    reduction: str
    loans: Loans | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one quarter and horizon; ``first``: those seen before anything is chosen."""

    quarter: str
    horizon: str
    rows: tuple[Row, ...]
    last: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What a lender disclosed of a facility."""

    lender: Both
    facility: Both
    address: str
    last: str
    quarters: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The groups shown, and how many more there are."""

    groups: tuple[Group, ...]
    left_out: int


def disclosure(subject: Subject) -> Disclosure:
    """The disclosed figures of the run as the page shows them.

    Cells without a loan are left out; of quarters before the last one fields only.
    """
    table = subject.tables["disclosure"]
    here = _nonzero(table)
    table = table[here]
    order = _by_amount(table)
    disclosures = Disclosures(subject.run)
    frames = dict(iter(table.groupby(["lender", "facility"], sort=False)))
    groups = [_group(subject, disclosures, key, frames[key]) for key in order[:MOST_GROUPS]]
    return Disclosure(tuple(groups), max(len(order) - MOST_GROUPS, 0))


def _nonzero(table: pd.DataFrame) -> Any:
    amount, reduction, projects = (ints(table, name)[0] for name in ("amount_fen", "reduction_g", "projects"))
    return (amount != 0) | (reduction != 0) | (projects != 0)


def _by_amount(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Lender and facility of every group, the largest amount since the start first, then as the table has them."""
    whole = table[(table["level"].eq("total") & table["horizon"].eq(SHOWN_FIRST)).to_numpy(dtype=bool)]
    most: dict[tuple[str, str], int] = {}
    for lender, facility, fen in zip(
        whole["lender"].tolist(), whole["facility"].tolist(), whole["amount_fen"].tolist(), strict=True
    ):
        most[lender, facility] = max(most.get((lender, facility), 0), int(fen))
    return sorted(most, key=lambda key: -most[key])


def _group(subject: Subject, disclosures: Disclosures, key: tuple[str, str], table: pd.DataFrame) -> Group:
    lender, facility = key
    quarters = table["quarter"].drop_duplicates().tolist()
    last_new = disclosures.last_quarter(lender, facility)
    last = quarter_text(last_new) if last_new is not None else str(quarters[-1])
    wanted = table[(table["level"].ne("sector") | table["quarter"].eq(last)).to_numpy(dtype=bool)]
    behind = _loans(subject, disclosures, lender, facility, last) if last_new is not None else {}
    by_part: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in wanted.to_dict("records"):
        by_part.setdefault((one["quarter"], one["horizon"]), []).append(one)
    parts = []
    for quarter in [last, *(q for q in reversed(quarters) if q != last)]:
        for horizon in ORDER:
            if (quarter, horizon) not in by_part:
                continue
            rows = tuple(
                _row(subject, one, behind.get((horizon, one["code"])) if quarter == last else None)
                for one in _ordered(by_part[quarter, horizon])
            )
            parts.append(Part(quarter, horizon, rows, quarter == last, quarter == last and horizon == SHOWN_FIRST))
    shown_quarters = (last, *(q for q in reversed(quarters) if q != last))
    name = subject.lender(lender), subject.facility(facility)
    return Group(*name, f"{shown(lender)}/{shown(facility)}", last, shown_quarters, tuple(parts))


def _ordered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The total, then each field with its sectors below it."""
    place = {code: i for i, code in enumerate(fields())}

    def key(row: dict[str, Any]) -> tuple[int, int]:
        if row["level"] == "total":
            return -1, 0
        own = row["code"] if row["level"] == "field" else sectors()[row["code"]].field
        return place[own], LEVELS.index(row["level"])

    return sorted(records, key=key)


def _row(subject: Subject, row: dict[str, Any], loans: Loans | None) -> Row:
    return Row(
        row["code"],
        row["level"],
        subject.code(row["code"]),
        f"{int(row['projects']):,}",
        exact_money(row["amount_fen"]),
        percent(row["weighted_rate_e8"], decimals=6),
        exact_tonnes(row["reduction_g"]),
        loans,
    )


def _loans(
    subject: Subject, disclosures: Disclosures, lender: str, facility: str, quarter: str
) -> dict[tuple[str, str], Loans]:
    """The largest loans of each cell of a quarter, by horizon and code."""
    counted = disclosures.counted(lender, facility, parse_quarter(quarter))
    field_of = {code: sector.field for code, sector in sectors().items()}
    found = dict(largest(counted, field_of))
    used = sorted({row for one in found.values() for row in one.rows})
    told = dict(zip(used, _told(subject, counted.iloc[used]), strict=True))
    stem = f"{lender}/{facility}/{quarter}"
    return {key: _some(one, told, f"{stem}/{'/'.join(key)}/amount") for key, one in found.items()}


def _told(subject: Subject, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """What is said of each of these loans."""
    at = ints(rows, "place")[0]
    book = subject.tables["loans"][["borrower", "project_name"]].iloc[at]
    attributed = subject.tables["attribution"][["loan_id", "share_e8"]].iloc[at]
    share, given = ints(attributed, "share_e8")
    columns: Sequence[list[Any]] = [
        attributed["loan_id"].tolist(),
        book["borrower"].tolist(),
        book["project_name"].tolist(),
        rows["amount_fen"].tolist(),
        rows["rate_ppm"].tolist(),
        np.where(given, share, -1).tolist(),
        rows["reduction_g"].tolist(),
    ]
    for loan_id, borrower, project, amount, rate, part, reduction in zip(*columns, strict=True):
        yield {
            "loan_id": shown(loan_id),
            "borrower": shown(borrower, 60),
            "project": shown(project, 60),
            "amount": int(amount),
            "rate": percent(rate, scale=6),
            "share": percent(part) if part >= 0 else "",
            "reduction": exact_tonnes(reduction),
        }


def _some(one: Largest, told: dict[int, dict[str, Any]], address: str) -> Loans:
    rows = [
        Loan(
            **{**told[row], "amount": exact_money(told[row]["amount"])},
            by_amount=_place(row, one.by_amount),
            by_reduction=_place(row, one.by_reduction),
        )
        for row in one.rows
    ]
    rest = one.amount - sum(told[row]["amount"] for row in one.rows)
    return Loans(tuple(rows), one.loans, one.loans - len(rows), exact_money(rest), shown(address))


def _place(row: int, rows: tuple[int, ...]) -> int:
    return rows.index(row) + 1 if row in rows else 0


def cut(found: Disclosure, file: str) -> Both | None:
    """What is said of the groups that are left out; None where all are shown."""
    if not found.left_out:
        return None
    return said("cut_groups").fill(n=len(found.groups), more=f"{found.left_out:,}", file=file)
