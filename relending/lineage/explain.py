"""Explain 说明: the whole story of one loan, told from a run folder alone.

Where the loan came from, each screening rule with the values compared and the source of the rule, its draw and
rollovers with their dates, its share and reduction with the arithmetic, and the disclosure cells it is counted in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from relending.dates import iso, quarter_text, to_date, to_day
from relending.engine.applications import application_periods, draw_days, period_text
from relending.engine.block import Block, make_block
from relending.engine.columns import ints
from relending.engine.context import Context
from relending.engine.disclosure import HORIZONS, disclosure_quarters
from relending.engine.schedule import Schedule, apply_prepayments
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
from relending.lineage.story import label, money, percent, reason_name, say, state_name, status_name, tonnes, word
from relending.policy import DatedValue, Facility
from relending.units import BP, E8

_TEXTS = ("facility", "reasons", "lender", "field", "sector", "project_id", "contract_id", "state")
"""Texts that a saved table leaves null where there are none."""


class Saved(Protocol):
    """What explain reads of a run: its tables loan by loan, and the rules it worked by."""

    def loan_rows(self, table: str, loan_id: str) -> pd.DataFrame:
        """The rows of one loan, as step frames."""
        ...

    def context(self) -> Context:
        """The rules of the run."""
        ...


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the story: a title and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The story of one row of the book."""

    loan_id: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """The story as plain text."""
        out = [self.loan_id]
        for section in self.sections:
            title = [section.title] if section.title else []
            out += ["", *title, *(f"  {line}" if title else line for line in section.lines)]
        return "\n".join(out)


def explain(run: Saved, loan_id: str, lang: str = "en") -> list[Story]:
    """The story of a loan, one for every row of the book that has its id; LookupError when there is none."""
    loans = run.loan_rows("loans", loan_id)
    if len(loans) == 0:
        raise LookupError(loan_id)
    context = run.context()
    tables = {
        name: run.loan_rows(name, loan_id) for name in ("screening", "attribution", "draws", "prepayments", "findings")
    }
    return [
        _story(loans.iloc[[i]], {n: _mine(t, n, i, len(loans)) for n, t in tables.items()}, context, loan_id, lang)
        for i in range(len(loans))
    ]


def _mine(table: pd.DataFrame, name: str, i: int, n: int) -> pd.DataFrame:
    """The rows of the i-th row with this id (a duplicated id has as many screening rows, and no draws)."""
    return table.iloc[[i]] if name in ("screening", "attribution") and len(table) == n else table


def _story(loan: pd.DataFrame, tables: Mapping[str, pd.DataFrame], context: Context, loan_id: str, lang: str) -> Story:
    tables = {
        **tables,
        **{n: tables[n].fillna({c: "" for c in _TEXTS if c in tables[n]}) for n in ("screening", "attribution")},
    }
    screening, attribution = tables["screening"].iloc[0], tables["attribution"].iloc[0]
    frame = loan.assign(data_error=False)
    row = loan.iloc[0]
    sections = [
        Section(say("source", lang), (_source(row, lang), *_given(row, lang))),
        Section(say("findings", lang), tuple(_findings(tables["findings"], row, lang))),
    ]
    if screening["reasons"] == "data_error":
        sections.append(Section(say("screening", lang), (say("set_aside", lang),)))
        sections.append(Section(say("attribution", lang), tuple(_share(frame, attribution, lang))))
        sections.append(_end(attribution, context, lang))
        return Story(loan_id, tuple(sections))
    block = make_block(frame)
    schedule = _schedule(block, tables["prepayments"])
    sections.append(Section(say("screening", lang), tuple(_screening(block, screening, context, lang))))
    sections.append(Section(say("funding", lang), tuple(_funding(block, schedule, tables, context, lang))))
    lines = [*_share(frame, attribution, lang), *_cells(block, attribution, context, lang)]
    sections.append(Section(say("attribution", lang), tuple(lines)))
    sections.append(_end(attribution, context, lang))
    return Story(loan_id, tuple(sections))


def _empty(value: object) -> bool:
    return value is None or value is pd.NA or value == ""


def _source(row: Any, lang: str) -> str:
    sheet = "" if _empty(row["sheet"]) else say("source_sheet", lang, sheet=row["sheet"])
    return say("source_row", lang, file=row["file"], sheet=sheet, row=row["row"])


def _given(row: Any, lang: str) -> list[str]:
    """What the row says, column by column, in people's units and words."""
    out = []
    for name, value in row.items():
        if name in ("file", "sheet", "row") or _empty(value) or pd.isna(value):
            continue
        stem, shown = name, word(name, str(value), lang)
        if name.endswith("_fen"):
            stem, shown = name.removesuffix("_fen"), money(int(value))
        elif name.endswith("_ppm"):
            stem, shown = name.removesuffix("_ppm"), percent(int(value))
        elif name.endswith("_g"):
            stem, shown = name.removesuffix("_g"), f"{tonnes(int(value))} t"
        elif name.endswith(("_kwh", "_kw")):
            whole, rest = divmod(int(value), 1000)
            stem = name.replace("_kwh", "_mwh").replace("_kw", "_mw")
            shown = f"{whole:,}.{rest:03d} {'MWh' if name.endswith('_kwh') else 'MW'}"
        out.append(f"{label(stem, lang)} = {shown}")
    return out


def _findings(findings: pd.DataFrame, row: Any, lang: str) -> list[str]:
    suffix = "_zh" if lang == "zh" else ""
    out = []
    for f in findings.itertuples(index=False):
        if not pd.isna(f.row) and f.row != row["row"]:
            continue
        text = f"[{f.severity}] {f.code}: {getattr(f, 'message' + suffix)}"
        text += "".join(
            f" ({label} {value})" for label, value in (("=", f.found), ("→", f.expected)) if not _empty(value)
        )
        out.append(text)
    return out or [say("no_findings", lang)]


def _sourced(line: str, value: DatedValue | Any, lang: str) -> list[str]:
    return [line, "    " + say("rule_source", lang, source=value.source, status=status_name(value.status, lang))]


def _verdict(line: str, bad: bool, lang: str) -> str:
    return f"{line}{'：' if lang == 'zh' else ': '}{say('failed' if bad else 'passed', lang)}"


def _screening(block: Block, screening: Any, context: Context, lang: str) -> list[str]:
    sector = block.sectors[int(block.sector[0])]
    date = iso(int(block.disbursed[0]))
    which = int(candidates(block, context)[0])
    if which == NONE:
        return [say("sector_unlisted", lang, sector=sector, date=date)]
    rules = context.facilities[which]
    name = rules.name[lang]
    rows = np.array([0])
    disbursed = to_date(int(block.disbursed[0]))
    lines = _listed(rules, sector, name, lang)
    lines += _lender(block, rows, rules, context, name, date, lang)
    window = rules["window"].latest()
    lines += _sourced(
        _verdict(
            say("window", lang, first=window.value.first, last=window.value.last, date=date),
            bool(outside_window(block, rows, rules)[0]),
            lang,
        ),
        window,
        lang,
    )
    lines += _rate(block, rows, rules, context, disbursed, lang)
    evidence = rules["evidence_required"].on(disbursed)
    row = block.frame.iloc[0]
    if evidence.value:
        shown = say(
            "evidence",
            lang,
            investment=money(int(block.investment[0])) if block.has_investment[0] else "—",
            reduction=tonnes(int(block.reduction[0])) if block.has_reduction[0] else "—",
            evidence="—" if _empty(row["evidence"]) else word("evidence", row["evidence"], lang),
        )
        lines += _sourced(_verdict(shown, bool(evidence_missing(block, rows, rules)[0]), lang), evidence, lang)
    else:
        lines += _sourced(say("evidence_free", lang), evidence, lang)
    shown = say(
        "is_new",
        lang,
        issue=word("issue_type", row["issue_type"], lang),
        refinances="—" if _empty(row["refinances"]) else row["refinances"],
    )
    lines += [_verdict(shown, not bool(block.new[0]), lang), "    " + say("new_source", lang)]
    term = rules["min_term_months"].on(disbursed)
    if term.value:
        shown = say("term", lang, matures=iso(int(block.matures[0])), months=term.value, date=date)
        lines += _sourced(_verdict(shown, bool(term_too_short(block, rows, rules)[0]), lang), term, lang)
    if "borrower_types" in rules.parameters:
        types = rules["borrower_types"].on(disbursed)
        shown = say(
            "borrower",
            lang,
            type=block.borrower_types[int(block.borrower_type[0])] or "—",
            types=", ".join(types.value),
        )
        lines += _sourced(_verdict(shown, bool(borrower_not_eligible(block, rows, rules)[0]), lang), types, lang)
    if screening["eligible"]:
        lines.append(say("result_eligible", lang, facility=name))
    else:
        reasons = str(screening["reasons"]).split(";")
        lines.append(say("result_refused", lang, reasons="; ".join(reason_name(r, lang) for r in reasons)))
    return lines


def _listed(rules: Facility, sector: str | None, name: str, lang: str) -> list[str]:
    listing = next((s for s in rules.sectors if sector in s.codes), None)
    if listing is None:
        return [say("sector_unlisted", lang, sector=sector, date="—")]
    since = rules.listed_from(sector or "")
    launch = since is None or since.year == 1
    key = "sector_launch" if launch else "sector_listed"
    return _sourced(say(key, lang, sector=sector, facility=name, since=since), listing, lang)


def _lender(block: Block, rows: Any, rules: Facility, context: Context, name: str, date: str, lang: str) -> list[str]:
    lender = block.lenders[int(block.lender[0])]
    since = context.admitted_from(rules, lender)
    bad = bool(lender_not_admitted(block, rows, rules, context)[0])
    if since is None:
        return [_verdict(say("lender_never", lang, lender=lender, facility=name), True, lang)]
    line = _verdict(say("lender", lang, lender=lender, since=since, date=date), bad, lang)
    known = context.lenders.get(lender or "")
    cls = known.cls if known is not None else None
    entry = next((m for m in rules.lenders if m.start == since and (lender in m.ids or cls in m.classes)), None)
    return (
        _sourced(line, entry, lang)
        if entry is not None
        else [line, "    " + say("rule_source", lang, source="scenario", status=status_name("assumption", lang))]
    )


def _rate(block: Block, rows: Any, rules: Facility, context: Context, disbursed: Any, lang: str) -> list[str]:
    kind = rules["loan_rate_limit"].on(disbursed)
    rate = percent(int(block.rate[0]))
    if kind.value == "none":
        return _sourced(say("rate_none", lang, rate=rate), kind, lang)
    above, early = rate_above_limit(block, rows, rules, context)
    if kind.value == "cap":
        cap = rules["loan_rate_cap"].on(disbursed)
        return _sourced(
            _verdict(say("rate_cap", lang, rate=rate, limit=percent(cap.value)), bool(above[0]), lang), cap, lang
        )
    if early[0]:
        return [say("rate_no_fixing", lang, rate=rate)]
    one = bool(tenor_is_1y(block, rows, rules)[0])
    at = int(context.lpr.index(block.disbursed[rows])[0])
    lpr = int((context.lpr.lpr_1y_ppm if one else context.lpr.lpr_5y_ppm)[at])
    tolerance = rules["tolerance"].on(disbursed)
    shown = say(
        "rate_lpr",
        lang,
        rate=rate,
        tenor="1Y" if one else "5Y",
        fixing=iso(int(context.lpr.days[at])),
        lpr=percent(lpr),
        tolerance=percent(tolerance.value),
        limit=percent(lpr + tolerance.value),
    )
    return _sourced(_verdict(shown, bool(above[0]), lang), tolerance, lang)


def _schedule(block: Block, prepayments: pd.DataFrame) -> Schedule:
    day, _ = ints(prepayments, "date")
    amount, _ = ints(prepayments, "amount_fen")
    return apply_prepayments(block.terms, ~block.error, np.zeros(len(day), np.int64), day, amount)


def _funding(
    block: Block, schedule: Schedule, tables: Mapping[str, pd.DataFrame], context: Context, lang: str
) -> list[str]:
    rows = np.array([0])
    lines = []
    _, days, amounts, owed = schedule.prepaid.events()
    for d, a, o in sorted(zip(days.tolist(), amounts.tolist(), owed.tolist(), strict=True)):
        lines.append(say("prepayment", lang, amount=money(a), day=iso(d), owed=money(o - a)))
    attribution, screening = tables["attribution"].iloc[0], tables["screening"].iloc[0]
    state = "" if _empty(attribution["state"]) else str(attribution["state"])
    if not screening["eligible"] or state == "":
        if state == "":
            lines.append(say("out_of_run", lang, end=iso(context.end)))
        else:
            lines.append(say("no_funding", lang, state=state_name(state, lang)))
        return lines
    rules = next(f for f in context.facilities if f.id == screening["facility"])
    period = application_periods(block.disbursed, rules)
    day = draw_days(period, block.disbursed, rules)
    owing = int(schedule.outstanding(rows, day)[0])
    lines.append(say("application", lang, period=period_text(int(period[0])), day=iso(int(day[0])), owed=money(owing)))
    if state == "repaid_before_draw":
        return [*lines, say("no_funding", lang, state=state_name(state, lang))]
    ratio = rules["ratio"].on(to_date(int(block.disbursed[0])))
    asked = int(block.principal[0]) * int(ratio.value) // BP
    lines += _sourced(
        say(
            "asked",
            lang,
            principal=money(int(block.principal[0])),
            ratio=f"{int(ratio.value) / 100:.2f} %",
            asked=money(asked),
        ),
        ratio,
        lang,
    )
    if state == "pending":
        return [*lines, say("pending", lang, end=iso(context.end))]
    drawn = sum(int(d) for d in tables["draws"]["drawn_fen"])
    if drawn < asked:
        method = rules["rationing"].on(to_date(int(day[0]))).value
        lines.append(say("cut", lang, asked=money(asked), drawn=money(drawn), method=method))
    for _, draw in tables["draws"].iterrows():
        lines += _draw(draw, schedule, rules, context, lang)
    return lines


def _rate_on(rules: Facility, day: int) -> tuple[int, DatedValue]:
    found = rules["rate"].on(to_date(day))
    value = found.value
    return (value if isinstance(value, int) else int(value[rules["term_months"].on(to_date(day)).value])), found


def _draw(draw: Any, schedule: Schedule, rules: Facility, context: Context, lang: str) -> list[str]:
    """One draw: its rollovers and dates, what was owed on each, and what came back."""
    import datetime as dt

    from relending.dates import add_months
    from relending.engine.calendar import adjust

    drawn_on = to_day(dt.date.fromisoformat(str(draw["tranche"]).rsplit("/", 1)[1]))
    rate, source = _rate_on(rules, drawn_on)
    lines = _sourced(
        say("drawn", lang, drawn=money(int(draw["drawn_fen"])), tranche=draw["tranche"], rate=percent(rate)),
        source,
        lang,
    )
    opened = to_date(drawn_on)
    base = str(rules["rollover_base"].on(opened).value)
    keep = rules["rollover_rate"].on(opened).value == "original"
    rollovers = int(rules["rollovers"].on(opened).value)
    held = int(draw["drawn_fen"])
    gone = None if pd.isna(draw["repaid_on"]) else to_day(draw["repaid_on"])
    for k in range(rollovers + 1):
        due = adjust(
            int(add_months(drawn_on, int(rules["term_months"].on(opened).value) * (k + 1))),
            str(rules["business_day"].on(opened).value),
        )
        if due > context.end or held == 0:
            break
        if gone is not None and gone < due:
            lines.append(say("nothing_held", lang, day=iso(gone)))
            break
        owed = money(int(schedule.outstanding(np.array([0]), due)[0]))
        kept = int(draw[f"continued_{k + 1}_fen"]) if f"continued_{k + 1}_fen" in draw.index else 0
        if kept:
            new, source = _rate_on(rules, due)
            lines += _sourced(
                say(
                    "rollover",
                    lang,
                    day=iso(due),
                    owed=owed,
                    kept=money(kept),
                    held=money(held),
                    rate=percent(rate if keep else new),
                    base=base,
                ),
                source,
                lang,
            )
        else:
            expired = (
                due > to_day(rules["window"].latest().value.last)
                and not rules["rollover_after_expiry"].on(opened).value
            )
            why = "why_last" if k == rollovers else ("why_expired" if expired else "why_gone")
            lines.append(say("repaid", lang, day=iso(due), owed=owed, held=money(held), why=say(why, lang)))
        held = kept
    return lines


def _share(frame: pd.DataFrame, attribution: Any, lang: str) -> list[str]:
    row = frame.iloc[0]
    if pd.isna(attribution["share_e8"]):
        lines = [say("no_share", lang)]
    else:
        share = int(attribution["share_e8"])
        lines = [
            say(
                "share",
                lang,
                principal=money(int(row["principal_fen"])),
                investment=money(int(row["project_investment_fen"])),
                share=f"{share // E8}.{share % E8:08d}",
            )
        ]
    if pd.isna(attribution["reduction_g"]):
        return [*lines, say("unknown_reduction", lang)]
    if pd.isna(row["project_reduction_g"]):
        return [*lines, say("no_reduction", lang, reduction=tonnes(int(attribution["reduction_g"])))]
    return [
        *lines,
        say(
            "reduction",
            lang,
            project=tonnes(int(row["project_reduction_g"])),
            principal=money(int(row["principal_fen"])),
            investment=money(int(row["project_investment_fen"])),
            reduction=tonnes(int(attribution["reduction_g"])),
        ),
    ]


def _cells(block: Block, attribution: Any, context: Context, lang: str) -> list[str]:
    """The disclosure cells the loan is counted in, in its own quarter."""
    if not attribution["supported"]:
        return [say("not_counted", lang)]
    rules = next(f for f in context.facilities if f.id == attribution["facility"])
    quarter = quarter_text(int(disclosure_quarters(block.disbursed, rules)[0]))
    stem = f"{attribution['lender']}/{attribution['facility']}/{quarter}"
    cells = [f"{stem}/{'|'.join(HORIZONS)}/{code}" for code in ("total", attribution["field"], attribution["sector"])]
    return [say("cells", lang, cells="; ".join(cells))]


def _end(attribution: Any, context: Context, lang: str) -> Section:
    state = "" if _empty(attribution["state"]) else str(attribution["state"])
    if state == "":
        return Section("", (say("out_of_run", lang, end=iso(context.end)),))
    return Section("", (say("state", lang, end=iso(context.end), state=state_name(state, lang)),))
