"""Each screening rule of a loan: the values compared, passed or not, and where the rule comes from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from relending.dates import iso, to_date
from relending.engine.block import Block
from relending.engine.context import Context
from relending.engine.screening import (
    NONE,
    borrower_not_eligible,
    candidates,
    evidence_missing,
    lender_not_admitted,
    outside_window,
    rate_above_limit,
    tenor_is_1y,
    term_too_short,
)
from relending.lineage.case import Case, empty
from relending.lineage.story import money, percent, reason_name, say, sourced, tenor_name, tonnes, word
from relending.policy import ALWAYS, SCENARIO, DatedValue, Facility

ROWS = np.array([0])
"""The block of a story holds one loan."""


def rules_applied(case: Case, block: Block, context: Context, lang: str) -> list[str]:
    """Every rule of the facility the loan was held against, in the order of the reasons, then the result."""
    sector = block.sectors[int(block.sector[0])]
    named = _sector(sector, lang)
    date = iso(int(block.disbursed[0]))
    which = int(candidates(block, context)[0])
    if which == NONE:
        return [say("sector_unlisted", lang, sector=named, date=date)]
    rules = context.facilities[which]
    lines = [
        *_listed(rules, sector, lang),
        *_lender(block, rules, context, lang),
        *_window(block, rules, lang),
        *_rate(block, rules, context, lang),
        *_evidence(block, rules, lang),
        *_new(block, lang),
        *_term(block, rules, lang),
        *_borrower(block, rules, lang),
    ]
    if case.screening["eligible"]:
        return [*lines, say("result_eligible", lang, facility=rules.name[lang])]
    reasons = str(case.screening["reasons"]).split(";")
    return [*lines, say("result_refused", lang, reasons="; ".join(reason_name(r, lang) for r in reasons))]


def _verdict(line: str, bad: bool, lang: str) -> str:
    return f"{line}{'：' if lang == 'zh' else ': '}{say('failed' if bad else 'passed', lang)}"


def _disbursed(block: Block) -> dt.date:
    return to_date(int(block.disbursed[0]))


def _listed(rules: Facility, sector: str | None, lang: str) -> list[str]:
    listing = rules.listing(sector or "")
    if listing is None:
        return [say("sector_unlisted", lang, sector=_sector(sector, lang), date="—")]
    since = rules.listed_from(sector or "")
    key = "sector_launch" if since == ALWAYS else "sector_listed"
    named = _sector(sector, lang)
    return sourced(say(key, lang, sector=named, facility=rules.name[lang], since=since), listing, lang)


def _sector(sector: str | None, lang: str) -> str:
    """A sector by its code; in Chinese by name, with the code behind it."""
    return word("sector", sector or "—", lang) if lang == "zh" else str(sector)


def _lender(block: Block, rules: Facility, context: Context, lang: str) -> list[str]:
    lender = block.lenders[int(block.lender[0])]
    since = context.admitted_from(rules, lender)
    if since is None:
        return [_verdict(say("lender_never", lang, lender=lender, facility=rules.name[lang]), True, lang)]
    line = _verdict(
        say("lender", lang, lender=lender, since=since, date=_disbursed(block)),
        bool(lender_not_admitted(block, ROWS, rules, context)[0]),
        lang,
    )
    known = context.lenders.get(lender or "")
    entry = rules.membership(lender or "", known.cls if known is not None else None)
    if entry is not None and entry.start == since:
        return sourced(line, entry, lang)
    return sourced(line, DatedValue(since, lender, *SCENARIO), lang)


def _window(block: Block, rules: Facility, lang: str) -> list[str]:
    window = rules["window"].latest()
    shown = say("window", lang, first=window.value.first, last=window.value.last, date=_disbursed(block))
    return sourced(_verdict(shown, bool(outside_window(block, ROWS, rules)[0]), lang), window, lang)


def _rate(block: Block, rules: Facility, context: Context, lang: str) -> list[str]:
    kind = rules["loan_rate_limit"].on(_disbursed(block))
    rate = percent(int(block.rate[0]))
    if kind.value == "none":
        return sourced(say("rate_none", lang, rate=rate), kind, lang)
    above, early = rate_above_limit(block, ROWS, rules, context)
    if kind.value == "cap":
        cap = rules["loan_rate_cap"].on(_disbursed(block))
        shown = say("rate_cap", lang, rate=rate, limit=percent(cap.value))
        return sourced(_verdict(shown, bool(above[0]), lang), cap, lang)
    if early[0]:
        return [say("rate_no_fixing", lang, rate=rate)]
    one = bool(tenor_is_1y(block, ROWS, rules)[0])
    at = int(context.lpr.index(block.disbursed[ROWS])[0])
    lpr = int((context.lpr.lpr_1y_ppm if one else context.lpr.lpr_5y_ppm)[at])
    shift = int(context.lpr_shift(block.planned, block.disbursed)[0])
    tolerance = rules["tolerance"].on(_disbursed(block))
    shown = say(
        "rate_lpr",
        lang,
        rate=rate,
        tenor=tenor_name("1Y" if one else "5Y", lang),
        fixing=iso(int(context.lpr.days[at])),
        lpr=percent(lpr) + (say("lpr_shifted", lang, shift=percent(shift)) if shift else ""),
        tolerance=percent(tolerance.value),
        limit=percent(lpr + shift + tolerance.value),
    )
    return sourced(_verdict(shown, bool(above[0]), lang), tolerance, lang)


def _evidence(block: Block, rules: Facility, lang: str) -> list[str]:
    demanded = rules["evidence_required"].on(_disbursed(block))
    if not demanded.value:
        return sourced(say("evidence_free", lang), demanded, lang)
    evidence = block.frame.iloc[0]["evidence"]
    shown = say(
        "evidence",
        lang,
        investment=money(int(block.investment[0])) if block.has_investment[0] else "—",
        reduction=tonnes(int(block.reduction[0])) if block.has_reduction[0] else "—",
        evidence=_study(evidence, bool(block.planned[0]), lang),
    )
    return sourced(_verdict(shown, bool(evidence_missing(block, ROWS, rules)[0]), lang), demanded, lang)


def _study(evidence: Any, planned: bool, lang: str) -> str:
    if not empty(evidence):
        return word("evidence", evidence, lang)
    return say("evidence_planned", lang) if planned else "—"


def _new(block: Block, lang: str) -> list[str]:
    row: Any = block.frame.iloc[0]
    shown = say(
        "is_new",
        lang,
        issue=word("issue_type", row["issue_type"], lang),
        refinances="—" if empty(row["refinances"]) else row["refinances"],
    )
    return [_verdict(shown, not bool(block.new[0]), lang), "    " + say("new_source", lang)]


def _term(block: Block, rules: Facility, lang: str) -> list[str]:
    term = rules["min_term_months"].on(_disbursed(block))
    if not term.value:
        return []
    shown = say("term", lang, matures=iso(int(block.matures[0])), months=term.value, date=_disbursed(block))
    return sourced(_verdict(shown, bool(term_too_short(block, ROWS, rules)[0]), lang), term, lang)


def _borrower(block: Block, rules: Facility, lang: str) -> list[str]:
    if "borrower_types" not in rules:
        return []
    types = rules["borrower_types"].on(_disbursed(block))
    shown = say(
        "borrower",
        lang,
        type=word("borrower_type", block.borrower_types[int(block.borrower_type[0])] or "—", lang),
        types=("、" if lang == "zh" else ", ").join(word("borrower_type", one, lang) for one in types.value),
    )
    return sourced(_verdict(shown, bool(borrower_not_eligible(block, ROWS, rules)[0]), lang), types, lang)
