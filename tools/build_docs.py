"""Writes the generated pages of docs/ again: the loan book's columns, the scenario file, the tables of a run folder,
the commands, the windows of the published statements, the measures of studies, the pictures, the register of published
figures, the shipped data, what is assumed with its effect, the glossary, the Python interface, and every finding with
an example.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from build_statements import windows_page

from relending.book.columns import columns_markdown
from relending.cli.document import commands_page
from relending.report.pictures.document import catalogue_markdown
from relending.runfolder.describe import tables_page
from relending.scenario.document import reference
from relending.shipped.document import page
from relending.study.document import measures_markdown

DOCS = Path(__file__).resolve().parents[1] / "docs"
MARK = "relending.runfolder.describe -->\n\n"
WINDOWS = "tools/build_statements.py -->\n\n"
BELOW = "\n<!-- written by hand from here on -->\n"
MEASURES = "relending.study.document -->\n\n"
PICTURES = "relending.report.pictures.document -->\n\n"


def pages() -> dict[str, str]:
    """Each page by its file name; of the run folder's page only what follows the mark is generated."""
    by_hand = (DOCS / "run_folder.md").read_text(encoding="utf-8").split(MARK)[0]
    studies = (DOCS / "studies.md").read_text(encoding="utf-8").split(MEASURES)[0]
    drawn = (DOCS / "pictures.md").read_text(encoding="utf-8").split(PICTURES)[0]
    told = (DOCS / "statements.md").read_text(encoding="utf-8").split(WINDOWS)[0]
    after = (DOCS / "commands.md").read_text(encoding="utf-8").split(BELOW.strip() + "\n")[1]
    return {
        "columns.md": columns_markdown(),
        "commands.md": commands_page() + BELOW + after,
        "scenario.md": reference(),
        "run_folder.md": by_hand + MARK + tables_page(),
        "statements.md": told + WINDOWS + windows_page(),
        "studies.md": studies + MEASURES + measures_markdown(),
        "pictures.md": drawn + PICTURES + catalogue_markdown(),
        "published.md": published_page(),
        "findings.md": findings_page(),
        "data.md": page(),
        "assumed.md": assumed_page(),
        "glossary.md": glossary_page(),
        **interface_pages(),
    }


def published_page() -> str:
    """What became of every published figure; the register is part of the tests, which import from the root."""
    sys.path.insert(0, str(DOCS.parent))
    return str(import_module("tests.facts.page").page())


def findings_page() -> str:
    """Every finding; its examples are part of the tests, which import from the root."""
    sys.path.insert(0, str(DOCS.parent))
    return str(import_module("tests.findings.page").page())


def assumed_page() -> str:
    """What is assumed, and what another value does; its runs are part of the tests, which import from the root."""
    sys.path.insert(0, str(DOCS.parent))
    return str(import_module("tests.site.assumed").page())


def interface_pages() -> dict[str, str]:
    """The public names in groups; tests hold them against ``relending.__all__`` and the built site."""
    sys.path.insert(0, str(DOCS.parent))
    return dict(import_module("tests.site.api").pages())


def glossary_page() -> str:
    """The terms in both languages; a test holds them against the code's own words."""
    sys.path.insert(0, str(DOCS.parent))
    return str(import_module("tests.site.glossary").page())


def main() -> None:
    """Write every page that differs, and say which."""
    for name, text in pages().items():
        path = DOCS / name
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        if not same:
            path.write_text(text, encoding="utf-8", newline="\n")
        print(f"docs/{name}: {'as it was' if same else 'written'}")


if __name__ == "__main__":
    main()
