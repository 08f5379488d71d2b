"""The page of a run: everything worked out first, then filled into the template, which may do nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Protocol

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from relending.report.page import about, cells, compared, headline, rules_used, tables, trust
from relending.report.page.context import Reported, Subject
from relending.report.page.figures import exact_money
from relending.report.page.words import TAGS, Both, both, said, shown, texts

MOST_PICTURES = 3_000_000
"""Characters of pictures inside the page; those beyond are named, and lie beside it."""


LONGEST_ALT = 800


class Picture(Protocol):
    """A picture of the run in one language."""

    @property
    def name(self) -> str:
        """Its name, the same in both languages."""
        ...

    @property
    def lang(self) -> str:
        """``zh`` or ``en``."""
        ...

    @property
    def title(self) -> str:
        """What it shows."""
        ...

    @property
    def alt(self) -> str:
        """Its key figures in a sentence or two."""
        ...


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture with its bytes: SVG."""

    picture: Picture
    svg: bytes

    @property
    def file(self) -> str:
        """Where it lies in the run folder."""
        return f"figures/{self.picture.name}_{self.picture.lang}.svg"


def report_page(
    run: Reported, files: Mapping[str, str], drawings: Sequence[Drawing] = (), beside: bool = True
) -> bytes:
    """The page of a run as HTML5 in UTF-8, in Chinese and English; the same bytes whenever and wherever it is made.

    ``files`` are the names of the run's tables in its folder, ``drawings`` its pictures in both languages, in order;
    ``beside``: the page lies in the run folder, so that its links to files lead somewhere. Money in the page is to the
    fen [yuan], reductions to the gram [tCO2e a year], rates in per cent.
    """
    subject = Subject(run, files)
    every = headline.headlines(subject)
    used = rules_used.values_used(subject)
    aside = trust.set_aside(subject)
    found = cells.disclosure(subject)
    checks, since = trust.checks(subject), compared.comparison(subject)
    style, script = _part("style.css"), _part("script.js")
    parts: dict[str, Any] = {
        "t": texts(),
        "policy": _policy(style, script),
        "style": Markup(style),  # both are ours, and part of no text of others
        "script": Markup(script),
        "what": about.what(subject),
        "all": headline.measures(subject, every[""]),
        "answer": _answer(headline.sentences(subject, every[""]), since),
        "verdict": trust.verdict(subject, checks, used),
        "compared": since,
        "data_until": compared.data_until(subject, max((one.checked for one in used), default="")),
        "by_facility": [
            (one.id, subject.short(one.id), headline.measures(subject, every[one.id])) for one in subject.rules
        ],
        "definitions": [(said(name), said(f"means_{name}")) for name in headline.DEFINED],
        "checks": checks,
        "severities": trust.severities(subject),
        "aside": aside,
        "aside_exact": exact_money(aside.principal),
        "outcomes": trust.outcomes(subject),
        "values": used,
        "value_status": {one.status: rules_used.status_name(one.status) for one in used},
        "facility_names": {**subject.short_names, "": said("all_facilities")},
        "doubts": rules_used.doubts(used),
        "doubtful": sum(not one.sure for one in used),
        "checked": max((one.checked for one in used), default=""),
        "pictures": _pictures(drawings),
        "quarters": tables.quarters(subject),
        "disclosure": found,
        "disclosure_cut": cells.cut(found, subject.file("disclosure")),
        "tranches": tables.tranches(subject),
        "findings": tables.findings(subject),
        "published": tables.published(subject),
        "settings": about.settings(subject),
        "inputs": about.inputs(subject),
        "several": {"lenders": subject.tables["cost"]["lender"].nunique() > 1, "facilities": len(subject.rules) > 1},
        "files": files,
        "beside": beside,
    }
    return _template().render(parts).encode("utf-8")


def _answer(sentences: list[Both], since: compared.Comparison) -> list[tuple[Both, Both]]:
    """The questions in brief with their answers; what changed lately comes behind how much it is."""
    much, *others = zip(("q_much", "q_cost", "q_tonnes"), sentences, strict=True)
    lately = [("q_lately", since.sentence)] if since.sentence else []
    return [(said(name), sentence) for name, sentence in (much, *lately, *others)]


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: our own style and script by their hashes, pictures inside the page, nothing else."""
    of_style, of_script = (b64encode(sha256(part.encode()).digest()).decode() for part in (style, script))
    return (
        f"default-src 'none'; style-src 'sha256-{of_style}'; script-src 'sha256-{of_script}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _template() -> Template:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(_part("page.html.j2"))


def _pictures(drawings: Sequence[Drawing]) -> list[dict[str, Any]]:
    """The pictures by name, each in both languages: what is written under it, and its bytes unless they are too many.

    A picture has room in both languages or in none.
    """
    named: dict[str, list[Drawing]] = {}
    for one in drawings:
        named.setdefault(one.picture.name, []).append(one)
    out, room = [], MOST_PICTURES
    for name, some in named.items():
        data = [b64encode(one.svg).decode("ascii") for one in some]
        size = sum(map(len, data))
        fits = size <= room
        room -= size if fits else 0
        sides = [_side(one, text if fits else "") for one, text in zip(some, data, strict=True)]
        out.append({"name": name, "title": both({one.picture.lang: one.picture.title for one in some}), "shown": sides})
    return out


def _side(one: Drawing, data: str) -> dict[str, str]:
    """A picture in one language."""
    alt = shown(one.picture.alt, LONGEST_ALT)
    return {"lang": one.picture.lang, "tag": TAGS[one.picture.lang], "alt": alt, "data": data, "file": one.file}
