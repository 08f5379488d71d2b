"""The first batch of the facility: 142.5 bn yuan lent, 85.5 bn of funds; one bank 18.946 and 11.368 bn: 0.600 of each.

Sources: PBoC on the first batch, December 2021; Agricultural Bank of China and China Development Bank as reported in
the press (scenarios/national/aggregates.csv; tests/facts/data/methods.csv, 1.1). The other lenders' loans are what is
left of the total.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import relending as rl

BOOK = """\
loan_id,lender,project_id,sector,principal（亿元）,rate,disbursed,matures,project_investment（亿元）,project_reduction,evidence
A1,abc,P1,wind,100,0.0400,2021-07-01,2036-07-01,200,2000000,eia
A2,abc,P2,solar,89.46,0.0400,2021-11-15,2036-11-15,200,2000000,eia
C1,cdb,P3,wind,171.11,0.0400,2021-10-08,2036-10-08,400,4000000,eia
I1,icbc,P4,pumped_storage,564.43,0.0400,2021-09-30,2036-09-30,1200,9000000,eia
I2,icbc,P5,new_power_system,500,0.0400,2021-12-31,2036-12-31,1000,9000000,eia
"""
FIGURES = """\
lender,facility,quarter,horizon,measure,value,unit,source
,cerf,2021Q4,since_start,amount,1425,亿元,first batch
,cerf,2021Q4,since_start,drawn,855,亿元,first batch
,cerf,2021Q4,quarter,balance,855,亿元,first batch
abc,cerf,2021Q4,since_start,amount,189.46,亿元,Agricultural Bank of China
abc,cerf,2021Q4,since_start,drawn,113.68,亿元,Agricultural Bank of China
cdb,cerf,2021Q4,since_start,drawn,102.67,亿元,China Development Bank
"""
SCENARIO = """
[scenario]
name = "first_batch"
book = "book.csv"
published = "published.csv"
start = 2021-07-01
end = 2021-12-31
facilities = ["cerf"]
[market]
own_rate = 0.0295
"""


@pytest.fixture(scope="module")
def first_batch(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("first_batch")
    for name, text in (("book.csv", BOOK), ("published.csv", FIGURES), ("s.toml", SCENARIO)):
        (folder / name).write_text(text, encoding="utf-8")
    return rl.run(folder / "s.toml")


def test_methods_1_1_published_funds_of_the_first_batch_are_drawn(first_batch: Any) -> None:
    got = first_batch.published[["published", "reproduced", "outcome"]].values.tolist()
    assert got == [
        ["1425", "1425", "equal"],
        ["855", "855", "equal"],
        ["855", "855", "equal"],
        ["189.46", "189.46", "equal"],
        ["113.68", "113.68", "equal"],  # 11.3676 bn before rounding
        ["102.67", "102.67", "equal"],  # 10.2666 bn before rounding
    ]


def test_methods_1_1_all_is_drawn_on_the_last_day_of_2021_as_60_percent_of_each_loan(first_batch: Any) -> None:
    draws = first_batch.tables["draws"].set_index("loan_id")["drawn_fen"]
    assert {loan: int(fen) for loan, fen in draws.items()} == {
        "A1": 600_000_000_000,
        "A2": 536_760_000_000,
        "C1": 1_026_660_000_000,
        "I1": 3_386_580_000_000,
        "I2": 3_000_000_000_000,
    }
    assert int(draws.sum()) == 8_550_000_000_000  # 0.600 of 142.5 bn
    ledger = first_batch.tables["ledger"]
    drawn = ledger[ledger["event"] == "draw"]
    assert set(drawn["date"].astype(str)) == {"2021-12-31"}
    assert dict(zip(drawn["lender"], drawn["amount_fen"], strict=True)) == {
        "abc": 1_136_760_000_000,  # 0.600 of 18.946 bn
        "cdb": 1_026_660_000_000,
        "icbc": 6_386_580_000_000,
    }
