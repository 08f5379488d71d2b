"""Headers: exact names only, units applied exactly, everything wrong said at once."""

from __future__ import annotations

import pytest

from relending.book.headers import match
from relending.findings import messages

NEEDED = ["loan_id", "project_id", "sector", "principal", "rate", "disbursed", "matures"]


def codes(*headers, without=()):
    found = match([*(h for h in NEEDED if h not in without), *headers]).problems
    return {c: n for c, n in found.codes().items() if messages()[c].severity != "note"}


def scale(header, above=()):
    found = match([header], above=above)
    return (
        found.fields[0].scale,
        found.problems.codes().get("unknown_unit", 0),
        found.problems.codes().get("unit_conflict", 0),
    )


@pytest.mark.parametrize(
    "header, name",
    [
        ("ＬＯＡＮ_ID", "loan_id"),
        (" 借据编号 ", "loan_id"),
        ("Loan ID", "loan_id"),
        ("loanid", "loan_id"),
        ("*贷款金额", "principal"),
        ("放款\n金额", "principal"),
        ("借款人（全称）", "borrower"),
        ("Installed capacity", None),
        ("贷款", None),
        ("金额", None),
    ],
)
def test_a_header_is_a_column_or_it_is_not(header, name):
    fields = match([header]).fields
    assert (fields[0].column.name if fields else None) == name


@pytest.mark.parametrize(
    "header, fen_or_so",
    [
        ("贷款金额", 100),
        ("贷款金额（元）", 100),
        ("贷款金额（万元）", 10**6),
        ("贷款金额(亿元)", 10**10),
        ("贷款金额【单位：万元】", 10**6),
        ("贷款利率", 10**6),
        ("贷款利率（%）", 10**4),
        ("贷款利率（％）", 10**4),
        ("贷款利率%", 10**4),
        ("rate (bp)", 100),
        ("项目年度碳减排量（吨）", 10**6),
        ("项目年度碳减排量（万吨）", 10**10),
        ("项目年度碳减排量（吨二氧化碳当量/年）", 10**6),
        ("project_reduction (tCO2e/yr)", 10**6),
        ("装机容量（MW）", 1000),
        ("装机容量（万千瓦）", 10**4),
        ("年发电量(MWh)", 1000),
        ("年发电量（万千瓦时）", 10**4),
        ("重定价周期（年）", 12),
        ("加点（百分点）", 100),
    ],
)
def test_a_unit_in_brackets_is_an_exact_factor(header, fen_or_so):
    assert scale(header) == (fen_or_so, 0, 0)


@pytest.mark.parametrize(
    "header", ["贷款金额（万美元）", "贷款金额（吨）", "项目年度碳减排量（元）", "贷款利率（天）", "装机容量（个）"]
)
def test_an_unknown_unit_stops(header):
    assert scale(header)[1] == 1


def test_a_unit_above_the_header_counts_for_columns_without_their_own():
    above = [["示范银行台账（单位：万元、%）"]]
    assert scale("贷款金额", above) == (10**6, 0, 0)
    assert scale("贷款金额（元）", above) == (100, 0, 0)
    assert scale("贷款利率", above) == (10**4, 0, 0)
    assert scale("项目年度碳减排量", above) == (10**6, 0, 0)


def test_the_cell_right_above_a_header_goes_before_another():
    found = match(["贷款金额", "总投资"], above=[["单位：万元", "单位：亿元"]])
    assert [f.scale for f in found.fields] == [10**6, 10**10]
    assert match(["贷款金额"], above=[["", "单位：万元", "单位：元"]]).problems.codes()["unit_conflict"] == 1


def units(*headers, above=()):
    found = match(headers, above=above).problems.only("unit_not_given", "unit_differs").frame()
    return list(zip(found["code"], found["column"], found["found"], found["expected"], strict=True))


def test_an_amount_without_a_unit_beside_one_with_a_unit_is_a_warning():
    both = "总投资（元） / 总投资（万元）"
    assert units("贷款金额（万元）", "总投资") == [("unit_not_given", "project_investment", "总投资", both)]
    assert units("贷款金额", "总投资", above=[["", "万元"]]) == [
        ("unit_not_given", "principal", "贷款金额", "贷款金额（元） / 贷款金额（万元）")
    ]
    assert units("贷款金额", "项目年度碳减排量（万吨）") == [
        ("unit_not_given", "principal", "贷款金额", "贷款金额（元）")
    ]
    assert messages()["unit_not_given"].severity == "warning"


@pytest.mark.parametrize(
    "headers, above",
    [
        (["贷款金额", "总投资", "贷款利率（%）", "装机容量（MW）"], []),
        (["贷款金额（元）", "总投资（万元）", "项目年度碳减排量"], []),
        (["贷款金额", "总投资（亿元）", "项目年度碳减排量"], [["单位：亿元、%"]]),
        (["贷款金额（10000）", "贷款余额（万元）"], []),
    ],
)
def test_no_unit_is_missed_where_none_or_every_amount_has_one(headers, above):
    assert units(*headers, above=above) == []


def test_a_header_that_contradicts_the_unit_above_it_counts_with_a_warning():
    above = [["单位：万元、%"]]
    found = match(["贷款金额（元）", "总投资（万元）", "加点（bp）"], above=above)
    assert [f.scale for f in found.fields] == [100, 10**6, 1]
    assert units("贷款金额（元）", "总投资（万元）", "加点（bp）", above=above) == [
        ("unit_differs", "principal", "贷款金额（元） ≠ 万元", "")
    ]
    assert messages()["unit_differs"].severity == "warning"
    assert units("贷款金额（人民币万元）", above=above) == []


def test_a_unit_above_that_is_not_known_stops_and_the_name_of_an_office_does_not():
    assert match(["贷款金额"], above=[["单位：万美元"]]).problems.codes()["unknown_unit"] == 1
    assert (
        "unknown_unit" not in match(["贷款金额"], above=[["填报单位：示范银行"], ["单位：示范银行"]]).problems.codes()
    )


def test_all_needed_columns_are_named_at_once_with_the_nearest_header_found():
    problems = match(["借据编码", "放款额"]).problems.only("missing_column").frame()
    assert problems["column"].tolist() == sorted(NEEDED)
    assert dict(zip(problems["column"], problems["found"], strict=True))["loan_id"] == "借据编码"


@pytest.mark.parametrize("header", ["合同金额", "授信额度", "贷款余额", "贷款余额（万元）"])
def test_what_only_looks_like_the_principal_is_refused_with_the_reason(header):
    found = match([*(h for h in NEEDED if h != "principal"), header]).problems.only("wrong_column_principal").frame()
    assert found["found"].tolist() == [header] and found["expected"].tolist() == ["principal / 贷款金额"]
    assert codes(header, without=("principal",)) == {"wrong_column_principal": 1}
    assert codes(header) == {}


def test_what_only_looks_like_an_investment_or_a_reduction_is_a_warning():
    looked = {"wrong_column_investment": 2, "wrong_column_reduction": 1}
    assert codes("静态投资", "项目资本金", "年度碳减排量") == looked
    assert {messages()[code].severity for code in looked} == {"warning"}
    assert codes("静态投资", "总投资") == {}


def test_the_current_rate_is_not_the_rate_at_issue():
    assert codes("执行利率", without=("rate",)) == {"wrong_column_rate": 1}


def test_two_headers_for_one_column_and_the_same_header_twice_are_refused():
    assert codes("放款金额") == {"column_given_twice": 1}
    assert codes("备注", "备注") == {"duplicate_header": 1}
    assert codes("loan_id") == {"duplicate_header": 1}


def test_a_column_that_is_not_read_is_noted_once_and_a_lender_is_not_asked_for():
    assert match([*NEEDED, "备注"]).problems.codes() == {"column_ignored": 1}
    assert match(["x"] * 1 + [f"h{i}" for i in range(201)]).problems.codes()["too_many_columns"] == 1
