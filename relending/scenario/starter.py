"""A scenario file to begin with, for a book as a bank has it: which quarters, which facilities, whose loans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from relending.scenario.problems import toml_text

NOTES = {
    "en": {
        "head": "Made by relending template; every key: docs/scenario.md, relending run --help.",
        "days": "whole quarters, from the first disbursement to the last; a later end shows what falls due",
        "bank": "no policy file knows this bank: its class decides whether and from when it is admitted",
        "rate": "what other funds of the term of the facility cost the bank, a fraction a year: 0.023 is 2.3 %",
        "open": "own_rate is missing: write it in, without the #",
    },
    "zh": {
        "head": "由 relending template 生成；各键含义见 docs/scenario.md 和 relending run --help --lang zh。",
        "days": "取整季度：自首笔发放至最后一笔发放；截止日往后延，可看到到期与归还",
        "bank": "不在政策文件名单中的机构：由机构类别决定是否纳入、自何时纳入",
        "rate": "自有资金成本：与再贷款同期限的其他资金的年利率，写成小数，0.023 即 2.3%",
        "open": "尚缺自有资金成本：填入后去掉本行行首的 #",
    },
}
EMPTY = "own_rate ="


def starter(
    name: str,
    book: Sequence[str],
    *,
    days: tuple[dt.date, dt.date],
    facilities: Sequence[str],
    lender: str | None,
    bank: Mapping[str, Any] | None = None,
    own_rate: Any = None,
    sheets: Sequence[str] = (),
    lang: str = "en",
) -> str:
    """The text of a scenario file, with notes in ``lang``.

    ``days`` are its first and last day, ``lender`` the id of the lender of rows that name none, ``bank`` what
    ``[lenders.ID]`` says of one no policy file knows, ``own_rate`` a decimal fraction [1/a]: without one the line is
    left to be filled in, and a run says that it is missing.

    >>> print(starter("a", ["a.csv"], days=(dt.date(2024, 1, 1), dt.date(2024, 6, 30)), facilities=["x"], lender="b"))
    # Made by relending template; every key: docs/scenario.md, relending run --help.
    <BLANKLINE>
    [scenario]
    name = "a"
    book = "a.csv"
    lender = "b"
    # whole quarters, from the first disbursement to the last; a later end shows what falls due
    start = 2024-01-01
    end = 2024-06-30
    facilities = ["x"]
    <BLANKLINE>
    [market]
    # what other funds of the term of the facility cost the bank, a fraction a year: 0.023 is 2.3 %
    # own_rate is missing: write it in, without the #
    # own_rate =
    <BLANKLINE>
    """
    say = NOTES[lang]
    lines = [f"# {say['head']}", "", "[scenario]", f"name = {toml_text(name)}", f"book = {_one_or_list(book)}"]
    if sheets:
        lines.append(f"sheet = {_one_or_list(sheets)}")
    if lender is not None:
        lines.append(f"lender = {toml_text(lender)}")
    lines += [f"# {say['days']}", f"start = {days[0].isoformat()}", f"end = {days[1].isoformat()}"]
    lines += [f"facilities = {toml_text(list(facilities))}", ""]
    if bank is not None:
        lines += [f"[lenders.{lender}]", f"# {say['bank']}"]
        lines += [f"{key} = {toml_text(value)}" for key, value in bank.items()]
        lines.append("")
    lines += ["[market]", f"# {say['rate']}"]
    lines += [f"own_rate = {own_rate}"] if own_rate is not None else [f"# {say['open']}", f"# {EMPTY}"]
    return "\n".join([*lines, ""])


def _one_or_list(values: Sequence[str]) -> str:
    return toml_text(values[0] if len(values) == 1 else list(values))
