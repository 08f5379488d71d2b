"""The page of a run in a real browser: on a phone and a desktop, by keyboard, on paper, and with hostile texts.

Runs where RELENDING_BROWSER is 1, as in .ci/run; there a missing Chromium is a failure.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Browser

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("RELENDING_BROWSER") != "1",
        reason="set RELENDING_BROWSER=1 to open the page of a run in Chromium",
    ),
    # libraries of the browser's side have warnings of their own
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
PAGES = ("demo", "ledger", "national/original", "hostile")
LANGS = ("zh", "en")
HAN = re.compile("[\u4e00-\u9fff]")
VISIBLE = """return Array.from(document.querySelectorAll(arguments[0])).filter(e => e.checkVisibility())
  .map(e => e.innerText)"""


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_is_asked_for_or_goes_wrong(browser: Browser, name: str, lang: str, size: str) -> None:
    browser.open(name, lang, size)
    wide, seen = browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true; scrollTo(0, 1e6)")
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    empty = "return Array.from(document.images).filter(i => i.checkVisibility() && !i.naturalWidth).length"
    assert browser.run(empty) == 0
    assert browser.requests() == []
    assert browser.errors() == []


def test_no_text_of_the_book_is_run(browser: Browser) -> None:
    browser.open("hostile")
    assert "script" in browser.run("return document.title")  # the title is the scenario's, and a text
    assert browser.run("return document.scripts.length") == 1
    assert not browser.run("return Boolean(window.owned) || document.title === 'owned' || document.title === '1'")
    assert browser.requests() == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["demo", "ledger", "hostile"])
def test_axe_finds_nothing(browser: Browser, name: str, lang: str) -> None:
    from axe_core_python.selenium import Axe

    browser.open(name, lang)
    browser.run("for (const one of document.querySelectorAll('details:not(.keep), tr.total details')) one.open = true")
    found = Axe().run(browser.driver)
    told = [(one["id"], one["impact"], one["nodes"][0]["target"], len(one["nodes"])) for one in found["violations"]]
    assert told == []
    assert len(found["passes"]) > 20


@pytest.mark.parametrize("script", [True, False])
def test_the_language_is_switched_by_keyboard_also_without_script(browser: Browser, script: bool) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open("demo", "en", script=script)
    switch = browser.find("#in-en")
    assert switch.is_selected()
    assert browser.find("h1").text.startswith("Demonstration Bank")
    switch.send_keys(Keys.ARROW_LEFT)
    assert browser.find("#in-zh").is_selected()
    assert browser.find("h1").text.startswith("示范银行")
    for selector in ("h2", "thead th", "summary"):
        told = [
            one for one in browser.run(VISIBLE, f".page {selector}") if one and not re.match(r"SHA-256|\d{4}Q\d$", one)
        ]
        assert told and all(map(HAN.search, told)), selector
    if script:
        told = browser.run("return [document.documentElement.lang, document.title.slice(0, 4)]")
        assert told == ["zh-CN", "示范银行"]


def test_without_the_address_the_language_is_the_readers(browser: Browser) -> None:
    for accepted, lang in (("zh-CN,zh", "zh"), ("en-GB", "en"), ("fr-FR", "en")):
        agent = browser.run("return navigator.userAgent")
        reader = {"userAgent": agent, "acceptLanguage": accepted}
        browser.driver.execute_cdp_cmd("Emulation.setUserAgentOverride", reader)
        browser.open("demo", "figures")
        assert browser.find(f"#in-{lang}").is_selected(), accepted
    browser.driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": "en-US"})


def _column(browser: Browser, table: str, column: int) -> list[str]:
    return browser.run(
        "return Array.from(document.querySelectorAll(`${arguments[0]} > tbody > tr`))"
        ".filter(r => r.checkVisibility()).map(r => r.cells[arguments[1]].innerText)",
        table,
        column,
    )


def _whole(browser: Browser, section: str) -> None:
    """Every row of a table, of which a long one shows the first alone."""
    browser.find(f"{section} .tools .rest").click()


def _integers(texts: list[str]) -> list[int]:
    return [int(re.sub(r"[,.%]", "", one)) for one in texts if one]


@pytest.mark.parametrize("lang", LANGS)
def test_a_column_of_figures_sorts_by_its_figures(browser: Browser, lang: str) -> None:
    browser.open("demo", lang)
    _whole(browser, "#quarters")
    head = browser.find("#t-quarters thead th:nth-child(4)")
    before = _column(browser, "#t-quarters", 3)
    assert head.get_attribute("aria-sort") == "none"
    button = head.find_element("css selector", "button")
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    up = _column(browser, "#t-quarters", 3)
    assert _integers(up) == sorted(_integers(before)) != _integers(before)
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert _integers(_column(browser, "#t-quarters", 3)) == sorted(_integers(before), reverse=True)
    assert len(up) == len(before)


def test_sorting_is_stable_and_what_is_empty_comes_last(browser: Browser) -> None:
    browser.open("demo")
    _whole(browser, "#quarters")
    browser.find("#t-quarters thead th:nth-child(1) button").click()
    browser.find("#t-quarters thead th:nth-child(12) button").click()  # the facility's rate, of which some have none
    rates = _column(browser, "#t-quarters", 11)
    empty = [one for one in rates if not one]
    assert empty and not any(rates[-len(empty) :])
    quarters = _column(browser, "#t-quarters", 0)
    for rate in set(filter(None, rates)):
        mine = [q for q, r in zip(quarters, rates, strict=True) if r == rate]
        assert mine == sorted(mine)


def test_a_filter_hides_what_has_not_its_words_and_says_how_many_are_left(browser: Browser) -> None:
    browser.open("demo", "zh")
    field = browser.find("#quarters input[type=search]")
    first = len(_column(browser, "#t-quarters", 0))
    _whole(browser, "#quarters")
    all_rows = len(_column(browser, "#t-quarters", 0))
    field.send_keys("2024Q2 示范城商")
    left = _column(browser, "#t-quarters", 0)
    assert left and set(left) == {"2024Q2"} and len(left) < all_rows
    status = browser.find("#quarters [role=status]").text
    assert status == f"显示 {len(left)} 行，共 {all_rows} 行"
    field.clear()
    field.send_keys(" ")
    assert len(_column(browser, "#t-quarters", 0)) == all_rows
    _whole(browser, "#quarters")
    assert len(_column(browser, "#t-quarters", 0)) == first == 12 < all_rows
    assert browser.find("#quarters [role=status]").text == f"显示 {first} 行，共 {all_rows} 行"
    field.send_keys("2021Q4")  # a filter looks through every row, also those not shown
    assert set(_column(browser, "#t-quarters", 0)) == {"2021Q4"}


LINES = """return Array.from(document.querySelectorAll(".group tbody:not([hidden]) > tr"))
  .filter(r => r.closest(".group") === document.querySelector(".group") && r.matches(".total, .field, .sector")
    && r.checkVisibility()).map(r => [r.className, r.cells[arguments[0]].innerText])"""


def test_disclosed_figures_sort_within_their_field_and_keep_their_loans(browser: Browser) -> None:
    browser.open("demo")
    before = browser.run(LINES, 2)
    browser.find(".group thead th:nth-child(3) button").click()
    up = browser.run(LINES, 2)
    assert up != before and sorted(up) == sorted(before)
    assert up[0] == before[0] and up[0][0] == "total"
    fields = [figure for kind, figure in up if kind == "field"]
    assert _integers(fields) == sorted(_integers(fields))
    within: list[list[str]] = []
    for kind, figure in up[1:]:
        if kind == "field":
            within.append([])
        else:
            within[-1].append(figure)
    assert max(map(len, within)) > 3
    for some in within:
        assert _integers(some) == sorted(_integers(some))
    names = [name.split("\n")[0] for _, name in browser.run(LINES, 0)]
    behind = browser.run(
        """return Array.from(document.querySelector(".group").querySelectorAll("tbody:not([hidden]) > tr.loans"))
        .map(r => r.previousElementSibling.cells[0].innerText.split("\\n")[0] +
          "|" + r.querySelector("p code").textContent.split("/").at(-2))"""
    )
    assert [one.split("|")[0] for one in behind] == names
    assert "Wind power|wind" in behind
    browser.find(".group thead th:nth-child(3) button").click()
    down = [figure for kind, figure in browser.run(LINES, 2) if kind == "field"]
    assert _integers(down) == sorted(_integers(fields), reverse=True)


def test_disclosed_figures_are_filtered_also_by_what_is_behind_them(browser: Browser) -> None:
    browser.open("demo")
    field = browser.find(".group input[type=search]")
    every = len(browser.run(LINES, 0))
    field.send_keys("wind power")
    left = [name for _, name in browser.run(LINES, 0)]
    assert any(name.startswith("Wind power") for name in left) and len(left) < every
    assert browser.find(".group [role=status]").text == f"{len(left)} of {every} rows shown"
    field.clear()
    loan = browser.run("return document.querySelector('.group tr.sector + tr.loans th.id').textContent")
    field.send_keys(loan)
    assert 0 < len(browser.run(LINES, 0)) < every
    browser.find(".group button[data-h=quarter]").click()  # the filter holds in what is chosen next
    assert browser.find(".group [role=status]").text.split(" of ")[1] != f"{every} rows shown"


def test_the_address_changes_the_language_of_a_page_that_is_open(browser: Browser) -> None:
    browser.open("demo", "en")
    browser.run("location.hash = '#zh'")
    browser.run("return new Promise(done => setTimeout(done, 50))")
    assert browser.find("#in-zh").is_selected() and browser.run("return document.documentElement.lang") == "zh-CN"
    browser.run("location.hash = '#trust'")
    browser.run("return new Promise(done => setTimeout(done, 50))")
    assert browser.find("#in-zh").is_selected()


def test_on_a_phone_pictures_are_as_large_as_can_be_read(browser: Browser) -> None:
    browser.open("demo", "zh", "phone")
    widths = browser.run(
        "return Array.from(document.images).filter(i => i.checkVisibility()).map(i => i.getBoundingClientRect().width)"
    )
    assert len(widths) > 4 and min(widths) >= 570


def test_quarter_and_horizon_are_chosen_and_loans_unfold_by_keyboard(browser: Browser) -> None:
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.select import Select

    browser.open("demo")
    heads = ".group:first-of-type tr.over"
    assert browser.run(VISIBLE, heads) == ["2026Q2 · since first support"]
    browser.find(".group button[data-h=year]").click()
    assert browser.run(VISIBLE, heads) == ["2026Q2 · this year"]
    assert browser.find(".group button[data-h=year]").get_attribute("aria-pressed") == "true"
    Select(browser.find(".group select")).select_by_visible_text("2024Q2")
    assert browser.run(VISIBLE, heads) == ["2024Q2 · this year"]
    browser.open("demo")
    summary = browser.find(".group tr.loans summary")
    assert browser.run(VISIBLE, ".group tr.loans td td") == []
    summary.send_keys(Keys.ENTER)
    assert len(browser.run(VISIBLE, ".group tr.loans tbody tr")) >= 5
    assert "demo/cerf/2026Q2/since_start/total/amount" in browser.find(".group tr.loans td").text


def test_without_script_the_last_quarter_and_every_list_are_there(browser: Browser) -> None:
    browser.open("demo", script=False)
    body = browser.find("main")
    assert "2026Q2 · since first support" in body.text and "2026Q2 · this quarter" in body.text
    assert browser.all(".tools") == []
    summary = browser.find(".group tr.loans summary")
    summary.click()
    assert "HT" not in summary.text and browser.find(".group tr.loans tbody tr").is_displayed()
    browser.open("demo")


def _text(path: Path) -> tuple[str, int]:
    import pypdfium2

    document: Any = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(one.get_textpage().get_text_range() for one in document), len(document)
    finally:
        document.close()


@pytest.mark.parametrize("lang", LANGS)
def test_on_paper_there_is_one_language_everything_open_and_no_switch(
    browser: Browser, lang: str, tmp_path: Path
) -> None:
    browser.open("demo", lang)
    text, pages = _text(browser.pdf(tmp_path / "page.pdf"))
    flat = re.sub(r"\s+", "", text)
    assert 5 < pages < 40
    assert "19,993,460,000.00" in flat and "3,539,423.619106" in flat
    assert "No published text settles it".replace(" ", "") in flat if lang == "en" else "未见公开文本规定" in flat
    assert ("错误" in flat) == (lang == "zh") and ("Supportedprincipal" in flat) == (lang == "en")
    for hidden in ("Filter", "筛选", "English", "2024Q2·sincefirstsupport"):
        assert hidden not in flat
    assert flat.count("核对于" if lang == "zh" else "StatusSourceChecked") > 3  # heads of tables on every sheet
    assert "SF2023122101" in flat  # a finding's place, folded on the screen
    assert browser.run("return document.querySelectorAll('details[open]').length") == 0


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("lang", LANGS)
def test_what_is_seen_is_drawn(browser: Browser, lang: str, size: str) -> None:
    import matplotlib.image

    browser.open("demo", lang, size)
    seen = matplotlib.image.imread(io.BytesIO(browser.picture()), format="png")
    assert seen.shape[1] == {"phone": 360, "desktop": 1280}[size]
    dark = (seen[..., :3].mean(axis=2) < 0.5).mean()
    assert 0.01 < dark < 0.3


def test_chinese_has_a_glyph_for_every_character(browser: Browser) -> None:
    browser.open("demo", "zh")
    wide = browser.run(
        """const c = document.createElement("canvas").getContext("2d");
        const drawn = (text) => { c.canvas.width = 40; c.canvas.height = 40; c.font = "20px " +
          getComputedStyle(document.documentElement).fontFamily; c.fillText(text, 5, 30);
          return c.canvas.toDataURL(); };
        return [drawn("贷"), drawn("款"), drawn("碳")];"""
    )
    assert len(set(wide)) == 3  # a font without them draws the same empty box each time
