"""Every code of messages.toml can really occur, and docs/findings.md shows what is then said."""

from __future__ import annotations

from pathlib import Path

import pytest

from relending.findings import messages
from tests.findings import page
from tests.findings.cases import CASES, UNREACHED

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("code", [code for code in messages() if code not in UNREACHED])
def test_every_code_has_an_input_that_gives_it(code: str) -> None:
    found = page.example(code)
    assert found is not None, "no book of tests/books and no case of tests/findings gives it"
    for lang in page.LANGUAGES:
        assert found.said[lang], f"{found.typed} does not say it"
        assert messages()[code].message[lang] in found.said[lang][0]


def test_cases_are_of_codes_there_are_and_none_is_given_up_that_has_one() -> None:
    assert set(CASES) | set(UNREACHED) <= set(messages())
    assert not set(UNREACHED) & set(CASES)
    assert all(page._book_of(code) is None for code in UNREACHED)


def test_the_page_is_the_one_the_code_makes() -> None:
    assert (DOCS / "findings.md").read_text(encoding="utf-8") == page.page()
