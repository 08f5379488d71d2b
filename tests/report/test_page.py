"""The page says what the tables say, to the fen, in both languages, and as briefly at any size."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from relending.policy import fields, from_plain, sectors
from relending.report.page.compared import comparison
from relending.report.page.context import Subject
from relending.report.page.figures import money
from relending.report.page.headline import headlines, weighted
from relending.report.page.rules_used import values_used
from relending.report.page.words import Both, texts
from relending.runfolder import Run
from relending.units import decimal_text
from tests.report.pages import hostile_run, page, page_of, rows, run_of, said, tree

SCENARIOS = ("demo", "ledger", "national/original")
CARDS = {
    "supported_principal": "principal",
    "opening_balance": "opening",
    "drawn": "drawn",
    "facility_balance": "balance",
    "interest_saved": "saved",
}


def fen(value: object) -> str:
    return decimal_text(int(value), 2)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_headline_figures_are_sums_of_the_tables_to_the_fen(name: str) -> None:
    run = run_of(name)
    attribution, cost, ledger = (run.tables[one] for one in ("attribution", "cost", "ledger"))
    supported = attribution[attribution["supported"]]
    last = cost[cost["quarter"] == cost["quarter"].max()]
    expected = {
        "supported_principal": fen(supported["principal_fen"].sum()),
        "drawn": fen(ledger.loc[ledger["event"] == "draw", "amount_fen"].sum()),
        "facility_balance": fen(last["facility_balance_fen"].sum()),
        "interest_saved": fen(cost["interest_saved_fen"].sum()),
    }
    found = tree(page_of(name))
    for lang, unit in (("zh", "元"), ("en", " yuan")):
        for one, figure in expected.items():
            card = found.xpath(f"//li[contains(@class, 'card {one}')]//p[@class='exact']")[0]
            assert said(card, lang) == f"{figure}{unit}", one
    tonnes = found.xpath("//li[contains(@class, 'card tonnes')]//p[@class='exact']")[0]
    assert said(tonnes, "en") == decimal_text(int(supported["reduction_g"].sum()), 6) + " tCO₂e"


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_said_of_each_facility_adds_up_to_what_is_said_of_all(name: str) -> None:
    every = headlines(Subject(run_of(name), run_of(name).files()))
    parts = [one for key, one in every.items() if key]
    for field in ("loans", *CARDS.values(), "reduction"):
        assert getattr(every[""], field) == sum(getattr(one, field) for one in parts), field


def test_rates_of_several_are_the_quotient_of_their_sums() -> None:
    cost = run_of("demo").tables["cost"]
    last = cost[cost["quarter"] == cost["quarter"].max()]
    some = last[last["loans_outstanding_fen"] > 0]
    weights = [int(w) for w in some["loans_outstanding_fen"]]
    exact = sum(Fraction(int(v)) * w for v, w in zip(some["blended_cost_e8"], weights, strict=True)) / sum(weights)
    assert len(some) > 1
    assert weighted(last, "blended_cost_e8", "loans_outstanding_fen") == round(exact)
    empty = last.assign(loans_outstanding_fen=0)
    assert weighted(empty, "blended_cost_e8", "loans_outstanding_fen") is None


def test_the_quarters_are_those_of_funding_and_cost_to_the_fen() -> None:
    run = run_of("demo")
    shown = {(row[0], row[1], row[2]): row for row in rows(tree(page_of("demo")).xpath("//table[@id='t-quarters']")[0])}
    subject = Subject(run, run.files())
    cost = run.tables["cost"].merge(run.tables["funding"], on=["quarter", "lender", "facility"])
    told = 0
    for one in cost.to_dict("records"):
        key = (one["quarter"], subject.lender(one["lender"]).en, subject.short(one["facility"]).en)
        if key not in shown:
            assert not any(one[n] for n in ("drawn_fen", "balance_fen", "repaid_fen", "loans_outstanding_fen"))
            continue
        told += 1
        row = shown[key]
        amounts = ("interest_saved_fen", "loans_outstanding_fen", "drawn_fen", "rolled_fen", "repaid_fen")
        assert (row[3], *row[6:11]) == (fen(one["facility_balance_fen"]), *(fen(one[n]) for n in amounts))
    assert told > 40


def test_the_disclosed_figures_shown_are_those_of_the_table() -> None:
    run = run_of("demo")
    table = run.tables["disclosure"]
    names = {"total": "Total", **{c: f.en for c, f in fields().items()}, **{c: s.en for c, s in sectors().items()}}
    subject = Subject(run, run.files())

    def named(row: dict[str, str]) -> tuple[str, str]:
        return subject.lender(row["lender"]).en, subject.facility(row["facility"]).en

    exact = {
        (*named(r), *(r[n] for n in ("quarter", "horizon")), names[r["code"]]): (
            f"{r['projects']:,}",
            fen(r["amount_fen"]),
            decimal_text(int(r["reduction_g"]), 6),
        )
        for r in table[table["projects"] > 0].to_dict("records")
    }
    shown = 0
    for group in tree(page_of("demo")).xpath("//article"):
        lender, facility = said(group.xpath("./h3")[0], "en").split(" · ")
        for part in group.xpath(".//tbody[@data-q]"):
            for row in part.xpath("./tr[not(contains(@class, 'loans')) and not(contains(@class, 'over'))]"):
                name, projects, amount, _, reduction = (said(cell, "en") for cell in row.xpath("./th|./td"))
                key = (lender, facility, part.get("data-q"), part.get("data-h"), name)
                assert (projects, amount, reduction) == exact[key], key
                shown += 1
    assert shown > 300


def test_the_largest_loans_of_a_cell_and_the_rest_are_the_cell() -> None:
    run = run_of("demo")
    attribution = run.tables["attribution"].set_index("loan_id")
    seen = 0
    for group in tree(page_of("demo")).xpath("//article"):
        for line in group.xpath(".//tr[@class='loans']"):
            amount = int(re.sub(r"[,.]", "", said(line.getprevious().xpath("./td")[1], "en")))
            loans = line.xpath(".//tbody/tr")
            ids = [said(one.xpath("./th")[0], "en") for one in loans]
            assert len(ids) == len(set(ids))
            for one, loan_id in zip(loans, ids, strict=True):
                assert said(one.xpath("./td")[2], "en") == fen(attribution.loc[loan_id, "principal_fen"])
            rest = re.search(r"The other [\d,]+ loans: ([\d,.]+) yuan", said(line, "en"))
            beyond = int(re.sub(r"[,.]", "", rest[1])) if rest else 0
            assert sum(int(attribution.loc[i, "principal_fen"]) for i in ids) + beyond == amount
            address = said(line.xpath(".//p/code")[-1], "en").split("/")
            assert len(address) == 6
            seen += 1
    assert seen > 40


def test_the_findings_are_counted_and_each_kind_says_what_to_do() -> None:
    counts = run_of("demo").all_findings.codes()
    found = {}
    for row in tree(page_of("demo")).xpath("//table[@id='t-findings']/tbody/tr"):
        count = int(said(row.xpath("./td")[0], "en"))
        found[said(row.xpath("./td//code")[0], "en")] = count
        assert len(row.xpath(".//details//tbody/tr")) == min(count, 5)
        for lang, word in (("zh", "处理："), ("en", "To do:")):
            assert len(said(row.xpath(".//p[@class='small']")[0], lang).removeprefix(word)) > 3
    assert found == counts


@pytest.mark.parametrize("name", [*SCENARIOS, "outlook/baseline"])
def test_every_text_stands_in_both_languages(name: str) -> None:
    page_tree = tree(page_of(name))
    zh, en = (page_tree.xpath(f"//div[@class='page']//*[@lang='{tag}']") for tag in ("zh-CN", "en"))
    assert len(zh) == len(en) > 200
    for left, right in zip(zh, en, strict=True):
        assert left.getnext() is right or left.getparent() is right.getparent()
        assert left.text_content().strip() and right.text_content().strip()


def test_every_text_of_the_page_is_given_in_both_languages_and_none_is_the_other() -> None:
    han = re.compile("[\u4e00-\u9fff]")
    for name, text in texts().items():
        gaps = [sorted(re.findall(r"{(\w+)}", side)) for side in (text.zh, text.en)]
        assert text.zh and text.en, name
        assert not han.search(text.en), name
        assert han.search(text.zh) or not re.sub(r"{\w+}|[^A-Za-z]", "", text.zh), name
        if not name.startswith(("unit_", "day", "quarter_named")):
            assert gaps[0] == gaps[1], name


def test_no_text_is_left_that_the_page_does_not_use() -> None:
    from importlib import resources

    here = resources.files("relending.report.page")
    used = "".join(p.read_text(encoding="utf-8") for p in here.iterdir() if p.name.endswith((".py", ".j2")))
    made = ("unit_", "basis_", "severity_", "outcome_", "role_", "horizon_", "check_", "class_", "means_", "note_")
    unused = [n for n in texts() if not n.startswith(made) and not re.search(rf"\bt\.{n}\b|[\"']{n}[\"']", used)]
    assert unused == []


def test_the_policy_values_are_those_that_held_while_the_run_lasts() -> None:
    run = run_of("demo")
    used = values_used(Subject(run, run.files()))
    cerf = next(one for one in map(from_plain, run.manifest["policy"]["facilities"]) if one.id == "cerf")
    rates = [v.since for v in used if v.facility == "cerf" and v.name.en == "facility rate"]
    assert rates == [one.start.isoformat() for one in cerf["rate"].values]
    assert all(v.source.en and v.source.zh for v in used)
    assert {v.status for v in used} == {"in_force", "assumption", "unconfirmed"}
    doubtful = sum(v.status != "in_force" for v in used)
    assert f"{doubtful} of {len(used)} values" in said(tree(page_of("demo")).xpath("//section[@id='trust']")[0], "en")


def test_published_figures_stand_beside_the_run_where_there_are_any() -> None:
    run = run_of("national/original")
    found = tree(page_of("national/original")).xpath("//table[@id='t-published']")[0]
    shown = rows(found)
    published = run.tables["published"]
    assert len(shown) == len(published)
    plain = [row[3].replace(",", "") for row in shown]
    assert plain == ["" if v is None or pd.isna(v) else v for v in published["reproduced"]]
    assert any("," in row[2] for row in shown)
    assert not tree(page_of("demo")).xpath("//table[@id='t-published']")


def test_a_broken_identity_is_said_first() -> None:
    run = run_of("demo")
    ledger = run.tables["ledger"].copy()
    ledger.loc[0, "amount_fen"] = ledger.loc[0, "amount_fen"] + 1
    broken = tree(page(_with(run, ledger=ledger)))
    verdict = said(broken.xpath("//dd[@class='verdict bad']")[0], "en")
    assert verdict.startswith("A cross-check fails: do not use these figures.")
    assert "FAILS (1)" in said(broken.xpath("//section[@id='trust']")[0], "en")


def _with(run: Run, **tables: pd.DataFrame) -> Run:
    return replace(run, tables={**run.tables, **tables})


def test_the_basis_is_said_plainly() -> None:
    for name, word in (("demo", "simulated by the rules"), ("ledger", "recorded: what arrived")):
        assert word in said(tree(page_of(name)).xpath("//dl")[0], "en")


def test_a_lender_is_called_by_the_name_that_its_scenario_gives_also_the_full_one(tmp_path: Path) -> None:
    run = hostile_run(tmp_path)
    given = {
        **run.manifest["scenario"],
        "lenders": {"x": {"class": "state", "full_name": {"zh": "某某银行股份有限公司", "en": "Bank X"}}},
    }
    made = tree(page(replace(run, manifest={**run.manifest, "scenario": given})))
    assert "某某银行股份有限公司" in said(made.xpath("//dl")[0], "zh") and "Bank X" in said(made.xpath("//dl")[0], "en")


def test_a_pair_escapes_what_it_holds() -> None:
    assert str(Both("<b>", "&").__html__()) == '<span lang="zh-CN">&lt;b&gt;</span><span lang="en">&amp;</span>'


def test_what_changed_is_the_difference_of_the_tables() -> None:
    run = run_of("demo")
    found = comparison(Subject(run, run.files()))
    assert (found.now, found.before, found.year_ago, found.end) == ("2026Q2", "2026Q1", "2025Q2", "2026Q4")
    made = run.tables["attribution"]
    assert found.last_loan == max(made.loc[made["supported"], "disbursed"]).isoformat()
    cost, funding = run.tables["cost"], run.tables["funding"]

    def fen_of(table: pd.DataFrame, column: str, quarter: str) -> int:
        return int(table.loc[table["quarter"] == quarter, column].sum())

    shown = rows(tree(page_of("demo")).xpath("//table[@id='t-compared']")[0])
    by_label = {row[0]: row[1:] for row in shown}
    for label, table, column in (
        ("Facility balance", cost, "facility_balance_fen"),
        ("Loans outstanding", cost, "loans_outstanding_fen"),
        ("Drawn in the quarter", funding, "drawn_fen"),
        ("Repaid in the quarter", funding, "repaid_fen"),
        ("Interest saved in the quarter", cost, "interest_saved_fen"),
    ):
        now, before, year_ago, end = (fen_of(table, column, q) for q in ("2026Q2", "2026Q1", "2025Q2", "2026Q4"))
        told = by_label[label]
        assert (told[0], told[1], told[3], told[5]) == tuple(money(v).en for v in (now, before, year_ago, end))
        for text, then in ((told[2], before), (told[4], year_ago)):
            sign = "+" if now > then else "−"
            tenths = round(Fraction(abs(now - then) * 1_000, then))
            assert text == f"{sign}{money(abs(now - then)).en} ({sign}{decimal_text(tenths, 1)}%)"
    at = {q: weighted(cost[cost["quarter"] == q], "blended_cost_e8", "loans_outstanding_fen") for q in cost["quarter"]}
    points = round(Fraction(at["2026Q2"] - at["2026Q1"], 1_000))  # type: ignore[operator]
    assert by_label["Blended cost"][2] == f"{'+' if points > 0 else '−'}{decimal_text(abs(points), 1)} bp"


def test_a_run_without_a_quarter_before_compares_nothing_it_does_not_have() -> None:
    run = run_of("ledger")
    found = comparison(Subject(run, run.files()))
    assert found.before and not found.year_ago and found.sentence is not None
    assert all(one.since_year_ago is None for one in found.lines)
    cost = run.tables["cost"]
    alone = _with(run, cost=cost[cost["quarter"] == cost["quarter"].max()])
    only = comparison(Subject(alone, run.files()))
    assert (only.before, only.year_ago, only.end, only.sentence) == ("", "", "", None)
    assert not tree(page(alone)).xpath("//table[@id='t-compared']")


def test_planned_loans_are_not_the_date_of_the_data() -> None:
    assert "放款至2026-06-29" in said(tree(page_of("outlook/baseline")).xpath("//dl")[0], "zh")
    assert "全部为计划贷款" in said(tree(page_of("national/original")).xpath("//dl")[0], "zh")


def test_the_verdict_counts_what_is_left_out_and_what_is_not_sure() -> None:
    run = run_of("demo")
    verdict = said(tree(page_of("demo")).xpath("//dd[@class='verdict']")[0], "en")
    aside = int((run.tables["attribution"]["state"] == "set_aside").sum())
    used = values_used(Subject(run, run.files()))
    of = {status: sum(v.status == status for v in used) for status in ("unconfirmed", "assumption")}
    assert f"{aside} loans of the book (4.23%, 362.60 million yuan)" in verdict
    assert f"{of['unconfirmed']} are unconfirmed and {of['assumption']} are assumptions" in verdict
    assert "No loan is left out for an error." in said(
        tree(page_of("national/original")).xpath("//dd[@class='verdict']")[0], "en"
    )


def test_policy_values_are_words_not_ids() -> None:
    run = run_of("demo")
    for one in values_used(Subject(run, run.files())):
        assert "_" not in one.text.zh + one.text.en, one
    rates = [v.text.zh for v in values_used(Subject(run, run.files())) if v.name.en == "facility rate"]
    assert rates[:2] == ["1.75%", "1.50%"]


def test_the_verdict_counts_the_published_figures_that_are_not_met() -> None:
    outcome = run_of("national/original").tables["published"]["outcome"]
    compared, unmet = int(outcome.ne("input").sum()), int(outcome.isin(["differs", "fails"]).sum())
    assert 0 < unmet < compared
    text = page_of("national/original").decode()
    assert f"Of {compared} published figures compared, {unmet} differ." in text
    assert f"与已公布数据对照{compared}项，其中{unmet}项不一致。" in text
    assert "published figures compared" not in page_of("demo").decode()


def test_a_recorded_run_with_opening_tranches_says_what_its_balance_holds_and_foretells_nothing() -> None:
    recorded, simulated = page_of("ledger").decode(), page_of("demo").decode()
    for told in ("Opening tranches have no loans in the book", "期初批次在台账中没有对应借据", "不含期初披露数"):
        assert told in recorded and told not in simulated
    for told in ("later quarters are worked out ahead", "其后各季为推算"):
        assert told in simulated and told not in recorded


def test_the_data_reach_to_the_last_loan_of_the_book_supported_or_not() -> None:
    run = run_of("ledger")
    made = run.tables["attribution"]
    last = max(made.loc[made["state"] != "set_aside", "disbursed"])
    assert last > max(made.loc[made["supported"], "disbursed"])
    assert f"loans made up to {last.isoformat()}" in page_of("ledger").decode()
