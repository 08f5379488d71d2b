"""Figures as people read them: the large one rounded for the eye, and the exact one that stands behind it."""

from __future__ import annotations

from typing import Any

from relending.report.page.words import LANGS, Both, said
from relending.units import decimal_text, divide

FEN = 100
HUNDREDTHS = 2
_LARGE: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = (
    ("zh", ((10**8, "yi"), (10**4, "wan"))),
    ("en", ((10**9, "bn"), (10**6, "m"))),
)
"""By language: from how many on which unit."""


def _scaled(value: int, per_one: int, lang: str, unit: str) -> str:
    """An integer of which ``per_one`` make one, in the largest unit of the language that it reaches."""
    steps = next(steps for name, steps in _LARGE if name == lang)
    for size, name in (*steps, (1, "one")):
        if abs(value) >= size * per_one or size == 1:
            rounded = divide(value * 10**HUNDREDTHS, size * per_one, "half_even")
            figure = decimal_text(rounded, HUNDREDTHS) if value else "0"
            return said(f"unit_{name}").fill(figure=figure, unit=said(unit))[lang]
    raise AssertionError("a unit of one takes every figure")


def money(fen: int) -> Both:
    """An amount in fen as 亿元 or billion yuan, two decimals, half-even; nothing at all as 0.

    >>> money(1_999_346_000_000)
    Both(zh='199.93亿元', en='19.99 billion yuan')
    >>> money(12_345)
    Both(zh='123.45元', en='123.45 yuan')
    >>> money(0)
    Both(zh='0元', en='0 yuan')
    """
    return Both(*(_scaled(fen, FEN, lang, "yuan") for lang in ("zh", "en")))


def tonnes(grams: int) -> Both:
    """Grams as tonnes of CO2 equivalent.

    >>> tonnes(3_539_423_621_875)
    Both(zh='353.94万吨', en='3.54 million tonnes')
    """
    return Both(*(_scaled(grams, 10**6, lang, "tonne") for lang in ("zh", "en")))


def exact_money(fen: Any) -> str:
    """An amount to the fen; empty where there is none."""
    return decimal_text(int(fen), 2) if is_given(fen) else ""


def exact_tonnes(grams: Any) -> str:
    """A reduction to the gram, in tonnes; empty where there is none."""
    return decimal_text(int(grams), 6) if is_given(grams) else ""


def percent(value: Any, scale: int = 8, decimals: int = 4) -> str:
    """A fraction held as an integer of ``scale`` decimals, in per cent; empty where there is none.

    >>> percent(1_950_000), percent(28_500, scale=6, decimals=2), percent(None)
    ('1.9500%', '2.85%', '')
    """
    if not is_given(value):
        return ""
    return decimal_text(divide(int(value) * 10 ** (decimals + 2), 10**scale, "half_even"), decimals) + "%"


def per_tonne(e6: Any) -> str:
    """Yuan a tonne, two decimals; empty where there is none."""
    return decimal_text(divide(int(e6), 10**4, "half_even"), 2) if is_given(e6) else ""


def day(text: str) -> Both:
    """A day as it is written in a sentence.

    >>> day("2021-07-01")
    Both(zh='2021年7月1日', en='1 July 2021')
    """
    y, m, d = (int(part) for part in str(text).split("-"))
    months = said("months")
    return said("day").fill(y=y, m=m, d=d, month=Both(*(months[lang].split()[m - 1] for lang in LANGS)))


def quarter_named(text: str) -> Both:
    """A quarter as it is written in a sentence.

    >>> quarter_named("2026Q4")
    Both(zh='2026年第四季度', en='2026Q4')
    """
    y, n = text.split("Q")
    ordinals = said("ordinals")
    return said("quarter_named").fill(y=y, n=Both(*(ordinals[lang].split()[int(n) - 1] for lang in LANGS)))


def is_given(value: Any) -> bool:
    """Whether there is a figure: neither None nor a missing value of a frame."""
    import pandas as pd

    return value is not None and not bool(pd.isna(value))
