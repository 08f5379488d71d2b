"""``relending synth``: write a synthetic loan book."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relending.cli.helping import verb
from relending.cli.people import STOPPED, command_line, lang_option, say

if TYPE_CHECKING:
    from relending.book.synth_write import Written


@verb("synth")
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--loans", type=click.IntRange(min=1), default=1000, show_default=True, help="Number of loans.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same book.")
@click.option(
    "--defects",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of rows (0 to 1) that carry a data error, spread evenly over all kinds.",
)
@click.option(
    "--defect",
    "named",
    multiple=True,
    metavar="NAME=PERCENT",
    help="Percentage of the rows (0 to 100) with this data error. The number of rows is exact.",
)
@click.option("--list-defects", is_flag=True, help="List the data errors with the finding each must give, and stop.")
@click.option("--sound", is_flag=True, help="Leave out the 2 to 3 % of loans that are ineligible on purpose.")
@click.option(
    "--style",
    type=click.Choice(["plain", "bank"]),
    default="plain",
    show_default=True,
    help="bank: the same loans as a Chinese bank exports them (titles, 万元, %, 2023/1/5, total row).",
)
@click.option(
    "--encoding",
    type=click.Choice(["utf-8", "gbk"]),
    default="utf-8",
    show_default=True,
    help="Encoding of a CSV book.",
)
@click.option(
    "--prepaid", type=click.FloatRange(0, 1), default=0.002, show_default=True, help="Share of loans prepaid in part."
)
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@lang_option
def command(
    out: Path | None,
    named: tuple[str, ...],
    list_defects: bool,
    force: bool,
    lang: str,
    **options: Any,
) -> None:
    """Write a synthetic loan book OUT (.parquet, .csv or .xlsx), its prepayments and a scenario that runs it.

    The banks and projects are invented; sizes, terms and rates are plausible.
    """
    if list_defects:
        _list(lang)
        return
    if out is None:
        raise click.UsageError("缺少参数 台账" if lang == "zh" else "Missing argument 'OUT'.")
    from relending.book.synth_defects import SynthError
    from relending.book.synth_write import write
    from relending.outfile import reason

    try:
        done = write(out, overwrite=force, named=_percentages(named, lang), **options)
    except SynthError as error:
        raise click.UsageError(getattr(error, lang)) from None
    except OSError as error:
        en, zh = reason(error)
        say(
            f"{out}：无法写入，未留下任何文件：{zh}"
            if lang == "zh"
            else f"{out}: cannot be written: {en}; nothing was left behind",
            err=True,
        )
        sys.exit(STOPPED)
    _tell(done, options["loans"], options["seed"], lang)


def _percentages(named: tuple[str, ...], lang: str) -> Mapping[str, Decimal]:
    """``NAME=PERCENT`` as given; a name twice is a mistake."""
    out: dict[str, Decimal] = {}
    for text in named:
        name, _, percent = text.partition("=")
        name = name.strip()
        try:
            value = Decimal(percent.strip().removesuffix("%"))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise click.UsageError(
                f"--defect {text}：应写作 名称=百分比，如 duplicate_id=1"
                if lang == "zh"
                else f"--defect {text}: expected NAME=PERCENT, such as duplicate_id=1"
            )
        if name in out:
            raise click.UsageError(f"--defect {name} 重复给出" if lang == "zh" else f"--defect {name} is given twice")
        out[name] = value
    return out


def _list(lang: str) -> None:
    from relending.book.synth_defects import defects

    width = max(map(len, defects()))
    broad = max(len(d.told) for d in defects().values())
    for d in defects().values():
        only = (" (CSV, XLSX)" if lang == "en" else "（仅 CSV、XLSX）") if d.text else ""
        say(f"{d.name:<{width}}  {d.told:<{broad}}  {d.zh if lang == 'zh' else d.en}{only}")


def _tell(done: Written, loans: int, seed: int, lang: str) -> None:
    from relending.book.synth_defects import defects

    run = command_line(
        "relending", "run", str(done.scenario), options=["--out", str(done.book.with_name(done.book.stem + "-run"))]
    )
    check = command_line("relending", "check", str(done.scenario))
    if lang == "zh":
        said = [f"已生成 {loans:,} 笔借据（种子 {seed}）：{done.book}"]
        said += [f"错误 {name}：{n:,} 行 → {defects()[name].told}" for name, n in done.rows.items()]
        said += [f"提前还款：{done.prepayments}", f"情景文件：{done.scenario}"]
        said += [f"检查（银行为虚构，仅情景文件认得，请检查情景而非台账）：{check}", f"下一步：{run}"]
    else:
        said = [f"wrote {loans:,} loans (seed {seed}) to {done.book}"]
        said += [f"defect {name}: {n:,} rows -> {defects()[name].told}" for name, n in done.rows.items()]
        said += [f"prepayments: {done.prepayments}", f"scenario: {done.scenario}"]
        said += [f"check (the banks are invented; only the scenario knows them): {check}", f"next: {run}"]
    say("\n".join(said))
