"""Runs at the edge of what is allowed: each has its page and pictures, and what they show is what the tables hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending.report.pictures import fields, run_off, sectors, tranches
from relending.report.pictures.source import NothingToPlotError, Source
from relending.runfolder.reporting import report_files
from tests.pictures.conftest import ROW

OPENING = "lender,facility,drawn_on,due_on,principal,rate,rollovers_used,tranche"
ODD: dict[str, dict[str, str]] = {
    "nothing may be drawn": {"more": "[facility.cerf]\nquota = 0\n"},
    "nothing is funded": {"more": "[facility.cerf]\nratio = 0\n"},
    "money for five months": {"more": "[facility.cerf]\nterm_months = 5\nrollovers = 0\n"},
    "one quarter, drawn after it": {"end": "2023-03-31", "more": "[facility.cerf]\nlag_days = 100\n"},
    "no interest at all": {"0.035": "0", "more": "[facility.cerf]\nrate = 0\n"},
    "a yearly quota, asked for again": {"more": "[facility.cerf]\nquota = { flow = 1e6 }\ncarry_over = true\n"},
    "a loan of a month": {"2030-02-15": "2023-03-15"},
    "no reduction": {"5000": "0"},
    "a balance, and no loan of its lender": {"lender": 'icbc"\nopening_tranches = "open.csv'},
    "a facility that lists nothing": {"facilities": '["small_business"]', "lender": "xiamen", "wind": "retail"},
}


@pytest.mark.parametrize("name", ODD)
def test_it_has_its_page_and_pictures_and_they_hold_what_the_tables_hold(name: str, small: Any, tmp_path: Path) -> None:
    (tmp_path / "open.csv").write_text(f"{OPENING}\nabc,cerf,2022-06-30,2023-06-30,1000000000,0.01,0,\n")
    run = small(f"{ROW},small", head="borrower_type", **ODD[name])
    folder = run.save(tmp_path / "run")
    for file, made in report_files(rl.open_run(folder)).items():
        assert (folder / file).read_bytes() == made, file
    funding, disclosed = run.tables["funding"], run.tables["disclosure"]
    whole = disclosed[disclosed["horizon"].eq("since_start") & disclosed["level"].eq("total")]
    lent = whole.groupby("quarter", sort=False)["amount_fen"].sum().tolist()
    held = funding.groupby("quarter", sort=False)["balance_fen"].sum().tolist()
    for picture, figure, expected in (
        (tranches, lambda found: found[0].balance, held),
        (run_off, lambda found: [sum(found[0].due_next), sum(found[0].due_last)], held[-1:] * 2),
        (fields, lambda found: [sum(v) for v in zip(*found.amount.values(), strict=True)], lent),
        (sectors, lambda found: [sum(bar.amount for bar in found)], lent[-1:]),
    ):
        try:
            assert figure(picture.prepare(Source(run))) == expected, picture.NAME
        except NothingToPlotError:
            assert not any(expected), picture.NAME
