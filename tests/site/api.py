"""docs/api_*.md: the public names in groups (``api.toml``), for Sphinx to fill in signatures and docstrings."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path
from typing import Any

import relending as rl


def texts() -> dict[str, Any]:
    """What is written by hand."""
    return tomllib.loads(Path(__file__).with_name("api.toml").read_text(encoding="utf-8"))


def named() -> set[str]:
    """Every name that has a place on a page."""
    pages = texts()["page"]
    return {name for page in pages for section in page.get("section", ()) for name in section["names"]} | {
        page["module"] for page in pages if "module" in page
    }


def pages() -> dict[str, str]:
    """The pages by file name."""
    return {f"{page['file']}.md": _page(page) for page in texts()["page"]}


def _page(page: dict[str, Any]) -> str:
    lines = [f"# {page['title']}", "", page["intro"].strip(), ""]
    if "module" in page:
        home = getattr(rl, page["module"]).__name__
        return "\n".join([*lines, *_directives([f".. automodule:: {home}", "   :members:", "   :imported-members:"])])
    lines += ["All names are those of `import relending as rl`; each loads on first use.", ""]
    for section in page["section"]:
        there = [name for name in section["names"] if name in rl.__all__]
        if there:
            body = [".. currentmodule:: relending"]
            for name in there:
                body += ["", *_directive(name)]
            lines += [f"## {section['title']}", "", *_directives(body)]
    return "\n".join(lines)


def _directives(body: list[str]) -> list[str]:
    return ["```{eval-rst}", *body, "```", ""]


def _directive(name: str) -> list[str]:
    value = getattr(rl, name)
    if not inspect.isclass(value):
        return [f".. autofunction:: {name}"]
    if issubclass(value, BaseException):
        return [f".. autoexception:: {name}"]
    return [f".. autoclass:: {name}", "   :members:"]
