"""What a scenario file may hold: one pydantic model a table, every key with its type, default and meaning.

The models check shape and type only, strictly and with unknown keys refused; no key is required here, so that one pass
can report every problem. What a key must hold beyond its type, and which keys are needed, is checked in ``resolve.py``.
Numbers arrive as ``Decimal`` (never float), dates as ``datetime.date``.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from relending.scenario.model_random import (
    LprRandom,
    MonteCarloTable,
    OwnRateRandom,
    PlanRandom,
    PrepaymentRandom,
    RolloverRandom,
)
from relending.scenario.table import Number, Table, key


def _branch(value: Any) -> str | None:
    if isinstance(value, str):
        return "~text"
    if isinstance(value, list):
        return "~list"
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return "~number"
    return None


def _text_or_list(value: Any) -> str | None:
    found = _branch(value)
    return None if found == "~number" else found


FileName = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]


class Words(Table):
    """A text in two languages; where one is left out the other stands for both."""

    zh: str | None = key("text", "Chinese text", "中文")
    en: str | None = key("text", "English text", "英文")


class Step(Table):
    """A value from a date on."""

    start: dt.date = Field(alias="from")
    value: Number


OwnRate = Annotated[
    Annotated[Number, Tag("~number")] | Annotated[list[Step], Tag("~list")] | Annotated[FileName, Tag("~text")],
    Discriminator(
        _branch,
        custom_error_type="own_rate_type",
        custom_error_message='0.0295, [{ from = 2021-01-01, value = 0.0295 }], "rates.csv"',
    ),
]
Assets = Annotated[
    Annotated[Number, Tag("~number")] | Annotated[list[Step], Tag("~list")],
    Discriminator(
        _branch,
        custom_error_type="own_rate_type",
        custom_error_message="2.5e13, [{ from = 2024-01-01, value = 2.5e13 }]",
    ),
]
FileNames = Annotated[
    Annotated[FileName, Tag("~text")] | Annotated[list[FileName], Tag("~list")],
    Discriminator(
        _text_or_list,
        custom_error_type="file_names_type",
        custom_error_message='"loans.xlsx", ["2023.csv", "2024.csv"]',
    ),
]


class ScenarioTable(Table):
    """[scenario]: what is run, on which book, over which time."""

    name: str | None = key(
        "text",
        "Short name; also the name of the run's folder when several are run",
        "简称；同时运行多个情景时为其文件夹名",
        "the file's name without .toml",
    )
    title: Words | None = key("table { zh, en }", "Title of tables, pictures and the report", "标题", "the name")
    description: str | None = key("text", "What the scenario shows", "说明", "empty")
    description_zh: str | None = key("text", "The same in Chinese, for the report", "中文说明，用于报告", "description")
    book: FileNames | None = key(
        "file name, or a list of them",
        "The loan book: CSV, XLSX, Parquet, or a folder of Parquet; relative to this file",
        "贷款台账文件，相对本文件所在文件夹",
        "none: a plan alone is run",
    )
    sheet: FileNames | None = key(
        "sheet name, or a list of them",
        "The sheet of a workbook that holds the loans; several together are the book",
        "工作簿中存放借据的工作表；多张合为一本台账",
        "the first visible sheet with loans",
    )
    plan: FileName | None = key(
        "file name",
        "A lending plan (loans yet to be made): alone, or after the loans of the book; relative to this file",
        "投放计划（尚未发放的贷款），可单独使用或接在台账之后；相对本文件所在文件夹",
        "none: the book alone is run",
    )
    published: FileName | None = key(
        "file name",
        "Published figures the run is held against, in its summary and in published.csv; relative to this file",
        "与运行结果对照的公布数据，结果见摘要和 published.csv；相对本文件所在文件夹",
        "none",
    )
    prepayments: FileName | None = key(
        "file name",
        "Prepayments (loan_id, date, amount); relative to this file",
        "提前还款文件，相对本文件所在文件夹",
        "none",
    )
    applications: FileNames | None = key(
        "file name, or a list of them",
        "What was applied for and what arrived: a loan in it follows it, not the simulation; relative to this file",
        "申请与到账文件：表中的借据以实际到账为准，不再模拟；相对本文件所在文件夹",
        "none: every draw is simulated",
    )
    simulate_from: dt.date | None = key(
        "date",
        "Beside applications: loans disbursed from this day on that are not in it are simulated",
        "与 applications 一并使用：该日及以后发放、表中没有的借据按模拟处理",
        "none: only planned loans are simulated",
    )
    opening_tranches: FileNames | None = key(
        "file name, or a list of them",
        "The facility balance on the first day of the run, by tranche; relative to this file",
        "运行起始日的再贷款余额（按批次），相对本文件所在文件夹",
        "none: the balance comes from the loans of the book",
    )
    opening: FileNames | None = key(
        "file name, or a list of them",
        "Totals of the last statement before the run; relative to this file",
        "运行前最近一期信息披露的累计数，相对本文件所在文件夹",
        "none: since_start counts the loans of the book",
    )
    schedule: FileNames | None = key(
        "file name, or a list of them",
        "Repayment schedules of loans, instead of the computed ones; relative to this file",
        "逐笔还款计划，替代计算的计划；相对本文件所在文件夹",
        "none",
    )
    balances: FileNames | None = key(
        "file name, or a list of them",
        "What loans owed at the end of a day, instead of the computed balance; relative to this file",
        "逐笔贷款余额，替代计算的余额；相对本文件所在文件夹",
        "none",
    )
    revisions: FileNames | None = key(
        "file name, or a list of them",
        "New figures of projects for loans made later; relative to this file",
        "项目数据调整，仅适用于此后发放的贷款；相对本文件所在文件夹",
        "none",
    )
    other_loans: FileNames | None = key(
        "file name, or a list of them",
        "Loans of other lenders to the same projects, for the test of shares; relative to this file",
        "其他金融机构对同一项目的贷款，用于占比检查；相对本文件所在文件夹",
        "none",
    )
    lender: str | None = key(
        "lender id or name", "The lender of loans whose row names none", "台账未注明金融机构时的默认机构", "none"
    )
    start: dt.date | None = key(
        "date", "First day of the tables, widened to the first day of its quarter", "起始日，扩展至季初", required=True
    )
    end: dt.date | None = key(
        "date", "Last day of the run, widened to the last day of its quarter", "截止日，扩展至季末", required=True
    )
    facilities: list[str] | None = key(
        "list of facility ids",
        "The facilities run, in the order of the tables",
        "参与测算的工具，按表格次序",
        required=True,
    )
    extends: FileName | None = key(
        "file name",
        "Another scenario file this one starts from, relative to this file, or the name of a shipped scenario",
        "所继承的情景文件（相对本文件所在文件夹），或随附情景的名称",
        "none",
    )


class LenderTable(Table):
    """[lenders.ID]: a lender the policy files do not know, or what this scenario changes of one they know."""

    cls: str | None = key(
        "lender class",
        "The class, which decides the admission of a lender not named by the policy",
        "机构类别，决定是否获准",
        "the policy's",
        alias="class",
    )
    full_name: Words | None = key(
        "table { zh, en }", "Full name, as it stands in a statement", "全称", "the policy's, else the id"
    )
    short_name: Words | None = key(
        "table { zh, en }", "Short name, for tables and pictures", "简称", "the policy's, else the full name"
    )
    admitted: dict[str, dt.date] | None = key(
        "table { facility = date }",
        "Admission date by facility, instead of the policy's",
        "按工具列示的获准日期，替代政策文件",
        "the policy's",
    )
    own_rate: OwnRate | None = key(
        "as market.own_rate",
        "The lender's own cost of funds, instead of the market's",
        "该机构自有资金成本，替代 market.own_rate",
        "market.own_rate",
    )


class MarketTable(Table):
    """[market]: rates no policy file can know."""

    own_rate: OwnRate | None = key(
        "rate, list of { from, value }, or file name of a CSV (from, value)",
        "Cost of the lender's own funds a year, as a fraction",
        "自有资金成本（年，小数）",
        required=True,
    )
    lpr_shift_bp: int | None = key(
        "whole number, basis points",
        "Moves the LPR of planned loans priced over it and of repricing to come, never of loans already made",
        "LPR 平移（基点），影响按加点定价的计划贷款和此后的重定价，不影响已发放贷款的利率",
        "0",
        ge=-1000,
        le=1000,
    )
    lpr_shift_from: dt.date | None = key(
        "date",
        "The shift counts for loans disbursed after this day",
        "平移适用于该日之后发放的贷款",
        "the last known fixing",
    )
    reference_rate: OwnRate | None = key(
        "as own_rate",
        "Another rate to hold the facility's against (an interbank rate, say)",
        "另一对照利率（如同业市场利率）",
        "none",
    )
    collateral_cost: OwnRate | None = key(
        "as own_rate",
        "Cost a year of the collateral pledged, as a fraction of its value",
        "质押品占用成本（年，按质押品价值的小数）",
        "none",
    )
    earning_assets: Assets | None = key(
        "yuan, or list of { from, value }",
        "Average interest-earning assets of the lender, for the effect on its net interest margin",
        "生息资产平均余额（元），用于测算对净息差的影响",
        "none",
    )
    loan_rates: Literal["issue", "current"] | None = key(
        '"issue" or "current"',
        "Yields and interest by the rates at issue, or by the current ones (floating loans are repriced)",
        "贷款收益率和利息口径：发放时利率，或当前执行利率（浮动利率重定价）",
        "disclosure.rate_basis",
    )


class Decimals(Table):
    """Decimals of a printed statement."""

    amount: int | None = key("whole number", "Of amounts, in the unit printed", "金额（按列示单位）", "2", ge=0, le=6)
    rate: int | None = key("whole number", "Of rates, in per cent", "利率（%）", "2", ge=0, le=4)
    reduction: int | None = key(
        "whole number", "Of reductions, in the unit printed", "减排量（按列示单位）", "2", ge=0, le=6
    )


class DisclosureTable(Table):
    """[disclosure]: options of the disclosed figures."""

    rate_basis: Literal["issue", "current"] | None = key(
        '"issue" or "current"',
        "Weighted average rate of the rates at issue, or of the current ones",
        "加权平均利率口径：发放时或当前执行",
        '"issue"',
    )
    ineligible: Literal["listed", "kept", "restated"] | None = key(
        '"listed", "kept" or "restated"',
        "Loans that no longer meet the conditions: counted and listed, counted only, or out of the totals from then on",
        "不再符合条件的贷款：计入并列示、仅计入，或自该季起从累计数中剔除",
        '"listed"',
    )
    claim: Literal["full", "funded"] | None = key(
        '"full" or "funded"',
        "Loans drawn for in part: counted whole, or only the principal that what was drawn is the ratio of; "
        "not given: counted whole, with a warning",
        "部分借用的贷款：按贷款全额计入，或只计入借用金额按支持比例对应的本金；不填则按全额计入并提示",
        "none",
    )
    decimals: Decimals | None = key(
        "table { amount, rate, reduction }",
        "Decimals of a printed statement",
        "信息披露表的小数位数",
        "2 each",
    )
    amount_unit: Literal["wan_yuan", "yi_yuan"] | None = key(
        '"wan_yuan" or "yi_yuan"', "Unit of printed amounts: 万元 or 亿元", "列示金额单位：万元或亿元", '"wan_yuan"'
    )
    reduction_unit: Literal["t", "wan_t"] | None = key(
        '"t" or "wan_t"', "Unit of printed reductions: 吨 or 万吨", "列示减排量单位：吨或万吨", '"t"'
    )
    projects: int | None = key(
        "whole number",
        "How many of the quarter's projects of largest effect the text names, of those with a publish_name",
        "正文列示的减排效果最大的项目数（仅限填有可披露项目名称的项目）",
        "3",
        ge=0,
        le=50,
    )
    year_text: Literal["not_in_q1", "always", "never"] | None = key(
        '"not_in_q1", "always" or "never"',
        "Whether the text speaks of the year to date",
        "正文是否写明本年度累计情况",
        '"not_in_q1"',
    )


class File(Table):
    """The whole file."""

    scenario: ScenarioTable | None = None
    lenders: dict[str, LenderTable] | None = None
    market: MarketTable | None = None
    facility: dict[str, dict[str, Any]] | None = None
    disclosure: DisclosureTable | None = None
    sweep: dict[str, Any] | None = None
    monte_carlo: MonteCarloTable | None = None


TABLES: dict[str, type[Table]] = {
    "scenario": ScenarioTable,
    "lenders.ID": LenderTable,
    "market": MarketTable,
    "disclosure": DisclosureTable,
    "monte_carlo": MonteCarloTable,
    "monte_carlo.own_rate": OwnRateRandom,
    "monte_carlo.lpr": LprRandom,
    "monte_carlo.rollover": RolloverRandom,
    "monte_carlo.prepayment": PrepaymentRandom,
    "monte_carlo.plan": PlanRandom,
}


def keys(table: type[Table]) -> tuple[str, ...]:
    """The keys a table may hold, as they are written in the file.

    >>> keys(MarketTable)
    ('own_rate', 'lpr_shift_bp', 'lpr_shift_from', 'reference_rate', 'collateral_cost', 'earning_assets', 'loan_rates')
    """
    return tuple(field.alias or name for name, field in table.model_fields.items())
