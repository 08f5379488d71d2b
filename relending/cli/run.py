"""``relending run``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relending.cli.people import WRONG_USAGE, Progress, columns, errors_for_people, lang_option, show_findings

if TYPE_CHECKING:
    from relending.runfolder import Run


@click.command("run", epilog="Example: relending run demo --out runs/demo")
@click.argument("scenario", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write [default: runs/NAME]; with several scenarios DIR/NAME each.",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. facility.cerf.ratio=0.8.")
@click.option("--strict", is_flag=True, help="Stop on any error of the book instead of setting the loan aside.")
@click.option("--force", is_flag=True, help="Replace an existing run folder.")
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@lang_option
def command(
    scenario: tuple[str, ...],
    out: Path | None,
    sets: tuple[str, ...],
    strict: bool,
    force: bool,
    quiet: bool,
    lang: str,
) -> None:
    """Run SCENARIO (a TOML file, or the name of a shipped one: demo, demo/outstanding).

    The loan book is checked, screened, funded, attributed, disclosed and costed; every figure is exact to the fen.
    Loans with an error are set aside and listed in findings.csv.
    """
    from relending.runfolder import FolderExists, RunFolderError, refuse
    from relending.runfolder import run as carry_out
    from relending.scenario import load_scenario

    progress = Progress(lang, quiet)
    try:
        with errors_for_people(lang):
            loaded = [load_scenario(name, list(sets)) for name in scenario]
            for one in loaded:
                target = _target(out, one.name, len(loaded) > 1)
                refuse(target, force)
                run = carry_out(one, strict=strict, progress=progress)
                progress("writing")
                run.save(target, force)
                progress.stop()
                if not quiet:
                    summary(run, target, lang)
    except FolderExists as exists:
        click.echo(exists.text(lang), err=True)
        sys.exit(WRONG_USAGE)
    except RunFolderError as error:
        click.echo(error.text(lang), err=True)
        sys.exit(1)
    finally:
        progress.stop()


def _target(out: Path | None, name: str, several: bool) -> Path:
    if out is None:
        return Path("runs") / name
    return out / name if several else out


WORDS = {
    "en": {
        "loans": "loans read",
        "set_aside": "set aside",
        "supported": "supported",
        "principal": "supported principal",
        "drawn": "drawn",
        "balance": "facility balance",
        "saved": "interest saved",
        "tonnes": "tCO2e a year",
        "yuan": "yuan",
        "files": "Files are in",
        "look": "look at",
        "explain": "one loan's story",
    },
    "zh": {
        "loans": "读取借据",
        "set_aside": "暂不计入",
        "supported": "获支持",
        "principal": "获支持贷款金额",
        "drawn": "累计借用",
        "balance": "再贷款余额",
        "saved": "节约利息",
        "tonnes": "年度碳减排量（吨）",
        "yuan": "元",
        "files": "文件位于",
        "look": "先看",
        "explain": "一笔借据的来龙去脉",
    },
}


def summary(run: Run, target: Path, lang: str) -> None:
    """What the run found, then where to look."""
    from relending.units import total

    w = WORDS[lang]
    attribution, cost = run.tables["attribution"], run.tables["cost"]
    supported = attribution[attribution["supported"]]
    last = cost[cost["quarter"] == cost["quarter"].max()]
    draws = run.tables["ledger"]
    drawn = draws[draws["event"] == "draw"]

    def sum_of(column: object) -> int:
        return total(column.fillna(0).to_numpy(dtype="int64"))  # type: ignore[attr-defined]

    grams = sum_of(supported["reduction_g"])
    set_aside = int((attribution["state"] == "set_aside").sum())
    end = run.manifest["scenario"]["end"]
    rows = [
        (w["loans"], f"{len(attribution):,}", ""),
        (w["set_aside"], f"{set_aside:,}", ""),
        (w["supported"], f"{len(supported):,}", ""),
        (w["principal"], _yuan(sum_of(supported["principal_fen"])), w["yuan"]),
        (w["drawn"], _yuan(sum_of(drawn["amount_fen"])), w["yuan"]),
        (w["balance"], _yuan(sum_of(last["facility_balance_fen"])), f"{w['yuan']} ({end})"),
        (w["saved"], _yuan(sum_of(cost["interest_saved_fen"])), w["yuan"]),
        (w["tonnes"], f"{grams // 10**6:,}.{grams % 10**6 // 10**4:02d}", ""),
    ]
    title = run.scenario.title.get(lang) or run.scenario.name
    click.echo(f"{run.scenario.name}: {title}")
    for line in columns(rows, right=(1,)):
        click.echo(f"  {line}")
    click.echo("")
    show_findings(run.all_findings, lang)
    shown = supported["loan_id"].iloc[0] if len(supported) else attribution["loan_id"].iloc[0]
    click.echo("")
    click.echo(f"{w['files']} {target}")
    for name in ("disclosure.csv", "ledger.csv", "cost.csv", "findings.csv"):
        click.echo(f"  {target / name}")
    click.echo(f"{w['explain']}: relending explain {target} {shown}")


def _yuan(fen: int) -> str:
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"
