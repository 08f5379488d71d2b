"""The template: made from the dictionary, filled in without a finding, and a scenario of its own."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from decimal import Decimal
from itertools import zip_longest

import openpyxl
import pytest
from click.testing import CliRunner

import relending as rl
from relending.book import read_book
from relending.book.columns import columns
from relending.book.parameters import parameters, template
from relending.book.template import TABLES, choices_of, header_of, write_template
from relending.cli import main
from relending.findings import InputError
from relending.scenario import load_scenario
from tests.template.conftest import BESIDE, SHEETS

LANGS = pytest.mark.parametrize("lang", ["zh", "en"])


@pytest.fixture
def blank(tmp_path):
    def make(lang):
        write_template(tmp_path / "t.xlsx", lang)
        return tmp_path / "t.xlsx"

    return make


@LANGS
def test_every_column_of_the_dictionary_is_there_with_its_unit_and_in_its_format(blank, lang):
    book = openpyxl.load_workbook(blank(lang))
    assert book.sheetnames == [template()["sheets"][n][lang] for n in ("parameters", *TABLES, "guide", "lists")]
    assert book[template()["sheets"]["lists"][lang]].sheet_state == "hidden"
    for table, name in zip(TABLES, (*SHEETS[lang][1:], *BESIDE[lang]), strict=True):
        sheet = book[name]
        heads = [cell.value for cell in sheet[1]]
        assert heads == [header_of(c, lang) for c in columns(table).values()]
        styles = {n: d.number_format for d in sheet.column_dimensions.values() for n in range(d.min, d.max + 1)}
        for at, column in enumerate(columns(table).values(), 1):
            style = styles[at]
            if column.type in ("id", "text", "period", "quarter"):
                assert style == "@", column.name
            if column.type == "date":
                assert style == "yyyy-mm-dd"


@LANGS
def test_words_can_be_chosen_from_lists_that_hold_just_the_words_read(blank, lang):
    book = openpyxl.load_workbook(blank(lang))
    sheet = book[SHEETS[lang][1]]
    rules = {next(iter(rule.sqref.ranges)).min_col: rule for rule in sheet.data_validations.dataValidation}
    assert len(rules) == len(columns())
    for at, column in enumerate(columns().values(), 1):
        words = choices_of(column, lang)
        assert rules[at].promptTitle == header_of(column, lang)[:32] and rules[at].prompt
        if not words:
            assert rules[at].type in (None, "none")
            continue
        source = rules[at].formula1
        if source.startswith('"'):
            assert source.strip('"').split(",") == words
        else:
            sheet_name, cells = source.replace("$", "").split("!")
            found = [row[0].value for row in book[sheet_name.strip("'")][cells]]
            assert found == words


@LANGS
def test_an_untouched_template_says_in_one_screen_what_to_fill_in(blank, lang):
    done = CliRunner().invoke(main, ["check", str(blank(lang)), "--lang", lang])
    assert done.exit_code == 1 and len(done.output.splitlines()) < 25
    for name in ("lender", "last_quarter", "own_rate"):
        assert parameters()[name].label[lang] in done.output


@LANGS
def test_filled_in_it_reads_back_without_a_finding(filled, lang):
    book = read_book(filled(lang), lender="icbc")
    assert book.findings.codes() == {}
    assert book.loans["loan_id"].tolist() == ["00123456789012345678", "JJ-2"]
    assert book.loans["principal_fen"].tolist() == [15_000_000_001, 8_000_000_000]
    assert book.loans["rate_ppm"].tolist() == [34_500, 36_000] and book.loans["sector"].tolist() == ["solar", "wind"]
    assert book.loans["project_reduction_g"].tolist() == [95_000_000_000, 51_000_500_000]
    assert book.loans["evidence"].tolist() == ["feasibility_study", "eia"] and len(book.prepayments) == 0


@LANGS
def test_every_choice_of_every_list_reads_back(filled, lang):
    for column in columns().values():
        words = choices_of(column, lang)
        if not words or column.name == "sector":
            continue
        values = [int(word) if column.one_of else word for word in words]
        for first, second in zip_longest(values[::2], values[1::2], fillvalue=values[0]):
            book = read_book(filled(lang, loans={header_of(column, lang): [first, second]}), lender="icbc")
            assert book.findings.count("error") == 0, (column.name, first, second)
            assert len(book.loans) == 2
    from relending.policy import sectors

    words = [getattr(s, lang) for s in sectors().values()]
    heads = [header_of(c, lang) for c in columns().values()]
    path = filled(lang)
    book = openpyxl.load_workbook(path)
    sheet = book[SHEETS[lang][1]]
    for row, word in enumerate(words, 2):
        for at in range(1, len(heads) + 1):
            sheet.cell(row, at).value = sheet.cell(2 + row % 2, at).value
        sheet.cell(row, 1).value = f"L{row}"
        sheet.cell(row, heads.index(header_of(columns()["sector"], lang)) + 1).value = word
    book.save(path)
    read = read_book(path, lender="icbc")
    assert read.loans["sector"].tolist() == list(sectors()) and read.findings.codes() == {}


@LANGS
def test_the_example_row_left_in_is_no_loan_and_said(filled, lang):
    book = read_book(filled(lang, keep_example=True), lender="icbc")
    assert book.findings.codes() == {"example_row": 2} and len(book.loans) == 2 and len(book.prepayments) == 0


@LANGS
def test_the_example_row_is_a_loan_any_reader_would_take(filled, lang):
    path = filled(lang, keep_example=True)
    book = openpyxl.load_workbook(path)
    book[SHEETS[lang][1]].cell(2, 1).value = "L9"
    book[SHEETS[lang][2]].cell(2, 1).value = "L9"
    book.save(path)
    run = rl.run(path)
    assert run.all_findings.count("error") == 0 and run.attribution["supported"].tolist() == [True] * 3


@LANGS
def test_it_stands_for_a_scenario_and_the_file_saved_with_the_run_gives_the_same(filled, tmp_path, lang):
    path = filled(lang)
    run = rl.run(path)
    assert (run.scenario.lender, run.scenario.end, run.scenario.decimals["rate"]) == ("icbc", dt.date(2024, 6, 30), 2)
    assert run.all_findings.codes() == {} and run.attribution["supported"].all()
    run.save(tmp_path / "run")
    assert rl.verify(tmp_path / "run") == []
    (path.parent / "again.toml").write_bytes((tmp_path / "run" / "scenario.toml").read_bytes())
    again = rl.run(path.parent / "again.toml")
    ours, theirs = (
        {k: v for k, v in r.scenario.resolved().items() if k not in ("sources", "market")} for r in (run, again)
    )
    assert ours == theirs
    assert [v.value for v in again.scenario.own_rate[""].values] == [v.value for v in run.scenario.own_rate[""].values]
    for name in ("loans", "screening", "attribution", "draws", "ledger", "funding", "disclosure", "cost"):
        assert again.tables[name].equals(run.tables[name]), name


def test_what_is_set_on_the_command_line_is_in_the_file_saved(filled, tmp_path):
    scenario = load_scenario(filled(), ["facility.cerf.ratio=0.8", "scenario.end=2024-12-31"])
    assert "ratio = 0.8" in scenario.toml and "end = 2024-12-31" in scenario.toml


def test_an_own_bank_has_its_class_names_and_admission(filled):
    scenario = load_scenario(
        filled(
            parameters={
                "金融机构": "示范银行",
                "机构类别": "城市商业银行",
                "全称（中文）": "示范银行股份有限公司",
                "碳减排支持工具获准日期": dt.date(2023, 4, 1),
                "货币政策工具": "碳减排支持工具",
            }
        )
    )
    own = scenario.lenders[scenario.lender]
    assert (own.cls, own.full_name["zh"], own.short_name["zh"]) == ("city", "示范银行股份有限公司", "示范银行")
    assert own.admitted == {"cerf": dt.date(2023, 4, 1)} and [f.id for f in scenario.facilities] == ["cerf"]


def test_an_own_bank_is_known_by_its_name_in_the_loans(filled):
    path = filled(
        parameters={"金融机构": "示范银行", "机构类别": "国有大型商业银行"}, loans={"金融机构": ["示范银行", None]}
    )
    run = rl.run(path)
    assert run.tables["loans"]["lender"].tolist() == ["own", "own"] and run.all_findings.codes() == {}


def test_later_costs_of_funds_stand_in_the_small_table(filled):
    path = filled()
    book = openpyxl.load_workbook(path)
    sheet = book["参数"]
    row = next(r for r in range(1, 60) if sheet.cell(r, 1).value == "生效日期")
    for n, (day, rate) in enumerate([(dt.date(2023, 1, 1), 2.6), ("2024年1月1日", "2.4%")], 1):
        sheet.cell(row + n, 1).value, sheet.cell(row + n, 2).value = day, rate
    book.save(path)
    rates = load_scenario(path).own_rate[""].values
    assert [(v.start, v.value) for v in rates] == [
        (dt.date(2021, 7, 1), 29_500),
        (dt.date(2023, 1, 1), 26_000),
        (dt.date(2024, 1, 1), 24_000),
    ]


WRONG = [
    ({"报告季度": "二季度"}, "unreadable_quarter", "报告季度"),
    ({"自有资金成本（%）": 0.0295}, "parameter_rate_ambiguous", "自有资金成本（%）"),
    ({"机构类别": "大银行"}, "unknown_value", "机构类别"),
    ({"货币政策工具": "碳减排"}, "unknown_facility", "货币政策工具"),
    ({"利率小数位数": 9}, "scenario_bad_value", "利率小数位数"),
    ({"利率小数位数": "两位"}, "unreadable_number", "利率小数位数"),
    ({"金融机构": "示范银行"}, "value_missing", "机构类别"),
    ({"碳减排支持工具获准日期": "四月"}, "unreadable_date", "碳减排支持工具获准日期"),
    ({"起始季度": "2025Q1"}, "scenario_bad_value", "起始季度"),
]


@pytest.mark.parametrize("answers, code, label", WRONG)
def test_a_wrong_answer_is_told_with_sheet_row_and_label(filled, answers, code, label):
    with pytest.raises(InputError) as stop:
        load_scenario(filled(parameters=answers))
    found = stop.value.findings.frame()
    assert found["code"].tolist() == [code]
    assert found["sheet"].tolist() == ["参数"] and found["column"].tolist() == [label] and found["row"].notna().all()


def test_all_wrong_answers_are_told_at_once(filled):
    answers = {k: v for given, _, _ in WRONG[:4] for k, v in given.items()}
    with pytest.raises(InputError) as stop:
        load_scenario(filled(parameters=answers))
    assert set(stop.value.findings.codes()) == {code for _, code, _ in WRONG[:4]}


def test_a_label_changed_or_added_is_not_passed_over(filled):
    path = filled()
    book = openpyxl.load_workbook(path)
    book["参数"].cell(16, 1).value, book["参数"].cell(16, 2).value = "金额小数", 3
    book.save(path)
    with pytest.raises(InputError) as stop:
        load_scenario(path)
    assert stop.value.findings.frame()[["code", "row", "found"]].values.tolist() == [
        ["parameter_unknown", 16, "金额小数"]
    ]


def test_a_formula_among_the_parameters_that_was_never_computed_is_told(filled):
    with pytest.raises(InputError) as stop:
        load_scenario(filled(parameters={"自有资金成本（%）": "=1+1.95"}))
    assert "formula_not_calculated" in stop.value.findings.codes()


def test_a_book_without_parameters_is_no_scenario_and_the_way_on_is_told(filled):
    path = filled()
    book = openpyxl.load_workbook(path)
    for sheet in ("参数", "说明", "lists"):
        del book[sheet]
    book.save(path)
    done = CliRunner().invoke(main, ["run", str(path), "--lang", "zh"])
    assert done.exit_code == 1 and "relending template" in done.output


def test_the_verb_writes_once_and_replaces_only_when_told(tmp_path):
    out = tmp_path / "模板 1.xlsx"
    run = CliRunner().invoke
    assert run(main, ["template", str(out), "--lang", "zh"]).exit_code == 0
    before = out.read_bytes()
    assert run(main, ["template", str(out)]).exit_code == 2 and out.read_bytes() == before
    assert run(main, ["template", str(out), "--force"]).exit_code == 0 and out.read_bytes() != before
    assert run(main, ["template", str(tmp_path / "a.xls")]).exit_code == 2
    missing = run(main, ["template", str(tmp_path / "no" / "a.xlsx")])
    assert missing.exit_code == 1 and "Traceback" not in missing.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["模板 1.xlsx"]


@LANGS
def test_the_same_bytes_every_time_and_nobody_s_name_in_it(tmp_path, lang):
    for name in ("a.xlsx", "b.xlsx"):
        write_template(tmp_path / name, lang)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as z:
        core = z.read("docProps/core.xml").decode()
        everything = b"".join(z.read(n) for n in z.namelist() if n.startswith("xl/worksheets/"))
    assert re.findall(r"<dc:creator>(.*?)</dc:creator>", core) in ([], [""])
    assert b"<f>" not in everything


def test_parameters_and_their_keys_are_each_once(filled):
    labels = [text for p in parameters().values() for text in set(p.label.values())]
    assert len(labels) == len(set(labels)) and len({p.key for p in parameters().values()}) == len(parameters())
    assert load_scenario(filled()).own_rate[""].values[0].value == Decimal("0.0295") * 10**6


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize("gone", ["renamed", "deleted"])
def test_a_template_without_its_parameter_sheet_says_so(filled, verb, gone, monkeypatch):
    path = filled()
    book = openpyxl.load_workbook(path)
    if gone == "renamed":
        book["参数"].title = "参数表"
    else:
        del book["参数"]
    book.save(path)
    monkeypatch.chdir(path.parent)
    done = CliRunner().invoke(main, [verb, path.name, "--lang", "zh"])
    assert done.exit_code == 1 and "parameter_sheet_missing" in done.output
    assert "--lender" not in done.output and "scenario_is_book" not in done.output
