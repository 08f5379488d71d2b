"""The last quarter of the book beside the one before and that of a year before 环比、同比, and the end of the run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relending.dates import parse_quarter, quarter_of, quarter_text, to_day
from relending.engine.columns import ints
from relending.report.page.context import Subject
from relending.report.page.figures import money, per_tonne, percent, quarter_named, tonnes
from relending.report.page.headline import weighted
from relending.report.page.words import Both, said
from relending.units import decimal_text, divide, total

if TYPE_CHECKING:
    import pandas as pd

YEAR = 4
"""Quarters."""
E8_PER_TENTH_OF_BP = 1_000
"""1/10**8 in a tenth of a basis point."""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure at each time, and what changed since the quarter before and since a year before; None where it cannot
    be said."""

    label: Both
    now: Both
    before: Both | None
    since_before: Both | None
    year_ago: Both | None
    since_year_ago: Both | None
    end: Both | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The quarters that are held side by side (empty: the run has no such quarter), the figures, and one sentence.

    ``now`` is the quarter of the last supported loan that was made (not planned), or the run's last where there is
    none. ``last_loan`` is the day of that loan, empty where every loan is planned.
    """

    now: str
    before: str
    year_ago: str
    end: str
    last_loan: str
    lines: tuple[Line, ...]
    sentence: Both | None


def comparison(subject: Subject) -> Comparison:
    """What changed: figures of all lenders and facilities together."""
    cost = subject.tables["cost"]
    both = cost.merge(
        subject.tables["funding"][["quarter", "lender", "facility", "drawn_fen", "repaid_fen"]],
        on=["quarter", "lender", "facility"],
        how="inner",
    )
    known = sorted({parse_quarter(one) for one in cost["quarter"].unique()})
    made = _last_loan(subject)
    at = int(quarter_of(to_day(made))) if made else known[-1]
    at = min(max(at, known[0]), known[-1])
    times = {"now": at, "before": at - 1, "year_ago": at - YEAR, "end": known[-1]}
    frames = {
        name: both[(both["quarter"] == quarter_text(quarter)).to_numpy(dtype=bool)] if quarter in known else None
        for name, quarter in times.items()
    }
    if at == known[-1]:
        frames["end"] = None
    named = {name: quarter_text(times[name]) if frame is not None else "" for name, frame in frames.items()}
    lines = tuple(_line(said(label), frames, *how) for label, how in _MEASURES.items())
    last_loan = made.isoformat() if made else ""
    return Comparison(**named, last_loan=last_loan, lines=lines, sentence=_sentence(frames, named, _ahead(subject)))


def _ahead(subject: Subject) -> bool:
    """Whether nothing that came later is recorded: then all of it is worked out ahead."""
    return subject.scenario.get("basis", "simulated") == "simulated"


def data_until(subject: Subject, checked: str) -> Both:
    """How far the loans that were made, supported or not, and the policy data reach."""
    last = _last_loan(subject, supported=False)
    name = "data_until" if last else "data_planned"
    return said(name).fill(day=last.isoformat() if last else "", checked=checked)


def _last_loan(subject: Subject, supported: bool = True) -> dt.date | None:
    """The day of the last loan that was made, of the supported ones or of all that are not set aside."""
    attribution, loans = subject.tables["attribution"], subject.tables["loans"]
    some = attribution["supported"] if supported else attribution["state"].ne("set_aside").fillna(False)
    some = some.to_numpy(dtype=bool) & ~loans["planned"].to_numpy(dtype=bool)
    days = attribution["disbursed"][some].dropna()
    found: dt.date | None = days.max() if len(days) else None
    return found


def _sum(column: str) -> Callable[[pd.DataFrame], int | None]:
    return lambda frame: total(ints(frame, column)[0])


def _mean(column: str, weight: str) -> Callable[[pd.DataFrame], int | None]:
    return lambda frame: weighted(frame, column, weight)


def _rate(value: int) -> Both:
    text = percent(value, decimals=2)
    return Both(text, text)


def _yuan_a_tonne(value: int) -> Both:
    return said("yuan_per_tonne").fill(figure=per_tonne(value))


def _points(change: int) -> Both:
    tenths = divide(change, E8_PER_TENTH_OF_BP, "half_even")
    return said("change_points").fill(n=_signed(tenths, decimal_text(abs(tenths), 1)))


def _part(change: int, before: int, show: Callable[[int], Both]) -> Both:
    """A change as an amount, with its part of what was before [per cent]."""
    size = show(abs(change))
    text = Both(*(_signed(change, size[lang]) for lang in ("zh", "en")))
    if not before or not change:
        return text
    tenths = divide(abs(change) * 1_000, abs(before), "half_even")
    return said("change_part").fill(change=text, part=_signed(change, decimal_text(tenths, 1)))


def _in_words(change: int, before: int) -> Both:
    """A change of money as a sentence says it."""
    if not change:
        return said("change_none")
    size = money(abs(change))
    if before:
        tenths = divide(abs(change) * 1_000, abs(before), "half_even")
        size = said("size_part").fill(size=size, part=decimal_text(tenths, 1))
    return said("change_up" if change > 0 else "change_down").fill(size=size)


def _signed(change: int, size: str) -> str:
    return size if not change else f"{'+' if change > 0 else '−'}{size}"


_Measure = tuple[Callable[["pd.DataFrame"], int | None], Callable[[int], Both], bool]
_MEASURES: dict[str, _Measure] = {
    "facility_balance": (_sum("facility_balance_fen"), money, False),
    "loans_outstanding": (_sum("loans_outstanding_fen"), money, False),
    "drawn_in_quarter": (_sum("drawn_fen"), money, False),
    "repaid_in_quarter": (_sum("repaid_fen"), money, False),
    "blended_cost": (_mean("blended_cost_e8", "loans_outstanding_fen"), _rate, True),
    "margin": (_mean("margin_e8", "loans_outstanding_fen"), _rate, True),
    "saved_in_quarter": (_sum("interest_saved_fen"), money, False),
    "tonnes": (_sum("reduction_g"), tonnes, False),
    "subsidy": (_mean("subsidy_per_tonne_e6", "reduction_in_balance_g"), _yuan_a_tonne, False),
}
_RATES = (("blended", "blended_cost"), ("margin", "margin"))


def _line(
    label: Both,
    frames: dict[str, pd.DataFrame | None],
    read: Callable[[pd.DataFrame], int | None],
    show: Callable[[int], Both],
    points: bool,
) -> Line:
    found = {name: None if frame is None else read(frame) for name, frame in frames.items()}

    def told(name: str) -> Both | None:
        value = found[name]
        return None if value is None else show(value)

    def since(name: str) -> Both | None:
        now, then = found["now"], found[name]
        if now is None or then is None:
            return None
        return _points(now - then) if points else _part(now - then, then, show)

    return Line(
        label,
        told("now") or said("none"),
        told("before"),
        since("before"),
        told("year_ago"),
        since("year_ago"),
        told("end"),
    )


def _sentence(frames: dict[str, pd.DataFrame | None], named: dict[str, str], ahead: bool) -> Both | None:
    """The balance and its change in words; None where the run has no quarter before."""
    read = _MEASURES["facility_balance"][0]
    found = {name: None if frame is None else read(frame) for name, frame in frames.items()}
    now, before, year_ago = (found[name] for name in ("now", "before", "year_ago"))
    if now is None or before is None:
        return None
    latest = frames["now"]
    rates = {name: None if latest is None else _MEASURES[key][0](latest) for name, key in _RATES}
    given = {
        **{name: said("none") if value is None else _rate(value) for name, value in rates.items()},
        "quarter": quarter_named(named["now"]),
        "balance": money(now),
        "before": _in_words(now - before, before),
        "why": said("why_ahead" if ahead else "why_made") if named["end"] else Both("", ""),
    }
    if year_ago is None:
        return said("answer_recent_quarter").fill(**given)
    return said("answer_recent").fill(**given, year=_in_words(now - year_ago, year_ago))
