"""A loan's draws 借用: what was asked and granted, and the life of each draw to the day nothing is held any more.

The tables keep what was drawn and continued; what prepayments sent back, what a rollover asked for and why it got less
follow from the rules, and are worked out here again from the loan alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from relending.dates import iso, to_date, to_day
from relending.engine.applications import (
    UNSERVED,
    application_periods,
    draw_days,
    next_period,
    period_end,
    period_text,
    pool_of,
)
from relending.engine.block import Block
from relending.engine.columns import ints
from relending.engine.context import Context
from relending.engine.owed import PREPAID, Events, Schedule, after
from relending.engine.rules import due_days, expired, facility_rate, option, take_up
from relending.lineage.case import Case, DamagedRun, facility_of
from relending.lineage.story import money, parameter_sources, ratio_percent, say, sourced, state_name
from relending.lineage.story import percent as percent_of
from relending.policy import Facility, option_name
from relending.units import BP

ROWS = np.array([0])
"""The block of a story holds one loan."""


def draws_and_rollovers(case: Case, block: Block, context: Context, lang: str) -> list[str]:
    """Prepayments, the application, what came of it, and each draw with its returns, rollovers and repayments."""
    schedule = _schedule(block, case.prepayments)
    lines = [say("prepayment", lang, amount=money(a), day=iso(d), owed=money(o - a)) for d, a, o in _prepaid(schedule)]
    if case.state == "":
        return [*lines, say("out_of_run", lang, end=iso(context.end))]
    if not case.screening["eligible"]:
        return [*lines, say("no_funding", lang, state=state_name(case.state, lang))]
    rules = facility_of(context, case.screening["facility"])
    period = int(application_periods(block.disbursed, rules)[0])
    day = _draw_day(period, block, rules)
    owed = money(_owed(schedule, day))
    shown = say("application", lang, period=period_text(period), day=iso(day), owed=owed)
    lines += [shown, *parameter_sources(rules, ("frequency", "lag_days"), int(block.disbursed[0]), lang)]
    if case.state == "repaid_before_draw":
        return [*lines, say("no_funding", lang, state=state_name(case.state, lang))]
    ratio = rules["ratio"].on(to_date(int(block.disbursed[0])))
    asked = int(block.principal[0]) * int(ratio.value) // BP
    shown = say(
        "asked",
        lang,
        principal=money(int(block.principal[0])),
        ratio=ratio_percent(int(ratio.value)),
        asked=money(asked),
    )
    lines += sourced(shown, ratio, lang)
    if case.state == "pending":
        return [*lines, say("pending", lang, end=iso(context.end))]
    return lines + _applications(case, block, schedule, rules, context, period, asked, lang)


def _schedule(block: Block, prepayments: pd.DataFrame) -> Schedule:
    day, _ = ints(prepayments, "date")
    amount, _ = ints(prepayments, "amount_fen")
    return after(block.terms, ~block.error, Events.of(PREPAID, np.zeros(len(day), np.int64), day, amount))


def _prepaid(schedule: Schedule) -> list[tuple[int, int, int]]:
    """Day, amount and what was owed before it, of each prepayment in date order."""
    _, days, amounts, owed = schedule.happened.events()
    return sorted(zip(days.tolist(), amounts.tolist(), owed.tolist(), strict=True))


def _owed(schedule: Schedule, day: int) -> int:
    return int(schedule.outstanding(ROWS, day)[0])


def _draw_day(period: int, block: Block, rules: Facility) -> int:
    return int(draw_days(np.array([period]), block.disbursed, rules)[0])


def _drawn_on(tranche: object) -> int:
    """The draw date a tranche's id ends with."""
    try:
        return to_day(dt.date.fromisoformat(str(tranche).rsplit("/", 1)[1]))
    except (IndexError, ValueError):
        raise DamagedRun(f"draws: {tranche!r} is no tranche, it does not end with a date") from None


# -- applications ---------------------------------------------------------------------------------------------------


def _applications(
    case: Case,
    block: Block,
    schedule: Schedule,
    rules: Facility,
    context: Context,
    period: int,
    asked: int,
    lang: str,
) -> list[str]:
    """The application and, with carry_over, those that follow for what was not granted."""
    draws = {_drawn_on(draw["tranche"]): draw for _, draw in case.draws.iterrows()}
    day, rest = _draw_day(period, block, rules), asked
    lines: list[str] = []
    if int(pool_of(block.sectors, block.sector, np.array([day]), rules)[0]) == UNSERVED:
        return [say("no_pool", lang)]
    first = True
    while True:
        draw = draws.pop(day, None)
        granted = 0 if draw is None else _amount(draw, "drawn_fen")
        if first and granted < rest:
            method = option_name("rationing", str(option(rules, "rationing", day)), lang)
            shown = say("cut", lang, asked=money(rest), drawn=money(granted), method=method)
            lines += [shown, *parameter_sources(rules, ("quota", "rationing"), day, lang)]
        if not first:
            names = {"period": period_text(period), "day": iso(day), "owed": money(_owed(schedule, day))}
            lines.append(say("asked_again", lang, rest=money(rest), granted=money(granted), **names))
        if draw is not None:
            lines += _life(draw, day, block, schedule, rules, context, lang)
        rest, first = rest - granted, False
        if rest <= 0 or not option(rules, "carry_over", day):
            break
        ended = int(period_end(np.array([period]))[0])
        period = next_period(period)
        day = _draw_day(period, block, rules)
        why = _asks_no_more(ended, day, schedule, rules, context)
        if why:
            lines.append(say("asks_no_more", lang, rest=money(rest), why=say(why, lang, day=iso(day))))
            break
    if draws:
        raise DamagedRun(f"draws: {next(iter(draws.values()))['tranche']} is on no draw date of loan {case.label}")
    return lines


def _asks_no_more(ended: int, day: int, schedule: Schedule, rules: Facility, context: Context) -> str:
    """Why a loan does not ask again in the period after the one that ended: a key of the story, "" if it does."""
    if ended + 1 > to_day(rules["window"].latest().value.last):
        return "ask_window"
    if day > context.end:
        return "ask_end"
    return "" if _owed(schedule, day) > 0 else "ask_repaid"


# -- the life of one draw ------------------------------------------------------------------------------------------


def _life(
    draw: Any, drawn_on: int, block: Block, schedule: Schedule, rules: Facility, context: Context, lang: str
) -> list[str]:
    """One draw: what prepayments sent back and what was rolled over or repaid at each due date, in date order."""
    held = _amount(draw, "drawn_fen")
    rate, source = facility_rate(rules, drawn_on, drawn_on)
    shown = say("drawn", lang, drawn=money(held), tranche=draw["tranche"], rate=percent_of(rate))
    lines = sourced(shown, source, lang)
    ratio = int(option(rules, "ratio", int(block.disbursed[0])))
    keep = option(rules, "rollover_rate", drawn_on) == "original"
    base = str(option(rules, "rollover_base", drawn_on))
    dues = due_days(rules, drawn_on)
    returns = _returns(schedule, drawn_on, rules, context.end)
    back = next(returns, None)
    for k, due in enumerate(dues):
        # a return on a due date comes before what is due
        while back is not None and back[0] <= due:
            amount = held * back[1] // back[2]
            held -= amount
            if amount:
                lines.append(say("returned", lang, amount=money(amount), day=iso(back[0]), held=money(held)))
            back = next(returns, None)
        if due > context.end or held == 0:
            break
        owed = _owed(schedule, due)
        may = _may_continue(held, owed, ratio, base)
        if k + 1 == len(dues) or expired(rules, drawn_on, due):
            may = 0
        wish = may * take_up(rules, due) // BP
        # after the last rollover there is nothing to continue, and no column that would say so
        kept = _amount(draw, f"continued_{k + 1}_fen") if k + 1 < len(dues) else 0
        if kept:
            new = (rate, source) if keep else facility_rate(rules, due, drawn_on)
            key = "rollover" if kept == held else "rollover_part"
            names = {"kept": money(kept), "held": money(held), "rest": money(held - kept)}
            names |= {"rate": percent_of(new[0]), "base": option_name("rollover_base", base, lang)}
            shown = say(key, lang, day=iso(due), owed=money(owed), **names)
            lines += [shown, *_taken_up(may, wish, due, rules, lang)]
            if kept < wish:
                lines.append("    " + say("rollover_cut", lang, wish=money(wish), kept=money(kept)))
            lines += parameter_sources(rules, ("rollover_base", "rollover_rate"), drawn_on, lang)
            lines += parameter_sources(rules, ("rate",), drawn_on if keep else due, lang)
        else:
            last = k + 1 == len(dues)
            why = "why_last" if last else _why_nothing(may, wish, owed, expired(rules, drawn_on, due))
            names = {"owed": money(owed), "held": money(held), "why": say(why, lang)}
            lines += [say("repaid", lang, day=iso(due), **names), *_taken_up(may, wish, due, rules, lang)]
        held = kept
    return lines


def _returns(schedule: Schedule, drawn_on: int, rules: Facility, end: int) -> Iterator[tuple[int, int, int]]:
    """The prepayments that send a part of a draw back at once: day, amount, owed before it; in date order."""
    if option(rules, "on_prepayment", drawn_on) == "immediate":
        # on the draw date itself returns come before draws
        yield from (p for p in _prepaid(schedule) if drawn_on < p[0] <= end)


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


def _why_nothing(may: int, wish: int, owed: int, over: bool) -> str:
    if over:
        return "why_expired"
    if wish:
        return "why_quota"
    if may:
        return "why_take_up"
    return "why_gone" if owed == 0 else "why_base"


def _amount(draw: Any, column: str) -> int:
    value = draw[column] if column in draw.index else None
    if value is None or pd.isna(value):
        raise DamagedRun(f"draws: {column} of {draw['tranche']} is empty")
    return int(value)
