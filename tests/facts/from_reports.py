"""Entries of published impact reports: sums, shares and intensities, by the product's exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from relending.units import mul_div, total
from tests.facts.calls import Call, Word, call
from tests.facts.entry import Entry, apart, given, held
from tests.facts.facts import FILES, numbers

FILE = "impact_reports.csv"
PRINTED, AGAIN, BOTH = "published_result", "recomputed", "published_result recomputed"
"""Where a figure stands: printed by the report, worked out from it by the collectors, or both the same."""
RUN = "`tests/published/test_impact.py`"
PARTS = f"the printed parts were rounded, the printed total was made before; {RUN} has parts that print as published"
QUOTIENT = f"printed intensities were made from amounts before rounding; {RUN} has amounts that print as published"
UNSEEN = (
    "each project's reduction times the bank's share of its financing, added up: neither is published by project, and"
    " loans that gave 0.53 of 2.16 Mt would be made to"
)
UNKNOWN = (
    "the loan's share of the cost of each of ten projects, in MW: neither their costs nor their tonnes are among the"
    " collected figures, and the product shares out tonnes a year, not MW; MW put in as tonnes, with costs that give"
    " 1,197, would only return what was put in"
)
LIFETIME = (
    "tonnes over the life of stock and tracks, not of a year: the sum alone is reproduced; the government's notice of"
    " 2019-12-11 has 262 for 222, with which 990 does not agree"
)
COUNTS = "counts, capacities and gross figures beside the sum; nothing to compute them from"


def _ratio(above: int, below: int | Call, decimals: int) -> tuple[Fraction, str]:
    """A quotient rounded half-up to some decimals by ``units.mul_div``, and how it is written."""
    made = call(mul_div, above, 10**decimals, below, Word("half_up"))
    written = made.text + (f" / {10**decimals}" if decimals else "")
    return Fraction(int(made.value), 10**decimals), f"`{written}`"


def _sum(parts: list[int]) -> tuple[int, str]:
    made = call(total, parts)
    return int(made.value), made.told


class _Row:
    """One report: makes its entries."""

    def __init__(self, row: int) -> None:
        self.row = row

    def given(self, why: str = "the parts as printed") -> Entry:
        return given(FILE, self.row, "inputs", why=why)

    def apart(self, *columns: str, why: str) -> Entry:
        return apart(FILE, self.row, *columns, why=why)

    def sums(
        self,
        columns: str,
        what: str,
        published: str,
        parts: list[int],
        *,
        differs: str = "",
        said: str = "",
        note: str = "",
    ) -> Entry:
        exact, how = _sum(self._printed(parts))
        derived = columns == AGAIN
        return held(
            FILE,
            self.row,
            columns,
            what,
            published,
            exact,
            said=said,
            how=how,
            differs=differs,
            note=note,
            derived=derived,
        )

    def _printed(self, parts: list[int]) -> list[int]:
        """The parts, if the report has them."""
        cells = FILES[FILE].rows()[self.row]
        there = numbers(" ".join(cells[c] for c in ("inputs", AGAIN)))
        if missing := [p for p in parts if str(p) not in there]:
            raise LookupError(f"{cells['vector']} has no {missing}")
        return parts

    def ratio(
        self, columns: str, what: str, published: str, above: int, below: int | Call, decimals: int, differs: str = ""
    ) -> Entry:
        exact, how = _ratio(above, below, decimals)
        derived = columns == AGAIN
        return held(FILE, self.row, columns, what, published, exact, how=how, differs=differs, derived=derived)


def entries() -> Iterator[Entry]:
    """Every report, in the order of the file."""
    makers = (_mufg, _world_bank, _smbc, _smfg, _kommuninvest, _munifin, _belgium)
    if len(makers) != len(FILES[FILE].rows()):
        raise LookupError(f"a report of {FILE} has no entry")
    for row, make in enumerate(makers):
        yield from make(_Row(row))


def _mufg(report: _Row) -> Iterator[Entry]:
    yield report.apart("inputs", PRINTED, why=UNSEEN)
    # 0.53 of 2.16 Mt, each half a unit of its last digit to either side
    cut = "the collected lower end was cut, not rounded"
    yield report.ratio(AGAIN, "lowest share", "0.2424", 525, 2165, 4, differs=cut)
    yield report.ratio(AGAIN, "highest share", "0.2483", 535, 2155, 4)


def _world_bank(report: _Row) -> Iterator[Entry]:
    yield report.apart("inputs", PRINTED, why=UNKNOWN)
    yield report.ratio(AGAIN, "share of the MW", "0.5074", 1197, 2359, 4)


def _smbc(report: _Row) -> Iterator[Entry]:
    parts = [2_201_818, 47_978, 10_318]
    yield report.given()
    yield report.sums(PRINTED, "t", "2260113", parts, differs=PARTS)
    yield report.sums(AGAIN, "t", "2260114", parts)


def _smfg(report: _Row) -> Iterator[Entry]:
    parts = [101, 99, 73, 61, 44, 27, 42, 28, 28, 25]
    yield report.given()
    yield report.sums(BOTH, "EUR million", "528", parts)
    yield report.apart("note", why=COUNTS)


def _kommuninvest(report: _Row) -> Iterator[Entry]:
    parts = [604_532, 38_343]
    covered = call(mul_div, 51_900, 85, 100, Word("half_up"))
    yield report.given("tonnes, amount and the part of it that is covered")
    yield report.sums(BOTH, "t", "642875", parts)
    yield report.ratio(PRINTED, "t per SEK million", "14.6", 642_875, covered, 1)
    yield report.ratio(AGAIN, "t per SEK million", "14.57", 642_875, covered, 2)


def _munifin(report: _Row) -> Iterator[Entry]:
    amounts, tonnes = [853, 740, 31, 6], [4706, 6865, 37_512, 1176]
    water = 156
    yield report.given("amounts and tonnes of four categories, as printed")
    said = f"1786 with water {water}"
    yield report.sums(BOTH, "EUR million, with water", "1786", [*amounts, water], said=said)
    yield report.sums(PRINTED, "t", "50260", tonnes, differs=PARTS)
    unequal = {"1192", "207"}
    per = list(zip(("6", "9", "1192", "207"), ("5.5", "9.3", "1210", "196"), tonnes, amounts, strict=True))
    for printed, _, t, m in per:
        reason = QUOTIENT if printed in unequal else ""
        yield report.ratio(PRINTED, "t per EUR million", printed, t, m, 0, reason)
    yield report.sums(AGAIN, "t", "50259", tonnes)
    for _, again, t, m in per:
        yield report.ratio(AGAIN, "t per EUR million", again, t, m, 1 if "." in again else 0)


def _belgium(report: _Row) -> Iterator[Entry]:
    yield report.given()
    yield report.sums(BOTH, "EUR million", "990", [222, 768])
    yield report.sums(BOTH, "kt", "1580", [68, 1512], note=LIFETIME)
