"""The smallest input that makes each finding the books of tests/books do not show: scenarios, plans, published figures.

Each is a function that writes files into the working folder and returns what to type behind ``relending``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.books.make import FILES, HEAD, ROWS, book, text
from tests.findings.cases_ledger import LEDGER
from tests.findings.cases_pictures import PICTURES
from tests.findings.cases_statement import STATEMENT

Make = Callable[[], list[str]]

SCENARIO = """
[scenario]
name = "s"
{files}
lender = "icbc"
start = {start}
end = {end}
facilities = [{facilities}]
[market]
own_rate = 0.02
{more}
"""
PLAN = "quarter,sector,amount,rate,spread_bp,months,repayment,loans,reduction_per_10k,investment_share"
PLANNED = "2024Q1,wind,3000000,,0,120,equal_principal,3,2.5,0.5"
PUBLISHED = "lender,facility,quarter,horizon,code,measure,value,unit,bound,role,source,grade,note"


def scenario(
    *,
    files: str = "",
    start: str = "2022-01-01",
    end: str = "2025-12-31",
    facilities: str = '"cerf"',
    more: str = "",
    rows: bytes | None = None,
    book_is: str = 'book = "book.csv"',
) -> list[str]:
    """A scenario over the plain book, or over other rows; run into the folder ``out``."""
    if book_is:
        Path("book.csv").write_bytes(text(book()) if rows is None else rows)
    filled = SCENARIO.format(
        files="\n".join(x for x in (book_is, files) if x), start=start, end=end, facilities=facilities, more=more
    )
    Path("s.toml").write_text(filled, encoding="utf-8")
    return ["run", "s.toml", "--out", "out"]


def changed(*edits: tuple[str, str]) -> list[str]:
    """The plain scenario with words replaced."""
    words = scenario()
    content = Path("s.toml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in content
        content = content.replace(old, new)
    Path("s.toml").write_text(content, encoding="utf-8")
    return words


def set_to(*sets: str) -> Make:
    """The plain scenario with keys set on the command line."""
    return lambda: [*scenario(), *(word for one in sets for word in ("--set", one))]


def paths(*sets: str) -> Make:
    """Random paths about the plain scenario, from 2024 on unless told otherwise."""

    def make() -> list[str]:
        scenario()
        words = [word for one in ("from=2024-01-01", *sets) for word in ("--set", f"monte_carlo.{one}")]
        return ["monte-carlo", "s.toml", "--out", "study", *words]

    return make


def planned(*rows: str, **options: str) -> Make:
    """The plain scenario with a lending plan."""

    def make() -> list[str]:
        Path("plan.csv").write_text("\n".join([PLAN, *rows]) + "\n", encoding="utf-8")
        return scenario(files='plan = "plan.csv"', **options)  # type: ignore[arg-type]

    return make


def published(*rows: str) -> Make:
    """The plain scenario with published figures."""

    def make() -> list[str]:
        Path("published.csv").write_text("\n".join([PUBLISHED, *rows]) + "\n", encoding="utf-8")
        return scenario(files='published = "published.csv"')

    return make


def checked(content: bytes, *options: str) -> Make:
    """A book to check."""

    def make() -> list[str]:
        Path("book.csv").write_bytes(content)
        return ["check", "book.csv", *options]

    return make


def written(name: str, content: bytes, *words: str) -> Make:
    """A file and a command."""

    def make() -> list[str]:
        Path(name).write_bytes(content)
        return list(words)

    return make


def _run_folder() -> list[str]:
    from click.testing import CliRunner

    from relending.cli import main

    CliRunner().invoke(main, [*scenario(), "--quiet"])
    return ["check", "out"]


def _no_file() -> list[str]:
    """Something that has a name and is no file."""
    os.mkfifo("book.csv")
    return ["check", "book.csv"]


def _huge_scenario() -> list[str]:
    from relending.scenario.paths import LARGEST

    with Path("s.toml").open("wb") as file:
        file.truncate(LARGEST + 1)
    return ["run", "s.toml"]


def _template(change: Callable[[Any], None]) -> Make:
    """The template with something changed in it, to check."""

    def make() -> list[str]:
        import openpyxl
        from click.testing import CliRunner

        from relending.cli import main

        CliRunner().invoke(main, ["template", "book.xlsx", "--lang", "zh"])
        filled = openpyxl.load_workbook("book.xlsx")
        change(filled)
        filled.save("book.xlsx")
        return ["check", "book.xlsx"]

    return make


def _label_changed(filled: Any) -> None:
    filled["参数"].cell(16, 1).value, filled["参数"].cell(16, 2).value = "金额小数", 3


def _rate_in_per_cent_format(filled: Any) -> None:
    filled["参数"].cell(13, 2).value = 0.0235


def _sheet_renamed(filled: Any) -> None:
    filled["参数"].title = "基本情况"


def _changed_while_read() -> list[str]:
    """A book that another program goes on writing: it grows as soon as it was opened."""
    import relending.book.book as reading

    opened = reading.open_tables

    def open_tables(path: Path, *rest: object) -> object:
        got = opened(path, *rest)  # type: ignore[arg-type]
        with path.open("ab") as more:
            more.write(b"\n")
        return got

    reading.open_tables = open_tables  # type: ignore[assignment]
    UNDO.append(lambda: setattr(reading, "open_tables", opened))
    return checked(text(book()))()


def applied(*words: str, **form: Any) -> Make:
    """A run of the plain book and what is applied for from it; ``form`` are rows of the branch's own form."""

    def make() -> list[str]:
        import openpyxl
        from click.testing import CliRunner

        from relending.cli import main

        CliRunner().invoke(main, [*scenario(facilities=form.get("facilities", '"cerf"')), "--quiet"])
        if "rows" not in form:
            return ["apply", "out", *words, "--out", "list.xlsx"]
        workbook = openpyxl.Workbook()
        for row in form["rows"]:
            workbook.active.append(row)
        workbook.save("form.xlsx")
        return ["apply", "out", *words, "--out", "list.xlsx", "--template", "form.xlsx"]

    return make


UNDO: list[Callable[[], None]] = []
"""What a case changed in the program, to be put back."""


def _lenders() -> bytes:
    rows = [[f"JJ{n}", f"某银行{n}号", *ROWS[0][2:]] for n in range(2001)]
    return text([HEAD, *rows])


def _without_lender() -> bytes:
    return text([row[:1] + row[2:] for row in book()])


def _early(day: str, until: str = "2032-01-05") -> bytes:
    return text(book((1, 6, day), (1, 7, until)))


CURRENT = ("--set", "market.loan_rates=current")


def _short_key() -> list[str]:
    """The plain scenario under a key that could be guessed."""
    Path("key.txt").write_text("secret\n", encoding="utf-8")
    return [*scenario(), "--redact", "key.txt"]


def _floating(day: str, months: str) -> bytes:
    """The first loan is floating, made on a day and priced anew every so many months."""
    more = {"利率类型": ["浮动", "", ""], "重定价周期（月）": [months, "", ""], "加点（BP）": ["10", "", ""]}
    return text(book((1, 6, day), more=more))


def _shares() -> bytes:
    """Two loans of 60 % of what the investment was when each was made."""
    return text(book((1, 4, "600"), (1, 8, "1000"), (2, 2, "XM01"), (2, 4, "1200"), (2, 8, "2000"), (2, 9, "12000")))


PLANT = {
    "loan_id": "A",
    "lender": "icbc",
    "project_id": "P1",
    "project_code": "",
    "sector": "solar",
    "principal": "1000000",
    "rate": "0.038",
    "disbursed": "2022-03-01",
    "matures": "2032-03-01",
    "project_investment": "40000000",
    "project_reduction": "9600",
    "output_mwh": "12000",
    "capacity_mw": "10",
    "evidence": "eia",
}
"""A solar plant of 10 MW: 2.4 t a year per 10,000 yuan, 0.8 t/MWh, 1,200 hours, 4,000 yuan/kW."""


def plants(*changes: dict[str, str]) -> Make:
    """A book of such plants, each changed a little, to check."""
    rows = [list({**PLANT, "loan_id": f"L{n}", **change}.values()) for n, change in enumerate(changes, 1)]
    return checked(text([list(PLANT), *rows]))


NOTHING = {"project_investment": "", "project_reduction": "", "output_mwh": "", "capacity_mw": ""}


def compared(*changes: tuple[str, str], options: tuple[str, ...] = ()) -> Make:
    """The plain scenario beside a second one, which extends it and gives other values."""

    def make() -> list[str]:
        out = scenario()[2:]
        more = "\n".join(f"{key} = {value}" for key, value in changes)
        Path("t.toml").write_text(f'[scenario]\nname = "t"\nextends = "s.toml"\n{more}\n', encoding="utf-8")
        return ["run", "s.toml", "t.toml", *out, *options]

    return make


def _of_two_lenders() -> list[str]:
    """A plan of one lender, and the same plan of another."""
    Path("plan.csv").write_text(f"{PLAN}\n{PLANNED}\n", encoding="utf-8")
    words = scenario(book_is='plan = "plan.csv"')
    Path("t.toml").write_text('[scenario]\nname = "t"\nextends = "s.toml"\nlender = "ccb"\n', encoding="utf-8")
    return ["run", "s.toml", "t.toml", *words[2:]]


CASES: dict[str, Make] = {
    "unknown_measure": compared(options=("--measure", "margn")),
    "history_differs": compared(("[facility.cerf]\nratio", "0.5")),
    "misaligned_quarters": compared(("end", "2026-12-31")),
    "misaligned_lenders": _of_two_lenders,
    "misaligned_facilities": compared(("facilities", '["cerf", "clean_coal"]')),
    "file_not_found": lambda: ["check", "no-such-book.xlsx"],
    "path_not_text": lambda: ["check", "\udcb4\udcf3.csv"],
    "path_unsafe": _no_file,
    "path_empty": lambda: ["check", ""],
    "table_format": lambda: ["data", "lpr", "--out", "lpr.txt"],
    "no_such_data": lambda: ["data", "polcy"],
    "path_is_run_folder": _run_folder,
    "folder_not_scenario": lambda: (Path("mine").mkdir(), ["run", "mine"])[1],  # type: ignore[func-returns-value]
    "line_too_long": checked(text(book(more={"备注": ["x" * 1_100_000, "", ""]}))),
    "file_changed": _changed_while_read,
    "principal_small": plants({"principal": "9999.99", "project_investment": ""}),
    "share_low": plants({"principal": "39000"}),
    "evidence_incomplete": plants({"project_reduction": "", "evidence": ""}),
    "too_many_lenders": checked(_lenders()),
    "table_empty": planned(),
    "plan_too_many_loans": planned(
        *(f"{year}Q{q},wind,90000000000,,0,120,,1000000,2.5,0.5" for year in (2022, 2023, 2024) for q in (1, 2, 3, 4))
    ),
    "published_bad_value": published("icbc,cerf,2023Q2,,,amount,-3,万元,,,x,,"),
    "published_outside": published("icbc,cerf,2021Q4,,,amount,3,万元,,,x,,"),
    "published_twice": published("icbc,cerf,2023Q2,,,amount,3,万元,,,x,,", "icbc,cerf,2023Q2,,,amount,3.00,万元,,,y,,"),
    "scenario_unreadable": written("s.toml", b"[scenario\n", "run", "s.toml"),
    "scenario_not_utf8": written("s.toml", '[scenario]\nname = "示范"\n'.encode("gbk"), "run", "s.toml"),
    "scenario_too_large": _huge_scenario,
    "parameter_rate_ambiguous": _template(_rate_in_per_cent_format),
    "parameter_sheet_missing": _template(_sheet_renamed),
    "parameter_unknown": _template(_label_changed),
    "scenario_is_book": written("book.csv", text(book()), "run", "book.csv"),
    "scenario_unknown_key": set_to("scenario.strat=2022-01-01"),
    "scenario_missing_key": lambda: changed(("start = 2022-01-01\n", "")),
    "scenario_wrong_type": lambda: changed(("start = 2022-01-01", 'start = "2022-01-01"')),
    "scenario_bad_value": lambda: changed(("start = 2022-01-01", "start = 2026-01-01")),
    "name_not_a_folder": lambda: changed(('name = "s"', 'name = "2024/Q2"')),
    "unknown_facility": lambda: changed(('"cerf"', '"cref"')),
    "own_rate_missing": lambda: changed(("[market]\nown_rate = 0.02\n", "")),
    "unreadable_quarter": planned(PLANNED.replace("2024Q1", "2024-13"), PLANNED),
    "plan_sector_unknown": planned(PLANNED.replace("wind", "核电"), PLANNED),
    "plan_amount_not_positive": planned(PLANNED.replace("3000000", "0"), PLANNED),
    "plan_share_over_one": planned(PLANNED.replace(",0.5", ",1.2"), PLANNED),
    "plan_rate_missing": planned(PLANNED.replace(",,0,", ",,,"), PLANNED),
    "plan_rate_twice": planned(PLANNED.replace(",,0,", ",0.03,0,"), PLANNED),
    "plan_quarter_outside": planned(PLANNED.replace("2024Q1", "2030Q1"), PLANNED),
    "plan_before_first_lpr": planned(PLANNED.replace("2024Q1", "2019Q1"), PLANNED, start="2019-01-01"),
    "lender_missing": checked(_without_lender()),
    "value_out_of_range": checked(text(book(more={"装机容量（万千瓦）": ["-5", "", ""]}))),
    "shares_above_one": checked(_shares()),
    "repaid_before_draw": lambda: scenario(rows=_early("2022-01-05", "2022-02-01")),
    "no_pool": lambda: scenario(
        more='[facility.cerf]\nquota = { kind = "stock", pools = [{ id = "main", amount = 5e9, sectors = ["solar"] }] }'
    ),
    "rate_before_first_lpr": lambda: scenario(
        start="2019-01-01",
        rows=_early("2019-05-05"),
        more="[facility.cerf]\nwindow = { first = 2019-01-01, last = 2027-12-31 }",
    ),
    "reprice_unknown": lambda: [*scenario(rows=_floating("2022-01-05", "")), *CURRENT],
    "reprice_before_first_lpr": lambda: [
        *scenario(
            start="2019-01-01",
            rows=_floating("2019-07-05", "1"),
            more="[facility.cerf]\nwindow = { first = 2019-01-01, last = 2027-12-31 }\n"
            "[lenders.icbc]\nadmitted = { cerf = 2019-01-01 }",
        ),
        *CURRENT,
    ],
    "policy_not_checked": lambda: scenario(end="2030-12-31"),
    "override_not_used": lambda: scenario(more="[facility.clean_coal]\nratio = 0.5"),
    "table_not_used": lambda: scenario(more='[sweep]\n"facility.cerf.ratio" = [0.4, 0.6]'),
    "monte_carlo_not_run": lambda: scenario(more="[monte_carlo.own_rate]\nvolatility = 0.004"),
    "monte_carlo_no_source": paths(),
    "monte_carlo_no_quarter": paths("own_rate.volatility=0.004", "from=2026-01-01"),
    "monte_carlo_source_idle": paths("plan.volatility=0.2", "paths=100"),
    "monte_carlo_quota": lambda: [
        *("monte-carlo", planned(PLANNED, PLANNED.replace("2024Q1", "2024Q2"))()[1], "--out", "study"),
        *("--set", "monte_carlo.plan.volatility=0.2", "--set", "monte_carlo.from=2024-01-01"),
        *("--set", "facility.cerf.quota=1e6"),
    ],
    "monte_carlo_too_large": lambda: [
        *(*paths("own_rate.volatility=0.004", "paths=200000")(), "--set", "scenario.end=2099-12-31"),
    ],
    "plan_not_supported": planned(PLANNED.replace(",,0,", ",0.09,,")),
    "plan_row_repeated": planned(PLANNED, PLANNED),
    "plan_amount_small": planned(PLANNED.replace("3000000", "30")),
    "calendar_not_announced": lambda: scenario(
        end="2030-12-31", rows=_early("2026-01-05", "2036-01-05"), more='[facility.cerf]\nbusiness_day = "following"'
    ),
    "sheet_hidden": lambda: ["check", str(FILES / "hidden-only.xlsx"), "--sheet", "借据"],
    "first_value_before_its_date": set_to("facility.cerf.ratio=[{ from = 2024-01-01, value = 1.0 }]"),
    "key_not_used": set_to("facility.cerf.collateral_haircut=0.1"),
    "plan_expanded": planned(PLANNED),
    "plan_lpr_shifted": lambda: [
        *planned(PLANNED)(),
        *("--set", "market.lpr_shift_bp=-25", "--set", "market.lpr_shift_from=2024-02-15"),
    ],
    "after_end": lambda: scenario(end="2022-06-30"),
    "horizon_widened": lambda: scenario(end="2025-11-30"),
    "quota_cut": lambda: scenario(more="[facility.cerf]\nquota = 5e6"),
    "tonnes_per_10k_unusual": plants({"project_reduction": "0"}),
    "tonnes_per_mwh_unusual": plants({"project_reduction": "19200"}),
    "hours_unusual": plants({**NOTHING, "sector": "biomass", "output_mwh": "87600", "capacity_mw": "10"}),
    "hours_impossible": plants({**NOTHING, "sector": "biomass", "output_mwh": "87610", "capacity_mw": "10"}),
    "unit_cost_unusual": plants({**NOTHING, "project_investment": "120000000", "capacity_mw": "10"}),
    "storage_reduction_unusual": plants(
        {"sector": "pumped_storage", "output_mwh": "15000", "project_reduction": "9750"}
    ),
    "share_high": plants({"principal": "33000000"}),
    "rate_below_facility": plants({"rate": "0.0174"}),
    "unit_slip_suspected": plants({"project_reduction": "9600000"}),
    "project_two_ids": plants({"project_code": "C7"}, {"project_code": "C7", "project_id": "P2"}),
    "project_two_codes": plants({"project_code": "C7"}, {"project_code": "C8"}),
    "apply_period_outside": applied("--quarter", "2030Q1"),
    "apply_period_kind": applied("--quarter", "2022-01"),
    "apply_lender": applied("--quarter", "2022Q1", "--lender", "boc"),
    "apply_facility": applied("--quarter", "2022Q1", facilities='"cerf", "clean_coal"'),
    "apply_nothing": applied("--quarter", "2025Q4"),
    "apply_form_header": applied("--quarter", "2022Q1", rows=[["申请表"], ["姓名", "电话"]]),
    "apply_form_unit": applied("--quarter", "2022Q1", rows=[["借据编号", "借款人", "申请金额（美元）"]]),
    "apply_form_unknown": applied("--quarter", "2022Q1", rows=[["借据编号", "借款人", "申请金额（万元）", "客户经理"]]),
    "apply_form_below": applied("--quarter", "2022Q1", rows=[["借据编号", "借款人", "申请金额"], ["例：001"]]),
    "key_not_found": lambda: [*scenario(), "--redact", "key.txt"],
    "key_unreadable": lambda: [*scenario(), "--redact", "."],
    "key_too_short": _short_key,
    "project_two_facilities": plants({}, {**NOTHING, "sector": "coal_mining"}),
    **LEDGER,
    **PICTURES,
    **STATEMENT,
}
"""The case of each code the books do not show."""


def swept(*words: str, more: str = "") -> Make:
    """A sweep over the plain scenario."""
    return lambda: ["sweep", *scenario(more=more)[1:2], *words, "--out", "swept"]


CASES |= {
    "sweep_empty": swept(),
    "sweep_values": swept("--vary", "facility.cerf.ratio=0.4:x:0.1"),
    "sweep_value_twice": swept("--vary", "facility.cerf.ratio=0.4,0.40"),
    "sweep_not_read": swept("--vary", "facility.clean_coal.ratio=0.4,0.6"),
    "sweep_without_effect": swept("--vary", "facility.cerf.rationing=pro_rata,fifo"),
    "sweep_no_dates": swept("--vary", "facility.cerf.quota=1e9,2e9", "--from", "2024-01-01"),
    "sweep_quarter": swept("--vary", "facility.cerf.ratio=0.4,0.6", "--quarters", "2031Q1"),
}

UNREACHED = {
    "sweep_too_large": "needs a sweep of some 500 million figures: `tests/study` lowers the limit",
    "plan_tenor_needed": "guards a facility whose policy has no rule for the LPR of a term; every shipped one "
    "that lists sectors has it",
    "table_too_large": "needs a result of more rows than a sheet has, 1,048,576: `tests/labelled` lowers the limit",
    "table_text_too_long": "needs a text longer than a cell holds in a table of results: `tests/labelled` has one",
    "table_not_finite": "guards tables made in Python: no table of the package's own holds an infinite number",
    **dict.fromkeys(
        ("unknown_picture", "picture_format"),
        "is said in Python alone, by `rl.plot` and `rl.save_picture`: `tests/pictures`",
    ),
    "paper_too_many_loans": "needs more loans than a sheet has rows, 1,048,576: `tests/statement` lowers the limit",
}
"""Codes that no input gives as the policy is today, and why they are there."""
