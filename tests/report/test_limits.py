"""However much a run holds the page stays small, and says what it leaves out and where that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relending.report.page import Drawing, report_page
from relending.report.page.build import MOST_PICTURES
from relending.report.page.cells import MOST_GROUPS
from relending.report.page.largest import top
from relending.report.page.tables import MOST_QUARTERS, MOST_TRANCHES
from relending.report.pictures import Drawn
from tests.report.pages import page, run_of, said, tree
from tests.report.test_page import _with

MANY = 100


@pytest.fixture(scope="module")
def many_lenders() -> bytes:
    """The demonstration with a hundred lenders that have done as much each, and 100,000 more findings."""
    run = run_of("demo")

    def times(name: str) -> pd.DataFrame:
        frame = run.tables[name]
        frame = frame[frame["lender"] == "demo"]
        parts = [frame.assign(lender=f"bank_{n}" if n else "demo") for n in range(MANY)]
        if name == "ledger":
            parts = [p.assign(tranche=p["tranche"] + f"/{n}") for n, p in enumerate(parts)]
        return pd.concat(parts, ignore_index=True).astype(frame.dtypes.to_dict())

    more = {name: times(name) for name in ("cost", "funding", "disclosure", "ledger")}
    more["ledger"] = more["ledger"].sort_values("date", kind="stable", ignore_index=True)
    findings = run.tables["findings"]
    more["findings"] = findings.iloc[np.arange(100_000) % len(findings)].reset_index(drop=True)
    return page(_with(run, **more))


def test_a_hundred_lenders_and_a_hundred_thousand_findings_fit_on_a_small_page(many_lenders: bytes) -> None:
    found = tree(many_lenders)
    assert len(many_lenders) < 5_000_000 - MOST_PICTURES
    assert len(found.xpath("//article")) == MOST_GROUPS
    assert 0 < len(found.xpath("//table[@id='t-quarters']/tbody/tr")) <= MOST_QUARTERS
    assert len(found.xpath("//table[@id='t-tranches']/tbody/tr")) == MOST_TRANCHES
    counts = [int(said(td, "en").replace(",", "")) for td in found.xpath("//table[@id='t-findings']/tbody/tr/td[1]")]
    assert sum(counts) == 100_000


def test_what_is_cut_says_how_much_and_where_it_is(many_lenders: bytes) -> None:
    cuts = [said(one, "en") for one in tree(many_lenders).xpath("//p[@class='cut']")]
    assert len(cuts) == 3
    assert "funding.csv, cost.csv" in cuts[0]
    assert f"{2 * MANY - MOST_GROUPS} more are in disclosure.csv" in cuts[1]
    assert "ledger.csv" in cuts[2]
    places = [said(one, "en") for one in tree(many_lenders).xpath("//table[@id='t-findings']//p[@class='small']")]
    assert any("more are in findings.csv" in one for one in places)


def test_nothing_is_said_to_be_cut_where_nothing_is() -> None:
    assert tree(page(run_of("demo"))).xpath("//p[@class='cut']") == []


def test_pictures_too_large_for_the_page_are_named_in_both_languages() -> None:
    run = run_of("demo")
    small, large = (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"x" * MOST_PICTURES)
    drawings = [
        Drawing(Drawn(name, lang, f"{name} {lang}", f"says {name}", None), svg)  # type: ignore[arg-type]
        for name, svg in (("a", small), ("b", large), ("c", small))
        for lang in ("zh", "en")
    ]
    found = tree(report_page(run, run.files(), drawings)).xpath("//section[@id='pictures']")[0]
    assert [len(figure.xpath(".//img")) for figure in found.xpath(".//figure")] == [2, 0, 2]
    assert all(one.get("alt") and one.get("lang") for one in found.xpath(".//img"))
    for lang, word in (("zh", "未嵌入本页"), ("en", "Too large for this page")):
        told = [said(one, lang) for one in found.xpath(".//figcaption")]
        assert [word in one for one in told] == [False, True, False]
        assert f"figures/b_{lang}.svg" in told[1]


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_are_those_a_sort_would_put_first(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-5, 5, random.integers(0, 40))
    most = int(random.integers(1, 8))
    assert top(values, most).tolist() == sorted(range(values.size), key=lambda i: (-values[i], i))[:most]
