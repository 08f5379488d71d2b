"""docs/glossary.md is made from the product's own words, and the words written by hand are those the product uses."""

from __future__ import annotations

from pathlib import Path

from tests.site import glossary

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_anew_the_same() -> None:
    assert glossary.page() == (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_the_chinese_terms_are_those_of_the_product() -> None:
    """Each is found in a text of the product or on a page other than the glossary: no second word for one thing."""
    texts = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "relending").rglob("*.toml")))
    pages = "".join(
        p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs").glob("*.md")) if p.name != "glossary.md"
    )
    terms = [term for group in glossary.written() for term in group["terms"]]
    lacking = [t["zh"] for t in terms if not all(part in texts + pages for part in t["zh"].split("、"))]
    assert len(terms) > 25 and not lacking


def test_each_term_leads_to_a_page() -> None:
    for group in glossary.written():
        for term in group["terms"]:
            assert (ROOT / "docs" / term["page"]).is_file(), term
