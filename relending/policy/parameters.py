"""The one table of facility parameters: kind of value, which date picks it, allowed options, what it is called.

No value of a rule stands here (they are in ``facilities/*.toml``), only what a value may look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DISBURSEMENT, DRAW, DUE, LATEST = "disbursement", "draw", "due", "always latest"


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one parameter is written and read: ``kind`` names the parser, ``dating`` the date that picks the value."""

    name: str
    kind: str
    dating: str
    en: str
    zh: str
    options: tuple[str, ...] = ()
    required: bool = True
    single: bool = False
    """One value for the whole run: what it decides has no date of its own, so a second value could never be used."""


PARAMETERS: Mapping[str, Parameter] = {
    p.name: p
    for p in (
        Parameter("launch", "date", LATEST, "launch", "设立日期", single=True),
        Parameter("window", "window", LATEST, "disbursement window", "贷款发放期限"),
        Parameter("selection", "option", LATEST, "candidate loans", "候选贷款", ("listed", "unlisted"), single=True),
        Parameter("borrower_types", "borrowers", DISBURSEMENT, "borrower types", "借款人类型", required=False),
        Parameter("ratio", "ratio", DISBURSEMENT, "share of principal funded", "资金支持比例"),
        Parameter("rate", "rate_table", DRAW, "facility rate", "再贷款利率"),
        Parameter("term_months", "positive", DRAW, "term in months", "期限（月）"),
        Parameter("rollovers", "count", DRAW, "rollovers at most", "最多展期次数"),
        Parameter("frequency", "option", DISBURSEMENT, "application period", "申请频率", ("quarter", "month")),
        Parameter("lag_days", "count", DISBURSEMENT, "days from period end to draw", "期末至借用的天数"),
        Parameter("quota", "quota", DRAW, "quota", "额度"),
        Parameter("loan_rate_limit", "option", DISBURSEMENT, "loan-rate limit", "贷款利率限制", ("lpr", "cap", "none")),
        Parameter("tolerance", "rate", DISBURSEMENT, "tolerance above the LPR", "高于LPR的容差", required=False),
        Parameter("loan_rate_cap", "rate", DISBURSEMENT, "loan-rate cap", "贷款利率上限", required=False),
        Parameter(
            "lpr_1y_up_to_months",
            "count",
            DISBURSEMENT,
            "1-year LPR up to months",
            "适用1年期LPR的最长期限（月）",
            required=False,
        ),
        Parameter("min_term_months", "count", DISBURSEMENT, "minimum loan term in months", "贷款最短期限（月）"),
        Parameter("evidence_required", "flag", DISBURSEMENT, "evidence of reduction required", "须提供碳减排测算依据"),
        Parameter("disclosure_required", "flag", LATEST, "public disclosure required", "须公开披露", single=True),
        Parameter("collateral_haircut", "ratio_ppm", DRAW, "collateral haircut", "质押品折扣", required=False),
        Parameter("rollover_base", "option", DRAW, "base of a rollover", "展期基数", ("original", "outstanding")),
        Parameter("rollover_rate", "option", DRAW, "rate of a rollover", "展期利率", ("prevailing", "original")),
        Parameter("rollover_take_up", "ratio", DUE, "share of a rollover taken up", "展期比例", required=False),
        Parameter("on_prepayment", "option", DRAW, "on prepayment", "提前还款时", ("at_rollover", "immediate")),
        Parameter(
            "on_ineligible",
            "option",
            DRAW,
            "on loss of eligibility",
            "不再符合条件时",
            ("at_rollover", "immediate"),
            required=False,
        ),
        Parameter("rationing", "option", DRAW, "rationing", "额度不足时的分配", ("pro_rata", "fifo", "whole_loans")),
        Parameter("carry_over", "flag", DRAW, "unfunded part asks again", "未获支持部分顺延申请"),
        Parameter("day_count", "option", DRAW, "day count", "计息天数规则", ("ACT/360",)),
        Parameter("business_day", "option", DRAW, "business-day rule", "工作日调整", ("none", "following")),
        Parameter("rollover_after_expiry", "flag", DRAW, "rollover after the window", "到期后仍可展期"),
        Parameter("interest_settlement", "option", DRAW, "interest settlement", "结息方式", ("quarterly", "maturity")),
        Parameter("quota_counts_rollovers", "flag", DUE, "flow quota counts rollovers", "展期占用年度额度"),
    )
}

ASSUMPTIONS = tuple(PARAMETERS)[tuple(PARAMETERS).index("rollover_base") :]
"""What no published text settles: the named options of funding."""

OPTIONS: Mapping[str, tuple[str, ...]] = {p.name: p.options for p in PARAMETERS.values() if p.options}
"""Allowed values of every option parameter."""

DATING: Mapping[str, str] = {
    **{p.name: p.dating for p in PARAMETERS.values()},
    "lenders": DISBURSEMENT,
    "sectors": DISBURSEMENT,
    "rate_at_rollover": DUE,
}
"""Which date picks the value: of disbursement, of the draw, the due date, or always the latest value.

``rate_at_rollover`` is ``rate`` read again, on the due date of a rollover, where ``rollover_rate`` is ``prevailing``.
"""

CLASSES = ("development", "policy", "state", "postal", "joint_stock", "foreign", "city", "rural", "village", "private")
"""Lender classes."""

BORROWER_TYPES = ("large", "medium", "small", "micro", "individual_business", "other")
"""Borrower types a loan book may carry."""

STATUSES = ("in_force", "assumption", "unconfirmed")
"""How sure a value is."""
