"""Simulated against published balances 模拟余额与公布余额对照: a panel a facility, a line a run, a mark a figure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from relending import policy
from relending.dates import EPOCH
from relending.engine.ledger import SIGN
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.catalogue import catalogue
from relending.report.pictures.colours import grey, palette
from relending.report.pictures.fonts import drawable
from relending.report.pictures.page import Page
from relending.report.pictures.scale import Unit, unit_for
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import INK, PAPER, drawing
from relending.report.pictures.words import say, word
from relending.units import FEN

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NAME = "balances"
FEN_IN = {"元": FEN, "万元": FEN * 10**4, "亿元": FEN * 10**8}
"""Fen in each printed unit."""
MARKS = {("drawn", "test"): PAPER, ("balance", "test"): "#000000", ("balance", "input"): "#AAAAAA"}
"""Measure and role of a published figure, and the filling of its mark. Until something is repaid, draws since start are
the balance, so both can stand in one panel."""
SHAPE = {"exact": "o", "implied": "D", "more_than": "^"}
"""What is only said to be more than a figure points up; what two others imply stands on its corner."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A published figure of all lenders together, in fen (exact: half a fen is none)."""

    facility: str
    measure: str
    role: str
    bound: str
    day: dt.date
    fen: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """The balance of a run's facility, fen, from each day on which it moves; ``basis`` as the ledger has it."""

    run: str
    facility: str
    days: list[dt.date]
    fen: list[int]
    basis: frozenset[str]


@dataclass(frozen=True, slots=True)
class Balances:
    """Lines and marks of the facilities of which something was published."""

    facilities: list[str]
    lines: list[Line]
    marks: list[Mark]
    runs: list[str]


def together(runs: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]]) -> Balances | None:
    """What is drawn of several runs: (name, ledger, published), step frames; None where nothing can be compared."""
    marks = sorted({mark for _, _, published in runs for mark in _marks(published)})
    shown = {mark.facility for mark in marks}
    facilities = [f for f in dict.fromkeys(f for _, ledger, _ in runs for f in ledger["facility"]) if f in shown]
    if not facilities:
        return None
    lines = [_line(name, ledger, f) for f in facilities for name, ledger, _ in runs]
    return Balances(facilities, lines, marks, [name for name, _, _ in runs])


def prepare(source: Source) -> Balances:
    """Balances of all lenders day by day from the ledger, and the published figures of all lenders together.

    Raises NothingToPlot where none was published, or one lender is asked for, whose balance none of them is.
    """
    tables = source.run.tables
    if source.lender is not None or "published" not in tables:
        raise nothing(NAME, "need_published")
    name = str(source.run.manifest["scenario"].get("name", "run"))
    found = together([(name, source.table("ledger"), source.table("published"))])
    if found is None:
        raise nothing(NAME, "need_published")
    return found


def balances_picture(runs: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]], lang: str = "en") -> Figure | None:
    """Facility balances of runs day by day, with the balances and draws since start that were published.

    ``runs`` are (name, ledger, published), step frames of each run; every run's figures are taken together, once each.
    None where no balance or draw of all lenders together was published, for then there is nothing to compare.
    """
    found = together(runs)
    if found is None:
        return None
    page = Page(catalogue()[NAME].title[lang], lang)
    with drawing():
        known = [policy.facility(f) for f in found.facilities]
        _draw(found, page, [f.name[lang] for f in known], [f.short_name(lang) for f in known], "")
    return page.done()


def draw(source: Source, data: Balances, page: Page) -> None:
    """The picture of one run."""
    names, short = ([source.facility_name(f, page.lang, short=b) for f in data.facilities] for b in (False, True))
    _draw(data, page, names, short, source.subtitle(page.lang))


def _draw(data: Balances, page: Page, names: Sequence[str], short: Sequence[str], subtitle: str) -> None:
    lang = page.lang
    money = unit_for("yuan", [v for line in data.lines for v in line.fen], lang)
    colours: Sequence[str] = palette()["runs"]["colours"]
    colour = {run: colours[i % len(colours)] for i, run in enumerate(data.runs)}
    dash = {run: grey("dashes", i) for i, run in enumerate(data.runs)}
    panels = [
        Panel(name + said(data, f, lang), money.name, column=i, short=less + said(data, f, lang))
        for i, (f, name, less) in enumerate(zip(data.facilities, names, short, strict=True))
    ]
    there = {(m.measure, m.role, m.bound) for m in data.marks if m.facility in data.facilities}
    kinds = {
        (measure, role, bound): word(f"published_{measure}_{role}", lang)
        + ("" if bound == "exact" else word(f"published_{bound}", lang))
        for measure, role in MARKS
        for bound in SHAPE
        if (measure, role, bound) in there
    }
    legend = [Entry(drawable(run, 30), colour[run], kind="line", dash=dash[run]) for run in data.runs]
    legend += [
        Entry(label, INK, kind="mark", marker=SHAPE[kind[2]], fill=MARKS[kind[:2]]) for kind, label in kinds.items()
    ]
    sheet = page.sheet(panels, legend, subtitle)
    for axes, inches, facility in zip(sheet.axes, sheet.widths, data.facilities, strict=True):
        lines = [line for line in data.lines if line.facility == facility]
        marks = [mark for mark in data.marks if mark.facility == facility]
        for line in lines:
            values = [money.plain(v) for v in line.fen]
            at = [(d - EPOCH).days for d in line.days]
            style: dict[str, Any] = {"drawstyle": "steps-post", "color": colour[line.run], "label": drawable(line.run)}
            axes.plot(at, values, dash[line.run], **style)
        for kind, label in kinds.items():
            some = [m for m in marks if (m.measure, m.role, m.bound) == kind]
            if not some:
                continue
            axes.plot(
                [(m.day - EPOCH).days for m in some],
                [float(m.fen / money.size) for m in some],
                SHAPE[kind[2]],
                label=label,
                markerfacecolor=MARKS[kind[:2]],
                markeredgecolor=INK,
                markersize=6,
                zorder=3,
            )
        days = [d for line in lines for d in line.days] + [m.day for m in marks]
        _years(axes, min(days), max(days), inches)
        values = [money.plain(v) for line in lines for v in line.fen] + [float(m.fen / money.size) for m in marks]
        canvas.value_axis(axes, 0, max(values))
    page.alt = " ".join(_alt(data, f, name, money, lang) for f, name in zip(data.facilities, names, strict=True))


def _years(axes: Any, first: dt.date, last: dt.date, inches: float) -> None:
    """An axis of days with years under them, like those of quarters."""
    years = range(first.year, last.year + 1)
    low, high = dt.date(first.year, 1, 1), dt.date(last.year + 1, 1, 1)
    span = (last - first).days or 1
    axes.xaxis.set_visible(False)
    axes.set_xlim((first - EPOCH).days - span * 0.02, (last - EPOCH).days + span * 0.03)
    step = max(1, -(-int(len(years) * 42) // int(inches * 100)))
    middle = {}
    for y in years:
        a, b = max(dt.date(y, 1, 1), first, low), min(dt.date(y + 1, 1, 1), last, high)
        if (b - a).days >= 150 and (y - first.year) % step == 0:
            middle[y] = ((a - EPOCH).days + (b - EPOCH).days) / 2
    canvas.level_labels(axes, list(middle.values()), [str(y) for y in middle])
    canvas.marks(axes, [float((dt.date(y, 1, 1) - EPOCH).days) for y in years if dt.date(y, 1, 1) > first])


def said(data: Balances, facility: str, lang: str) -> str:
    """That the lines of a panel are simulated, all or in part; nothing where all of them are recorded."""
    found = {b for line in data.lines if line.facility == facility for b in line.basis}
    if found <= {"recorded"}:
        return ""
    return say("in_brackets", lang, what=word("simulated" if found == {"simulated"} else "mixed", lang))


def _line(run: str, ledger: pd.DataFrame, facility: str) -> Line:
    mine = ledger[ledger["facility"] == facility]
    moves: dict[dt.date, int] = {}
    for day, event, amount in zip(*(mine[c].tolist() for c in ("date", "event", "amount_fen")), strict=True):
        moves[day] = moves.get(day, 0) + SIGN.get(event, 0) * int(amount)
    days = sorted(moves)
    basis = frozenset(str(b) for b in mine["basis"].dropna())
    return Line(run, facility, days, list(itertools.accumulate(moves[day] for day in days)), basis)


def _marks(published: pd.DataFrame) -> list[Mark]:
    """The balances and draws since start that can be drawn."""
    out = []
    for row in published.to_dict("records"):
        horizon = "quarter" if row["measure"] == "balance" else "since_start"
        whole = not isinstance(row["lender"], str) and row["horizon"] == horizon
        known = (row["measure"], row["role"]) in MARKS and row["bound"] in SHAPE and row["unit"] in FEN_IN
        if whole and known:
            fen = Decimal(row["published"]) * FEN_IN[row["unit"]]
            out.append(Mark(row["facility"], row["measure"], row["role"], row["bound"], row["on"], fen))
    return out


def _alt(data: Balances, facility: str, name: str, money: Unit, lang: str) -> str:
    marks = [m for m in data.marks if m.facility == facility]
    last = max(marks, key=lambda m: (m.day, m.measure))
    line = next(x for x in data.lines if x.facility == facility)
    held = [v for d, v in zip(line.days, line.fen, strict=True) if d <= last.day]
    return say(
        "balances_alt",
        lang,
        facility=name,
        count=len(marks),
        day=last.day.isoformat(),
        published=money.text(int(last.fen)),
        held=money.text(held[-1] if held else 0),
        unit=money.name,
    )
