"""A loan's draws 借用: what was asked and granted, and the life of each draw to the day nothing is held any more.

Of a loan that the bank's record decides, what is told is the record; any other says that its draws are simulated.
"""

from __future__ import annotations

import numpy as np

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
from relending.engine.context import Context
from relending.engine.rules import facility_rate, option
from relending.lineage.case import Case, DamagedRun, empty, facility_of
from relending.lineage.draw_life import Draw, drawn_on, life, losses
from relending.lineage.loan_events import Rebuilt, rebuild, what_happened
from relending.lineage.receipts_story import receipts_told
from relending.lineage.story import money, parameter_sources, ratio_percent, say, sourced, state_name
from relending.lineage.story import percent as percent_of
from relending.policy import Facility, option_name
from relending.units import BP


def draws_and_rollovers(case: Case, block: Block, context: Context, lang: str) -> list[str]:
    """What happened to the loan, the application, what came of it, and each draw with its returns and rollovers."""
    rebuilt = rebuild(case)
    lines = what_happened(case, rebuilt, lang)
    if case.state == "":
        return [*lines, say("out_of_run", lang, end=iso(context.end))]
    if case.recorded:
        return lines + receipts_told(case, block, rebuilt, context, lang)
    if not case.screening["eligible"]:
        return [*lines, say("no_funding", lang, state=state_name(case.state, lang))]
    return [*lines, _simulated(case, context, lang), *_asked_and_drawn(case, block, rebuilt, context, lang)]


def _simulated(case: Case, context: Context, lang: str) -> str:
    """Why the draws are simulated."""
    if "applications" not in case.side:
        return say("simulated", lang)
    if bool(case.row.get("planned", False)):
        return say("simulated_planned", lang)
    return say("simulated_later", lang, day=context.simulate_from)


def _asked_and_drawn(case: Case, block: Block, rebuilt: Rebuilt, context: Context, lang: str) -> list[str]:
    """The simulated application and what came of it."""
    rules = facility_of(context, case.screening["facility"])
    period = int(application_periods(block.disbursed, rules)[0])
    day = _draw_day(period, block, rules)
    shown = say("application", lang, period=period_text(period), day=iso(day), owed=money(rebuilt.owed(day)))
    lines = [shown, *parameter_sources(rules, ("frequency", "lag_days"), int(block.disbursed[0]), lang)]
    if case.state == "repaid_before_draw":
        return [*lines, say("no_funding", lang, state=state_name(case.state, lang))]
    if case.state == "ineligible":
        return [*lines, say("ineligible_before", lang, since=iso(int(block.ineligible[0])), day=iso(day))]
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
    if case.state == "opening":
        return [*lines, say("in_opening", lang, day=iso(day), start=iso(context.start))]
    return lines + _applications(case, block, rebuilt, rules, context, period, asked, lang)


def _draw_day(period: int, block: Block, rules: Facility) -> int:
    return int(draw_days(np.array([period]), block.disbursed, rules)[0])


def _applications(
    case: Case, block: Block, rebuilt: Rebuilt, rules: Facility, context: Context, period: int, asked: int, lang: str
) -> list[str]:
    """The application and, with carry_over, those that follow for what was not granted."""
    lender = "" if empty(case.attribution["lender"]) else str(case.attribution["lender"])
    draws = {drawn_on(draw, lender): draw for _, draw in case.draws.iterrows()}
    day, rest = _draw_day(period, block, rules), asked
    lines: list[str] = []
    if int(pool_of(block.sectors, block.sector, np.array([day]), rules)[0]) == UNSERVED:
        return [say("no_pool", lang)]
    first, lost = True, losses(block, [day], rules, context)
    while True:
        row = draws.pop(day, None)
        rate, source = facility_rate(rules, day, day)
        draw = None if row is None else Draw(row, day, case.rates.get(str(row["tranche"]), rate), rules, lost)
        granted = 0 if draw is None else draw.amount("drawn_fen")
        if first and granted < rest:
            method = option_name("rationing", str(option(rules, "rationing", day)), lang)
            shown = say("cut", lang, asked=money(rest), drawn=money(granted), method=method)
            lines += [shown, *parameter_sources(rules, ("quota", "rationing"), day, lang)]
        if not first:
            names = {"period": period_text(period), "day": iso(day), "owed": money(rebuilt.owed(day))}
            lines.append(say("asked_again", lang, rest=money(rest), granted=money(granted), **names))
        if draw is not None:
            tranche = draw.row["tranche"]
            told = say("drawn", lang, drawn=money(granted), tranche=tranche, rate=percent_of(draw.rate))
            lines += [*sourced(told, source, lang), *life(draw, block, rebuilt, context, lang)]
        rest, first = rest - granted, False
        if rest <= 0 or not option(rules, "carry_over", day):
            break
        ended = int(period_end(np.array([period]))[0])
        period = next_period(period)
        day = _draw_day(period, block, rules)
        why = _asks_no_more(ended, day, block, rebuilt, rules, context)
        if why:
            lines.append(say("asks_no_more", lang, rest=money(rest), why=say(why, lang, day=iso(day))))
            break
    if draws:
        raise DamagedRun(f"draws: {next(iter(draws.values()))['tranche']} is on no draw date of loan {case.label}")
    return lines


def _asks_no_more(ended: int, day: int, block: Block, rebuilt: Rebuilt, rules: Facility, context: Context) -> str:
    """Why a loan does not ask again in the period after the one that ended: a key of the story, "" if it does."""
    if ended + 1 > to_day(rules["window"].latest().value.last):
        return "ask_window"
    if day > context.end:
        return "ask_end"
    if int(block.ineligible[0]) <= day:
        return "ask_ineligible"
    return "" if rebuilt.owed(day) > 0 else "ask_repaid"
