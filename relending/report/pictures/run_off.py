"""What runs off when 到期与归还安排: from the last lending on to the end of the run, and what is still held after it.

Treasury asks two things of the facility's money: how much has to be found if no more is rolled over, and how much if
all of it is rolled over as often as the rules allow. So after the run's end there are two balances, each falling as
tranches fall due: **not rolled over** falls at each tranche's next due date, **rolled to the limit** at its last one.
Under them is what falls due in each quarter, either way. Before the end stand the figures of the run: the balance, and
the supported loans outstanding, which fall by their own schedules (``loans_outstanding`` of ``cost.csv``).

Nothing is drawn after the end, and held amounts are taken as they stand: that a loan may be repaid before a rollover,
which then continues less, is left out, so "rolled to the limit" is the most that can still be held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relending.dates import parse_quarter, quarter_of, quarter_text, to_day
from relending.engine.columns import arrow, ints
from relending.engine.ledger import tranche_id
from relending.engine.rules import due_days, expired
from relending.findings import InvariantError
from relending.policy import Facility
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, mixed
from relending.report.pictures.fonts import width_of
from relending.report.pictures.page import Page
from relending.report.pictures.scale import Unit, unit_for
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.style import EDGE, INK, PAPER, SMALL, SOFT
from relending.report.pictures.tranches import drawn_on
from relending.report.pictures.wholes import by_facility
from relending.report.pictures.words import head, say, word
from relending.study.held import tranches_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "run_off"


@dataclass(frozen=True, slots=True)
class RunOff:
    """One facility, fen. ``quarters`` from the last lending to the run's end, with loans and balance at their ends;
    ``after`` the quarters behind it up to the last due date, with what is due in each (next, latest)."""

    facility: str
    quarters: range
    loans: list[int]
    balance: list[int]
    after: range
    due_next: list[int]
    due_last: list[int]

    def left(self, due: list[int]) -> list[int]:
        """What is still held at the end of each quarter after the run."""
        held, out = self.balance[-1], []
        for amount in due:
            held -= amount
            out.append(held)
        return out


def prepare(source: Source) -> list[RunOff]:
    """Quarters from cost and disclosure, due dates from the balances of the ledger's tranches and the rules.

    The last lending is the last quarter in which a supported loan was issued or money drawn. Raises NothingToPlot where
    nothing was ever lent; InvariantError where the tranches do not add up to the balance.
    """
    loans, held = by_facility(source, "loans_outstanding"), by_facility(source, "facility_balance")
    drawn, issued = by_facility(source, "drawn"), by_facility(source, "issued")
    due = _due(source)
    first, last = source.quarters[0], source.quarters[-1]
    out = []
    for f in source.facilities:
        lent = [k for k in range(len(source.quarters)) if drawn[f][k] or issued[f][k]]
        if not lent and not any(held[f]):
            continue
        begin = first + (lent[-1] if lent else 0)
        owed, balance = ([v or 0 for v in x[f]][begin - first :] for x in (loans, held))
        nexts, lasts = due.get(f, ({}, {}))
        if sum(nexts.values()) != balance[-1]:
            raise InvariantError(f"{f}: the tranches hold {sum(nexts.values())} fen, cost says {balance[-1]}")
        after = range(last + 1, max([last, *lasts]) + 1)
        out.append(
            RunOff(
                f,
                range(begin, last + 1),
                owed,
                balance,
                after,
                [nexts.get(q, 0) for q in after],
                [lasts.get(q, 0) for q in after],
            )
        )
    if not out:
        raise nothing(NAME, "need_lending")
    return out


def _due(source: Source) -> dict[str, tuple[dict[int, int], dict[int, int]]]:
    """By facility what the tranches hold at the end, by the quarter of the next due date and of the last one."""
    found = tranches_at(source.table("ledger"), source.end)
    rules = {f.id: f for f in source.context.facilities}
    opened = _opened(source)
    out: dict[str, tuple[dict[int, int], dict[int, int]]] = {}
    for name, lender, facility, held in zip(
        found.names, found.lender, found.facility, found.balance.tolist(), strict=True
    ):
        if not held:
            continue
        drawn = to_day(dt.date.fromisoformat(drawn_on(name, facility, lender)))
        dues = due_dates(rules[facility], drawn, source.end, opened.get(name))
        for place, day in zip(out.setdefault(facility, ({}, {})), dues, strict=True):
            quarter = int(quarter_of(day))
            place[quarter] = place.get(quarter, 0) + held
    return out


def due_dates(rules: Facility, drawn: int, end: int, opened: tuple[int, int] | None = None) -> tuple[int, int]:
    """The next due date of a draw after ``end`` and the last it can be rolled over to (day numbers).

    ``opened``: due date and rollovers used of an opening tranche, as the general ledger has them.

    >>> from relending.dates import iso, to_day
    >>> from relending.policy import facility
    >>> [iso(d) for d in due_dates(facility("cerf"), to_day(dt.date(2024, 3, 31)), to_day(dt.date(2025, 6, 30)))]
    ['2026-03-31', '2027-03-31']
    """
    days = due_days(rules, drawn)
    if opened is not None:
        due_on, used = opened
        days = [due_on, *(d for d in days[used + 1 :] if d > due_on)]
    left = [d for d in days if d > end] or days[-1:]
    last = next((d for d in left if expired(rules, drawn, d)), left[-1])
    return left[0], last


def _opened(source: Source) -> Mapping[str, tuple[int, int]]:
    if "opening_tranches" not in source.run.tables:
        return {}
    table = source.run.tables["opening_tranches"]
    texts = {name: arrow(table, name).to_pylist() for name in ("lender", "facility", "tranche")}
    drawn, due, used = (ints(table, name)[0].tolist() for name in ("drawn_on", "due_on", "rollovers_used"))
    return {
        tranche_id(f, str(source.context.lender_id(x)), day, name or ""): (on, k)
        for x, f, name, day, on, k in zip(
            texts["lender"], texts["facility"], texts["tranche"], drawn, due, used, strict=True
        )
    }


def draw(source: Source, data: list[RunOff], page: Page) -> None:
    """A column a facility: above balances before and after the run's end, below what is due in each quarter."""
    lang = page.lang
    colour = colours_of("facility", source.facilities)
    money = unit_for("yuan", [v for d in data for v in (*d.loans, *d.balance, *d.due_next, *d.due_last)], lang)
    panels = []
    for i, d in enumerate(data):
        name, short = (source.facility_name(d.facility, lang, short=b) for b in (False, True))
        panels.append(Panel(name, f"{head('balances', lang)} · {money.name}", 0, i, short=short))
        panels.append(Panel("", f"{head('due', lang)} · {money.name}", 1, i))
    one = colour[data[0].facility] if len(data) == 1 else SOFT
    legend = [
        Entry(word("loans_left", lang), INK, kind="line", marker="o", fill=PAPER),
        Entry(word("balance", lang), one),
        Entry(word("not_rolled", lang), mixed(one, PAPER, 0.45)),
        Entry(word("to_the_limit", lang), PAPER, hatch="////", edge=one),
    ]
    note = say("run_off_note", lang, quarter=quarter_text(source.quarters[-1]))
    sheet = page.sheet(panels, legend, source.subtitle(lang), heights=(1.6, 1.0), high=5.6, note=note)
    for i, d in enumerate(data):
        over, under = sheet.axes[2 * i], sheet.axes[2 * i + 1]
        _balances(over, d, money, colour[d.facility])
        _dues(under, d, money, colour[d.facility])
        span = range(d.quarters[0], max(d.after[-1] if d.after else 0, d.quarters[-1], d.quarters[0] + 3) + 1)
        for axes in (over, under):
            canvas.quarter_axis(axes, span, sheet.widths[2 * i])
            axes.axvline(d.quarters[-1] + 0.5, color=EDGE, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.6)
        _end(over, d, span, sheet.widths[2 * i], lang)
        if not d.balance[-1]:
            x = (span[0] + span[-1]) / 2
            said = word("nothing_held", lang)
            under.text(x, 0.5, said, size=SMALL, color=SOFT, ha="center", va="center")
    page.alt = " ".join(_alt(source, d, money, lang) for d in data)


def _end(axes: Axes, d: RunOff, span: range, inches: float, lang: str) -> None:
    """The name of the line at the end of the run, on the side where there is room for it."""
    text, edge = word("end_of_run", lang), d.quarters[-1] + 0.5
    per_inch = (len(span) + 0.2) / inches
    right = (span[-1] + 0.6 - edge) / per_inch > width_of(text, SMALL) + 0.1
    x = edge + (0.06 if right else -0.06) * per_inch
    y = axes.get_ylim()[1]
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
    axes.text(x, y, text, size=SMALL, color=SOFT, va="top", ha="left" if right else "right", bbox=box, zorder=4)


def _balances(axes: Axes, d: RunOff, money: Unit, colour: str) -> None:
    held = [money.plain(v) for v in d.balance]
    canvas.bars(axes, list(d.quarters), [0.0] * len(held), held, colour, width=0.8)
    soon, late = ([money.plain(v) for v in d.left(due)] for due in (d.due_next, d.due_last))
    canvas.bars(axes, list(d.after), soon, late, PAPER, width=0.8, hatch="////", edge=colour)
    canvas.bars(axes, list(d.after), [0.0] * len(soon), soon, mixed(colour, PAPER, 0.45), width=0.8)
    owed = [money.plain(v) for v in d.loans]
    axes.plot(list(d.quarters), owed, "-o", color=INK, linewidth=1.3, markersize=4, markerfacecolor=PAPER, zorder=3)
    canvas.value_axis(axes, 0, max(*owed, *held))


def _dues(axes: Axes, d: RunOff, money: Unit, colour: str) -> None:
    soon, late = ([money.plain(v) for v in due] for due in (d.due_next, d.due_last))
    if not any(late):
        axes.yaxis.set_visible(False)
        axes.set_ylim(0, 1)
        return
    zero = [0.0] * len(soon)
    canvas.bars(axes, [q - 0.2 for q in d.after], zero, soon, mixed(colour, PAPER, 0.45), width=0.38)
    canvas.bars(axes, [q + 0.2 for q in d.after], zero, late, PAPER, width=0.38, hatch="////", edge=colour)
    canvas.value_axis(axes, 0, max([0.0, *soon, *late]), most=4)


def _alt(source: Source, d: RunOff, money: Unit, lang: str) -> str:
    name = source.facility_name(d.facility, lang)
    end = quarter_text(d.quarters[-1])
    if not d.balance[-1]:
        return say("run_off_none", lang, facility=name, quarter=end, loans=money.text(d.loans[-1]), unit=money.name)
    year = parse_quarter(end) + 4
    soon = sum(v for q, v in zip(d.after, d.due_next, strict=True) if q <= year)
    must = sum(v for q, v in zip(d.after, d.due_last, strict=True) if q <= year)
    return say(
        "run_off_alt",
        lang,
        facility=name,
        quarter=end,
        held=money.text(d.balance[-1]),
        loans=money.text(d.loans[-1]),
        soon=money.text(soon),
        must=money.text(must),
        last=quarter_text(d.after[-1]),
        unit=money.name,
    )
