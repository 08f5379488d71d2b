"""The page docs/published.md: every figure of the collected facts, reproduced or not, from the register.

    python -m tests.facts.page      writes the page and the books of tests/facts/books again

``make docs`` writes the page with the other generated ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import fill

from tests.facts import books
from tests.facts.entry import ABOUT, CARRIED, COMPUTED, DIFFERS, EQUAL, HOLDS, INPUT, NONE, Entry
from tests.facts.facts import FILES, ROOT
from tests.facts.register import register

PLACE = ROOT / "docs" / "published.md"


@dataclass(frozen=True, slots=True)
class Section:
    """What the page says about a file of facts: its title, what gives its figures, and where they come from."""

    zh: str
    en: str
    told: str
    command: str = ""
    joined: bool = False


SECTIONS = {
    "statements.csv": Section(
        "银行信息披露",
        "Statements of banks",
        "Eleven statements of nine banks. Each is run from a book derived from it, so"
        " that equal figures prove what [statements.md](statements.md) says they prove, and no more.",
        "relending run statements",
    ),
    "aggregates.csv": Section(
        "工具总量",
        "Totals of the facilities",
        "PBoC totals, and what institutions and places published. All lenders: the run `national/original`, which is"
        " calibrated on published loan totals; beside a figure stand the differences of the three other readings where"
        " they are others. The differences are explained, not fitted away, in [national.md](national.md). Institutions"
        " and places: published loans funded at the facility's ratio, and parts added up, by a book of their own.",
        "relending run national\nrelending run tests/facts/books/parts.toml",
    ),
    "methods.csv": Section(
        "算例与正文中的数据",
        "Worked examples and figures from prose",
        "Numbered as the sections of the methods they were collected in.",
    ),
    "facilities.csv": Section(
        "政策参数",
        "Parameters of the facilities",
        "Shipped as data and read back with the day they count from. Dates, lists of banks and sectors, and what"
        " each source says are in [policy.md](policy.md) and tested in `tests/policy`.",
        "relending policy cerf --on 2025-06-01",
    ),
    "loan_rates.csv": Section(
        "贷款利率与 LPR",
        "Loan rates against the LPR",
        "Published average rates less the LPR of five years and more, in percentage points.",
    ),
    "lpr.csv": Section(
        "贷款市场报价利率",
        "Loan prime rate",
        "Fixings of the National Interbank Funding Center, per cent: 1 year / 5 years and more. Shipped as data and"
        " read back. Successive fixings that are the same stand in one line.",
        "python -c \"import relending as rl; print(rl.data('lpr'))\"",
        joined=True,
    ),
    "projects_attribution.csv": Section(
        "真实项目的减排归属",
        "Attribution of real projects",
        "Loan, investment and annual reduction as banks and funds published them. No source prints share or attributed"
        " reduction: they follow by the facility's rule. `attribution.csv` of the run has both.",
        "relending run tests/facts/books/projects.toml",
    ),
    "cost_examples.csv": Section("成本算例", "An example of cost", "From a broker's note of 2021, per cent a year."),
    "impact_reports.csv": Section(
        "影响力报告",
        "Impact reports",
        "Sums, shares and intensities of published reports, by the exact sums and the one rounding of the product. In"
        " `tests/published/test_impact.py` the same parts are loans of a run, whose disclosure adds sectors up to"
        " fields and fields to the total; `tests/published/impact.csv` has the figures with issuer, title and date.",
    ),
    "projects_loans_partial.csv": Section("缺少总投资的贷款", "Loans without the project's investment", ""),
    "project_cases.csv": Section("项目案例", "Cases of projects", ""),
    "plausibility_bounds.csv": Section("合理性区间", "Bounds of plausibility", "Worked out by the collectors."),
    "generation_factor.csv": Section("发电量乘以因子", "Output times factor", "CDM project documents and the press."),
    "grid_baseline_om_bm.csv": Section(
        "电网基准线排放因子", "Baseline factors of the grids", "Ministry of Ecology and Environment, yearly notices."
    ),
    "grid_average_national.csv": Section(
        "全国平均电力因子", "National average factors", "Ministry of Ecology and Environment, announcements."
    ),
    "grid_average_regional.csv": Section(
        "区域平均电力因子", "Regional average factors", "NDRC for 2012; announcements of 2024 for 2021 and 2022."
    ),
    "grid_average_provincial.csv": Section(
        "省级平均电力因子", "Provincial average factors", "Announcements of 2024 and 2025. None is published for Tibet."
    ),
    "coal_co2_factors.csv": Section("标准煤碳排放系数", "Carbon of standard coal", ""),
    "coal_supply_rate.csv": Section("供电煤耗", "Coal for power supplied", ""),
    "full_load_hours_benchmark.csv": Section(
        "利用小时数（基准）", "Full-load hours, benchmark", "Ministry of Finance, NDRC and NEA, Caijian (2020) No. 426."
    ),
    "full_load_hours_observed.csv": Section(
        "利用小时数（实际）", "Full-load hours, observed", "NEA data as reported in the press."
    ),
    "calendar_libraries.csv": Section("工作日历软件包", "Calendar packages", ""),
}
"""The sections of the page, by file."""

TOLD = (
    "Every figure of the collected facts, {all:,} in all: {equal:,} come out of the product as they were printed"
    " ({derived:,} of them are printed by no source, but follow from printed ones), {carried:,} more are shipped as"
    " data and read back the same, of {bound:,} only a bound or a round figure was printed, {differs:,} come out"
    " differently, {given:,} are inputs of these, and {apart:,} are not attempted, each with its reason."
)
OUTCOMES = {
    EQUAL: ("equal", "一致"),
    CARRIED: ("carried", "收录"),
    HOLDS: ("bound holds", "界限成立"),
    ABOUT: ("about", "仅对照"),
    DIFFERS: ("differs", "不一致"),
    INPUT: ("input", "输入"),
    NONE: ("not attempted", "未复现"),
}
HEAD = """\
# Published and reproduced 已公布与已复现

<!-- Made by tests/facts/page.py (make docs); a change there, not here. -->

{told}

Read in this order 阅读顺序:

1. this page: every figure with what became of it 逐项结果
2. [statements.md](statements.md): how banks' statements come out again, and what that proves 各行披露如何复现、证明什么
3. [national.md](national.md): why balances of the whole country differ 全国余额为何有差异
4. [assumed.md](assumed.md): what the differences leave open, and what it is worth 尚无定论之处及其影响

What is called reproduced here was computed when the page was made, and rounded once, half-up, to the digits that were
printed; a test makes the page again and fails if a figure no longer comes out as the register says. A figure is a
number that stands for itself; of a row that is not attempted each number counts.

    pytest tests/facts/test_published_page.py     the register, and this page against it
    python -m tests.facts.page                    writes the page and the small books behind it

Calls are those of Python, after `import relending as rl`, `from relending import policy, units` and
`from relending.engine import calendar, costing`. In brackets stands the grade of a source: A its text was seen, Am its
wording on a reprint, B the press or a ministry's summary, C background knowledge.

| word | 中文 | what it says |
| --- | --- | --- |
| equal | 一致 | computed, and the same at the digits printed |
| carried | 收录 | shipped as data, and the same: nothing was computed |
| bound holds | 界限成立 | "more than" was printed, and more comes out |
| about | 仅对照 | "about" was printed: no figure can contradict it |
| differs | 不一致 | computed, and another figure comes out; the reason stands beside it |
| input | 输入 | goes into what is computed: nothing to reproduce |
| not attempted | 未复现 | nothing in the product computes it; the reason stands beside it |

## Counts 统计
"""
TAIL = """\
## 中文摘要

本页列出收集到的全部已公布数据，共 {all:,} 项：{equal:,} 项由产品计算得出且与公布值在所印位数上一致
（其中 {derived:,} 项没有来源直接印出，由已公布数据推算），{carried:,} 项作为数据随产品提供并核对一致，
{bound:,} 项只公布了界限或约数，{differs:,} 项不一致并说明原因，{given:,} 项为计算的输入，
{apart:,} 项尚未复现并逐项说明原因。银行信息披露 {statements:,} 项全部一致（台账由披露本身推得，
其证明力见 [statements.md](statements.md)）；全国总量的差异见 [national.md](national.md)。
尚未复现的主要是电网排放因子、煤炭系数和利用小时数，产品目前不提供这些数据。
所有“一致”均为生成本页时由产品计算，并由测试逐项核对。
"""


def page() -> str:
    """The whole page."""
    made = register()
    numbers = _numbers([e for entries in made.values() for e in entries])
    numbers["statements"] = _count(made["statements.csv"], EQUAL)
    told = fill(TOLD.format(**numbers), 120)
    parts = [HEAD.format(told=told), _counts(made), *(_section(file, made[file]) for file in SECTIONS)]
    return "\n".join([*parts, TAIL.format(**numbers)])


def _count(entries: Iterable[Entry], *outcomes: str) -> int:
    return sum(e.figures for e in entries if e.outcome in outcomes)


def _numbers(entries: Sequence[Entry]) -> dict[str, int]:
    return {
        "all": sum(e.figures for e in entries),
        "equal": _count(entries, EQUAL),
        "derived": _count([e for e in entries if e.derived], EQUAL),
        "carried": _count(entries, CARRIED),
        "bound": _count(entries, HOLDS, ABOUT),
        "differs": _count(entries, DIFFERS),
        "given": _count(entries, INPUT),
        "apart": _count(entries, NONE),
    }


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    rule = ["---:" if i in right else "---" for i in range(len(head))]
    lines = [head, rule, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _counts(made: dict[str, tuple[Entry, ...]]) -> str:
    head = ["facts 数据", "figures 项", *(" ".join(words) for words in OUTCOMES.values())]
    rows = []
    for file in SECTIONS:
        each = [_count(made[file], outcome) for outcome in OUTCOMES]
        rows.append([f"`{file}`", *map(_whole, [sum(each), *each])])
    every = [e for entries in made.values() for e in entries]
    each = [_count(every, outcome) for outcome in OUTCOMES]
    rows.append(["all 合计", *map(_whole, [sum(each), *each])])
    return _table(head, rows, range(1, len(head)))


def _whole(number: int) -> str:
    return f"{number:,}" if number else "—"


def _section(file: str, entries: Sequence[Entry]) -> str:
    about = SECTIONS[file]
    told = f"`{FILES[file].place}`: {_said(entries)} {about.told}".strip()
    parts = [f"## {about.en} {about.zh}\n", fill(told, 120, break_long_words=False, break_on_hyphens=False) + "\n"]
    if about.command:
        parts.append("\n".join(f"    {line}" for line in about.command.split("\n")) + "\n")
    computed = [e for e in entries if e.outcome in COMPUTED]
    if computed:
        parts.append(_computed(computed, about.joined))
    for outcome, title in ((INPUT, "Inputs 输入"), (NONE, "Not attempted 未复现")):
        if apart := [e for e in entries if e.outcome == outcome]:
            parts.append(_reasons(title, apart))
    return "\n".join(parts)


def _said(entries: Sequence[Entry]) -> str:
    """The counts of a file in words."""
    total = sum(e.figures for e in entries)
    each = [f"{n:,} {words[0]}" for outcome, words in OUTCOMES.items() if (n := _count(entries, outcome))]
    if len(each) == 1:
        return f"{total:,} figures, all {each[0].partition(' ')[2]}."
    return f"{total:,} figures: {', '.join(each)}."


@dataclass(slots=True)
class _Line:
    """Figures of one row with the same outcome and the same origin: one line of a table."""

    label: str
    what: str
    published: str
    reproduced: str
    outcome: str
    how: str


def _computed(entries: Sequence[Entry], joined: bool) -> str:
    lines = []
    same: Callable[[Entry], tuple[object, ...]] = lambda e: (e.row, e.outcome, e.how, e.why)  # noqa: E731
    for _, group in groupby(entries, same):
        mine = list(group)
        lines.append(
            _Line(
                mine[0].label + (f" ({cited})" if (cited := FILES[mine[0].file].cited(mine[0].row)) else ""),
                " / ".join(e.what + ("*" if e.derived else "") for e in mine),
                " / ".join(map(_published, mine)),
                " / ".join(grouped(e.reproduced) for e in mine),
                _outcome(mine),
                "; ".join(text for text in (mine[0].how, mine[0].why) if text),
            )
        )
    if joined:
        lines = _joined(lines)
    head = ["row", "figures", "published 公布", "reproduced 复现", "", "how, why 方法与原因"]
    rows = [[x.label, x.what, x.published, x.reproduced, x.outcome, x.how] for x in lines]
    for place in (5, 1):
        # a column that says nothing, or the same in every line, is left out
        if all(not row[place] for row in rows) or (joined and place == 1):
            rows, head = [[*row[:place], *row[place + 1 :]] for row in rows], [*head[:place], *head[place + 1 :]]
    at = head.index("published 公布")
    starred = "\n\\* printed by no source, worked out from printed figures 由已公布数据推算\n"
    return _table(head, rows, (at, at + 1)) + (starred if any(e.derived for e in entries) else "")


def _published(entry: Entry) -> str:
    return {HOLDS: "> ", ABOUT: "≈ "}.get(entry.outcome, "") + grouped(entry.published)


def _outcome(entries: Sequence[Entry]) -> str:
    words = OUTCOMES[entries[0].outcome][0]
    if entries[0].outcome not in (DIFFERS, ABOUT):
        return words
    return f"{words}: {' / '.join(_signed(e.difference) for e in entries)}"


def _signed(difference: str) -> str:
    return "−" + grouped(difference[1:]) if difference.startswith("-") else "+" + grouped(difference)


def _joined(lines: Sequence[_Line]) -> list[_Line]:
    """Lines that follow each other with the same figures as one."""
    out = []
    same: Callable[[_Line], tuple[str, ...]] = lambda x: (x.published, x.reproduced, x.outcome, x.how)  # noqa: E731
    for _, group in groupby(lines, same):
        mine = list(group)
        label = mine[0].label if len(mine) == 1 else f"{mine[0].label} – {mine[-1].label} ({len(mine)})"
        out.append(_Line(label, *(getattr(mine[0], n) for n in ("what", "published", "reproduced", "outcome", "how"))))
    return out


def grouped(figure: str) -> str:
    """A figure with thousands separators and a true minus.

    >>> grouped("1324620.45"), grouped("-0.73"), grouped("+0.14"), grouped("2021")
    ('1,324,620.45', '−0.73', '+0.14', '2,021')
    """
    sign = {"-": "−", "+": "+"}.get(figure[:1], "")
    whole, point, rest = figure.lstrip("+-").partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"


def _reasons(title: str, entries: Sequence[Entry]) -> str:
    """Rows that share a reason stand together."""
    rows = []
    for why in dict.fromkeys(e.why for e in entries):
        mine = [e for e in entries if e.why == why]
        labels = "; ".join(dict.fromkeys(e.label for e in mine))
        rows.append([why, _whole(sum(e.figures for e in mine)), labels])
    return _table([title, "figures 项", "rows"], rows, (1,))


def write() -> list[str]:
    """Write the books and the page where they differ, and name what was written."""
    written = books.write()
    text = page()
    if not PLACE.exists() or PLACE.read_text(encoding="utf-8") != text:
        PLACE.write_text(text, encoding="utf-8", newline="\n")
        written.append(PLACE.name)
    return written


if __name__ == "__main__":
    print("written:", ", ".join(write()) or "nothing, all was as it is")
