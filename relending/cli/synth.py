"""``relending synth``: write a synthetic loan book."""

from __future__ import annotations

from pathlib import Path

import click

from relending.cli.people import command_line, lang_option, say


@click.command("synth", epilog="Example: relending synth big.parquet --loans 1000000 --seed 7")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--loans", type=click.IntRange(min=1), default=1000, show_default=True, help="Number of loans.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same book.")
@click.option(
    "--defects",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of rows that carry a data error, to try the checks.",
)
@click.option(
    "--prepaid", type=click.FloatRange(0, 1), default=0.002, show_default=True, help="Share of loans prepaid in part."
)
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@lang_option
def command(out: Path, loans: int, seed: int, defects: float, prepaid: float, force: bool, lang: str) -> None:
    """Write a synthetic loan book OUT (.parquet, .csv or .xlsx), its prepayments and a scenario that runs it.

    The banks and projects are invented; sizes, terms and rates are plausible. 生成合成借据簿。
    """
    from relending.book.synth_write import SynthError, write_book

    try:
        book, prepayments, scenario = write_book(out, loans, seed, defects, prepaid, force)
    except SynthError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{out}: cannot be written: {error.strerror} / 无法写入") from None
    folder = out.with_name(out.stem + "-run")
    run = command_line("relending", "run", str(scenario), options=["--out", str(folder)])
    if lang == "zh":
        said = (
            f"已生成 {loans:,} 笔借据（种子 {seed}）：{book}",
            f"提前还款：{prepayments}",
            f"情景文件：{scenario}",
            f"下一步：{run}",
        )
    else:
        said = (
            f"wrote {loans:,} loans (seed {seed}) to {book}",
            f"prepayments: {prepayments}",
            f"scenario: {scenario}",
            f"next: {run}",
        )
    say("\n".join(said))
