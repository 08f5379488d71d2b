"""Names of borrowers, projects and branches: lists of invented Chinese names, the same for every book.

A name is drawn by its place in the list of a trade or technology and province, so no text is made per loan.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from relending.book.synth_profile import profile

_MIX = 7
"""A step that shares no factor with the lengths of the lists: neighbours differ in every part of the name."""


BORROWERS = 320
"""Borrowers of a trade and province."""
NAMES = 150
"""Project names of a technology and province."""


@cache
def borrowers() -> tuple[str, ...]:
    """All borrowers, ``BORROWERS`` for each trade (in the order of the file) and province.

    >>> borrowers()[0], len(borrowers()) == len(set(borrowers()))
    ('山东华岑新能源有限公司', True)
    """
    p = profile()["names"]
    out: list[str] = []
    for trade in p["trades"].values():
        parts = [(b, t, e) for e, t, b in product(p["endings"], trade, p["brands"])]
        for province in profile()["provinces"]:
            for i in range(BORROWERS):
                brand, what, ending = parts[i * len(parts) // BORROWERS]
                turned = i % _MIX == _MIX - 1  # the province in brackets, full or half width
                left, right = ("（", "）") if i % 2 else ("(", ")")
                where = f"{brand}{left}{province}{right}" if turned else f"{province}{brand}"
                out.append(f"{where}{what}{ending}")
    return tuple(out)


@cache
def projects() -> tuple[str, ...]:
    """All project names, ``NAMES`` for each technology and province.

    >>> projects()[0], len(projects()) == len(set(projects()))
    ('山东青石光伏发电项目', True)
    """
    p = profile()
    parts = [(place, stage) for stage, place in product(p["names"]["stages"], p["names"]["places"])]
    return tuple(
        f"{province}{place}{tech['name']}{stage}"
        for tech, province, (place, stage) in product(p["technology"], p["provinces"], parts[:NAMES])
    )


@cache
def branches() -> tuple[str, ...]:
    """All branches, one for each lender, province and word.

    >>> branches()[0]
    '合成银行山东城东支行'
    """
    p = profile()
    parts = product(p["lenders"], p["provinces"], p["names"]["branches"])
    return tuple(f"{lender['zh']}{province}{word}支行" for lender, province, word in parts)


@cache
def trades() -> tuple[int, ...]:
    """The trade of each technology, by its place in the file."""
    order = list(profile()["names"]["trades"])
    return tuple(order.index(t["trade"]) for t in profile()["technology"])
