"""What lenders, facilities and scenarios of a study are called in a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from relending.policy import facilities, facility, lenders

Names = Mapping[str, Mapping[str, str]]
"""Names in both languages by id."""


def names_of(ids: Iterable[str], recorded: Mapping[str, Any] | None = None) -> dict[str, dict[str, str]]:
    """Short names of lenders and facilities by id: as a scenario records them, else the policy files', else the id.

    >>> names_of(["cerf", "x"])["cerf"]["zh"], names_of(["x"], {"x": {"short_name": {"zh": "某行"}}})["x"]
    ('碳减排支持工具', {'zh': '某行', 'en': 'x'})
    """
    out: dict[str, dict[str, str]] = {}
    known, tools = lenders(), facilities()
    for one in dict.fromkeys(ids):
        entry = (recorded or {}).get(one)
        said = entry.get("short_name") if isinstance(entry, Mapping) else None
        given: Any = said if isinstance(said, Mapping) else None
        if not given:
            given = _tool(one) if one in tools else known[one].short_name if one in known else {}
        out[one] = {lang: str(given.get(lang) or one) for lang in ("zh", "en")}
    return out


def _tool(one: str) -> dict[str, str]:
    return {lang: facility(one).short_name(lang) for lang in ("zh", "en")}


def _beginning(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    least, most = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), len(least))
    return least[:same]


def short_titles(names: Sequence[str], titles: Names, lang: str) -> tuple[str, dict[str, str]]:
    """What scenarios are called in a legend, and what all of them begin with, which the title of the picture says once.

    >>> said = {"a": {"zh": "示范银行展望：基准", "en": ""}, "b": {"zh": "示范银行展望：利率下行", "en": ""}}
    >>> short_titles(["a", "b"], said, "zh"), short_titles(["a", "b"], said, "en")
    (('示范银行展望', {'a': '基准', 'b': '利率下行'}), ('', {'a': 'a', 'b': 'b'}))
    """
    full = {name: (titles.get(name) or {}).get(lang) or name for name in names}
    colon = "：" if lang == "zh" else ": "
    shared = _beginning(list(full.values())) if len(full) > 1 else ""
    head = shared[: shared.rfind(colon) + len(colon)] if colon in shared else ""
    short = {name: text[len(head) :] for name, text in full.items()}
    if len(set(short.values())) < len(short) or not all(short.values()):
        # titles that do not tell the scenarios apart give way to their names
        return "", {name: name for name in names}
    return head.removesuffix(colon), short
