"""From the book to the statement 台账核对: every loan read of a lender and where it went; each line adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relending.dates import quarter_end
from relending.engine.columns import Flags, arrow, codes, ints
from relending.engine.opening_totals import SINCE_START, TOTAL
from relending.findings import InvariantError
from relending.lineage.disclosed import Disclosed, Figures
from relending.lineage.whynot import Saved
from relending.units import Ints, exact_sums

LESS, SUM, MORE = "less", "sum", "more"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bridge: ``kind`` (a key of the words), ``detail`` below it (a code), loans, fen.

    ``role``: what is taken off (less, its loans and fen as they are), put to it (more), or where it stands (sum).
    ``no_amount``: loans among these whose amount cannot be read and counts as nothing.
    """

    role: str
    kind: str
    detail: str
    loans: int
    fen: int
    no_amount: int = 0


def book_bridge(run: Saved, found: Disclosed) -> list[Line]:
    """The lines from all loans of the lender in the book down to the amount of the statement since first support.

    The last line is what the statement shows. Raises InvariantError where the lines do not lead there.

    >>> import relending as rl
    >>> from relending.dates import parse_quarter
    >>> from relending.lineage.disclosed import Disclosures
    >>> run = rl.run("demo")
    >>> lines = book_bridge(run, Disclosures(run).of("demo", "cerf", parse_quarter("2024Q1")))
    >>> [(line.kind, line.loans) for line in lines if line.role == "sum"][:3]
    [('read', 69), ('until', 53), ('usable', 51)]
    """
    lines = list(_lines(run, found))
    loans = fen = 0
    for line in lines:
        if line.role == SUM:
            if line.kind == "read":
                loans, fen = line.loans, line.fen
            if (loans, fen) != (line.loans, line.fen):
                raise InvariantError(f"book bridge, {line.kind}: {loans} loans, {fen} fen; found {line}")
        else:
            sign = 1 if line.role == MORE else -1
            loans, fen = loans + sign * line.loans, fen + sign * line.fen
    if fen != found.cells[SINCE_START, TOTAL].amount:
        raise InvariantError(f"book bridge ends at {fen} fen, the statement has {found.cells[SINCE_START, TOTAL]}")
    return lines


def _lines(run: Saved, found: Disclosed) -> Iterator[Line]:
    attribution, screening = run.tables["attribution"], run.tables["screening"]
    at = np.flatnonzero(attribution["lender"].eq(found.lender).fillna(False).to_numpy(dtype=bool))
    rows, screened, book = attribution.iloc[at], screening.iloc[at], run.tables["loans"].iloc[at]
    fen, has = ints(book, "principal_fen")
    day, dated = ints(rows, "disbursed")

    def line(role: str, kind: str, some: Flags, detail: str = "") -> Line:
        one = np.zeros(int(some.sum()), np.int64)
        return Line(role, kind, detail, one.size, exact_sums(fen[some], one, 1)[0], int((some & ~has).sum()))

    def parts(kind: str, some: Flags, of: list[str]) -> Iterator[Line]:
        labels = np.array(of, dtype=object)
        for detail in sorted(set(labels[some].tolist())):
            yield line(LESS, kind, some & (labels == detail), detail)

    left = np.ones(at.size, bool)
    yield line(SUM, "read", left)
    gone = dated & (day > int(quarter_end(found.quarter)))
    yield line(LESS, "later", gone)
    left &= ~gone
    yield line(SUM, "until", left)
    aside = left & rows["state"].eq("set_aside").fillna(False).to_numpy(dtype=bool)
    yield from parts("set_aside", aside, first_errors(run.tables["findings"], book, aside))
    left &= ~aside
    yield line(SUM, "usable", left)
    supported = rows["supported"].to_numpy(dtype=bool)
    facility = [f or "" for f in arrow(rows, "facility").to_pylist()]
    candidate = [f or "" for f in arrow(screened, "facility").to_pylist()]
    meant = [f or c for f, c in zip(facility, candidate, strict=True)]
    other = left & np.array([m not in ("", found.facility.id) for m in meant], bool)
    yield from parts("other_facility", other, meant)
    left &= ~other
    ours = supported & np.array([f == found.facility.id for f in facility], bool)
    refused = left & ~ours & ~screened["eligible"].to_numpy(dtype=bool)
    yield from parts("not_eligible", refused, [r or "" for r in arrow(screened, "reasons").to_pylist()])
    left &= ~refused
    yield line(SUM, "eligible", left)
    without = left & ~ours
    yield from parts("not_supported", without, [s or "" for s in arrow(rows, "state").to_pylist()])
    left &= ~without
    yield line(SUM, "supported", left)
    yield from _disclosed(found, at, left, line)


def _disclosed(found: Disclosed, at: Ints, left: Flags, line: object) -> Iterator[Line]:
    """From the supported loans to the amount of the statement."""
    assert callable(line)
    place = ints(found.loans, "place")[0]
    inside = np.zeros(left.size, bool)
    gone = ints(found.loans, "left")
    leaves = gone[1] & (gone[0] <= found.quarter)
    counted = found.counted(SINCE_START)
    where = np.searchsorted(at, place)
    disclosed = np.zeros(left.size, bool)
    disclosed[where] = True
    inside[where[counted]] = True
    restated = np.zeros(left.size, bool)
    restated[where[leaves]] = True
    yield line(LESS, "to_come", left & ~disclosed)
    yield line(LESS, "restated", left & restated)
    yield line(LESS, "covered", left & disclosed & ~inside & ~restated)
    yield line(SUM, "counted", inside)
    principal, amount = (ints(found.loans, n)[0][counted] for n in ("principal_fen", "amount_fen"))
    none = np.zeros(int(counted.sum()), np.int64)
    whole, claimed = exact_sums(principal, none, 1)[0], exact_sums(amount, none, 1)[0]
    # of a loan claimed in part only the rest of its amount is taken off: the loan itself counts
    yield Line(LESS, "part", "", 0, whole - claimed)
    yield Line(SUM, "claimed", "", int(counted.sum()), claimed)
    began = found.began.get((SINCE_START, TOTAL), Figures())
    yield Line(MORE, "began", "", 0, began.amount)
    yield Line(SUM, "statement", "", int(counted.sum()), claimed + began.amount)


def first_errors(findings: pd.DataFrame, book: pd.DataFrame, some: Flags) -> list[str]:
    """Of each of these rows of the book the code of its first error: at its place, else of its loan id; else empty."""
    out = [""] * len(book)
    if not some.any():
        return out
    errors = findings[findings["severity"].eq("error").fillna(False).to_numpy(dtype=bool)]
    names = ("file", "sheet", "row", "loan", "code")
    of_place: dict[tuple[object, ...], str] = {}
    of_loan: dict[str, str] = {}
    for file, sheet, row, loan, code in zip(*(errors[n].tolist() for n in names), strict=True):
        of_place.setdefault((_none(file), _none(sheet), _none(row)), code)
        of_loan.setdefault(_none(loan), code)
    columns = (book[n].tolist() for n in ("file", "sheet", "row", "loan_id"))
    for i, (file, sheet, row, loan) in enumerate(zip(*columns, strict=True)):
        if some[i]:
            out[i] = of_place.get((_none(file), _none(sheet), _none(row))) or of_loan.get(_none(loan), "")
    return out


def _none(value: object) -> str:
    return "" if value is None or value is pd.NA else str(value)


def without_lender(run: Saved) -> tuple[int, int]:
    """Loans read whose lender is not known, and their fen: they are of no lender's bridge."""
    lender, names = codes(run.tables["attribution"], "lender")
    nobody = np.array([not n for n in names], bool)[lender]
    fen, _ = ints(run.tables["loans"], "principal_fen")
    return int(nobody.sum()), exact_sums(fen[nobody], np.zeros(int(nobody.sum()), np.int64), 1)[0]
