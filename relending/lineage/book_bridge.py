"""From the book to the statement 台账核对: every loan read of a lender and where it went; each line adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
CAUSES = (
    *("later", "set_aside", "other_facility", "not_eligible", "not_supported"),
    *("to_come", "restated", "covered"),
)
"""Why a loan of the book is not counted since first support, in the order in which they are asked."""
Texts = np.ndarray[tuple[int], np.dtype[np.object_]]


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


@dataclass(frozen=True, slots=True)
class Placed:
    """All loans of a lender in the book: ``at`` (places among the run's tables), fen (0 where not readable).

    ``kind``: where each leaves the bridge, or ``counted``; ``detail`` below it (a code); ``apart``: supported by a
    receipt although not eligible.
    """

    at: Ints
    fen: Ints
    has: Flags
    kind: Texts
    detail: Texts
    apart: Flags
    reasons: Texts

    def line(self, role: str, kind: str, some: Flags, detail: str = "") -> Line:
        """Some of the loans as a line."""
        one = np.zeros(int(some.sum()), np.int64)
        amount = exact_sums(self.fen[some], one, 1)[0]
        return Line(role, kind, detail, one.size, amount, int((some & ~self.has).sum()))

    def parts(self, role: str, kind: str, some: Flags, of: Texts) -> Iterator[Line]:
        """Some of the loans, a line for each detail."""
        for detail in sorted(set(of[some].tolist())):
            yield self.line(role, kind, some & (of == detail), detail)

    def gone(self, kind: str) -> Iterator[Line]:
        """What leaves the bridge for one kind of cause."""
        yield from self.parts(LESS, kind, self.kind == kind, self.detail)


def placed(run: Saved, found: Disclosed) -> Placed:
    """Where each loan of the lender leaves the bridge: the first cause that holds."""
    attribution, screening = run.tables["attribution"], run.tables["screening"]
    at = np.flatnonzero(attribution["lender"].eq(found.lender).fillna(False).to_numpy(dtype=bool))
    rows, screened, book = attribution.iloc[at], screening.iloc[at], run.tables["loans"].iloc[at]
    fen, has = ints(book, "principal_fen")
    day, dated = ints(rows, "disbursed")
    facility, state = _texts(rows, "facility"), _texts(rows, "state")
    meant = np.where(facility != "", facility, _texts(screened, "facility"))
    ours = rows["supported"].to_numpy(dtype=bool) & (facility == found.facility.id)
    eligible, reasons = screened["eligible"].to_numpy(dtype=bool), _texts(screened, "reasons")
    aside = state == "set_aside"
    errors = np.array(first_errors(run.tables["findings"], book, aside), dtype=object)
    causes: tuple[tuple[str, Flags, Texts | None], ...] = (
        ("later", dated & (day > int(quarter_end(found.quarter))), None),
        ("set_aside", aside, errors),
        ("other_facility", (meant != "") & (meant != found.facility.id), meant),
        ("not_eligible", ~ours & ~eligible, reasons),
        ("not_supported", ~ours, state),
        *_disclosed(found, at),
    )
    kind, detail = np.full(at.size, "counted", dtype=object), np.full(at.size, "", dtype=object)
    left = np.ones(at.size, bool)
    for name, some, of in causes:
        now = left & some
        kind[now] = name
        if of is not None:
            detail[now] = of[now]
        left &= ~now
    apart = ours & ~eligible & ~np.isin(kind, ("later", "set_aside", "other_facility"))
    return Placed(at, np.where(has, fen, 0), has, kind, detail, apart, reasons)


def _texts(frame: pd.DataFrame, name: str) -> Texts:
    return np.array([text or "" for text in arrow(frame, name).to_pylist()], dtype=object)


def _disclosed(found: Disclosed, at: Ints) -> Iterator[tuple[str, Flags, None]]:
    """Of the supported loans those that are not among the counted ones."""
    where = np.searchsorted(at, ints(found.loans, "place")[0])
    gone, there = ints(found.loans, "left")
    disclosed, restated, inside = (np.zeros(at.size, bool) for _ in range(3))
    disclosed[where] = True
    restated[where] = there & (gone <= found.quarter)
    inside[where] = found.counted(SINCE_START)
    yield "to_come", ~disclosed, None
    yield "restated", restated, None
    yield "covered", ~inside, None


def _lines(run: Saved, found: Disclosed) -> Iterator[Line]:
    book = placed(run, found)

    def standing(kind: str, gone: Sequence[str], without: Flags | None = None) -> Line:
        some = ~np.isin(book.kind, gone)
        return book.line(SUM, kind, some if without is None else some & ~without)

    yield standing("read", ())
    yield from book.gone("later")
    yield standing("until", CAUSES[:1])
    yield from book.gone("set_aside")
    yield standing("usable", CAUSES[:2])
    yield from book.gone("other_facility")
    yield from book.gone("not_eligible")
    # what a receipt supports although it is not eligible: out before the eligible loans, in again after them
    yield from book.parts(LESS, "funded_apart", book.apart, book.reasons)
    yield standing("eligible", CAUSES[:4], book.apart)
    yield from book.gone("not_supported")
    yield from book.parts(MORE, "funded_not_eligible", book.apart, book.reasons)
    yield standing("supported", CAUSES[:5])
    for kind in CAUSES[5:]:
        yield from book.gone(kind)
    yield standing("counted", CAUSES)
    counted = found.counted(SINCE_START)
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
            out[i] = of_place.get((_none(file), _none(sheet), _none(row))) or (
                of_loan.get(_none(loan), "") if _none(loan) else ""
            )
    return out


def _none(value: object) -> str:
    return "" if value is None or value is pd.NA else str(value)


def without_lender(run: Saved) -> tuple[int, int]:
    """Loans read whose lender is not known, and their fen: they are of no lender's bridge."""
    lender, names = codes(run.tables["attribution"], "lender")
    nobody = np.array([not n for n in names], bool)[lender]
    fen, _ = ints(run.tables["loans"], "principal_fen")
    return int(nobody.sum()), exact_sums(fen[nobody], np.zeros(int(nobody.sum()), np.int64), 1)[0]
