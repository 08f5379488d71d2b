"""The column dictionary (``columns.toml``): one table that drives reading, checking, documentation and the template."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

SIDE_TABLES = (
    "prepayments",
    "applications",
    "opening_tranches",
    "opening",
    "schedule",
    "balances",
    "revisions",
    "other_loans",
)
"""Tables beside the loans: what was applied for and received, what the loans did, what there was before."""
TABLES = ("loans", *SIDE_TABLES, "plan", "published", "accept")
"""The tables of the dictionary."""
PLAN_ID = "plan-"
"""What the id of a planned loan begins with; the row of the plan and the loan's number there follow."""
FRAME_TYPES = {"id": "string", "text": "string", "sector": "string", "enum": "string", "date": "date32", "bool": "bool"}
"""Arrow type of a column's values in the frame; every type not named here is int64."""
_LIMITS = {
    "money": "principal_fen",
    "mass": "mass_g",
    "rate": "rate_ppm",
    "rate_e8": "rate_e8",
    "power": "power_kw",
    "energy": "energy_kwh",
    "integer": "integer",
    "share": "share_ppm",
}
"""The entry of ``[limits]`` that holds the largest figure of a type, where a column names no other."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its names, unit, default and what is written about it."""

    name: str
    type: str
    frame: str
    required: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    not_it: Mapping[str, Mapping[str, str]]
    empty_is: str | int | None
    values: Mapping[str, tuple[str, ...]]
    one_of: tuple[int, ...]
    signed: bool
    limit: str
    units: Mapping[str, int]
    description: Mapping[str, str]
    checks: Mapping[str, str]

    @property
    def arrow(self) -> str:
        """Arrow type in the step frame: string, int64, bool or date32."""
        return FRAME_TYPES.get(self.type, "int64")

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that means this column: its name, its English and Chinese header, its aliases."""
        return (self.name, self.en, self.zh, *self.aliases)

    @property
    def unit(self) -> str:
        """The unit of a column whose header names none; empty where the type has no unit."""
        return next(iter(self.units), "")


@cache
def _raw() -> dict[str, Any]:
    return tomllib.loads(resources.files("relending.book").joinpath("columns.toml").read_text(encoding="utf-8"))


@cache
def units(kind: str) -> Mapping[str, int]:
    """The units of a kind of figure, each with the whole fen, ppm, grams … in one of it.

    >>> units("rate")["%"]
    10000
    """
    return MappingProxyType(_raw()["units"][kind])


@cache
def limits() -> Mapping[str, Any]:
    """What is taken to be a slip and not a loan: the ``[limits]`` of the dictionary.

    >>> limits()["principal_fen"]
    100000000000000
    """
    return MappingProxyType(_raw()["limits"])


@cache
def no_loan_words() -> Mapping[str, tuple[str, ...]]:
    """Words that tell a row is no loan: ``total`` (a cell that is one of them), ``signature`` (one begins with it).

    >>> "合计" in no_loan_words()["total"], "制表" in no_loan_words()["signature"]
    (True, True)
    """
    return MappingProxyType({kind: tuple(words) for kind, words in _raw()["no_loan"].items()})


@cache
def words() -> Mapping[str, Any]:
    """What cells say that stands for ``no``, for ``yes``, and for a ``frequency`` (payments a year -> words).

    >>> "否" in words()["no"], "按季" in words()["frequency"][4]
    (True, True)
    """
    raw = _raw()["words"]
    by_number = {int(n): tuple(said) for n, said in raw["frequency"].items()}
    return MappingProxyType({"no": tuple(raw["no"]), "yes": tuple(raw["yes"]), "frequency": by_number})


@cache
def decides() -> Mapping[str, Mapping[str, Any]]:
    """Columns that are not read but may decide whether a row counts, as the dictionary has them.

    >>> decides()["currency"]["headers"][0]
    '币种'
    """
    return MappingProxyType(_raw()["decides"])


@cache
def columns(table: str = "loans") -> Mapping[str, Column]:
    """The columns of a table (one of ``TABLES``) by name, in the order of the frame.

    >>> columns()["principal"].frame, columns()["principal"].units["万元"]
    ('principal_fen', 1000000)
    >>> list(columns("prepayments"))
    ['loan_id', 'date', 'amount']
    """
    raw = _raw()
    return MappingProxyType({n: _column(n, _whole(entry, raw), raw["units"]) for n, entry in raw[table].items()})


def _whole(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry with what it shares with the column it is ``like`` (``loans.lender``)."""
    table, _, name = entry.get("like", "").partition(".")
    return {**(raw[table][name] if table else {}), **entry}


def _column(name: str, entry: Mapping[str, Any], units: Mapping[str, Mapping[str, int]]) -> Column:
    return Column(
        name=name,
        type=entry["type"],
        frame=entry.get("frame", name),
        required=entry["required"],
        zh=entry["zh"],
        en=entry["en"],
        aliases=tuple(entry.get("aliases", ())),
        not_it=MappingProxyType(entry.get("not_it", {})),
        empty_is=entry.get("empty_is"),
        values=MappingProxyType({k: tuple(v) for k, v in entry.get("values", {}).items()}),
        one_of=tuple(entry.get("one_of", ())),
        signed=entry.get("signed", False),
        limit=entry.get("limit", _LIMITS.get(entry["type"], "")),
        units=MappingProxyType(units.get(entry.get("units", entry["type"]), {})),
        description=MappingProxyType(entry["description"]),
        checks=MappingProxyType(entry.get("checks", {})),
    )


def frame_columns(table: str = "loans") -> dict[str, str]:
    """Names and Arrow types of the step frame, in order.

    >>> list(frame_columns("prepayments").items())[3:]
    [('loan_id', 'string'), ('date', 'date32'), ('amount_fen', 'int64')]
    """
    out = {"file": "string", "sheet": "string", "row": "int64"}
    out.update({c.frame: c.arrow for c in columns(table).values()})
    if table in ("loans", "plan"):
        out["data_error"] = "bool"
    if table == "loans":
        out["planned"] = "bool"
    return out


def key_column(table: str = "loans") -> str:
    """The column that tells a row, where a total says that it is one: the first that must be there, as the loan id.

    >>> key_column(), key_column("plan"), key_column("other_loans")
    ('loan_id', 'quarter', 'lender')
    """
    return next(c.name for c in columns(table).values() if c.required == "always")


def example_columns(table: str = "loans") -> tuple[str, ...]:
    """The columns in which a template's example row says that it is one: that which tells a row, or the ids.

    >>> example_columns(), example_columns("other_loans")
    (('loan_id',), ('project_id', 'project_code'))
    """
    # a lender may well be called Example Bank
    return ("project_id", "project_code") if table == "other_loans" else (key_column(table),)


_REQUIRED = {
    "always": "yes 是",
    "lender": "else the scenario's 否则取情景",
    "facility": "for some facilities 部分工具",
    "no": "no 否",
}


_TITLES = {
    "loans": ("Loans 借据",),
    "prepayments": ("Prepayments 提前还款",),
    "applications": (
        "Applications and receipts 申请与到账",
        "What was applied for and what arrived: `applications` of a scenario. A loan in it follows it.",
        "申请与到账情况，由情景文件的 `applications` 指定；表中的借据以实际到账为准，不再模拟。",
    ),
    "opening_tranches": (
        "Opening tranches 期初批次",
        "The facility balance when the run begins: `opening_tranches` of a scenario, from the general ledger.",
        "运行起始日的再贷款余额，由情景文件的 `opening_tranches` 指定，取自总账。",
    ),
    "opening": (
        "Opening disclosure totals 期初披露数",
        "The totals of the last statement before the run: `opening` of a scenario.",
        "运行前最近一期信息披露的累计数，由情景文件的 `opening` 指定。",
    ),
    "schedule": (
        "Repayment schedule 还款计划",
        "When principal is repaid, loan by loan: `schedule` of a scenario, instead of the computed schedule.",
        "逐笔还本计划，由情景文件的 `schedule` 指定，替代按还款方式计算的计划。",
    ),
    "balances": (
        "Loan balances 贷款余额",
        "What loans owed at the end of a day: `balances` of a scenario, instead of the computed balance.",
        "借据某日终了的余额，由情景文件的 `balances` 指定，替代计算的余额。",
    ),
    "revisions": (
        "Project revisions 项目调整",
        "New figures of a project for loans made later: `revisions` of a scenario. Earlier loans stay frozen.",
        "项目数据的调整，由情景文件的 `revisions` 指定，仅适用于此后发放的贷款。",
    ),
    "other_loans": (
        "Loans of other lenders 他行贷款",
        "What other lenders lent to the same projects: `other_loans` of a scenario, for the test of shares.",
        "其他金融机构对同一项目的贷款，由情景文件的 `other_loans` 指定，用于占比检查。",
    ),
    "plan": (
        "Lending plan 投放计划",
        "Loans yet to be made: `plan` of a scenario. A row becomes `loans` equal loans, spread over its quarter.",
        "尚未发放的贷款，由情景文件的 `plan` 指定；每行在季度内均匀展开为若干笔等额贷款。",
    ),
    "published": (
        "Published figures 公布数据",
        "Figures a run is held against: `published` of a scenario. Write them as printed; their decimals count.",
        "与运行结果对照的公布数据，由情景文件的 `published` 指定；按原样填写，小数位数有意义。",
    ),
    "accept": (
        "Accepted points 认可事项",
        "Open points with which a statement is made final: `relending disclose --accept`, one row for each.",
        "带有待认可事项仍予定稿的依据，由 `relending disclose --accept` 指定，逐项一行。",
    ),
}
"""Heading of each table of the page, and what stands below it."""


def columns_markdown() -> str:
    """The page ``docs/columns.md``: every column, header, unit and check, in both languages."""
    total, signature = ("、".join(no_loan_words()[kind]) for kind in ("total", "signature"))
    lines = [
        "# Columns of the loan book 贷款台账的列",
        "",
        "This page is made from `relending/book/columns.toml`; a test keeps the two the same. 本页由列字典生成。",
        "",
        "Headers may stand in any order, in any of the spellings given; case, spaces and underscores do not matter.",
        "A unit may follow in brackets, as in 贷款金额（万元） or `rate (%)`, or stand above the header as 单位：万元.",
        "An amount without a unit is in yuan: a warning where other columns of the table name theirs.",
        "Of a workbook the first sheet of loans is read, or those named; another sheet of loans is a warning.",
        f"A row is no loan if its loan id, or with neither loan id nor day any cell, is {total}; also if it has",
        f"no loan id and begins with {signature}. Such rows are noted; a total is held against the loans above it.",
        "合计行和签字、备注行不作为借据；合计金额与其上各笔之和核对。",
        "How books are read, whatever they look like: [books.md](books.md). 台账如何读取见该页。",
    ]
    for table in TABLES:
        title, *said = _TITLES[table]
        lines += [
            "",
            f"## {title}",
            "",
            *(line for text in said for line in (text, "")),
            "| name | 中文 | English | also read 其他表头 | type | unit 单位 | required 必填 |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for c in columns(table).values():
            empty = f"; empty means {c.empty_is} 空即 {c.empty_is}" if c.empty_is is not None else ""
            lines.append(
                f"| `{c.name}` | {c.zh} | {c.en} | {'、'.join(c.aliases)} | {c.type} | {c.unit} | "
                f"{_REQUIRED[c.required]}{empty} |"
            )
        lines += ["", f"### What they mean 说明（{table}）", ""]
        for c in columns(table).values():
            lines.append(f"- `{c.name}`: {c.description['en']}. {c.description['zh']}。")
            if c.checks:
                lines.append(f"  Checked 检查: {c.checks['en']}. {c.checks['zh']}。")
            for header, why in c.not_it.items():
                lines.append(f"  Not it 并非: {header} ({why['en']}. {why['zh']})")
            if c.values:
                values = "; ".join(f"`{v}` {'、'.join(names)}" for v, names in c.values.items())
                lines.append(f"  Values 取值: {values}")
    lines += [
        "",
        "## Units 单位",
        "",
        "| type | units read in a header, with what one of it is 表头可用单位及其换算 |",
        "| --- | --- |",
    ]
    for kind, units in _raw()["units"].items():
        lines.append(f"| {kind} | " + ", ".join(f"{u} = {n:,}" for u, n in units.items()) + " |")
    lines += [
        "",
        "Amounts are kept in whole fen, rates in parts per million, reductions in grams, power in kW,",
        "energy in kWh. 金额以分、利率以百万分之一、减排量以克、功率以千瓦、电量以千瓦时的整数保存。",
        "",
    ]
    return "\n".join(lines)
