"""CITATION.cff is complete, of this version, and what the README says under "How to cite"."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def given(key: str) -> str:
    """A one-line value at the top level of the file."""
    found = re.search(rf"^{key}: (.+)$", TEXT, re.MULTILINE)
    assert found is not None, key
    return found[1].strip().strip('"')


def test_it_is_of_the_version_and_licence_of_setup_cfg() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert given("cff-version") == "1.2.0" and given("type") == "software"
    assert given("version") == config["metadata"]["version"] and given("license") == config["metadata"]["license"]
    words = re.findall(r"^  - ([^:\n]+)$", TEXT.split("keywords:")[1], re.MULTILINE)
    assert {w.strip() for w in config["metadata"]["keywords"].split(",")} <= set(words)


def test_it_has_what_the_format_asks_for() -> None:
    """Citation File Format 1.2.0: cff-version, message, title and authors are required."""
    assert given("message") and given("title").startswith("relending: ")
    assert re.search(r'^authors:\n  - name: "relending contributors"$', TEXT, re.MULTILINE)
    assert re.search(r"^abstract: >-\n  \S", TEXT, re.MULTILINE)


def test_the_readme_cites_as_the_file_does() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split("## How to cite")[1].split())
    assert f"relending contributors. *{given('title')}*. Version {given('version')}. {given('license')}." in readme
