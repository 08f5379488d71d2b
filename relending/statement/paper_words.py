"""Codes in words 代码释义: what a reader sees first is a text, the code stands behind it where it helps to search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relending import policy
from relending.book.columns import TABLES, columns
from relending.book.columns import Column as BookColumn
from relending.engine.screening import REASONS
from relending.findings import messages
from relending.lineage.open_points import SIMULATED_CODE, UNCLAIMED_CODE
from relending.lineage.story import state_name
from relending.policy import PARAMETERS, Quota
from relending.statement.words import word
from relending.units import decimal_text

_STATES = ("applied", "not_approved", "not_applied")
_PLACES = ("scenario.end", "opening", "opening_tranches")
_POINTS = (SIMULATED_CODE, UNCLAIMED_CODE)


def coded(text: str, code: str, lang: str) -> str:
    """A text with its code in brackets."""
    return word("paper.coded", lang, text=text, code=code)


def finding_told(code: str, lang: str) -> str:
    """What a finding, or a point, says.

    >>> finding_told("evidence_missing_figures", "en")
    'evidence_missing_figures'
    """
    if code in _POINTS:
        return coded(word(f"paper_point.{code}", lang), code, lang)
    known = messages().get(code)
    return code if known is None else coded(known.message[lang].rstrip("。."), code, lang)


def reasons_told(reasons: str, lang: str) -> str:
    """The reasons against a loan, joined by semicolons, in words.

    >>> reasons_told("rate_above_limit", "en")
    'rate above the limit (rate_above_limit)'
    """
    told = [coded(word(f"paper_reason.{r}", lang), r, lang) if r in REASONS else r for r in reasons.split(";") if r]
    return word("paper.and", lang).join(told)


def state_told(state: str, lang: str) -> str:
    """A loan's state, by what became of its application where there is one.

    >>> state_told("applied", "zh"), state_told("held", "zh")
    ('已申报待批复', '持有中')
    """
    return word(f"paper_state.{state}", lang) if state in _STATES else state_name(state, lang)


def facility_told(code: str, lang: str) -> str:
    """The name of a facility."""
    return policy.facility(code).name[lang] if code in policy.facilities() else code


def value_told(parameter: str, value: Any, text: str, lang: str) -> str:
    """A value of a parameter: options, flags and quotas in words; of any other its ``text`` as the rules give it.

    >>> from relending.policy import facility
    >>> value_told("on_prepayment", "at_rollover", "", "zh"), value_told("carry_over", False, "", "zh")
    ('展期时处理（at_rollover）', '否')
    """
    if isinstance(value, bool):
        return word("paper.yes" if value else "paper.no", lang)
    if isinstance(value, Quota):
        return _quota(value, lang)
    if PARAMETERS[parameter].kind == "option":
        named = policy.option_name(parameter, str(value), lang).removesuffix(str(value)).strip()
        named = named or (str(value).replace("_", " ") if "_" in str(value) else "")
        return coded(named, str(value), lang) if named else str(value)
    return text


def _quota(quota: Quota, lang: str) -> str:
    kind = coded(word(f"paper_quota.{quota.kind}", lang), quota.kind, lang)
    pools = [f"{decimal_text(p.amount_fen, 2)}{_pool(p.sectors, lang)}" for p in quota.pools]
    return word("paper.colon", lang, what=kind, told=word("paper.between", lang).join(pools)) if pools else kind


def _pool(sectors: tuple[str, ...], lang: str) -> str:
    known: Mapping[str, Any] = policy.sectors()
    names = [(known[s].zh if lang == "zh" else known[s].en) if s in known else s for s in sectors]
    told = word("paper.and", lang).join(names) or word("paper.all_sectors", lang)
    return word("paper.yuan_for", lang, sectors=told)


def evidence_told(value: str, lang: str) -> str:
    """What a reduction rests on.

    >>> evidence_told("eia", "zh"), evidence_told("third_party", "en"), evidence_told("?", "en")
    ('环评报告（eia）', 'third-party report (third_party)', '?')
    """
    names = columns()["evidence"].values
    if value not in names:
        return value
    return coded(names[value][0] if lang == "zh" else word(f"paper_evidence.{value}", lang), value, lang)


def column_told(column: str, code: str, lang: str) -> str:
    """The column a finding is about, by its header in the table of its code; the name itself where none has it.

    >>> column_told("applied_amount", "part_funded", "zh"), column_told("scenario.end", "policy_not_checked", "zh")
    ('申请金额', '测算截止日（scenario.end）')
    """
    found = _column(column, code)
    if column in _PLACES:
        return coded(word(f"paper_place.{column.replace('.', '_')}", lang), column, lang)
    return column if found is None or lang == "en" else found.zh


def found_told(value: str | None, column: str, code: str, lang: str) -> str | None:
    """What stood in that column; one of its words by its name, with the word behind it.

    >>> found_told("refused", "status", "application_refused", "zh"), found_told("12", "status", "x", "zh")
    ('未获批（refused）', '12')
    """
    found = _column(column, code)
    if value is None or found is None or lang == "en" or value not in found.values:
        return value
    return coded(found.values[value][0], value, lang)


def _column(column: str, code: str) -> BookColumn | None:
    known = messages().get(code)
    table = known.table if known is not None and known.table else "loans"
    return next((columns(t)[column] for t in dict.fromkeys((table, *TABLES)) if column in columns(t)), None)
