"""Reads built pages: links, anchors, and what a browser would fetch on its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {
    ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("audio", "src"),
    ("embed", "src"), ("object", "data"), ("img", "srcset"), ("source", "srcset"), ("use", "href"), ("image", "href"),
    ("input", "src"), ("video", "poster"),
}  # fmt: skip
"""Attributes whose file is fetched without a click; so is what a <link> of one of these kinds names."""
FETCHED_LINKS = {
    "stylesheet",
    "icon",
    "shortcut",
    "preload",
    "prefetch",
    "modulepreload",
    "preconnect",
    "dns-prefetch",
    "manifest",
}


@dataclass
class Page(HTMLParser):
    """One page: its anchors, its links, and what it fetches."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    navigation: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._tree = 0
        self.source = self.path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "div" and (self._tree or "sidebar-tree" in given.get("class", "").split()):
            self._tree += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
            if self._tree:
                self.navigation.append(given["href"])
        if tag == "link" and set(given.get("rel", "").split()) & FETCHED_LINKS:
            self.fetched.append(given["href"])
        self.fetched += [value for name, value in given.items() if (tag, name) in FETCHED]
        if "style" in given:
            self.fetched += css_urls(given["style"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._tree:
            self._tree -= 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def pages(folder: Path) -> dict[str, Page]:
    """Every built page by its file name."""
    return {path.relative_to(folder).as_posix(): Page(path) for path in sorted(folder.rglob("*.html"))}


def css_urls(text: str) -> list[str]:
    """What a style sheet fetches."""
    return re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(r"@import\s+['\"]([^'\"]+)", text)


def elsewhere(address: str) -> bool:
    """Whether an address leads to another host (``data:`` is inside the page)."""
    parts = urlsplit(address)
    return parts.scheme not in ("", "data") or bool(parts.netloc)


def broken(pages: dict[str, Page], folder: Path) -> list[str]:
    """Links and anchors inside the site that lead nowhere, as "page: link"."""
    wrong = []
    for name, page in pages.items():
        for link in [*page.links, *page.fetched]:
            if elsewhere(link) or link.startswith("data:"):
                continue
            parts = urlsplit(link)
            target = (folder / name).parent / unquote(parts.path) if parts.path else folder / name
            there = target.resolve()
            if not there.is_file():
                wrong.append(f"{name}: {link}")
            elif parts.fragment and there.suffix == ".html":
                known = pages[there.relative_to(folder.resolve()).as_posix()].ids
                if unquote(parts.fragment) not in known and parts.fragment not in known:
                    wrong.append(f"{name}: {link}")
    return wrong
