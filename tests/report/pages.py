"""Runs and their pages, each made once; and how a page is read back."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import lxml.html

import relending as rl
from relending.report.page import report_page
from relending.runfolder import Run

HOSTILE = (
    '</script><script>document.title="owned"</script>',
    '<img src=x onerror="document.title=1">',
    "'\"><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% for x in y %}",
    "safe\u202egnp.exe\u2066",
    "bell\x07 and escape \x1b[31m",
    "https://example.invalid/x.png",
    "=HYPERLINK(1)",
    "x" * 5_000,
    "a\u0300" * 300,
)
"""Texts that a page, a template or a reader could obey."""


@cache
def run_of(name: str) -> Run:
    """A shipped scenario, carried out once."""
    return rl.run(name)


@cache
def page_of(name: str) -> bytes:
    """Its page, without pictures."""
    return page(run_of(name))


def page(run: Run) -> bytes:
    """The page of a run, without pictures."""
    return report_page(run, run.files())


def tree(made: bytes) -> lxml.html.HtmlElement:
    """The page as a tree."""
    return lxml.html.document_fromstring(made.decode("utf-8"))


def said(element: lxml.html.HtmlElement, lang: str) -> str:
    """The text of an element as who reads one language sees it, blanks made one."""
    other = {"zh": "en", "en": "zh-CN"}[lang]
    parts = [
        text
        for text in element.xpath(".//text()")
        if not any(one.get("lang") == other for one in [text.getparent(), *text.getparent().iterancestors()][:-1])
        or (text.is_tail and text.getparent().get("lang") == other and _free(text.getparent(), other))
    ]
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def _free(element: lxml.html.HtmlElement, other: str) -> bool:
    """Whether what follows an element is no part of another language."""
    return not any(one.get("lang") == other for one in list(element.iterancestors())[:-1])


def rows(table: lxml.html.HtmlElement, lang: str = "en") -> list[list[str]]:
    """The rows of the bodies of a table, without those that hold lists of loans."""
    found = table.xpath("./tbody/tr[not(contains(@class, 'loans'))]")
    return [[said(cell, lang) for cell in row.xpath("./th|./td")] for row in found]


def hostile_run(folder: Path) -> Run:
    """A run of a book whose every text is one of ``HOSTILE``; so is every text of its scenario."""
    columns = {
        "loan_id": "L{n}{text}", "borrower": "{text}", "project_id": "P{n}", "project_name": "{text}",
        "sector": "wind", "principal": "{n}000000", "rate": "0.03", "disbursed": "2024-01-05", "matures": "2034-01-05",
        "project_investment": "90000000", "project_reduction": "1000", "evidence": "eia", "evidence_doc": "{text}",
    }  # fmt: skip
    # a control character in a book is an error of its own, which the page tells with what was found
    with (folder / "book.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for n, text in enumerate(HOSTILE, 1):
            filled = [value.format(n=n, text=text[:200]) for value in columns.values()]
            writer.writerow(filled)
        writer.writerow(["E1", HOSTILE[0], "P99", HOSTILE[1], HOSTILE[0], HOSTILE[1], *["2024-13-45"] * 7])
    title = rl_text(HOSTILE[0] + HOSTILE[4])
    (folder / "s.toml").write_text(
        f'[scenario]\nname = "s"\ntitle = {{ zh = {title}, en = {title} }}\ndescription = {title}\nbook = "book.csv"\n'
        'lender = "x"\nstart = 2024-01-01\nend = 2024-12-31\nfacilities = ["cerf"]\n[market]\nown_rate = 0.03\n'
        f'[lenders.x]\nclass = "state"\nfull_name = {{ zh = {title}, en = {title} }}\n'
        f"short_name = {{ zh = {title}, en = {title} }}\n[facility.cerf]\n"
        f"ratio = [{{ from = 2021-01-01, value = 0.6, source = {title} }}]\n",
        encoding="utf-8",
        newline="\n",
    )
    return rl.run(folder / "s.toml")


def rl_text(text: str) -> str:
    """A text as TOML writes it."""
    from relending.scenario.problems import toml_text

    return toml_text(text)
