"""The catalogue 图表目录: which pictures there are, what they are called, and what each shows and needs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from relending.findings import Findings, InputError
from relending.policy import nearest, normalised
from relending.study.measures import measures


@dataclass(frozen=True, slots=True)
class Described:
    """A picture of the catalogue: its name, titles, and by language what it shows, how, and what it needs.

    ``page``: it stands in a run's report. ``measure``: it is the plain series of the measure of that name.
    """

    name: str
    title: Mapping[str, str]
    shows: Mapping[str, str]
    how: Mapping[str, str]
    needs: Mapping[str, str]
    page: bool
    measure: bool = False


def _both(entry: Mapping[str, str], ending: str = "") -> dict[str, str]:
    return {lang: entry[f"{lang}{ending}"] for lang in ("zh", "en")}


@cache
def catalogue() -> Mapping[str, Described]:
    """Every picture of a run by name: those of the file in its order, then the measures in theirs.

    >>> list(catalogue())[0], catalogue()["blended_cost"].title["zh"]
    ('fields', '综合资金成本')
    """
    text = resources.files("relending.report.pictures").joinpath("catalogue.toml").read_text(encoding="utf-8")
    out = {
        name: Described(
            name, _both(e), _both(e, "_shows"), _both(e, "_how"), _both(e, "_needs"), bool(e.get("page", False))
        )
        for name, e in tomllib.loads(text).items()
    }
    for name, m in measures().items():
        title = {"zh": m.zh, "en": m.en[:1].upper() + m.en[1:]}
        out[name] = Described(name, title, dict(title), {}, {}, page=False, measure=True)
    return out


def find(what: str) -> Described:
    """A picture by its name, or by its title in Chinese or English.

    Raises InputError (``unknown_picture``) with the nearest name and all of the catalogue.

    >>> find("综合资金成本").name, find("Facility balance by tranche").name
    ('blended_cost', 'tranches')
    """
    known = catalogue()
    names = {normalised(n): n for n in known}
    for one in known.values():
        for title in one.title.values():
            names.setdefault(normalised(title), one.name)
    wanted = normalised(str(what))
    if wanted in names:
        return known[names[wanted]]
    close = nearest(str(what), names)
    drawn = ", ".join(n for n, one in known.items() if not one.measure)
    counted = ", ".join(n for n, one in known.items() if one.measure)
    hint = (f"nearest: {names[close]}; " if close else "") + f"{drawn}; the measures {counted}"
    raise InputError(Findings.one("unknown_picture", column="picture", found=str(what), expected=hint))
