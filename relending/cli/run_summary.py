"""What a run found, printed: its summary, and published figures beside its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relending.cli.people import columns, command_line, say, show_findings
from relending.cli.run_words import CONTENT, WORDS
from relending.terminal import visible

if TYPE_CHECKING:
    from relending.runfolder import Run


def summary(run: Run, target: Path, lang: str) -> None:
    """What the run found, then where to look."""
    from relending.runfolder.manifest import STATEMENTS
    from relending.runfolder.reporting import FIGURES, REPORT
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
    behind, until, loans = ("（{}）", " 至 ", "笔") if lang == "zh" else (" ({})", " – ", "")
    rows = [
        *_basis(run, w),
        (w["loans"], f"{len(attribution):,}", loans),
        *([(w["planned"], f"{planned:,}", loans)] if planned else []),
        (w["set_aside"], f"{set_aside:,}", loans),
        (w["supported"], f"{len(supported):,}", loans),
        (w["principal"], yuan(sum_of(supported["principal_fen"])), w["yuan"]),
        *_opening(moved("opening"), start, w),
        (w["drawn"], yuan(moved("draw")), f"{w['yuan']}{behind.format(w['first'])}"),
        *([(w["repaid"], yuan(moved("repay", "return")), w["yuan"])] if moved("opening") else []),
        (w["balance"], yuan(sum_of(last["facility_balance_fen"])), f"{w['yuan']}{behind.format(end)}"),
        (w["saved"], yuan(sum_of(cost["interest_saved_fen"])), f"{w['yuan']}{behind.format(f'{start}{until}{end}')}"),
        (w["tonnes"], decimal_text(divide(grams, 10**4, "half_even"), 2), ""),
    ]
    title = run.scenario.title.get(lang) or run.scenario.name
    colon = "：" if lang == "zh" else ": "
    say(visible(f"{title}（{run.scenario.name}）" if lang == "zh" else f"{run.scenario.name}: {title}"))
    for line in columns(rows, right=(1,)):
        say(f"  {line}")
    say("")
    show_findings(run.all_findings, lang)
    say("")
    say(f"{w['files']} {target}")
    files = run.files()
    page = target / REPORT
    there = [(f"  {page}", w["page"])] if page.is_file() else []
    there += [(f"  {target / files[table]}", text) for table, text in CONTENT[lang].items() if table in files]
    there += [(f"  {path}", w["picture"]) for path in sorted(target.glob("figures/balances.png"))]
    if page.is_file() and any(target.glob("figures/*_zh.svg")):
        there.append((f"  {target / FIGURES}", w["figures"]))
    if (target / STATEMENTS).is_dir():
        there.append((f"  {target / STATEMENTS}", w["statements"]))
    say("\n".join(columns(there)))
    for rules, n in left_out(run):
        say(w["too_many"].format(rules.name[lang], f"{n:,}"))
    say(f"{w['explain']}{colon}{visible(command_line('relending', 'explain', str(target), _a_loan(run)))}")


def _opening(fen: int, start: str, w: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The balance a run begins with: opening + drawn - repaid = balance."""
    from relending.units import decimal_text

    return [(w["opening"], decimal_text(fen, 2), w["yuan"] + w["behind"].format(start))] if fen else []


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
        (w["asked"], f"{sum(numbers.values()):,}", w["behind"].format(parts).strip()),
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


def show_published(done: Sequence[tuple[Run, Path]], files: Sequence[Path], lang: str) -> None:
    """The published figures beside those of the runs, then where each run is."""
    from relending.audit.show import show
    from relending.runfolder.reporting import REPORT

    w = WORDS[lang]
    held = [(run, target) for run, target in done if "published" in run.tables]
    shown = show([run.tables["published"] for run, _ in held], lang)
    if len(done) == 1:
        say("")
    say(w["compared"])
    for line in columns(shown.rows, right=shown.right):
        say(f"  {line}")
    for note in shown.notes:
        say(note)
    if len(done) == 1:
        return
    for run, _ in held:
        show_findings(run.all_findings.only(*serious(run)), lang)
    say("")
    say(f"{w['each']}:")
    titles = [(f"  {target}", run.scenario.title.get(lang) or run.scenario.name) for run, target in held]
    say("\n".join(columns([*titles, *((f"  {path}", "") for path in files)])))
    say(w["leads"])
    if any((target / REPORT).is_file() for _, target in done):
        say(w["pages"])


def serious(run: Run) -> list[str]:
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
