"""docs/glossary.md: terms in both languages, partly written (``glossary.toml``), partly the product's own tables."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from relending import policy
from relending.study.measures import measures

HERE = Path(__file__).parent
HOUSE = HERE.parents[1] / "relending"

_HEAD = "| English | 中文 | Meaning | 含义 | More 详见 |\n| --- | --- | --- | --- | --- |\n"


def texts() -> dict[str, Any]:
    """What is written by hand: ``intro`` and the groups of terms."""
    return tomllib.loads((HERE / "glossary.toml").read_text(encoding="utf-8"))


def written() -> list[dict[str, Any]]:
    """The groups of terms that are written by hand."""
    return list(texts()["group"])


def page() -> str:
    """The page."""
    parts = [str(texts()["intro"])]
    for group in written():
        parts.append(f"\n## {group['title']}\n\n{_HEAD}")
        for term in group["terms"]:
            more = f"[{term['page']}]({term['page']})"
            parts.append(f"| {term['en']} | {term['zh']} | {term['says']} | {term['says_zh']} | {more} |\n")
    story = tomllib.loads((HOUSE / "lineage" / "story.toml").read_text(encoding="utf-8"))
    words = tomllib.loads((HOUSE / "statement" / "words.toml").read_text(encoding="utf-8"))
    parts.append("\n## What becomes of a loan 借据的状态\n\nColumn `state` of `attribution.csv`.\n\n")
    parts.append(_named("state", {key: (one["en"], one["zh"]) for key, one in story["state_names"].items()}))
    parts.append("\n## Why a loan is refused 不符合的原因\n\nColumn `reasons` of `screening.csv`, in this order.\n\n")
    parts.append(_named("reason", {key: (one["en"], one["zh"]) for key, one in words["paper_reason"].items()}))
    parts.append("\n## Facilities, fields and sectors 工具、大类与领域\n\n")
    facilities = {name: policy.facility(name).name for name in policy.facilities()}
    parts.append(_named("facility", {key: (name["en"], name["zh"]) for key, name in facilities.items()}))
    parts.append("\n")
    parts.append(_named("sector", {code: (one.en, one.zh) for code, one in policy.sectors().items()}))
    parts.append("\n## Measures 指标\n\nWhat can be swept, compared and drawn; whence: [studies.md](studies.md).\n\n")
    parts.append(_named("measure", {name: (one.en, one.zh) for name, one in measures().items()}))
    return "".join(parts)


def _named(what: str, names: dict[str, tuple[str, str]]) -> str:
    rows = "".join(f"| `{key}` | {en} | {zh} |\n" for key, (en, zh) in names.items())
    return f"| {what} | English | 中文 |\n| --- | --- | --- |\n{rows}"
