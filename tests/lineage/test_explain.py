"""Every loan of the shipped runs can be accounted for, from the run folder alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from relending.lineage import explain
from relending.runfolder import OpenedRun, open_run, run


@pytest.fixture(scope="module", params=["demo", "demo/outstanding"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenedRun:
    folder: Path = tmp_path_factory.mktemp("runs") / "run"
    run(request.param).save(folder)
    return open_run(folder)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_loan_has_a_story_that_agrees_with_the_tables(saved: OpenedRun, lang: str) -> None:
    draws = saved.tables["draws"].set_index("loan_id")
    for row in saved.tables["attribution"].itertuples(index=False):
        text = "\n".join(story.text() for story in explain(saved, row.loan_id, lang))
        if row.state in ("held", "repaid"):
            fen = int(draws.loc[row.loan_id, "drawn_fen"])
            assert f"{fen // 100:,}.{fen % 100:02d}" in text
            assert str(draws.loc[row.loan_id, "tranche"]) in text
        if row.supported:
            grams = int(row.reduction_g)
            assert f"{grams // 10**6:,}.{grams % 10**6:06d}" in text


def test_each_refused_loan_names_a_rule_it_does_not_pass(saved: OpenedRun) -> None:
    refused = saved.tables["screening"][lambda t: t["reasons"].fillna("").str.len() > 0]
    assert len(refused) > 5
    for row in refused.itertuples(index=False):
        text = explain(saved, row.loan_id, "en")[0].text()
        if row.reasons == "data_error":
            assert "set aside" in text
        elif row.reasons != "sector_not_listed":
            assert text.count("NOT passed") == len(row.reasons.split(";")), text
        assert str(row.reasons).split(";")[0] in text or row.reasons in ("data_error", "sector_not_listed")


def test_rollovers_told_are_those_of_the_ledger(saved: OpenedRun) -> None:
    """The amounts a story says were continued add up, tranche by tranche, to the ledger's rollovers."""
    told: dict[tuple[str, str], int] = {}
    for row in saved.tables["draws"].itertuples(index=False):
        for line in explain(saved, row.loan_id, "en")[0].text().splitlines():
            if line.strip().startswith("due ") and ", continued " in line:
                day = line.split("due ")[1].split(":")[0]
                amount = int(line.split(", continued ")[1].split(" of ")[0].replace(",", "").replace(".", ""))
                told[row.tranche, day] = told.get((row.tranche, day), 0) + amount
    ledger = saved.tables["ledger"]
    rolled = {(r.tranche, r.date.isoformat()): r.amount_fen for r in ledger[ledger["event"] == "rollover"].itertuples()}
    assert told == rolled


def test_a_loan_nobody_knows(saved: OpenedRun) -> None:
    with pytest.raises(LookupError):
        explain(saved, "no such loan")


def test_a_duplicated_loan_has_a_story_a_row(tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    line = "A1,P1,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia\n"
    book.write_text(
        "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,"
        "evidence\n" + line + line + line.replace("A1", "A2"),
        encoding="utf-8",
    )
    scenario = tmp_path / "s.toml"
    scenario.write_text(
        '[scenario]\nbook = "book.csv"\nlender = "icbc"\nstart = 2022-01-01\nend = 2022-12-31\n'
        'facilities = ["cerf"]\n[market]\nown_rate = 0.03\n',
        encoding="utf-8",
    )
    run(scenario).save(tmp_path / "run")
    stories = explain(open_run(tmp_path / "run"), "A1")
    assert ["row 2" in stories[0].text(), "row 3" in stories[1].text()] == [True, True]
    assert all("duplicate_loan_id" in story.text() for story in stories)
