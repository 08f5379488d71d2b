"""``relending monte-carlo``: random paths about a scenario."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relending.cli.complete import path_measures, scenarios
from relending.cli.helping import verb
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
from relending.labelled import FORMATS
from relending.terminal import visible

if TYPE_CHECKING:
    import pandas as pd

    from relending.study.montecarlo import MonteCarlo

Key = tuple[str, str, str, str]
"""Quarter, lender, facility, measure."""
Statistics = dict[Key, dict[str, float]]
WHOLE = ("all", "all")


class WholeNumber(click.IntRange):
    """A whole number from a least one; anything else is told in words."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; wrong usage where the text is none."""
        try:
            int(value)
        except ValueError:
            zh = ctx is not None and ctx.params.get("lang") == "zh"
            self.fail(
                f"{value!r} 不是整数，请写作 2000 之类的数字"
                if zh
                else f"{value!r} is no whole number; write one such as 2000",
                param,
                ctx,
            )
        return int(super().convert(value, param, ctx))


@verb("monte-carlo")
@click.argument("scenario", shell_complete=scenarios)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write.")
@click.option("--paths", type=WholeNumber(min=1), help="How many paths [default: the scenario's, else 10000].")
@click.option("--seed", type=WholeNumber(min=0), help="Same seed, same paths [default: the scenario's, else 1].")
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
@click.option(
    "--draws",
    multiple=True,
    metavar="MEASURE",
    shell_complete=path_measures,
    help="Also write this measure on every path, e.g. margin.",
)
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
    they rest on.
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


HEADS = {"en": ("measure", "central", "mean", "std. dev."), "zh": ("指标", "中心路径", "均值", "标准差")}
WORDS = {
    "en": {
        "paths": "{} paths, seed {}, {} to {} random",
        "pairs": "antithetic pairs",
        "all": "All lenders and facilities",
        "below": "below 0",
        "total": "all quarters",
        "when": "Rates and balances: the last random quarter in which the run's own balance is at least a tenth of its "
        "highest. below 0: share of paths.",
        "precise": "Standard error of the mean below {} of it: {}",
        "not": "Standard error of the mean not yet below {} of it (more paths needed): {}",
        "alone": "One path, or one pair of opposite paths, has no dispersion: nothing is said of precision.",
        "apart": "Mean more than 3 standard errors from the central path: {}. {}",
        "one_sided": "Refused rollovers and early repayment only lower balances.",
        "curved": "The figures do not move in proportion to what is random, or a rate is cut at zero.",
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
        "all": "全部机构和工具合计",
        "below": "小于0",
        "total": "全部季度",
        "when": "利率和余额取自中心路径余额不低于其最高值十分之一的最后一个随机季度。“小于0”为路径占比。",
        "precise": "均值的标准误低于均值的 {}：{}",
        "not": "均值的标准误尚未低于均值的 {}（需增加路径）：{}",
        "alone": "仅一条路径或一对对偶路径，无离散程度，不判断精度。",
        "apart": "均值与中心路径相差超过3个标准误：{}。{}",
        "one_sided": "展期被拒和提前还款只会降低余额。",
        "curved": "指标与随机因素不成比例，或利率受零下限约束。",
        "files": "文件",
        "blended_cost": "综合资金成本，%",
        "margin": "利差，%",
        "interest_saved": "节约利息支出，元",
        "facility_balance": "再贷款余额，元",
        "loan_yield": "贷款收益率，%",
        "own_rate": "自有资金成本，%",
    },
}
FAR = 3
"""Standard errors from the central path that are no chance."""


def tell(study: MonteCarlo, written: Sequence[Path], lang: str) -> None:
    """The whole, then each lender and facility: mean, dispersion, quantiles; whether there are enough paths; files."""
    w, model = WORDS[lang], study.model
    title = study.scenario.title.get(lang) or study.scenario.name
    sep, colon = ("，", "：") if lang == "zh" else (", ", ": ")
    say(visible(f"{study.scenario.name}{colon}{title}"))
    random = w["paths"].format(f"{model.paths:,}", model.seed, study.random_quarters[0], study.random_quarters[-1])
    say(random + (sep + w["pairs"] if model.antithetic else ""))
    told = study.convergence[["quarter", "lender", "facility", "measure"]].drop_duplicates()
    values = _values(study.summary)
    places = dict(list(told.groupby(["lender", "facility"], sort=False)))
    apart: list[str] = []
    for place in sorted(places, key=lambda one: one != WHOLE):
        some = places[place]
        if not some["measure"].eq("loan_yield").any():
            continue  # nothing is lent there
        say("")
        say(visible(w["all"] if place == WHOLE else " ".join(place)))
        at = {name: (quarter, *place, name) for quarter, name in zip(some["quarter"], some["measure"], strict=True)}
        for line in _table(at, values, model.quantiles, lang):
            say(f"  {line}")
        apart += [name for name, key in at.items() if _far(values[key])]
    say("")
    say(w["when"])
    _tell_precision(study, apart, lang)
    codes = [code for code in study.findings.codes() if code.startswith("monte_carlo")]
    show_findings(study.findings.only(*codes), lang)
    say(f"{w['files']}{colon}" + ("、" if lang == "zh" else ", ").join(map(str, written)))


def _table(at: Mapping[str, Key], values: Statistics, quantiles: Sequence[int], lang: str) -> list[str]:
    """The headline measures of one lender and facility: a line each, three quantiles of those there are."""
    from relending.study.montecarlo.summary import quantile_name
    from relending.study.montecarlo.tables import HEADLINE

    w = WORDS[lang]
    names = [quantile_name(q) for q in quantiles]
    shown = [names[i] for i in sorted({0, (len(names) - 1) // 2, len(names) - 1})]
    rows = [(*HEADS[lang], *shown, w["below"], "")]
    for measure in HEADLINE:
        if measure in at:
            key = at[measure]
            found = values[key]
            figures = [_shown(measure, found[n]) for n in ("central", "mean", "standard_deviation", *shown)]
            rows.append(
                (w[measure], *figures, _share(found.get("below_zero")), w["total"] if key[0] == "total" else key[0])
            )
    return columns(rows, right=range(1, len(rows[0]) - 1))


def _far(found: Mapping[str, float]) -> bool:
    """Whether the mean is elsewhere than the central path, and not by chance."""
    return abs(found["mean"] - found["central"]) > FAR * found["standard_error"]


def _tell_precision(study: MonteCarlo, apart: Sequence[str], lang: str) -> None:
    """One line on which means are precise, one on those that are not the central path's."""
    w, model = WORDS[lang], study.model
    share, comma = f"{model.precision * 100:g} %", "、" if lang == "zh" else ", "

    def named(measures: Iterable[str]) -> str:
        return comma.join(w[name].split(",")[0].split("，")[0] for name in dict.fromkeys(measures))

    if model.paths <= (2 if model.antithetic else 1):
        say(w["alone"])
        return
    fine = study.precise()
    for key, wanted in (("precise", True), ("not", False)):
        measures = [name for name, is_fine in fine.items() if is_fine is wanted]
        if measures:
            say(w[key].format(share, named(measures)))
    if apart:
        lowers = (model.rollover is not None and model.rollover.ppm > 0) or (
            model.prepayment is not None and model.prepayment.rate > 0
        )
        say(w["apart"].format(named(apart), w["one_sided" if lowers else "curved"]))


def _values(summary: pd.DataFrame) -> Statistics:
    """Statistics by quarter, lender, facility and measure."""
    out: Statistics = {}
    names = ("quarter", "lender", "facility", "measure", "statistic", "value")
    for quarter, lender, facility, measure, statistic, value in zip(*(summary[n] for n in names), strict=True):
        out.setdefault((quarter, lender, facility, measure), {})[statistic] = value
    return out


def _share(of_paths: float | None) -> str:
    if of_paths is None:
        return ""
    return "–" if of_paths != of_paths else f"{of_paths * 100:.1f} %"


def _shown(measure: str, value: float) -> str:
    if value != value:
        return "–"
    return f"{value:,.0f}" if measure in ("interest_saved", "facility_balance") else f"{value * 100:.4f}"
