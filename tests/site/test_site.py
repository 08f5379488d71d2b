"""The site builds without a warning, works without a network, leads everywhere and nowhere else, and finds Chinese."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import relending as rl
from tests.site import built
from tests.site.conftest import ROOT, Site

DOCS = ROOT / "docs"
MADE_BY_SPHINX = {"genindex.html", "py-modindex.html", "search.html"}


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, built.Page]:
    assert site.code == 0, site.said
    return built.pages(site.folder)


def test_it_builds_without_a_warning(site: Site) -> None:
    assert (site.code, site.said.strip()) == (0, "")


def test_every_page_of_docs_is_a_page_of_the_site(pages: dict[str, built.Page]) -> None:
    assert {f"{path.stem}.html" for path in DOCS.glob("*.md")} == set(pages) - MADE_BY_SPHINX


def test_every_link_and_anchor_inside_leads_somewhere(pages: dict[str, built.Page], site: Site) -> None:
    assert sum(len(page.links) for page in pages.values()) > 2000
    assert not built.broken(pages, site.folder)


def test_every_page_is_in_the_navigation_of_every_other(pages: dict[str, built.Page]) -> None:
    wanted = set(pages) - MADE_BY_SPHINX - {"index.html"}
    for name in sorted(wanted):
        # the link to the page itself is "#" there; the front page is the heading of the navigation
        reached = {link.split("#")[0] for link in pages[name].navigation} | {name}
        assert wanted <= reached, name


def test_nothing_is_fetched_from_elsewhere(pages: dict[str, built.Page], site: Site) -> None:
    fetched = {f"{name}: {link}" for name, page in pages.items() for link in page.fetched if built.elsewhere(link)}
    for style in site.folder.rglob("*.css"):
        fetched |= {
            f"{style.name}: {u}" for u in built.css_urls(style.read_text(encoding="utf-8")) if built.elsewhere(u)
        }
    assert not fetched
    scripts = {path.name for page in pages.values() for path in (Path(f) for f in page.fetched) if ".js" in path.name}
    assert scripts
    for script in site.folder.rglob("*.js"):
        # an address in a comment names a licence; what is called to fetch would stand in code
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"(fetch|importScripts|XMLHttpRequest|WebSocket)\w*\(\s*[\"'`]https?:", code), script.name


def test_chinese_is_set_as_chinese(pages: dict[str, built.Page]) -> None:
    """Pages in Chinese say so, and no line end of the source is left as a blank between two characters."""
    for name in ("index_zh.html", "quickstart_zh.html", "cookbook_zh.html"):
        assert '<html class="no-js" lang="zh-CN"' in pages[name].source, name
    assert 'lang="en"' in pages["index.html"].source
    for name, page in pages.items():
        # code keeps its lines; text of a page does not
        prose = re.sub(r"<pre>.*?</pre>", "", page.source, flags=re.DOTALL)
        assert not re.search(r"[\u4e00-\u9fff，。；：、]\n[\u4e00-\u9fff（]", prose), name


def test_options_are_shown_as_they_are_typed(pages: dict[str, built.Page]) -> None:
    """No dash or curled quote is made of what a reader may copy."""
    text = "".join("".join(page.text) for page in pages.values())
    assert "--allow-outside" in text and "\u2013allow-outside" not in text


def test_no_path_of_the_machine_is_in_it(site: Site) -> None:
    for path in sorted(site.folder.rglob("*")):
        if path.suffix in (".html", ".js", ".css", ".txt", ".inv"):
            text = path.read_bytes().decode("utf-8", "replace")
            for mark in (str(ROOT), str(Path.home()) + "/", "/site-packages/", "file://"):
                assert mark not in text, (path.name, mark)


def test_nothing_says_when_it_was_built(pages: dict[str, built.Page]) -> None:
    """So the same sources give the same pages whenever they are built."""
    for name, page in pages.items():
        assert not re.search(r"last updated|built on|created on", "".join(page.text), re.IGNORECASE), name


def test_every_public_name_is_described(pages: dict[str, built.Page]) -> None:
    ids = set().union(*(page.ids for name, page in pages.items() if name.startswith("api_")))
    modules = {"costing": "relending.engine.costing"}
    lacking = [
        n
        for n in rl.__all__
        if n != "__version__" and f"relending.{n}" not in ids and f"module-{modules.get(n)}" not in ids
    ]
    assert not lacking
    functions = [name for name in rl.costing.__all__ if inspect.isfunction(getattr(rl.costing, name))]
    assert len(functions) > 20
    assert {f"relending.engine.costing.{name}" for name in functions} <= pages["api_costing.html"].ids


def index_of(site: Site) -> dict[str, object]:
    text = (site.folder / "searchindex.js").read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    return found


@pytest.mark.parametrize(
    ("word", "page"),
    [("展期", "glossary"), ("再贷", "index_zh"), ("底稿", "statement"), ("暂不", "findings"), ("rollov", "methods")],
)
def test_the_index_of_the_search_has_chinese_words(word: str, page: str, site: Site) -> None:
    index = index_of(site)
    names, found = index["docnames"], set()
    assert isinstance(names, list)
    for terms in (index["terms"], index["titleterms"]):
        assert isinstance(terms, dict)
        where = terms.get(word, [])
        found |= {names[n] for n in (where if isinstance(where, list) else [where])}
    assert page in found


def test_the_page_cuts_a_question_as_the_index_was_cut(site: Site) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run the page's script with")
    spec = importlib.util.spec_from_file_location("two_languages", DOCS / "_ext" / "two_languages.py")
    assert spec is not None and spec.loader is not None
    both = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(both)
    data = (site.folder / "_static" / "language_data.js").read_text(encoding="utf-8")
    script = (
        "var window = {};" + data + "\nconsole.log(JSON.stringify(process.argv.slice(1).map((q) => splitQuery(q))));"
    )
    questions = ["再贷款展期", "facility.cerf.ratio 支持比例", "底", "share_over_one", "2024Q2 碳减排", "NIM（净息差）"]
    done = subprocess.run([node, "-e", script, *questions], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [both.words(question) for question in questions]


def test_the_readme_leads_somewhere_with_its_anchors() -> None:
    """Links of README.md to pages and their headings, by the anchors code hosts give."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", readme)
    assert len(links) > 20
    for link in links:
        path, _, anchor = link.partition("#")
        assert (ROOT / path).exists(), link
        if anchor:
            assert anchor in anchors((ROOT / path).read_text(encoding="utf-8")), link


def anchors(text: str) -> set[str]:
    """Anchors of the headings of a Markdown page."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_wrong_links_and_foreign_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html">x</a><a href="#no">x</a><a href="#here" id="here">x</a>'
        '<script src="//cdn.example/x.js"></script><link rel="stylesheet" href="https://fonts.example/f.css">'
        '<p style="background:url(https://img.example/i.png)">',
        encoding="utf-8",
    )
    found = built.pages(tmp_path)
    assert built.broken(found, tmp_path) == ["a.html: b.html", "a.html: #no"]
    assert len([link for link in found["a.html"].fetched if built.elsewhere(link)]) == 3
