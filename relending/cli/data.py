"""``relending data``: the shipped data as a table on the screen or as a file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relending.cli.complete import data_sets
from relending.cli.helping import verb
from relending.cli.people import STOPPED, columns, columns_that_fit, errors_for_people, lang_option, say
from relending.labelled import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from relending.shipped import Set

HEAD, WIDEST, THOUSAND, PAIR = 10, 28, 1000, 2


@verb("data")
@click.argument("name", required=False, shell_complete=data_sets)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all of it to this file (its folder is made); its ending is the format.",
)
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Format of the file; csv alone: to the screen.")
@click.option("--force", is_flag=True, help="Replace the file if it is there already.")
@lang_option
def command(name: str | None, out: Path | None, kind: str | None, force: bool, lang: str) -> None:
    """Show or write shipped data: LPR, policy, published statements and totals, factors.

    Every row has its source, status or grade and the day it was last checked; every column its label and unit, in the
    file too: Excel on a sheet of its own, Stata as variable labels, Parquet as metadata. Without NAME the list of
    names; without --out the first rows.
    """
    if name is None:
        if out is not None or kind is not None:
            raise click.UsageError("请给出数据名称" if lang == "zh" else "say which: relending data NAME --out FILE")
        say("\n".join(_names(lang)))
        return
    if out is None and kind not in (None, "csv"):
        raise click.UsageError(
            f"{kind} 需写入文件：请加 --out 文件" if lang == "zh" else f"{kind} is written to a file: add --out FILE"
        )
    if out is not None and out.exists() and not force:
        raise click.UsageError(
            f"{out} 已存在，未作改动；请换一个名称，或用 --force 替换"
            if lang == "zh"
            else f"{out} exists already and is left as it is; choose another name, or replace it with --force"
        )
    with errors_for_people(lang):
        from relending.shipped import frame, shipped_set

        about = shipped_set(name)
        if out is not None:
            _write(about, out, kind, lang)
        elif kind == "csv":
            _to_screen(about)
        else:
            say("\n".join(_head(about, frame(name), lang)))


def _names(lang: str) -> list[str]:
    from relending.shipped import shipped_sets

    rows = [[name, one.about[lang]] for name, one in shipped_sets().items()]
    then = {
        "en": "One of them: relending data NAME; as a file: relending data NAME --out FILE.csv (.parquet, .xlsx, .dta)",
        "zh": "查看：relending data 名称；写成文件：relending data 名称 --out 文件.csv（.parquet、.xlsx、.dta）",
    }[lang]
    return [*columns(rows), "", then]


def _write(about: Set, out: Path, kind: str | None, lang: str) -> None:
    from relending.labelled import write_labelled
    from relending.outfile import reason
    from relending.shipped import frame

    made = frame(about.name)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_labelled(made, out, about.labels, title=about.title, notes=about.notes, lang=lang, format=kind)
    except OSError as error:
        en, zh = reason(error)
        say(f"{out}：无法写入：{zh}" if lang == "zh" else f"{out}: cannot be written: {en}", err=True)
        sys.exit(STOPPED)
    rows, wide = len(made), len(made.columns)
    say(f"已写入 {out}：{rows:,} 行，{wide} 列" if lang == "zh" else f"wrote {out}: {rows:,} rows, {wide} columns")


def _to_screen(about: Set) -> None:
    """The bytes a .csv file would hold."""
    from relending.labelled import csv_bytes
    from relending.shipped import frame

    # bytes, whatever the screen's encoding; no text of anyone else is among the shipped data
    sys.stdout.buffer.write(csv_bytes(frame(about.name), about.labels))
    sys.stdout.buffer.flush()


def _head(about: Set, made: pd.DataFrame, lang: str) -> list[str]:
    """Title, the first rows of the columns that fit, and where the rest is."""
    from relending.labelled import unit_in

    shown, head = list(about.shown), made.head(HEAD)
    heads, units = shown, [_unit(about.labels[one].unit, lang) for one in shown]
    if lang == "zh":
        named = [one for one in shown if f"{one}_zh" in head]
        labels = [about.labels[f"{one}_zh" if one in named else one] for one in shown]
        heads = [one.zh.removesuffix("（中文）") for one in labels]
        # what has no Chinese name, a number or a day, stands as it is
        head = head.assign(**{one: head[f"{one}_zh"].where(head[f"{one}_zh"] != "", head[one]) for one in named})
        words = {column.name: _words(column.about["zh"]) for column in about.columns}
        coded = [one for one in shown if one not in named and words[one]]
        head = head.assign(**{one: [words[one].get(code, code) for code in head[one]] for one in coded})
        if "unit" in head:
            head = head.assign(unit=[unit_in(unit, lang) for unit in head.unit])
    numbers = [i for i, one in enumerate(shown) if made[one].dtype.kind in "fi"]
    cells = [_cells(head[one].tolist()) for one in shown]
    rows = [heads, *([units] if any(units) else []), *(list(row) for row in zip(*cells, strict=True))]
    more, wide, name = len(made) - HEAD, len(made.columns), about.name
    typed = f"relending data {name} --out {name}.csv"
    if lang == "zh":
        rest = f"… 另有 {more:,} 行；共 {wide} 列，含来源。全部：{typed}（.parquet、.xlsx、.dta）"
        then = [rest, f'Python：rl.data("{name}")；各列说明：docs/data.md']
    else:
        rest = f"… and {more:,} more rows; {wide} columns with the sources. All of it: {typed} (.parquet, .xlsx, .dta)"
        then = [rest, f'In Python: rl.data("{name}"); what the columns are: docs/data.md']
    return [about.title[lang], "", *columns_that_fit(rows, numbers), "", *then]


PLAIN_UNITS = ("", "text", "date", "count", "lender id")
"""Units that need not be named: what stands below shows them."""


def _unit(unit: str, lang: str) -> str:
    """What stands below a heading: the unit, where it is not plain to see."""
    from relending.labelled import unit_in

    return "" if unit in PLAIN_UNITS else unit_in(unit, lang)


def _words(about: str) -> dict[str, str]:
    """What codes of a column are called, from what is said of it; empty where no codes are told.

    >>> _words("quarter 本季度、year 本年度累计"), _words("公布的日期")
    ({'quarter': '本季度', 'year': '本年度累计'}, {})
    """
    pairs = [part.split(" ") for part in about.split("、")]
    told = all(len(pair) == PAIR and re.fullmatch(r"[a-z_]+", pair[0]) for pair in pairs)
    return {pair[0]: pair[1] for pair in pairs} if told and len(pairs) > 1 else {}


def _cells(values: list[Any]) -> list[str]:
    """The cells of a column; small figures with as many decimals as the one that has most, so that points align."""
    most = max((len(f"{v:.6g}".partition(".")[2]) for v in values if _small(v)), default=0)
    return [f"{v:.{most}f}" if _small(v) else _cell(v) for v in values]


def _small(value: Any) -> bool:
    """Whether it is a fraction of a size whose decimals are worth reading."""
    return isinstance(value, float) and abs(value) < THOUSAND and not value.is_integer()


def _cell(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}" if abs(value) >= THOUSAND else f"{value:.6g}"
    text = str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
