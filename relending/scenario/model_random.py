"""The tables of random paths in a scenario file: ``[monte_carlo]`` and one table a source of randomness."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from relending.scenario.table import Number, Table, key


class OwnRateRandom(Table):
    """[monte_carlo.own_rate]: the lender's own cost of funds moves at random about its central path."""

    model: Literal["mean_reverting"] | None = key('"mean_reverting"', "How it moves", "随机模型", '"mean_reverting"')
    volatility: Number | None = key(
        "fraction a year",
        "Standard deviation of a year's move, as a rate (0.004 is 40 basis points)",
        "年波动率（利率，0.004即40个基点）",
        "0",
        ge=0,
        le=Decimal("0.1"),
    )
    reversion: Number | None = key(
        "number, 1/year",
        "Speed at which a deviation dies away; 0: never",
        "均值回复速度（每年），0为不回复",
        "0",
        ge=0,
        le=50,
    )
    lpr_beta: Number | None = key(
        "number",
        "Share of the deviation of the 1-year LPR passed on to the own rate",
        "1年期LPR偏离传导至自有资金成本的比例",
        "0",
        ge=-5,
        le=5,
    )


class LprRandom(Table):
    """[monte_carlo.lpr]: the LPR of random quarters moves about its central path; both tenors together."""

    model: Literal["mean_reverting", "bootstrap"] | None = key(
        '"mean_reverting" or "bootstrap"',
        "A mean-reverting deviation, or monthly changes drawn again from the history shipped",
        "均值回复，或自历史逐月变动中重抽样",
        '"mean_reverting"',
    )
    volatility: Number | None = key(
        "fraction a year",
        "Mean-reverting: standard deviation of a year's move",
        "均值回复：年波动率",
        "0",
        ge=0,
        le=Decimal("0.1"),
    )
    reversion: Number | None = key(
        "number, 1/year", "Mean-reverting: speed", "均值回复：速度（每年）", "0", ge=0, le=50
    )
    block_months: int | None = key(
        "whole number, months", "Bootstrap: months drawn together", "重抽样：每次连续抽取的月数", "6", ge=1, le=60
    )
    scale: Number | None = key(
        "number", "Bootstrap: what the changes are multiplied by", "重抽样：变动的倍数", "1", ge=0, le=10
    )
    drift: Literal["none", "history"] | None = key(
        '"none" or "history"',
        "Bootstrap: the mean change of the history taken out, or left in",
        "重抽样：剔除或保留历史平均变动",
        '"none"',
    )


class RolloverRandom(Table):
    """[monte_carlo.rollover]: rollovers are refused at random, and the tranche is repaid on its due date."""

    refusal: Number | None = key(
        "fraction", "Probability that a rollover is refused at a due date", "到期日展期被拒的概率", "0", ge=0, le=1
    )
    common: bool | None = key(
        "true or false",
        "One draw for all tranches due on a day, instead of one each",
        "同一到期日的批次共用一次抽取，而非各自抽取",
        "false",
    )


class PrepaymentRandom(Table):
    """[monte_carlo.prepayment]: a share of the loans is repaid early, at the end of each random quarter."""

    rate: Number | None = key(
        "fraction a year",
        "Share of what is owed that is repaid early in a year",
        "年提前还款率（占贷款余额）",
        "0",
        ge=0,
        le=Decimal("0.99"),
    )
    volatility: Number | None = key(
        "number",
        "Standard deviation of the logarithm of the rate, quarter by quarter",
        "提前还款率对数的标准差（逐季）",
        "0",
        ge=0,
        le=2,
    )


class PlanRandom(Table):
    """[monte_carlo.plan]: the volume of planned loans of each random quarter is multiplied by a factor of mean 1."""

    volatility: Number | None = key(
        "number",
        "Standard deviation of the logarithm of the factor (lognormal)",
        "倍数对数的标准差（对数正态）",
        "0",
        ge=0,
        le=1,
    )


class MonteCarloTable(Table):
    """[monte_carlo]: random paths about the scenario, for ``relending monte-carlo`` and ``relending.monte_carlo``."""

    paths: int | None = key("whole number", "How many paths", "路径数", "10000", ge=1, le=200_000)
    seed: int | None = key("whole number", "Same seed, same paths", "随机种子，相同则结果相同", "1", ge=0, le=2**32 - 1)
    antithetic: bool | None = key(
        "true or false", "Paths in pairs of opposite draws; an even number of them", "对偶抽样，路径数须为偶数", "false"
    )
    start: dt.date | None = key(
        "date",
        "Quarters that begin on this day or later are random",
        "自该日或其后开始的季度为随机",
        "the day after market.lpr_shift_from",
        alias="from",
    )
    quantiles: list[Number] | None = key(
        "list of fractions", "Quantiles of the summary", "汇总的分位数", "[0.05, 0.25, 0.5, 0.75, 0.95]"
    )
    precision: Number | None = key(
        "fraction",
        "A mean is called precise where its standard error is below this share of it",
        "标准误低于均值的该比例即视为足够精确",
        "0.01",
        ge=Decimal("0.000001"),
        le=1,
    )
    own_rate: OwnRateRandom | None = key("table", "See below", "见下", "none")
    lpr: LprRandom | None = key("table", "See below", "见下", "none")
    rollover: RolloverRandom | None = key("table", "See below", "见下", "none")
    prepayment: PrepaymentRandom | None = key("table", "See below", "见下", "none")
    plan: PlanRandom | None = key("table", "See below", "见下", "none")
