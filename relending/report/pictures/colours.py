"""Colours 配色: each belongs to a facility or a field and means the same on every picture; shades tell its parts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any


@cache
def palette() -> Mapping[str, Any]:
    """The file of colours: ``facility``, ``field``, ``spare``, ``grey``."""
    return tomllib.loads(
        resources.files("relending.report.pictures").joinpath("colours.toml").read_text(encoding="utf-8")
    )


def colours_of(kind: str, ids: Iterable[str]) -> dict[str, str]:
    """The colour of each id (``kind``: ``facility`` or ``field``); ids without one take the spare ones, in their order.

    Spare colours that one of the ids has by right are passed over as long as there are others.

    >>> colours_of("facility", ["clean_coal", "x"])
    {'clean_coal': '#D55E00', 'x': '#E69F00'}
    """
    given: Mapping[str, str] = palette()[kind]
    wanted = list(dict.fromkeys(ids))
    taken = {given[i] for i in wanted if i in given}
    spare = palette()["spare"]["colours"]
    free = [c for c in spare if c not in taken] or spare
    others = [i for i in wanted if i not in given]
    more = {i: free[k % len(free)] for k, i in enumerate(others)}
    return {i: given.get(i) or more[i] for i in wanted}


def grey(kind: str, place: int) -> str:
    """The dash (``dashes``), marker or hatch of the id at a place among those shown."""
    known: Sequence[str] = palette()["grey"][kind]
    return known[place % len(known)]


def mixed(colour: str, other: str, part: float) -> str:
    """A colour with ``part`` (0 to 1) of another in it.

    >>> mixed("#000000", "#FFFFFF", 0.5)
    '#808080'
    """
    pair = zip(_rgb(colour), _rgb(other), strict=True)
    return "#" + "".join(f"{int(a + (b - a) * part + 0.5):02X}" for a, b in pair)


def shades(colour: str, count: int) -> list[str]:
    """``count`` shades of a colour from light to dark, the last a little darker than the colour itself.

    >>> shades("#0072B2", 1), len(set(shades("#0072B2", 12)))
    (['#0072B2'], 12)
    """
    if count <= 1:
        return [colour] * count
    light, dark = mixed(colour, "#FFFFFF", 0.72), mixed(colour, "#000000", 0.35)
    out = []
    for k in range(count):
        t = k / (count - 1)
        out.append(mixed(light, colour, t / 0.7) if t <= 0.7 else mixed(colour, dark, (t - 0.7) / 0.3))
    return out


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
