"""Runs small enough to know by heart: three banks, two facilities, loans of every fate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relending.cli import main
from relending.runfolder import OpenedRun, open_run, run

HEAD = (
    "loan_id,contract_id,lender,borrower,project_id,project_code,project_name,sector,principal,rate,disbursed,matures,"
    "project_investment,project_reduction,evidence,evidence_doc,refinances,ineligible_from,issue_type"
)


def row(
    loan: str,
    day: str,
    amount: str = "1000000.01",
    *,
    lender: str = "icbc",
    sector: str = "wind",
    rate: str = "0.039",
    matures: str = "2034-03-01",
    borrower: str = "示范公司",
    evidence: str = "eia",
    refinances: str = "",
    ineligible: str = "",
    investment: str = "30000000",
) -> str:
    """A line of the book."""
    kind = "refinanced" if refinances else "new"
    project = f"P-{loan},2020-000{loan},项目{loan}"
    return (
        f"{loan},HT-{loan},{lender},{borrower},{project},{sector},{amount},{rate},{day},{matures},{investment},3000,"
        f"{evidence},环评〔2023〕1号,{refinances},{ineligible},{kind}"
    )


BOOK = (
    row("0001", "2024-04-10"),
    row("0002", "2024-05-20", "2000000", sector="solar", borrower='"=HYPERLINK(""http://x"",""y"")"'),
    row("0003", "2024-06-30", "333333.33", sector="industrial_efficiency"),
    row("DEAR", "2024-05-01", rate="0.09"),
    row("NOEV", "2024-05-01", evidence="", rate="0.09"),
    row("COAL", "2024-05-02", sector="coal_mining"),
    row("NONE", "2024-05-03", sector="hotel"),
    row("BACK", "2024-04-05", matures="2024-06-01"),
    row("LOST", "2024-04-06", ineligible="2024-06-15"),
    row("OVER", "2024-05-05", "40000000"),
    row("OLD1", "2024-02-10", "500000"),
    row("OLD2", "2024-02-11", "600000"),
    row("OLD3", "2024-02-12", "700000"),
    row("OLD4", "2024-02-13", "800000", matures="2024-05-30"),
    row("BOC1", "2024-05-06", "7000000", lender="boc"),
    row("ABC1", "2024-05-07", "8000000", lender="abc"),
    row("BADD", "soon"),
)
SCENARIO = """
[scenario]
name = "s"
book = "book.csv"
start = 2024-01-01
end = 2024-12-31
facilities = ["cerf", "clean_coal"]
{more}
[market]
own_rate = 0.02
"""
RECORD = """loan_id,period,status,applied_amount,funded_on,funded_amount
OLD1,2024Q1,未获批,300000,,
OLD2,2024Q1,withdrawn,360000,,
OLD3,2024Q1,funded,420000,2024-04-02,420000
OLD4,2024Q1,refused,,,
0003,2024Q2,applied,199999.99,,
"""


def saved(folder: Path, lines: tuple[str, ...] = BOOK, record: str = "", **words: str) -> OpenedRun:
    """A run of these loans, with a record of applications or without, saved in ``folder/run``."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "book.csv").write_text("\n".join((HEAD, *lines)) + "\n", encoding="utf-8")
    more = ""
    if record:
        (folder / "record.csv").write_text(record, encoding="utf-8")
        more = 'applications = "record.csv"\n'
    if "prepaid" in words:
        (folder / "prepaid.csv").write_text(words["prepaid"], encoding="utf-8")
        more += 'prepayments = "prepaid.csv"\n'
    (folder / "s.toml").write_text(SCENARIO.format(more=more) + words.get("rules", ""), encoding="utf-8")
    run(folder / "s.toml").save(folder / "run")
    return open_run(folder / "run")


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    """A run without a record of applications."""
    return saved(tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    """The same loans with a record of the first quarter and of one loan of the second."""
    return saved(tmp_path_factory.mktemp("recorded"), record=RECORD)


Call = Callable[..., Result]


@pytest.fixture
def apply() -> Call:
    """The verb, called."""

    def call(*words: object) -> Result:
        return CliRunner().invoke(main, ["apply", *map(str, words)])

    return call
