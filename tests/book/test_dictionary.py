"""The dictionary of columns, the frame, the page and the messages say the same."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from relending.book import read_book
from relending.book.columns import columns, columns_markdown, frame_columns
from relending.book.headers import plain, wrong_column
from relending.findings import SEVERITIES, messages

ROOT = Path(__file__).parents[2]

FRAME = [
    "file",
    "sheet",
    "row",
    "loan_id",
    "contract_id",
    "lender",
    "branch",
    "borrower",
    "borrower_type",
    "project_id",
    "project_code",
    "project_name",
    "publish_name",
    "sector",
    "purpose",
    "issue_type",
    "principal_fen",
    "rate_ppm",
    "rate_now_ppm",
    "disbursed",
    "matures",
    "repayment",
    "payments_per_year",
    "grace_until",
    "project_investment_fen",
    "project_reduction_g",
    "loan_reduction_reported_g",
    "evidence",
    "evidence_doc",
    "evidence_by",
    "evidence_date",
    "region",
    "capacity_kw",
    "output_kwh",
    "operational",
    "refinances",
    "rate_type",
    "lpr_tenor",
    "spread_bp",
    "reprice_months",
    "next_reprice",
    "extended_to",
    "ineligible_from",
    "contract_limit_fen",
    "syndicate_total_fen",
    "syndicate_share_ppm",
    "data_error",
    "planned",
]


def test_the_frame_has_the_columns_others_build_on_in_their_order():
    assert list(frame_columns()) == FRAME
    assert list(frame_columns("prepayments")) == ["file", "sheet", "row", "loan_id", "date", "amount_fen"]


def test_a_read_frame_has_the_types_of_the_dictionary(book_of):
    loans = book_of({}).loans
    kinds = {"string": "string", "int64": "int64", "date32": "date32[day]", "bool": "bool"}
    assert [str(t.pyarrow_dtype) for t in loans.dtypes] == [kinds[k] for k in frame_columns().values()]


def test_no_header_means_two_columns():
    for table in ("loans", "prepayments"):
        said = Counter(h for c in columns(table).values() for h in {plain(h) for h in c.headers})
        assert [h for h, n in said.items() if n > 1] == []


def test_every_enumerated_spelling_means_one_value():
    for column in columns().values():
        said = Counter(w for v, names in column.values.items() for w in {plain(x) for x in (v, *names)})
        assert [w for w, n in said.items() if n > 1] == []


def test_every_unit_is_a_power_of_ten_or_a_year_of_months():
    for column in columns().values():
        for unit, scale in column.units.items():
            assert unit == "years" or unit == "年" or re.fullmatch("10*", str(scale)), (column.name, unit)


def test_the_page_of_columns_is_the_dictionary():
    assert (ROOT / "docs" / "columns.md").read_text(encoding="utf-8") == columns_markdown()


def test_every_code_speaks_both_languages():
    for code, m in messages().items():
        assert m.severity in SEVERITIES, code
        for said in (m.message, m.fix):
            assert re.search("[a-z]", said["en"]) and not re.search("[\u4e00-\u9fff]", said["en"]), code
            assert re.search("[\u4e00-\u9fff]", said["zh"]), code
            assert not said["en"].endswith(".") and not said["zh"].endswith("。"), code


def test_every_column_with_lookalikes_has_its_own_reason():
    for table in ("loans", "prepayments"):
        for column in columns(table).values():
            if column.not_it:
                severity = "error" if column.required == "always" else "warning"
                assert messages()[wrong_column(column)].severity == severity
    assert {c for c in messages() if c.startswith("wrong_column")} == {
        wrong_column(c) for c in columns().values() if c.not_it
    }


def test_no_check_is_promised_that_is_not_made():
    for name in ("region", "operational"):
        assert columns()[name].description["en"].endswith("kept for plausibility checks to come")
        assert columns()[name].description["zh"].endswith("供以后合理性检查使用")
    for name in ("capacity_mw", "output_mwh"):
        assert columns()[name].description["en"].endswith("for plausibility warnings only")
        assert columns()[name].description["zh"].endswith("仅用于合理性警告")


def test_every_code_the_package_names_has_a_message():
    named = set()
    for path in (ROOT / "relending").rglob("*.py"):
        named |= set(
            re.findall(r"(?:Findings\.(?:one|of)|blame|Problem)\(\s*\"([a-z_]+)\"", path.read_text(encoding="utf-8"))
        )
    assert named and named <= set(messages())


def test_every_chinese_and_english_header_is_read_as_its_column(tmp_path):
    for names in ("name", "zh", "en"):
        text = ",".join(getattr(c, names) for c in columns().values())
        row = {"sector": "wind", "principal": "1", "rate": "0.04", "disbursed": "2022-01-05", "matures": "2032-01-05"}
        path = tmp_path / f"{names}.csv"
        path.write_text(
            text + "\n" + ",".join(row.get(c.name, "P" if c.type == "id" else "") for c in columns().values()) + "\n",
            encoding="utf-8",
        )
        book = read_book(path, lender="icbc")
        assert book.findings.codes() == ({"unit_assumed": 1} if names == "zh" else {})
        assert book.loans["principal_fen"].tolist() == [100]
