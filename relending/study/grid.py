"""The grid of a sweep 参数网格: which keys take which values, and what is wrong with them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod
from typing import Any

from relending.findings import Findings, InputError
from relending.scenario.problems import path_text, toml_text
from relending.scenario.read import KeyPath, parse_key, parse_value, plain

MOST_STEPS = 100_000
"""Values that a range may stand for; more are a step too small by mistake."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Keys and their values, in the order given; a cell is one value of each, the last key varying fastest.

    >>> grid = Grid((("facility.cerf.ratio", (4, 6)), ("market.lpr_shift_bp", (0, 10))))
    >>> len(grid), [cell for _, cell in grid.cells()]
    (4, [(4, 0), (4, 10), (6, 0), (6, 10)])
    """

    axes: tuple[tuple[str, tuple[Any, ...]], ...]

    def __len__(self) -> int:
        return prod(len(values) for _, values in self.axes)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys."""
        return tuple(key for key, _ in self.axes)

    def cells(self, slowest: Sequence[int] = ()) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Number and values of every cell; by the axes in ``slowest`` first (numbers stay those of the grid)."""
        order = [*slowest, *(i for i in range(len(self.axes)) if i not in slowest)]
        sizes = [len(values) for _, values in self.axes]
        weight = [prod(sizes[i + 1 :]) for i in range(len(sizes))]
        for at in itertools.product(*(range(sizes[i]) for i in order)):
            place = dict(zip(order, at, strict=True))
            number = sum(place[i] * weight[i] for i in range(len(sizes)))
            yield number, tuple(self.axes[i][1][place[i]] for i in range(len(sizes)))


def make_grid(given: Mapping[str, Sequence[Any]]) -> Grid:
    """A grid from keys and lists of values (floats count as their shortest decimal).

    Raises InputError, with everything that is wrong: no key, a key without values, a value twice.
    """
    findings = []
    axes: list[tuple[str, tuple[Any, ...]]] = []
    paths: dict[KeyPath, str] = {}
    if not given:
        findings.append(Findings.one("sweep_empty", column="sweep", expected="facility.cerf.ratio = [0.4, 0.6, 0.8]"))
    for key, values in given.items():
        if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
            findings.append(_wrong("sweep_values", key, values))
            continue
        plainly = tuple(_as_written(v) for v in values)
        twice = [toml_text(v) for i, v in enumerate(plainly) if v in plainly[:i]]
        if not plainly:
            findings.append(_wrong("sweep_values", key, []))
        elif twice:
            findings.append(Findings.one("sweep_value_twice", column=key, found=", ".join(dict.fromkeys(twice))))
        path = parse_key(key)
        other = next((paths[p] for p in paths if p[: len(path)] == path[: len(p)]), None)
        if path and other is not None:
            # two spellings of one key, or a key and the table it stands in: only one of them could count
            findings.append(Findings.one("sweep_value_twice", column=key, found=f"{other}; {key}"))
        paths[path] = key
        axes.append((path_text(path) if path else key, plainly))
    if findings:
        raise InputError(Findings.concat(findings))
    return Grid(tuple(axes))


def _as_written(value: Any) -> Any:
    """A value as a scenario file would have it; of a float its 15 digits, so that 0.1 + 0.2 is 0.3."""
    return Decimal(f"{value:.15g}") if isinstance(value, float) and math.isfinite(value) else plain(value)


def _wrong(code: str, key: str, values: Any) -> Findings:
    return Findings.one(code, column=key, found=toml_text(plain(values)), expected="[0.4, 0.6, 0.8]")


def parse_axes(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Keys and values as typed: ``key=0.4,0.6``, ``key=0.4:1.0:0.2`` (first, last, step), ``key=[…]`` as in TOML.

    Raises InputError that names each text that is none of these.

    >>> parse_axes(["facility.cerf.rollovers=0:2:1"]), parse_axes(["facility.cerf.rollover_base=original,outstanding"])
    ({'facility.cerf.rollovers': [0, 1, 2]}, {'facility.cerf.rollover_base': ['original', 'outstanding']})
    >>> parse_axes(["facility.cerf.ratio=0.4:0.6:0.1"])
    {'facility.cerf.ratio': [Decimal('0.4'), Decimal('0.5'), Decimal('0.6')]}
    """
    out: dict[str, list[Any]] = {}
    findings = []
    for text in texts:
        key, equals, rest = (part.strip() for part in text.partition("="))
        if not (key and equals and rest):
            findings.append(
                Findings.one("sweep_values", column=key, found=text, expected="facility.cerf.ratio=0.4,0.6")
            )
        elif key in out:
            findings.append(Findings.one("sweep_value_twice", column=key, found=text))
        else:
            try:
                out[key] = _values(rest)
            except ValueError as wrong:
                findings.append(Findings.one("sweep_values", column=key, found=rest, expected=str(wrong)))
    if findings:
        raise InputError(Findings.concat(findings))
    return out


def _values(text: str) -> list[Any]:
    if text.startswith("["):
        try:
            value = parse_value(text)
        except ValueError:
            value = None
        if not isinstance(value, list):
            raise ValueError("[0.4, 0.6, 0.8]")
        return value
    if text.count(":") == 2 and "," not in text:
        return _steps(*text.split(":"))
    if text.count(":") == 1 and all(_is_number(part) for part in text.split(":")):
        raise ValueError(f"first:last:step, {text}:0.1")
    try:
        return [parse_value(part.strip()) for part in text.split(",")]
    except ValueError:
        raise ValueError("0.4,0.6,0.8") from None


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip()).is_finite()
    except InvalidOperation:
        return False


def _steps(first: str, last: str, step: str) -> list[Any]:
    """The numbers from the first to the last, which is among them where whole steps lead to it."""
    try:
        low, high, by = (Decimal(part.strip()) for part in (first, last, step))
    except InvalidOperation:
        raise ValueError("first:last:step, 0.4:1.0:0.1") from None
    if not all(x.is_finite() for x in (low, high, by)) or by == 0 or (high - low) / by < 0:
        raise ValueError("first:last:step, 0.4:1.0:0.1")
    count = int((high - low) / by) + 1
    if count > MOST_STEPS:
        raise ValueError(f"<= {MOST_STEPS:,} values, not {count:,}")
    numbers = [low + by * i for i in range(count)]
    whole = all(n == n.to_integral_value() and abs(n) < 10**15 for n in (low, by)) and "." not in first + step
    return [int(n) for n in numbers] if whole else numbers
