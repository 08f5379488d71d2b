"""Defects a synthetic book can be given: how many rows of each, which rows, and what is written there.

The number of rows of a defect is exact, round(loans x percentage) half to even; no row has more than one. Loans that
are refused on purpose (``[spoilt]``) are taken last: as long as there are others, and that is up to about 90 % of the
rows, every row gives just the finding its defect promises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np

from relending.book.synth_draft import Draft, lone
from relending.book.synth_profile import DEFECTS, Flags, Ints, asks_evidence, generator, profile

_PERCENT = 100
_PAIR = 2


class SynthError(ValueError):
    """What the user asked for cannot be written; ``en`` and ``zh`` say why and what to do, the text both."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(f"{en} / {zh}")
        self.en, self.zh = en, zh


@dataclass(frozen=True, slots=True)
class Defect:
    """A kind of data error: its name, what reading or screening must say of it, and where it can stand.

    ``code``: the finding, or empty where ``reason`` of the screening tells it; ``text``: only in CSV and XLSX;
    ``adds``: rows are added that are no loans; ``words``: what stands in the cell.
    """

    name: str
    code: str
    reason: str
    text: bool
    adds: bool
    words: tuple[str, ...]
    en: str
    zh: str

    @property
    def told(self) -> str:
        """The code of the finding, or the reason of the screening."""
        return self.code or self.reason


@cache
def defects() -> Mapping[str, Defect]:
    """Every defect by name, in the order of the file.

    >>> defects()["bare_rate"].code
    'rate_ambiguous'
    """
    return {
        name: Defect(
            name,
            d.get("code", ""),
            d.get("reason", ""),
            d.get("text", False),
            d.get("adds", False),
            tuple(d.get("words", ())),
            d["en"],
            d["zh"],
        )
        for name, d in profile()["defects"].items()
    }


def counted(
    loans: int, share: float | Decimal = 0, named: Mapping[str, Decimal] | None = None, *, text: bool = True
) -> dict[str, int]:
    """How many rows get each defect: a share (0 to 1) spread evenly over all kinds, and percentages of named ones.

    ``text`` tells whether the file can hold text in any cell (CSV, XLSX). Raises ``SynthError`` for a name nobody
    knows, a percentage below 0 or above 100, more than 100 in all, or a defect the file cannot hold.

    >>> counted(1000, named={"bare_rate": Decimal("0.25"), "missing_id": Decimal(1)})
    {'bare_rate': 2, 'missing_id': 10}
    """
    named = named or {}
    parts = {name: Fraction(p) / _PERCENT for name, p in named.items() if _known(name, p, text)}
    spread = Fraction(str(share))
    if not 0 <= spread <= 1:
        raise SynthError(f"defects: {share}; expected a share from 0 to 1", f"--defects {share}：比例须在 0 到 1 之间")
    if (whole := spread + sum(parts.values())) > 1:
        raise SynthError(
            f"the defects add up to {float(whole * _PERCENT):g} % of the rows; expected at most 100 %",
            f"各类错误合计为 {float(whole * _PERCENT):g}%，不应超过 100%",
        )
    out = {name: round(loans * part) for name, part in parts.items()}
    kinds = [d.name for d in defects().values() if not d.adds and (text or not d.text)]
    each, left = divmod(round(loans * spread), len(kinds))
    for i, name in enumerate(kinds):
        out[name] = out.get(name, 0) + each + (i < left)
    if out.get("duplicate_id") == 1:
        out["duplicate_id"] = 2  # it takes two
    return {name: out[name] for name in defects() if out.get(name)}


def _known(name: str, percent: Decimal, text: bool) -> bool:
    from relending.policy import nearest

    if name not in defects():
        near = nearest(name, defects())
        hint = f"; nearest: {near}" if near else ""
        found = f"；最接近：{near}" if near else ""
        raise SynthError(
            f"no defect {name!r}{hint} (relending synth --list-defects)",
            f"没有这种错误：{name}{found}；可用 --list-defects 查看全部",
        )
    if not 0 <= percent <= _PERCENT:
        raise SynthError(f"{name}: {percent} %; expected 0 to 100", f"{name}：{percent}%，百分比须在 0 到 100 之间")
    if defects()[name].text and not text:
        raise SynthError(
            f"{name}: a Parquet column has a type and cannot hold it; write .csv or .xlsx",
            f"{name}：Parquet 的列有固定类型，放不下这种错误，请改用 .csv 或 .xlsx",
        )
    return True


def choose(draft: Draft, counts: Mapping[str, int]) -> Draft:
    """The book with the rows of each defect chosen, all different; SynthError where there are not enough of them."""
    if not counts:
        return draft
    if counts.get("duplicate_id", 0) > draft.loans:
        raise SynthError("duplicate_id: a book of one loan has no second", "duplicate_id：只有一笔借据，无法重复")
    rng = generator(draft.seed, DEFECTS)
    free, kept = np.ones(draft.loans, bool), np.zeros(draft.loans, bool)
    sound = lone(draft)
    chosen: dict[str, Ints] = {}
    for name in sorted(counts, key=_first):
        if defects()[name].adds:
            chosen[name] = np.sort(rng.choice(draft.loans, counts[name], replace=False))
            continue
        if name == "project_differs":
            rows, first = _second_of_project(draft, sound & free, counts[name], rng)
            kept[first] = True
        else:
            can = free & (sound if name in _ALONE else True)
            if name == "no_evidence":
                can &= asks_evidence()[draft.projects.tech][draft.at]
            rows = _rows(rng, counts[name], (can & sound & ~kept, can & ~kept, can))
        if len(rows) < counts[name]:
            raise SynthError(
                f"{name}: {counts[name]:,} rows wanted, only {len(rows):,} of this book can have it; ask for less",
                f"{name}：需要 {counts[name]:,} 行，本台账最多 {len(rows):,} 行可以有这种错误，请调低百分比",
            )
        chosen[name] = np.sort(rows)
        free[rows] = False
    return replace(draft, chosen=chosen, copies=_copies(chosen.get("duplicate_id", np.zeros(0, np.int64))))


_ALONE = ("project_differs", "no_evidence", "reported_differs", "share_over_one", "unit_slip", "unknown_sector")
"""Defects that say something only of loans that are refused for nothing else; they choose before the rest."""


def _first(name: str) -> int:
    """The place of a defect in the order of choosing."""
    return _ALONE.index(name) if name in _ALONE else len(_ALONE) + list(defects()).index(name)


def _rows(rng: np.random.Generator, n: int, better_first: Sequence[Flags]) -> Ints:
    """n rows, of the first mask as far as they go, then of the next."""
    out = np.zeros(0, np.int64)
    taken = np.zeros(len(better_first[0]), bool)
    for mask in better_first:
        some = np.flatnonzero(mask & ~taken)
        out = np.concatenate([out, rng.choice(some, min(n - len(out), len(some)), replace=False)])
        if len(out) == n:
            break
        taken[out] = True
    return out


def _second_of_project(draft: Draft, can: Flags, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Rows that are the second of their project, one a project; and the first, to be kept from any other defect."""
    order = np.argsort(draft.at, kind="stable")
    counts = draft.projects.loans
    begin = np.cumsum(counts) - counts
    several = begin[counts >= _PAIR]
    first, second = order[several], order[several + 1]
    usable = can[first] & can[second]
    some = rng.choice(np.flatnonzero(usable), min(n, int(usable.sum())), replace=False)
    return second[some], first[some]


def _copies(rows: Ints) -> tuple[Ints, Ints]:
    """Rows in twos, the last perhaps in three: those that carry the number of the first, and the first."""
    place = np.arange(len(rows))
    head = place // _PAIR * _PAIR
    if len(rows) % _PAIR:
        head[-1] = max(len(rows) - 3, 0)
    later = place != head
    return rows[later], rows[head[later]]


def within(rows: Ints, start: int, stop: int) -> Ints:
    """Those of ascending row numbers that lie in a block, counted from its start.

    >>> within(np.array([3, 12, 18, 25]), 10, 20).tolist()
    [2, 8]
    """
    a, b = np.searchsorted(rows, (start, stop))
    return rows[a:b] - start


def words_at(name: str, rows: Ints) -> Sequence[str]:
    """What stands in the cell of these rows: the words of the defect in turn."""
    words = defects()[name].words
    return [words[int(i) % len(words)] for i in rows]
