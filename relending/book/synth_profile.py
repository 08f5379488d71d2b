"""What a synthetic book is made from: ``synth.toml``, and draws with whole numbers alone.

Sizes, terms, names and the mix of sectors are assumptions, not policy; the windows and lists of the facilities come
from the policy data.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relending import dates

Ints = Any  # an array of whole numbers; numpy's own alias would say less
Flags = NDArray[np.bool_]

BLOCK_ROWS = 2**20
"""Loans made at a time, each block with a generator of its own: memory does not grow with the columns."""
WAN_FEN = 1_000_000
"""10 thousand yuan in fen."""
PROJECTS, PREPAYMENTS, BLOCKS, DEFECTS = range(4)
"""Streams of random numbers of one seed: one part of a book never moves another."""
MILLION = 1_000_000


@cache
def profile() -> dict[str, Any]:
    """The content of ``synth.toml``: technologies, lenders, provinces, names, shares of spoilt rows, defects.

    >>> profile()["technology"][0]["sector"]
    'solar'
    """
    text = resources.files("relending.book").joinpath("synth.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def generator(seed: int, *stream: int) -> np.random.Generator:
    """The generator of one stream of a seed."""
    return np.random.Generator(np.random.PCG64([seed, *stream]))


def pick(rng: np.random.Generator, weights: list[int], n: int) -> Ints:
    """n indices drawn with integer weights (no float decides, so every machine draws the same)."""
    edges = np.cumsum(np.asarray(weights, np.int64))
    return np.searchsorted(edges, rng.integers(0, edges[-1], n), side="right").astype(np.int16)


def technologies(key: str, default: int = 0) -> Ints:
    """One whole number of every technology.

    >>> int(technologies("hours")[0])
    1250
    """
    return np.array([t.get(key, default) for t in profile()["technology"]], np.int64)


def ranges(key: str, times: int = 1) -> tuple[Ints, Ints]:
    """Low and high of every technology, times a whole number (0 where it has none)."""
    pairs = [t.get(key, (0, 0)) for t in profile()["technology"]]
    return tuple(np.array([int(pair[i] * times) for pair in pairs], np.int64) for i in (0, 1))  # type: ignore[return-value]


def days() -> tuple[int, int]:
    """First and last day on which a loan of a book is disbursed."""
    return dates.to_day(profile()["first"]), dates.to_day(profile()["last"])


@cache
def windows() -> tuple[Ints, Ints]:
    """First and last likely disbursement day of each technology, from the policy files."""
    from relending import policy

    first, last = days()
    lo, hi = [], []
    for t in profile()["technology"]:
        sector = policy.sectors().get(t["sector"])
        if sector is None:
            lo.append(first)
            hi.append(last)
            continue
        rules = policy.facility(sector.facility)
        window = rules["window"].latest().value
        listed = rules.listed_from(t["sector"])
        begins = max(window.first, listed) if listed is not None else window.first
        lo.append(max(first, dates.to_day(begins)))
        hi.append(min(last, dates.to_day(window.last)))
    return np.array(lo, np.int64), np.array(hi, np.int64)


@cache
def listed() -> Flags:
    """Technologies whose sector is on the list of a facility."""
    from relending import policy

    return np.array([t["sector"] in policy.sectors() for t in profile()["technology"]])


@cache
def asks_evidence() -> Flags:
    """Technologies whose facility wants to know where the reduction comes from."""
    from relending import policy

    def asked(sector: str) -> bool:
        known = policy.sectors().get(sector)
        return known is not None and bool(policy.facility(known.facility)["evidence_required"].latest().value)

    return np.array([asked(t["sector"]) for t in profile()["technology"]])
