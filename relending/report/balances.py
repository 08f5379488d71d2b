"""The picture of simulated against published balances: a panel a facility, a line a run, a mark a published figure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from relending import policy
from relending.engine.ledger import SIGN
from relending.report.pictures import LINES, STYLE, drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FEN_IN_BN = 100 * 10**9
IN_BN = {"元": 10**9, "万元": 10**5, "亿元": 10}
"""How many of a printed unit make a billion yuan."""
MARKS = {  # measure, role -> filling and name of a published figure
    ("drawn", "test"): ("#FFFFFF", "published draws since start"),
    ("balance", "test"): ("#000000", "published balance"),
    ("balance", "input"): ("#AAAAAA", "published balance, an input"),
}
"""Until something is repaid, draws since start are the balance, so both can stand in one panel."""
SHAPE = {"exact": "o", "implied": "D", "more_than": "^"}
"""What is only said to be more than a figure points up; what two others imply stands on its corner."""


def balances_picture(runs: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]]) -> Figure | None:
    """Facility balances of runs day by day, with the balances and draws since start that were published.

    ``runs`` are (name, ledger, published), step frames of each run; every run's figures are taken together, once each.
    None where no balance or draw of all lenders together was published, for then there is nothing to compare.
    """
    import matplotlib as mpl
    from matplotlib.dates import DateFormatter, YearLocator
    from matplotlib.figure import Figure

    marks = {mark for _, _, published in runs for mark in _marks(published)}
    drawn = {mark.facility for mark in marks}
    facilities = [f for f in dict.fromkeys(f for _, ledger, _ in runs for f in ledger["facility"]) if f in drawn]
    if not facilities:
        return None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2 * len(facilities), 4.4), layout="constrained")
        panels = figure.subplots(1, len(facilities), squeeze=False)[0]
        for panel, facility in zip(panels, facilities, strict=True):
            for i, (name, ledger, _) in enumerate(runs):
                colour, dash = LINES[i % len(LINES)]
                days, values = _line(ledger, facility)
                label = drawable(name, f"run {i + 1}")
                panel.plot(days, values, dash, drawstyle="steps-post", color=colour, linewidth=1.6, label=label)
            _draw_marks(panel, sorted(m for m in marks if m.facility == facility))
            panel.set_title(policy.facility(facility).name["en"] + _said(runs, facility), fontsize=10)
            panel.set_ylabel("billion yuan")
            panel.set_ylim(bottom=0)
            panel.xaxis.set_major_locator(YearLocator())
            panel.xaxis.set_major_formatter(DateFormatter("%Y"))
        named: dict[str, Any] = {}
        for panel in panels:
            handles, labels = panel.get_legend_handles_labels()
            named |= dict(zip(labels, handles, strict=True))
        figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=min(len(named), 3))
    return figure


def _said(runs: Sequence[tuple[str, pd.DataFrame, pd.DataFrame]], facility: str) -> str:
    """That the lines of a panel are simulated, all or in part; nothing where all of them are recorded."""
    found = {str(b) for _, ledger, _ in runs for b in ledger["basis"][ledger["facility"] == facility].dropna()}
    if found <= {"recorded"}:
        return ""
    return " (simulated)" if found == {"simulated"} else " (in part simulated)"


def _line(ledger: pd.DataFrame, facility: str) -> tuple[list[dt.date], list[float]]:
    """Balance of all lenders from each day on which it moves; the last day of the ledger ends the line."""
    mine = ledger[ledger["facility"] == facility]
    moves: dict[dt.date, int] = {}
    for day, event, amount in zip(*(mine[c].tolist() for c in ("date", "event", "amount_fen")), strict=True):
        moves[day] = moves.get(day, 0) + SIGN.get(event, 0) * int(amount)
    days = sorted(moves)
    held = list(itertools.accumulate(moves[day] for day in days))
    return days, [fen / FEN_IN_BN for fen in held]


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A published figure of all lenders together, in billion yuan."""

    facility: str
    measure: str
    role: str
    bound: str
    day: dt.date
    value: float


def _marks(published: pd.DataFrame) -> list[Mark]:
    """The balances and draws since start that can be drawn."""
    out = []
    for row in published.to_dict("records"):
        horizon = "quarter" if row["measure"] == "balance" else "since_start"
        together = not isinstance(row["lender"], str) and row["horizon"] == horizon
        known = (row["measure"], row["role"]) in MARKS and row["bound"] in SHAPE and row["unit"] in IN_BN
        if together and known:
            value = float(Decimal(row["published"]) / IN_BN[row["unit"]])
            out.append(Mark(row["facility"], row["measure"], row["role"], row["bound"], row["on"], value))
    return out


def _draw_marks(panel: Any, marks: Sequence[Mark]) -> None:
    for (measure, role), (filling, name) in MARKS.items():
        mine = [m for m in marks if (m.measure, m.role) == (measure, role)]
        for bound, shape in SHAPE.items():
            some = [m for m in mine if m.bound == bound]
            if some:
                panel.plot(
                    [m.day for m in some],
                    [m.value for m in some],
                    shape,
                    label=name + {"exact": "", "implied": ", implied", "more_than": ", more than"}[bound],
                    linestyle="none",
                    markerfacecolor=filling,
                    markeredgecolor="#000000",
                    markersize=6,
                    zorder=3,
                )
