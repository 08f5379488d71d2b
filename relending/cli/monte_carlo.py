"""``relending monte-carlo``: random paths about a scenario."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relending.cli.people import (
    STOPPED,
    Progress,
    allow_outside_option,
    columns,
    errors_for_people,
    is_run_folder,
    lang_option,
    say,
    show_findings,
    stop_at_path,
)
from relending.terminal import visible

if TYPE_CHECKING:
    import pandas as pd

    from relending.study.montecarlo import MonteCarlo

FORMATS = ("csv", "parquet", "xlsx", "dta")
"""The formats of labelled tables, which help does not import."""
EXAMPLE = (
    "Example: relending monte-carlo demo --out studies/demo --paths 2000 --set scenario.end=2030-12-31 "
    "--set monte_carlo.own_rate.volatility=0.004"
)


@click.command("monte-carlo", epilog=EXAMPLE)
@click.argument("scenario")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write.")
@click.option("--paths", type=click.IntRange(min=1), help="How many paths [default: the scenario's, else 10000].")
@click.option("--seed", type=click.IntRange(min=0), help="Same seed, same paths [default: the scenario's, else 1].")
@click.option(
    "--antithetic/--independent",
    default=None,
    help="Paths in pairs of opposite draws, or each by itself [default: the scenario's, else independent].",
)
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. monte_carlo.rollover.refusal=0.1."
)
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), default="csv", show_default=True, help="Format of the tables."
)
@click.option("--draws", multiple=True, metavar="MEASURE", help="Also write this measure on every path, e.g. margin.")
@allow_outside_option
@click.option("--force", is_flag=True, help="Replace the files of a study that is there already.")
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@lang_option
def command(
    scenario: str,
    out: Path,
    paths: int | None,
    seed: int | None,
    antithetic: bool | None,
    sets: tuple[str, ...],
    kind: str,
    draws: tuple[str, ...],
    allow_outside: bool,
    force: bool,
    quiet: bool,
    lang: str,
) -> None:
    """Draw random paths about SCENARIO (a TOML file, or the name of a shipped one), by its table [monte_carlo].

    The run is done once; own rate and LPR, refused rollovers, early repayment and the volume of the plan then move on
    every path, quarter by quarter. Writes summary (mean, standard error, quantiles by quarter), convergence and what
    they rest on. 蒙特卡洛模拟
    """
    from relending.outfile import reason
    from relending.scenario import load_scenario, shipped
    from relending.study.montecarlo import monte_carlo
    from relending.study.montecarlo.files import write_study
    from relending.study.montecarlo.measures import MEASURES

    _may_write(out, lang)
    for name in draws:
        if name not in MEASURES:
            shown = ", ".join(MEASURES)
            raise click.UsageError(
                f"--draws {name}：没有该指标，可选：{shown}" if lang == "zh" else f"--draws {name}: not one of {shown}"
            )
    progress = Progress(lang, quiet)
    try:
        with errors_for_people(lang):
            if shipped(scenario) is None:
                stop_at_path(scenario)
            loaded = load_scenario(scenario, list(sets), allow_outside=allow_outside)
            _free(out, kind, draws, force, lang)
            study = monte_carlo(loaded, paths, seed, antithetic=antithetic, progress=progress)
            progress("writing")
            written = write_study(study, out, kind, tuple(dict.fromkeys(draws)), lang)
    except OSError as error:
        en, zh = reason(error)
        say(f"{out}：无法写入，未留下文件：{zh}" if lang == "zh" else f"{out}: nothing written: {en}", err=True)
        sys.exit(STOPPED)
    finally:
        progress.stop()
    if not quiet:
        tell(study, written, lang)


def _may_write(out: Path, lang: str) -> None:
    """Wrong usage where the files would lie in a run folder, which never changes."""
    if any(is_run_folder(str(folder)) for folder in (out, *out.absolute().parents)):
        raise click.UsageError(
            f"{out} 在运行文件夹内，运行文件夹不应修改，请写到其他位置"
            if lang == "zh"
            else f"{out} is in a run folder, which never changes; write elsewhere"
        )


def _free(out: Path, kind: str, draws: Sequence[str], force: bool, lang: str) -> None:
    """Wrong usage where files of another study would be written over."""
    names = ["summary", "convergence", *(f"draws-{name}" for name in draws)]
    there = [p for p in (*(out / f"{name}.{kind}" for name in names), out / "study.json") if p.exists()]
    if there and not force:
        shown = ", ".join(p.name for p in there)
        raise click.UsageError(
            f"{out} 中已有 {shown}，未作改动；请换一个文件夹，或用 --force 替换"
            if lang == "zh"
            else f"{out} has {shown} already and is left as it is; choose another folder, or replace with --force"
        )


HEADS = {"en": ("measure", "central", "mean", "std. error"), "zh": ("指标", "中心路径", "均值", "标准误")}
WORDS = {
    "en": {
        "paths": "{} paths, seed {}, {} to {} random",
        "pairs": "antithetic pairs",
        "total": "all quarters",
        "precise": "Standard errors are below {} of the mean: {}",
        "not": "Not yet below {} of the mean (more paths needed): {}",
        "files": "Files",
        "blended_cost": "blended cost, %",
        "margin": "margin, %",
        "interest_saved": "interest saved, yuan",
        "facility_balance": "facility balance, yuan",
        "loan_yield": "loan yield, %",
        "own_rate": "own rate, %",
    },
    "zh": {
        "paths": "{} 条路径，种子 {}，随机季度 {} 至 {}",
        "pairs": "对偶抽样",
        "total": "全部季度",
        "precise": "标准误低于均值的 {}：{}",
        "not": "标准误尚未低于均值的 {}（需增加路径）：{}",
        "files": "文件",
        "blended_cost": "综合资金成本，%",
        "margin": "利差，%",
        "interest_saved": "节约利息支出，元",
        "facility_balance": "再贷款余额，元",
        "loan_yield": "贷款收益率，%",
        "own_rate": "自有资金成本，%",
    },
}


def tell(study: MonteCarlo, written: Sequence[Path], lang: str) -> None:
    """Headline quantiles of each lender and facility, whether there are enough paths, and where the files are."""
    from relending.study.montecarlo.summary import quantile_name
    from relending.study.montecarlo.tables import HEADLINE

    w, model = WORDS[lang], study.model
    heads = HEADS[lang]
    title = study.scenario.title.get(lang) or study.scenario.name
    say(visible(f"{study.scenario.name}: {title}"))
    random = w["paths"].format(f"{model.paths:,}", model.seed, study.random_quarters[0], study.random_quarters[-1])
    sep = "，" if lang == "zh" else ", "
    say(random + (sep + w["pairs"] if model.antithetic else ""))
    names = [quantile_name(q) for q in model.quantiles]
    told = study.convergence[["quarter", "lender", "facility", "measure"]].drop_duplicates()
    values = _values(study.summary)
    for (lender, facility), some in told.groupby(["lender", "facility"], sort=False):
        if not some["measure"].eq("loan_yield").any():
            continue  # nothing is lent there
        say("")
        say(visible(f"{lender} {facility}"))
        rows = [(*heads, *names, "")]
        for measure in HEADLINE:
            for quarter in some.loc[some["measure"] == measure, "quarter"]:
                found = values[quarter, lender, facility, measure]
                figures = [found[n] for n in ("central", "mean", "standard_error", *names)]
                when = w["total"] if quarter == "total" else quarter
                rows.append((w[measure], *(_shown(measure, v) for v in figures), when))
        for line in columns(rows, right=range(1, len(rows[0]) - 1)):
            say(f"  {line}")
    say("")
    share = f"{model.precision * 100:g} %"
    for key, wanted in (("precise", True), ("not", False)):
        measures = [w[name].split(",")[0].split("，")[0] for name, fine in study.precise().items() if fine is wanted]
        if measures:
            say(w[key].format(share, ("、" if lang == "zh" else ", ").join(measures)))
    codes = [code for code in study.findings.codes() if code.startswith("monte_carlo")]
    show_findings(study.findings.only(*codes), lang)
    say(f"{w['files']}: " + ", ".join(map(str, written)))


def _values(summary: pd.DataFrame) -> dict[tuple[str, str, str, str], dict[str, float]]:
    """Statistics by quarter, lender, facility and measure."""
    out: dict[tuple[str, str, str, str], dict[str, float]] = {}
    names = ("quarter", "lender", "facility", "measure", "statistic", "value")
    for quarter, lender, facility, measure, statistic, value in zip(*(summary[n] for n in names), strict=True):
        out.setdefault((quarter, lender, facility, measure), {})[statistic] = value
    return out


def _shown(measure: str, value: float) -> str:
    if value != value:
        return "–"
    return f"{value:,.0f}" if measure in ("interest_saved", "facility_balance") else f"{value * 100:.4f}"
