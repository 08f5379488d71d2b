"""A hidden value is found however a person spells it; our own words and longer words and numbers are none."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.lineage import known as known_module
from relending.lineage.known import Known
from relending.lineage.redaction import Redactor
from relending.policy import fields, sectors

VALUES = ["Acme Wind Power Co", "华能 新能源", "HT2301", "QX-LN-0001", "A1", "B", "Straße 甲", "2023-17", "乙 "]
HELD = [
    *("acme wind power co.xlsx", "Acme_Wind_Power_Co.csv", "ACMEWINDPOWERCO", "acme-wind-power-co2024.csv"),
    *("华能新能源.xlsx", "华能　新能源", "华能_新能源（副本）", "华\u200b能新能源台账"),
    *("ht2301.csv", "HT2301a", "HT 2301", "ＨＴ２３０１", "借据ht-2301号", "见HT2301"),
    *("qxln0001", "QX.LN.0001", "qx ln 0001 已还", "a1", "A-1", "A_1.xlsx", "A1b"),
    *("B", "B.xlsx", "借据B", "straße甲", "STRAßE 甲", "2023-17.xlsx", "2023_17", "乙 行", "B 2023-17"),
]
NOT_HELD = [
    *("Acme Wind", "Acme Wind Power Corp", "华能", "HT23012", "HT230", "XHT2301", "A12", "BA1"),
    *("b", "b.xlsx", "a book of loans", "AB", "B12", "乙行", "20231", "2023", ""),
]


@pytest.fixture(scope="module")
def known() -> Known:
    return Known([pa.array(VALUES[:4]), pa.array(VALUES[4:])])


@pytest.mark.parametrize("text", HELD)
def test_a_value_is_found_however_it_is_spelled(known: Known, text: str) -> None:
    assert known.holds(text)


@pytest.mark.parametrize("text", NOT_HELD)
def test_what_is_not_a_value_is_left(known: Known, text: str) -> None:
    assert not known.holds(text)


BETWEEN = st.sampled_from(["", " ", "_", "-", ".", "　", " - "])
PART = st.text("甲乙AbC12", min_size=2, max_size=4)


@given(st.lists(PART, min_size=1, max_size=4), st.data())
def test_what_is_between_the_parts_of_a_name_makes_no_difference(parts: list[str], data: st.DataObject) -> None:
    def spelled() -> str:
        return "".join(part + data.draw(BETWEEN) for part in parts)

    known = Known([pa.array([spelled()])])
    other = spelled()
    assert all(known.inside([other, other.upper(), other.lower(), f"见 {other}.xlsx", f"（{other}）"]))


def test_codes_of_sectors_and_fields_are_not_taken_for_projects_of_like_names() -> None:
    codes = [*sectors(), *fields()]
    names = [code.replace("_", " ").title() for code in codes]
    redactor = Redactor(b"a key for tests, of more than 16 bytes")
    known = Known([pa.array(names)], codes)
    assert [code for code in codes if redactor.guard("text", code, known) != code] == []
    assert not known.holds(f"{codes[0]}; {codes[1]}") and not known.holds(", ".join(codes))
    assert known.holds(f"{names[0]} II.xlsx")


def test_of_a_text_only_the_pieces_that_begin_and_end_as_a_value_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a million loans are searched in seconds, whatever they are called."""
    asked: list[int] = []

    def counted(pieces: set[str], values: object) -> set[str]:
        asked.append(len(pieces))
        return among(pieces, values)  # type: ignore[arg-type]

    among = known_module._among
    monkeypatch.setattr(known_module, "_among", counted)
    n = 10**5
    known = Known([pa.array([f"QX-LN-{i:07d}" for i in range(n)]), pa.array([f"鹭江 {i} 号风电" for i in range(n)])])
    texts = [f"book_{i}.xlsx row {i}: see QX LN {i:07d}x and words about it" for i in range(2000)]
    assert all(known.inside(texts)) and not any(known.inside(["QX-LN-10000000", "QX-LN-00000"]))
    assert sum(asked) <= 2 * len(texts) + 10
