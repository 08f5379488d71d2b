"""``relending run``: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relending.cli.people import (
    STOPPED,
    WRONG_USAGE,
    Progress,
    allow_outside_option,
    columns,
    command_line,
    errors_for_people,
    findings_option,
    lang_option,
    say,
    scenario_sources,
    sheet_option,
    show_findings,
    stop_at_path,
    write_findings,
)
from relending.terminal import visible

if TYPE_CHECKING:
    from relending.lineage import Redactor
    from relending.runfolder import Run
    from relending.scenario import Scenario


@click.command("run", epilog="Example: relending run demo --out runs/demo")
@click.argument("scenario", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write [default: runs/NAME]; with several scenarios DIR/NAME each.",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override a key, e.g. facility.cerf.ratio=0.8.")
@click.option("--strict", is_flag=True, help="Stop on any error of the book instead of setting the loan aside.")
@allow_outside_option
@click.option("--force", is_flag=True, help="Replace an existing run folder.")
@sheet_option
@findings_option
@click.option(
    "--redact",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="KEYFILE",
    help="Write loans, borrowers and projects as hashes under the key in this file.",
)
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@lang_option
def command(
    scenario: tuple[str, ...],
    out: Path | None,
    sets: tuple[str, ...],
    strict: bool,
    allow_outside: bool,
    force: bool,
    sheets: tuple[str, ...],
    findings_to: Path | None,
    key_file: Path | None,
    quiet: bool,
    lang: str,
) -> None:
    """Run SCENARIO (a TOML file, or the name of a shipped one: demo, demo/outstanding).

    The loan book is checked, screened, funded, attributed, disclosed and costed; every figure is exact to the fen.
    Loans with an error are set aside and listed in findings.csv.

    Two names stand for several shipped scenarios: statements (published statements, printed again) and national (all
    lenders beside the published balances). A scenario that names published figures prints them beside its own.
    """
    from relending.findings import Findings
    from relending.runfolder import FolderExists, RunFolderError, save, save_together
    from relending.runfolder import run as carry_out
    from relending.scenario.problems import toml_text

    if sheets:
        sets = (*sets, f"scenario.sheet={toml_text(sheets)}")
    progress = Progress(lang, quiet)
    sources: list[tuple[Path, str]] = []
    redactor = None if key_file is None else _redactor(key_file, lang)
    try:
        with errors_for_people(lang, findings_to, sources, redactor):
            loaded = _load(_names(scenario), sets, allow_outside)
            sources += [source for one in loaded for source in scenario_sources(one)]
            targets = _targets(out, scenario, [one.name for one in loaded], lang)
            _apart("--findings", findings_to, targets, lang)
            _apart("--redact", key_file, targets, lang)
            compared = [one for one in loaded if one.published is not None]
            together = targets[0].parent if len(loaded) > 1 and compared else None
            _clear([*targets, *([together / "_"] if together is not None else [])], lang)
            standing = _refuse(targets, together, force)
            # every run is done before the first is written, so that a stop leaves the disk as it was
            done = [carry_out(one, strict=strict, progress=progress) for one in loaded]
            if redactor is not None:  # from here on nothing has a value that is to be hidden
                done = [run.redacted(redactor) for run in done]
            write_findings(Findings.concat(run.all_findings for run in done), findings_to, lang, sources)
            for run, target, before in zip(done, targets, standing, strict=True):
                progress("writing")
                save(run, target, force, standing=before)
                progress.stop()
                if not quiet and (together is None or "published" not in run.tables):
                    summary(run, target, lang)
            files = save_together(done, together, force) if together is not None else []
            if not quiet and compared:
                _compared(list(zip(done, targets, strict=True)), files, lang)
    except FolderExists as exists:
        say(exists.text(lang), err=True)
        sys.exit(WRONG_USAGE)
    except RunFolderError as error:
        say(error.text(lang), err=True)
        sys.exit(STOPPED)
    finally:
        progress.stop()


def _names(given: Sequence[str]) -> list[str]:
    """The scenarios meant: a name that stands for several gives them all, also where a folder has that name."""
    from relending.scenario import shipped_group

    return [name for one in given for name in ([one] if Path(one).is_file() else shipped_group(one)) or [one]]


def _load(names: Sequence[str], sets: Sequence[str], allow_outside: bool) -> list[Scenario]:
    """Every scenario, or InputError with what is wrong with any of them."""
    from relending.findings import Findings, InputError
    from relending.scenario import load_scenario, shipped

    loaded, problems = [], []
    for name in names:
        try:
            if shipped(name) is None:
                stop_at_path(name)
            loaded.append(load_scenario(name, list(sets), allow_outside=allow_outside))
        except InputError as stop:
            problems.append(stop.findings)
    if problems:
        raise InputError(Findings.concat(problems))
    return loaded


def _targets(out: Path | None, given: Sequence[str], names: Sequence[str], lang: str) -> list[Path]:
    """The folder of each run, those of a group in a folder of its name.

    Wrong usage if two would have the same folder (also where only the case of letters differs).
    """
    twice = sorted({name for name in names if sum(name.casefold() == other.casefold() for other in names) > 1})
    if twice:
        shown = ", ".join(twice)
        raise click.UsageError(
            f"多个情景同名（{shown}）：会写入同一文件夹；请在各情景文件中设置不同的 name。"
            if lang == "zh"
            else f"several scenarios of one name ({shown}) would be written to one folder; give each its own name."
        )
    if out is None:
        runs = Path("runs") / given[0] if len(given) == 1 < len(names) else Path("runs")
        return [runs / name for name in names]
    return [out / name for name in names] if len(names) > 1 else [out]


def _redactor(key_file: Path, lang: str) -> Redactor:
    """What hides values under the key in a file; where that is none, what is wrong and, on a line, how to make one."""
    from relending.findings import InputError
    from relending.lineage import Redactor, read_key
    from relending.lineage.redaction_key import NEW_KEY

    try:
        return Redactor(read_key(key_file))
    except InputError as stop:
        show_findings(stop.findings, lang, err=True)
        say("生成密钥：" if lang == "zh" else "To make a key:", err=True)
        say(NEW_KEY, err=True)
        sys.exit(STOPPED)


def _apart(option: str, file: Path | None, targets: Sequence[Path], lang: str) -> None:
    """Wrong usage where a file would lie in a run folder, which holds what the run writes and no more."""
    if file is None:
        return
    place = Path(os.path.realpath(file))
    for target in targets:
        if place.is_relative_to(os.path.realpath(target)):
            raise click.UsageError(
                f"{option} {file} 位于运行文件夹 {target} 之内；请放在别处"
                if lang == "zh"
                else f"{option} {file} lies in the run folder {target}; put it elsewhere"
            )


def _clear(targets: Sequence[Path], lang: str) -> None:
    """Clear up after runs into these places that were killed, and say so."""
    from relending.runfolder import clear

    for parent in dict.fromkeys(Path(os.path.realpath(target)).parent for target in targets):
        for left in clear(parent):
            say(left.text(lang), err=True)


def _refuse(targets: Sequence[Path], together: Path | None, force: bool) -> list[tuple[int, ...]]:
    """FolderExists that names every target that is taken, and the files beside them that would be written over.

    What stands in the place of each target, so that nothing that comes later is replaced.
    """
    from relending.runfolder import FolderExists, refuse, refuse_together

    taken, standing = [], []
    for target in targets:
        try:
            standing.append(refuse(target, force))
        except FolderExists as exists:
            taken.append(exists)
    try:
        if together is not None:
            refuse_together(together, force)
    except FolderExists as exists:
        taken.append(exists)
    if taken:
        raise FolderExists("\n".join(t.en for t in taken), "\n".join(t.zh for t in taken))
    return standing


WORDS = {
    "en": {
        "loans": "loans read",
        "set_aside": "set aside",
        "supported": "supported",
        "principal": "supported principal",
        "drawn": "drawn",
        "first": "since the first loan",
        "draws": "draws",
        "simulated": "simulated (no record of applications)",
        "recorded": "recorded",
        "mixed": "recorded; simulated of loans to come",
        "asked": "applied for",
        "funded": "funded",
        "pending": "pending",
        "refused": "refused",
        "withdrawn": "withdrawn",
        "not_applied": "not applied for",
        "received": "received",
        "later": "of it after the end",
        "to_come": "simulated draws",
        "comma": ", ",
        "loans_of": "loans",
        "opening": "opening balance",
        "repaid": "repaid and returned",
        "balance": "facility balance",
        "saved": "interest saved",
        "tonnes": "tCO2e a year",
        "yuan": "yuan",
        "files": "Files are in",
        "explain": "one loan's story",
        "planned": "of these planned",
        "picture": "balances beside the published ones",
        "statements": "the statement of each lender's last quarter: Word, Excel, HTML, Markdown; zh and en",
        "too_many": "no statements of {}: {} lenders; relending disclose writes the one you want",
        "compared": "Published and reproduced",
        "each": "Run folders",
        "leads": "published.csv has source and row of each figure; the loans behind it are in the run's loans.csv",
    },
    "zh": {
        "loans": "读取借据",
        "set_aside": "暂不计入",
        "supported": "获支持",
        "principal": "获支持贷款金额",
        "drawn": "累计借用",
        "first": "自首笔起",
        "draws": "借用依据",
        "simulated": "模拟（无申请与到账记录）",
        "recorded": "实际记录",
        "mixed": "实际记录；以后的贷款为模拟",
        "asked": "已申请",
        "funded": "已到账",
        "pending": "待批复",
        "refused": "未获批准",
        "withdrawn": "已撤回",
        "not_applied": "未申请",
        "received": "到账金额",
        "later": "其中运行期后到账",
        "to_come": "模拟借用",
        "comma": "，",
        "loans_of": "笔",
        "opening": "期初余额",
        "repaid": "累计归还",
        "balance": "再贷款余额",
        "saved": "节约利息支出",
        "tonnes": "年度碳减排量（吨）",
        "yuan": "元",
        "files": "文件位于",
        "explain": "一笔借据的来龙去脉",
        "planned": "其中计划贷款",
        "picture": "余额与公布余额对照图",
        "statements": "各机构最近一期信息披露：Word、Excel、HTML、Markdown，中英文",
        "too_many": "未生成{}信息披露：共{}家机构；请用 relending disclose 生成所需机构的信息披露",
        "compared": "公布与复现",
        "each": "运行文件夹",
        "leads": "每项数据的来源和所在行见 published.csv；所对照的台账见各运行文件夹的 loans.csv",
    },
}


CONTENT = {
    "en": {
        "disclosure": "what is published, by quarter, field and sector",
        "attribution": "every loan: share, reduction, supported or not",
        "draws": "every supported loan: draw and rollovers",
        "ledger": "every event of every tranche",
        "funding": "the facility by quarter",
        "cost": "blended cost, margin, interest saved by quarter",
        "reconciliation": "what was applied for and what arrived, by application period",
        "batches": "the same loan by loan, as filed",
        "restatement": "loans of revised projects: figures by the latest revision",
        "ineligible": "supported loans that no longer meet the conditions",
        "part_funded": "supported loans drawn for in part, and what of them may be claimed",
        "published": "published figures beside the run's",
        "findings": "what was wrong with the input",
    },
    "zh": {
        "disclosure": "披露数据：按季度、领域、子领域",
        "attribution": "逐笔归属：占比、减排量、是否获支持",
        "draws": "逐笔借用与展期",
        "ledger": "批次台账",
        "funding": "再贷款：按季度",
        "cost": "综合资金成本、利差、节约利息支出：按季度",
        "reconciliation": "申报与到账核对：按申报期",
        "batches": "逐笔申报与到账，按申报时",
        "restatement": "项目调整后逐笔重述",
        "ineligible": "不再符合条件的获支持借据",
        "part_funded": "部分借用的获支持借据及可计入部分",
        "published": "公布数据与运行结果对照",
        "findings": "检查事项",
    },
}


def summary(run: Run, target: Path, lang: str) -> None:
    """What the run found, then where to look."""
    from relending.runfolder.manifest import STATEMENTS
    from relending.statement.last import left_out
    from relending.units import decimal_text, divide, total

    w = WORDS[lang]
    attribution, cost = run.tables["attribution"], run.tables["cost"]
    supported = attribution[attribution["supported"]]
    last = cost[cost["quarter"] == cost["quarter"].max()]
    ledger = run.tables["ledger"]

    def sum_of(column: object) -> int:
        return total(column.fillna(0).to_numpy(dtype="int64"))  # type: ignore[attr-defined]

    def yuan(fen: int) -> str:
        return decimal_text(fen, 2)

    def moved(*events: str) -> int:
        return sum_of(ledger[ledger["event"].isin(events)]["amount_fen"])

    grams = sum_of(supported["reduction_g"])
    set_aside = int((attribution["state"] == "set_aside").sum())
    planned = int(run.tables["loans"]["planned"].sum())
    start, end = run.manifest["scenario"]["start"], run.manifest["scenario"]["end"]
    rows = [
        *_basis(run, w),
        (w["loans"], f"{len(attribution):,}", ""),
        *([(w["planned"], f"{planned:,}", "")] if planned else []),
        (w["set_aside"], f"{set_aside:,}", ""),
        (w["supported"], f"{len(supported):,}", ""),
        (w["principal"], yuan(sum_of(supported["principal_fen"])), w["yuan"]),
        *_opening(moved("opening"), start, w),
        (w["drawn"], yuan(moved("draw")), f"{w['yuan']} ({w['first']})"),
        *([(w["repaid"], yuan(moved("repay", "return")), w["yuan"])] if moved("opening") else []),
        (w["balance"], yuan(sum_of(last["facility_balance_fen"])), f"{w['yuan']} ({end})"),
        (w["saved"], yuan(sum_of(cost["interest_saved_fen"])), f"{w['yuan']} ({start} – {end})"),
        (w["tonnes"], decimal_text(divide(grams, 10**4, "half_even"), 2), ""),
    ]
    title = run.scenario.title.get(lang) or run.scenario.name
    say(visible(f"{run.scenario.name}: {title}"))
    for line in columns(rows, right=(1,)):
        say(f"  {line}")
    say("")
    show_findings(run.all_findings, lang)
    say("")
    say(f"{w['files']} {target}")
    files = run.files()
    there = [(f"  {target / files[table]}", text) for table, text in CONTENT[lang].items() if table in files]
    pictures = sorted(target.glob("figures/*.png"))
    there += [(f"  {path}", w["picture"]) for path in pictures]
    if (target / STATEMENTS).is_dir():
        there.append((f"  {target / STATEMENTS}", w["statements"]))
    say("\n".join(columns(there)))
    for rules, n in left_out(run):
        say(w["too_many"].format(rules.name[lang], f"{n:,}"))
    say(f"{w['explain']}: {visible(command_line('relending', 'explain', str(target), _a_loan(run)))}")


def _opening(fen: int, start: str, w: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The balance a run begins with: opening + drawn - repaid = balance."""
    from relending.units import decimal_text

    return [(w["opening"], decimal_text(fen, 2), f"{w['yuan']} ({start})")] if fen else []


def _basis(run: Run, w: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Whether draws are recorded or simulated; of a record how many loans were applied for, and what came of it.

    Applied for = funded + pending + refused + withdrawn, as in reconciliation.csv, which has them by period.
    """
    basis = str(run.manifest["scenario"]["basis"])
    if basis == "simulated":
        return [(w["draws"], w["simulated"], "")]
    from relending.units import decimal_text, total

    attribution, done = run.tables["attribution"], run.tables["reconciliation"]
    loans: dict[str, int] = {}
    for result, n in zip(done["result"].tolist(), done["loans"].tolist(), strict=True):
        loans[result] = loans.get(result, 0) + n
    counted = {
        "funded": ("funded", "part_funded", "funded_not_eligible"),
        "pending": ("pending",),
        "refused": ("refused",),
        "withdrawn": ("withdrawn",),
    }
    numbers = {name: sum(loans.get(result, 0) for result in of) for name, of in counted.items()}
    parts = w["comma"].join(f"{w[name]} {n:,}" for name, n in numbers.items())
    rows = [
        (w["draws"], w[basis], ""),
        (w["asked"], f"{sum(numbers.values()):,}", f"({parts})"),
        (w["not_applied"], f"{loans.get('not_applied', 0):,}", ""),
        (w["received"], decimal_text(total(done["received_fen"].to_numpy(dtype="int64")), 2), w["yuan"]),
    ]
    filed = run.tables["batches"]
    days = filed["funded_on"].astype("datetime64[s]")
    later = total(filed.loc[days > str(run.scenario.end), "received_fen"].to_numpy(dtype="int64"))
    if later:
        rows.append((w["later"], decimal_text(later, 2), w["yuan"]))
    if basis == "mixed":
        simulated = attribution[attribution["supported"] & (attribution["basis"] == "simulated")]
        rows.append((w["to_come"], f"{len(simulated):,}", w["loans_of"]))
    return rows


def _compared(done: Sequence[tuple[Run, Path]], files: Sequence[Path], lang: str) -> None:
    """The published figures beside those of the runs, then where each run is."""
    from relending.audit.show import show

    w = WORDS[lang]
    held = [(run, target) for run, target in done if "published" in run.tables]
    shown = show([run.tables["published"] for run, _ in held], lang)
    if len(done) == 1:
        say("")
    say(f"{w['compared']}:")
    for line in columns(shown.rows, right=shown.right):
        say(f"  {line}")
    for note in shown.notes:
        say(note)
    if len(done) == 1:
        return
    for run, _ in held:
        show_findings(run.all_findings.only(*_serious(run)), lang)
    say("")
    say(f"{w['each']}:")
    titles = [(f"  {target}", run.scenario.title.get(lang) or run.scenario.name) for run, target in held]
    say("\n".join(columns([*titles, *((f"  {path}", "") for path in files)])))
    say(w["leads"])


def _serious(run: Run) -> list[str]:
    """The codes of a run's errors and warnings: notes are in its folder."""
    from relending.findings import messages

    return [code for code in run.all_findings.codes() if messages()[code].severity != "note"]


def _a_loan(run: Run) -> str:
    """A loan to look at: a supported one if there is any; by its place where it has no id."""
    attribution, loans = run.tables["attribution"], run.tables["loans"]
    supported = attribution[attribution["supported"]]
    for ids in (supported["loan_id"].dropna(), attribution["loan_id"].dropna()):
        if len(ids):
            return str(ids.iloc[0])
    return f"{loans['file'].iloc[0]}:{loans['row'].iloc[0]}"
