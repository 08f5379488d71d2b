"""The life of one draw 借用: what was sent back, rolled over and repaid, to the day nothing is held any more.

The tables keep what was drawn and continued; what early repayments sent back, what a rollover asked for and why it got
less follow from the rules, and are worked out here again from the loan alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from relending.dates import iso, to_day
from relending.engine.block import NEVER, Block
from relending.engine.context import Context
from relending.engine.rules import due_days, expired, facility_rate, option, take_up
from relending.lineage.case import DamagedRun
from relending.lineage.loan_events import Rebuilt
from relending.lineage.story import money, parameter_sources, ratio_percent, say
from relending.lineage.story import percent as percent_of
from relending.policy import Facility, option_name
from relending.units import BP


@dataclass(frozen=True, slots=True)
class Draw:
    """One row of the table of draws: its day and rate (ppm), and the rules it was made under.

    ``lost`` are the days on which all that the loan holds goes back because it no longer meets the conditions.
    """

    row: Any
    day: int
    rate: int
    rules: Facility
    lost: Sequence[int] = ()

    def amount(self, column: str) -> int:
        """Fen of a column that must have them."""
        value = self.row[column] if column in self.row.index else None
        if value is None or pd.isna(value):
            raise DamagedRun(f"draws: {column} of {self.row['tranche']} is empty")
        return int(value)


def drawn_on(draw: Any, lender: str) -> int:
    """The draw date in a tranche's id, facility/lender/date, behind which a name of the bank's own may follow."""
    stem, tranche = f"{draw['facility']}/{lender}/", str(draw["tranche"])
    date, behind = tranche[len(stem) : len(stem) + 10], tranche[len(stem) + 10 :]
    try:
        if not tranche.startswith(stem) or (behind and not behind.startswith("/")):
            raise ValueError
        return to_day(dt.date.fromisoformat(date))
    except ValueError:
        raise DamagedRun(f"draws: {tranche!r} is no tranche {stem}DATE") from None


def losses(block: Block, days: Sequence[int], rules: Facility, context: Context) -> list[int]:
    """The days on which what was drawn on ``days`` goes back because the loan lost its eligibility (on_ineligible)."""
    loses = int(block.ineligible[0])
    if loses > context.end or "on_ineligible" not in rules:
        return []
    return sorted({max(loses, day + 1) for day in days if option(rules, "on_ineligible", day) == "immediate"})


def life(draw: Draw, block: Block, rebuilt: Rebuilt, context: Context, lang: str) -> list[str]:
    """What was sent back of a draw and what was rolled over or repaid at each due date, in date order."""
    rules, held, lines = draw.rules, draw.amount("drawn_fen"), list[str]()
    ratio = int(option(rules, "ratio", int(block.disbursed[0])))
    keep = option(rules, "rollover_rate", draw.day) == "original"
    base = str(option(rules, "rollover_base", draw.day))
    dues = due_days(rules, draw.day)
    returns = _returns(draw, rebuilt, context.end)
    back = next(returns, None)
    for k, due in enumerate(dues):
        # a return on a due date comes before what is due
        while back is not None and back[0] <= due:
            amount = held * back[1] // back[2]
            held -= amount
            if amount:
                shown = {"amount": money(amount), "day": iso(back[0]), "held": money(held)}
                lines.append(say(back[3], lang, **shown))
            back = next(returns, None)
        if due > context.end or held == 0:
            break
        owed = rebuilt.owed(due)
        last, meets = k + 1 == len(dues), int(block.ineligible[0]) > due
        may = _may_continue(held, owed, ratio, base) if meets else 0
        if last or expired(rules, draw.day, due):
            may = 0
        wish = may * take_up(rules, due) // BP
        # after the last rollover there is nothing to continue, and no column that would say so
        kept = 0 if last else draw.amount(f"continued_{k + 1}_fen")
        if kept:
            rate = draw.rate if keep else facility_rate(rules, due, draw.day)[0]
            key = "rollover" if kept == held else "rollover_part"
            names = {"kept": money(kept), "held": money(held), "rest": money(held - kept)}
            names |= {"rate": percent_of(rate), "base": option_name("rollover_base", base, lang)}
            shown_due = say(key, lang, day=iso(due), owed=money(owed), **names)
            lines += [shown_due, *_taken_up(may, wish, due, rules, lang)]
            if kept < wish:
                lines.append("    " + say("rollover_cut", lang, wish=money(wish), kept=money(kept)))
            lines += parameter_sources(rules, ("rollover_base", "rollover_rate"), draw.day, lang)
            lines += parameter_sources(rules, ("rate",), draw.day if keep else due, lang)
        else:
            why = "why_last" if last else _why_nothing(may, wish, owed, expired(rules, draw.day, due), meets)
            since = iso(int(block.ineligible[0])) if block.ineligible[0] != NEVER else ""
            told = say("repaid", lang, day=iso(due), owed=money(owed), held=money(held), why=say(why, lang, day=since))
            lines += [told, *_taken_up(may, wish, due, rules, lang)]
        held = kept
    return lines


def _returns(draw: Draw, rebuilt: Rebuilt, end: int) -> Iterator[tuple[int, int, int, str]]:
    """What sends a part of a draw back at once: day, the part as two numbers, and how it is said; in date order."""
    found = [(day, 1, 1, 1, "returned_ineligible") for day in draw.lost if day > draw.day]
    if option(draw.rules, "on_prepayment", draw.day) == "immediate":
        # on the draw date itself returns come before draws
        some = [(d, gone, owed) for d, gone, owed in rebuilt.gone() if gone > 0 and draw.day < d]
        found += [(d, 0, gone, owed, "returned") for d, gone, owed in some]
    # the sort is stable: what is of one day stays in its order
    for day, _, part, whole, key in sorted(found, key=lambda f: f[:2]):
        if day <= end:
            yield day, part, whole, key


def _may_continue(held: int, owed: int, ratio: int, base: str) -> int:
    """The most a rollover may continue: what is held, or no more than the ratio of what is outstanding."""
    return min(held, owed * ratio // BP) if base == "outstanding" else (held if owed > 0 else 0)


def _taken_up(may: int, wish: int, due: int, rules: Facility, lang: str) -> list[str]:
    """How much of what may be rolled over is taken up, and by which rule; nothing is said where it is all of it."""
    part = take_up(rules, due)
    if part == BP or not may:
        return []
    told = "    " + say("taken_up", lang, part=ratio_percent(part), may=money(may), wish=money(wish))
    return [told, *parameter_sources(rules, ("rollover_take_up",), due, lang)]


def _why_nothing(may: int, wish: int, owed: int, over: bool, meets: bool) -> str:
    if over:
        return "why_expired"
    if not meets:
        return "why_ineligible"
    if wish:
        return "why_quota"
    if may:
        return "why_take_up"
    return "why_gone" if owed == 0 else "why_base"
