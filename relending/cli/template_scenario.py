"""``relending template OUT.toml --book FILE``: a scenario file for a book the bank exported, ready to run."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from relending.cli.check import FACILITIES, class_of, load_book
from relending.cli.people import command_line, errors_for_people


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line gives for the scenario: files of the book, the bank, its own rate as typed."""

    book: tuple[str, ...]
    lender: str | None
    cls: str | None
    own_rate: str | None
    sheets: tuple[str, ...]

    def given(self) -> list[str]:
        """The options that were used."""
        options = {"--book": self.book, "--lender": self.lender, "--class": self.cls, "--own-rate": self.own_rate}
        return [name for name, value in {**options, "--sheet": self.sheets}.items() if value not in (None, ())]


def write_scenario(out: Path, asked: Asked, lang: str) -> list[str]:
    """Read the book, write the scenario and say what to do with it. Wrong usage and findings stop as elsewhere."""
    from relending.dates import quarter_end, quarter_of, quarter_start, quarter_text, to_date
    from relending.engine.columns import ints
    from relending.engine.steps import screen
    from relending.outfile import whole_file
    from relending.scenario.starter import starter
    from relending.scenario.workbook import OWN

    zh = lang == "zh"
    if not asked.book:
        raise click.UsageError(
            "请用 --book 给出情景所用的台账，如 --book 导出.csv"
            if zh
            else "name the book of the scenario with --book, such as --book export.csv"
        )
    places = [_beside(out, one, lang) for one in asked.book]
    rate = _rate(asked.own_rate, lang)
    known, bank = _bank(asked, OWN, lang)
    with errors_for_people(lang, None, [(Path(one), "loans") for one in asked.book]):
        read, context, said = load_book(asked.book, asked.lender, asked.cls, FACILITIES, {}, asked.sheets, lang)
        screened = screen(read.loans, context, read.side)
    used = set(screened["facility"].dropna())
    day, there = ints(read.loans, "disbursed")
    first, last = (int(quarter_of(edge)) for edge in (day[there].min(), day[there].max()))
    text = starter(
        out.stem,
        places,
        days=(to_date(int(quarter_start(first))), to_date(int(quarter_end(last)))),
        facilities=[one for one in FACILITIES if one in used] or FACILITIES,
        lender=known,
        bank=bank,
        own_rate=rate,
        sheets=asked.sheets,
        lang=lang,
    )
    with whole_file(out) as room:
        room.write_text(text, encoding="utf-8", newline="\n")
    return _said(out, f"{len(read.loans):,}", f"{quarter_text(first)}–{quarter_text(last)}", said, rate is None, lang)


def _beside(out: Path, book: str, lang: str) -> str:
    """The book as the scenario names it: from its own folder, in it or below it."""
    try:
        place = os.path.relpath(book, out.parent)
    except ValueError:  # another drive
        place = os.pardir
    if Path(place).parts[:1] == (os.pardir,):
        raise click.UsageError(
            f"情景文件只能引用其所在文件夹及下级文件夹中的台账：请把 {out.name} 写到 {Path(book).name} 所在的文件夹"
            if lang == "zh"
            else f"a scenario names only files in its own folder or below it: write {out.name} beside {Path(book).name}"
        )
    return Path(place).as_posix()


def _rate(typed: str | None, lang: str) -> Decimal | None:
    """The own rate [1/a], from a figure in per cent, as the template's sheet takes it."""
    if typed is None:
        return None
    from relending.book.parameters import as_rate_ppm
    from relending.units import PPM

    ppm, code = as_rate_ppm(typed)
    if ppm is None:
        near = f"{Decimal(typed) * 100:f}".rstrip("0").rstrip(".") + "%" if code == "rate_ambiguous" else "2.3%"
        raise click.UsageError(
            f"--own-rate {typed!r} 不是百分数；请写成 {near} 的形式"
            if lang == "zh"
            else f"--own-rate {typed!r} is not a rate in per cent; write it as {near}"
        )
    return Decimal(ppm) / PPM


def _bank(asked: Asked, own: str, lang: str) -> tuple[str | None, dict[str, Any] | None]:
    """The id of the lender, and what the scenario has to say of it where no policy file knows it."""
    from relending.policy import lender_of

    if asked.lender is None:
        return None, None
    known = lender_of(asked.lender)
    if known is not None:
        return known, None
    name = asked.lender
    bank: dict[str, Any] = {"class": class_of(name, asked.cls, lang)}
    if re.fullmatch(r"[a-z0-9_]+", name):
        return name, bank
    return own, {**bank, "full_name": {"en" if name.isascii() else "zh": name}}


def _said(out: Path, loans: str, quarters: str, findings: Any, no_rate: bool, lang: str) -> list[str]:
    zh, how = lang == "zh", ["--lang", lang]
    lines = [
        f"已生成情景文件：{out}（借据 {loans} 笔，{quarters}）" if zh else f"wrote {out} ({loans} loans, {quarters})"
    ]
    lines += _open(findings, no_rate, zh)
    lines += ["然后：" if zh else "Then:"]
    lines += [f"  {command_line('relending', verb, str(out), options=how)}" for verb in ("check", "run")]
    return lines


def _open(findings: Any, no_rate: bool, zh: bool) -> Sequence[str]:
    """What the file still lacks."""
    lacking = []
    if no_rate:
        lacking.append(
            "请在文件末尾填写自有资金成本 own_rate（或用 --own-rate 给出）。"
            if zh
            else "Write your own rate into its last line (or give it with --own-rate)."
        )
    if "unknown_lender" in findings.codes():
        lacking.append(
            "台账中有名单之外的银行：用 --lender 和 --class 重新生成，或写入 [lenders.代码]。"
            if zh
            else "The book names a bank no policy file knows: make the file again with --lender and --class, or write "
            "[lenders.ID] into it."
        )
    return lacking
