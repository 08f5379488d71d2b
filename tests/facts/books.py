"""Small books made of the facts, so that a figure comes out of a whole run.

``relending run tests/facts/books/NAME.toml`` carries one out. What a fact does not say is chosen and starred in the
book's header, as in the shipped statement books. ``python -m tests.facts.page`` writes the files; a test makes them
again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tests.facts.facts import FILES, HERE

FOLDER = HERE / "books"
WAN, YI = 10_000, 100_000_000
IN_YUAN = {"wan_yuan": WAN, "yi_yuan": YI}
SECTOR = "other_clean_energy"
PUBLISHED = ["lender", "facility", "quarter", "horizon", "code", "measure", "value", "unit", "role", "source", "grade"]
SOURCE = {
    "A": "published figures, wording seen",
    "B": "published figures, as reported in the press",
    "": "worked example",
}


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _book(said: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return _csv(
        [
            [f"Derived from: {said}. These are no real loans. 由公布数据推得，并非真实借据。"],
            ["A star marks what was chosen. 带 * 的列为另行设定的内容。"],
            header,
            *rows,
        ]
    )


def _scenario(
    name: str,
    zh: str,
    en: str,
    about: str,
    lenders: Sequence[tuple[str, str, str]],
    end: str,
    own: str,
    published: bool,
) -> str:
    told = f'published = "{name}-published.csv"\n' if published else ""
    tables = "\n".join(
        f"""[lenders.{lender}]
full_name = {{ zh = "{called_zh}", en = "{called_en}" }}
short_name = {{ zh = "{called_zh}", en = "{called_en}" }}
admitted = {{ cerf = 2021-07-01 }}
"""
        for lender, called_zh, called_en in lenders
    )
    return f"""# Made by tests/facts/books.py; a change there, not here.
[scenario]
name = "{name}"
title = {{ zh = "{zh}", en = "{en}" }}
description = "{about}"
book = "{name}.csv"
{told}lender = "{lenders[0][0] if lenders else "abc"}"
start = 2021-07-01
end = {end}
facilities = ["cerf"]

{tables}
[market]
own_rate = {own}
"""


# -- projects_attribution.csv: six projects, one loan each ------------------------------------------------------------


def projects() -> dict[str, str]:
    """Each project's loan, investment and annual reduction; ``attribution.csv`` has share and reduction."""
    rows = []
    for i, r in enumerate(FILES["projects_attribution.csv"].rows(), 1):
        unit = IN_YUAN[r["currency_unit"]]
        loan, investment = (f"{Decimal(text.split()[0]) * unit:.2f}" for text in (r["loan"], r["total_investment"]))
        chosen = ["0.0400", "2022-03-01", "2032-03-01"]
        project = [investment, r["annual_tCO2"], "third_party"]
        rows.append([f"L{i}", f"P{i}", r["project"], SECTOR, loan, *chosen, *project])
    header = ["loan_id*", "project_id*", "project_name", "sector*", "principal", "rate*", "disbursed*", "matures*"]
    header += ["project_investment", "project_reduction", "evidence*"]
    lender = [("example", "示例银行", "Example Bank")]
    about = "Loan over investment, times the project's reduction: share and reduction stand in attribution.csv."
    zh, en = "六个项目的减排归属", "Attribution of six published projects"
    return {
        "projects.csv": _book("projects_attribution.csv, figures of banks and funds", header, rows),
        "projects.toml": _scenario("projects", zh, en, about, lender, "2022-12-31", "0.0250", False),
    }


# -- methods.csv, 1.2: two banks and one project ----------------------------------------------------------------------


def shared_project() -> dict[str, str]:
    """Bank X lends 150 and 50 m yuan, bank Y 400 m, to a project of 1,000 m yuan and 200,000 t a year."""
    project = ["P", SECTOR]
    rows = [
        ["X1", "bank_x", *project, "150000000", "0.0400", "2022-01-10", "2032-01-10", "1000000000", "200000", "eia"],
        ["X2", "bank_x", *project, "50000000", "0.0400", "2022-02-10", "2032-02-10", "1000000000", "200000", "eia"],
        ["Y1", "bank_y", *project, "400000000", "0.0400", "2022-03-10", "2032-03-10", "1000000000", "200000", "eia"],
    ]
    header = ["loan_id*", "lender", "project_id", "sector*", "principal", "rate*", "disbursed*", "matures*"]
    header += ["project_investment", "project_reduction", "evidence*"]
    wanted = {
        ("bank_x", "reduction", "吨"): "bank X, reduction",
        ("bank_x", "projects", "个"): "bank X, projects",
        ("bank_y", "reduction", "吨"): "bank Y, reduction",
    }
    values = {r["figure"]: r["value"] for r in FILES["methods.csv"].rows() if r["section"] == "1.2"}
    figures = [
        [who, "cerf", "2022Q1", "quarter", "total", measure, values[name], unit, "test", SOURCE[""], ""]
        for (who, measure, unit), name in wanted.items()
    ]
    lenders = [("bank_x", "甲银行", "Bank X"), ("bank_y", "乙银行", "Bank Y")]
    about = "Each bank counts its own loans over the same investment; what nobody lent stays unattributed."
    zh, en = "两家银行、一个项目", "Two banks, one project"
    return {
        "shared_project.csv": _book("the worked example of methods.csv, 1.2", header, rows),
        "shared_project-published.csv": _csv([PUBLISHED, *figures]),
        "shared_project.toml": _scenario("shared_project", zh, en, about, lenders, "2022-03-31", "0.0250", True),
    }


# -- cost_examples.csv: a broker's example of 2021 --------------------------------------------------------------------


def broker_note() -> dict[str, str]:
    """One loan at 4.65 %; the facility funds 60 % at 1.75 %, the market the rest at 2.2 %."""
    example = FILES["cost_examples.csv"].rows()[0]
    rate = f"{Decimal(example['loan_rate_pct']) / 100:.4f}"
    own = f"{Decimal(example['other_funding_rate_pct']) / 100:.4f}"
    dates = ["2021-12-01", "2031-12-01"]
    row = ["L", "P", SECTOR, "100000000", rate, *dates, "200000000", "100000", "feasibility_study"]
    header = ["loan_id*", "project_id*", "sector*", "principal*", "rate", "disbursed*", "matures*"]
    header += ["project_investment*", "project_reduction*", "evidence*"]
    lender = [("example", "示例银行", "Example Bank")]
    about = "Blended cost and margin stand in cost.csv; share and rate of the facility are those of the policy files."
    zh, en = "券商算例（2021年）", "A broker's example of 2021"
    return {
        "broker_note.csv": _book("cost_examples.csv, broker note of 2021", header, [row]),
        "broker_note.toml": _scenario("broker_note", zh, en, about, lender, "2021-12-31", own, False),
    }


# -- aggregates.csv, parts of the country: funds out of loans, totals out of parts ------------------------------------

PARTS = {  # scope -> lender of the scenario, its quarter
    "ABC": ("abc", "2021Q4"),
    "CDB": ("cdb", "2021Q4"),
    "Hubei": ("hubei", "2022Q4"),
    "Shanghai": ("shanghai", "2021Q4"),
    "Shanxi": ("shanxi", "2021Q4"),
}
LOANS = {  # scope, kind -> the sectors the loans of that row go to
    ("ABC", "loans, first batch"): (SECTOR,),
    ("CDB", "loans of 2021-07 to 2021-11"): (SECTOR,),
    ("Hubei", "loans"): (SECTOR,),
    ("Shanghai", "loans, clean energy"): (SECTOR,),
    ("Shanghai", "loans, energy saving"): ("other_energy_saving",),
    ("Shanxi", "of which pumped storage / wind / solar"): ("pumped_storage", "wind", "solar"),
}
TESTS = {  # scope, kind -> what the run is to say of it
    ("ABC", "funding, first batch"): "drawn",
    ("CDB", "funding, first batch"): "drawn",
    ("Hubei", "funding"): "drawn",
    ("Shanghai", "loans"): "amount",
    ("Shanxi", "4 loans"): "amount",
}
DAY = {"2021Q4": ("2021-11-15", "2031-11-15"), "2022Q4": ("2022-11-15", "2032-11-15")}


def parts() -> dict[str, str]:
    """Loans of institutions and places as published; the run funds them and adds them up."""
    rows, figures = [], []
    for r in FILES["aggregates.csv"].rows():
        what = (r["scope"], r["kind"])
        lender, quarter = PARTS.get(r["scope"], ("", ""))
        cell = [lender, "cerf", quarter, "since_start", "total"]
        if what in LOANS:
            for sector, amount in zip(LOANS[what], r["value"].split(" / "), strict=True):
                n = str(len(rows) + 1)
                yuan = Decimal(amount) * YI
                chosen = ["0.0400", *DAY[quarter]]
                project = [f"{2 * yuan:.2f}", "100000", "feasibility_study"]
                rows.append([f"L{n}", lender, f"P{n}", sector, f"{yuan:.2f}", *chosen, *project])
        if what in TESTS:
            figures.append([*cell, TESTS[what], r["value"], "亿元", "test", SOURCE[r["grade"]], r["grade"]])
    header = ["loan_id*", "lender", "project_id*", "sector*", "principal", "rate*", "disbursed*", "matures*"]
    header += ["project_investment*", "project_reduction*", "evidence*"]
    places = [("hubei", "湖北", "Hubei"), ("shanghai", "上海", "Shanghai"), ("shanxi", "山西", "Shanxi")]
    lenders = [(lender, f"{zh}各机构合计", f"All lenders in {en}") for lender, zh, en in places]
    about = "Published loans funded at the facility's ratio, and parts added up to published totals."
    zh, en = "机构与地区的公布数据", "Published figures of institutions and places"
    return {
        "parts.csv": _book("aggregates.csv, institutions and places", header, rows),
        "parts-published.csv": _csv([PUBLISHED, *figures]),
        "parts.toml": _scenario("parts", zh, en, about, lenders, "2022-12-31", "0.0250", True),
    }


# -- methods.csv, 5.4: three ways to repay ----------------------------------------------------------------------------


def instalments() -> dict[str, str]:
    """100 m yuan over 40 quarters at 4 %: two loans that differ in how they are repaid."""
    rows = [
        ["I", "P1", SECTOR, "100000000", "0.0400", "2021-07-31", "2031-07-31", "equal_installment", "4"],
        ["P", "P2", SECTOR, "100000000", "0.0400", "2021-07-31", "2031-07-31", "equal_principal", "4"],
    ]
    rows = [[*row, "200000000", "100000", "feasibility_study"] for row in rows]
    header = ["loan_id*", "project_id*", "sector*", "principal", "rate", "disbursed*", "matures*", "repayment"]
    header += ["payments_per_year", "project_investment*", "project_reduction*", "evidence*"]
    lender = [("example", "示例银行", "Example Bank")]
    about = "What each loan owes: rl.schedule."
    zh, en = "等额本息与等额本金", "Equal instalments and equal principal"
    return {
        "instalments.csv": _book("the worked example of methods.csv, 5.4", header, rows),
        "instalments.toml": _scenario("instalments", zh, en, about, lender, "2021-12-31", "0.0250", False),
    }


def files() -> dict[Path, str]:
    """Every file of ``tests/facts/books`` by its place, as it should be."""
    made = projects() | shared_project() | broker_note() | parts() | instalments()
    return {FOLDER / name: text for name, text in made.items()}


def write() -> list[str]:
    """Write every file that differs, and name it."""
    out = []
    for path, text in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            out.append(path.name)
    return out
