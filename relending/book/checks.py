"""Checks of a row by itself: what is missing, out of range or at odds with another cell of the same row.

What needs other rows (ids given twice, the loans of a project together, prepayments) is checked by the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relending.book.block import Problem, Rows
from relending.book.cells import flat
from relending.book.checks_common import close_to, lenders_of, missing
from relending.book.checks_side import SIDE_CHECKS
from relending.book.columns import columns, limits, words
from relending.book.texts import even, translate
from relending.dates import to_date
from relending.units import BP, PPM, mul_div

_NOT_NEGATIVE = {
    "rate": "rate_negative",
    "rate_now": "rate_negative",
    "project_reduction": "reduction_negative",
    "loan_reduction_reported": "reduction_negative",
    "capacity_mw": "value_out_of_range",
    "output_mwh": "value_out_of_range",
}
_POSITIVE = {
    "principal": "principal_not_positive",
    "project_investment": "investment_not_positive",
    "reprice_months": "value_out_of_range",
    "contract_limit": "value_out_of_range",
    "syndicate_total": "value_out_of_range",
    "syndicate_share": "value_out_of_range",
}


def check_loans(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check the rows of a loan table; fills in the lender and translates sectors on the way."""
    lenders_of(rows, lender, lenders)
    _sectors(rows)
    _refinances(rows)
    missing(rows)
    _ranges(rows)
    _dates(rows)
    _reported(rows)


def check_plan(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check the rows of a lending plan; fills in the lender and translates sectors on the way.

    What needs the scenario (its quarters, the LPR) is checked where the plan is expanded.
    """
    lenders_of(rows, lender, lenders)
    nobody = rows.values["lender"].is_null().to_numpy(zero_copy_only=False) & ~rows.unreadable("lender")
    rows.blame("lender_missing", nobody, "lender", "lender | scenario.lender")
    _sectors(rows, unknown="plan_sector_unknown")
    missing(rows)
    for name, most in (("months", limits()["plan_months"]), ("loans", limits()["plan_loans"])):
        values, there = rows.ints(name)
        rows.blame("value_out_of_range", there & ((values < 1) | (values > most)), name, f"1 … {most}")
    amount, has_amount = rows.ints("amount_fen")
    rows.blame("plan_amount_not_positive", has_amount & (amount <= 0), "amount", "> 0")
    loans, has_loans = rows.ints("loans")
    too_many = has_amount & has_loans & (amount > 0) & (amount < loans)
    rows.blame("value_out_of_range", too_many, "loans", "<= amount (分)")
    rate, has_rate = rows.ints("rate_ppm")
    rows.blame("rate_negative", has_rate & (rate < 0), "rate", ">= 0")
    has_spread = rows.ints("spread_bp")[1] | rows.unreadable("spread_bp")
    has_rate |= rows.unreadable("rate")
    rows.blame("plan_rate_missing", ~has_rate & ~has_spread & ~rows.apart, "rate", "rate | spread_bp")
    rows.blame("plan_rate_twice", has_rate & has_spread & ~rows.apart, "spread_bp", "rate | spread_bp")
    share, has_share = rows.ints("investment_share_ppm")
    rows.blame("plan_share_over_one", has_share & (share > PPM), "investment_share", "<= 1 (100%)")
    rows.blame("value_out_of_range", has_share & (share <= 0), "investment_share", "> 0")
    reduction, has_reduction = rows.ints("reduction_per_10k_g")
    rows.blame("reduction_negative", has_reduction & (reduction < 0), "reduction_per_10k", ">= 0")


def check_accept(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check accepted points: each names a loan and a code, a reason and who accepts it."""
    missing(rows)


def check_published(rows: Rows, lender: str | None, lenders: Mapping[str, str]) -> None:
    """Check the rows of published figures for empty cells and lenders nobody knows; the rest needs a run."""
    lenders_of(rows, None, lenders)
    missing(rows)


CHECKS: Mapping[str, Callable[[Rows, str | None, Mapping[str, str]], None]] = {
    "loans": check_loans,
    **SIDE_CHECKS,
    "plan": check_plan,
    "published": check_published,
    "accept": check_accept,
}
"""How the rows of each table are checked: with the lender of rows that name none, and further lenders by name."""


def _refinances(rows: Rows) -> None:
    """Cells that say yes or no where the id of the loan replaced is wanted: no counts as empty, yes as given."""
    if "refinances" not in rows.cells:
        return
    texts = rows.values["refinances"]
    said = {word: answer for answer, given in words().items() if answer != "frequency" for word in given}
    short = pc.less_equal(pc.utf8_length(texts), max(map(len, said))).fill_null(False).to_numpy(zero_copy_only=False)
    where = np.flatnonzero(short)
    if not len(where):
        return
    answers, _ = translate(texts.take(pa.array(where)), lambda t: said.get(even(t)))
    for answer, code in (("no", "refinances_none"), ("yes", "refinances_is_flag")):
        hit = where[pc.equal(answers, answer).fill_null(False).to_numpy(zero_copy_only=False)]
        rows.blame(code, hit, "refinances", "loan_id / 借据编号")
        if answer == "no" and len(hit):
            gone = np.zeros(rows.n, np.bool_)
            gone[hit] = True
            rows.values["refinances"] = pc.if_else(pa.array(gone), pa.scalar(None, pa.string()), texts)


def _ranges(rows: Rows) -> None:
    for name, code in _NOT_NEGATIVE.items():
        values, there = rows.ints(columns()[name].frame)
        rows.blame(code, there & (values < 0), name, ">= 0")
    for name, code in _POSITIVE.items():
        values, there = rows.ints(columns()[name].frame)
        rows.blame(code, there & (values <= 0), name, "> 0")
    share, there = rows.ints("syndicate_share_ppm")
    rows.blame("value_out_of_range", there & (share > PPM), "syndicate_share", "<= 1 (100%)")
    for column in columns().values():
        if column.one_of:
            values, there = rows.ints(column.frame)
            rows.blame(
                "unknown_value",
                there & ~np.isin(values, column.one_of),
                column.name,
                ", ".join(map(str, column.one_of)),
            )


def _dates(rows: Rows) -> None:
    first, made = rows.ints("disbursed")
    last, ends = rows.ints("matures")
    early = np.flatnonzero(made & ends & (last <= first))
    rows.blame("matures_before_disbursed", early, "matures", [f"> {to_date(d)}" for d in first[early].tolist()])
    grace, given = rows.ints("grace_until")
    late = np.flatnonzero(given & ends & (grace > last))
    rows.blame("grace_after_maturity", late, "grace_until", [f"<= {to_date(d)}" for d in last[late].tolist()])


def _reported(rows: Rows) -> None:
    """The loan's reduction as reported against its part of the project's, in grams, by an integer test.

    The part is the figure the engine attributes: half-even(project_reduction x principal / project_investment).
    """
    said, a = rows.ints("loan_reduction_reported_g")
    reduction, b = rows.ints("project_reduction_g")
    principal, c = rows.ints("principal_fen")
    investment, d = rows.ints("project_investment_fen")
    usable = a & b & c & d & (said >= 0) & (reduction >= 0) & (principal > 0) & (investment >= principal)
    index = np.flatnonzero(usable)
    if not len(index):
        return
    part = mul_div(reduction[index], principal[index], investment[index], "half_even")
    allowed = mul_div(part, limits()["reported_tolerance_bp"], BP, "floor")
    off = np.abs(said[index] - part) > allowed
    rows.blame(
        "reduction_reported_differs", index[off], "loan_reduction_reported", [_tonnes(g) for g in part[off].tolist()]
    )


def _tonnes(grams: int) -> str:
    return f"{grams // 10**6}.{grams % 10**6:06d}".rstrip("0").rstrip(".") + " tCO2e"


def _sectors(rows: Rows, unknown: str = "unknown_sector") -> None:
    from relending.policy import field_of, nearest_sector, sector_of, sectors

    known: dict[str, tuple[str | None, str]] = {}

    def code(text: str) -> str | None:
        return known.setdefault(text, sector_of(text))[0]

    def subfields(text: str) -> str:
        """The sectors of the field a text names, each as code and name; empty where it names none."""
        return ", ".join(f"{s.code} {s.zh}" for s in sectors().values() if s.field == field_of(text))

    def alike(text: str) -> str:
        """The sector most like a text, as code and name."""
        near = nearest_sector(text)
        one = sectors().get(sector_of(near)[0] or "") if near else None
        return close_to(f"{one.code} {one.zh}" if one else near)

    texts = rows.values["sector"]
    mapped, strange = translate(texts, code)
    texts = flat(texts)
    rows.values["sector"] = pc.coalesce(mapped, texts) if len(strange) else mapped
    bare = {t for t, (_, how) in known.items() if how == "field"}
    if bare:
        where = np.flatnonzero(pc.is_in(texts, pa.array(sorted(bare))).to_numpy(zero_copy_only=False))
        rows.blame("subfield_not_given", where, "sector", translate(texts.take(pa.array(where)), subfields)[0])
    if len(strange):
        nearest, _ = translate(texts.take(pa.array(strange)), lambda t: subfields(t) or alike(t))
        rows.blame(unknown, strange, "sector", nearest)


__all__ = ["CHECKS", "Problem", "check_loans", "check_plan", "check_published"]
