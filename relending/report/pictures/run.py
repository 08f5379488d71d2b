"""The pictures of a run: all it can show, or one of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from importlib import import_module
from typing import Any

from relending.report.pictures.catalogue import Described, catalogue, find
from relending.report.pictures.drawn import Drawn
from relending.report.pictures.page import Page
from relending.report.pictures.source import NothingToPlotError, Source
from relending.report.pictures.style import drawing
from relending.study.carried import Carried

MOST_YEARS = 100
"""The longest term of a loan that is asked for."""


def run_pictures(run: Carried, lang: str) -> tuple[Drawn, ...]:
    """The pictures of a run's report, in the order of the catalogue; those it has nothing for are left out.

    ``run`` is in memory or opened; ``lang`` is ``zh`` or ``en``. The same run gives the same pictures. Raises
    InputError (``font_damaged``) where the shipped font cannot be read, and what the run's own tables raise.
    """
    return pictures_in(run, (lang,))[lang]


def pictures_in(run: Carried, langs: Sequence[str]) -> dict[str, tuple[Drawn, ...]]:
    """The pictures of a run's report by language, as :func:`run_pictures`; what they show is worked out once."""
    source = Source(run)
    out: dict[str, list[Drawn]] = {lang: [] for lang in langs}
    for one in catalogue().values():
        if one.page:
            try:
                for lang in langs:
                    out[lang].append(_drawn(source, one, lang))
            except NothingToPlotError:
                continue
    return {lang: tuple(drawn) for lang, drawn in out.items()}


def picture(
    run: Carried,
    what: str,
    *,
    lang: str = "en",
    lender: str | None = None,
    facility: str | None = None,
    size: tuple[float, float] | None = None,
    years: float | None = None,
) -> Drawn:
    """One picture of a run, by its name or title (see docs/pictures.md), or of a measure.

    ``lender`` and ``facility`` (id or name) restrict it; ``size`` is width and height [inches]; ``years``, of
    ``life_of_loan``, the term of the loan in place of the average one. Raises ValueError for a term that is no whole
    number of quarters from 0.25 to 100 years, or of another picture. Raises InputError:
    ``unknown_picture``, ``no_such_lender``, ``no_such_facility``, and ``nothing_to_plot`` where the run lacks what the
    picture shows, which says why and what could be drawn.
    """
    one = find(what)
    source = Source(run, lender, facility, _term(one.name, years))
    return _drawn(source, one, lang, size)


def _term(name: str, years: float | None) -> Fraction | None:
    """The term of the loan that is asked for."""
    if years is None:
        return None
    if name != "life_of_loan":
        raise ValueError(f"years is the term of a loan, which life_of_loan shows; {name} has none")
    if not 0.25 <= years <= MOST_YEARS or (years * 4) % 1:
        raise ValueError(f"years {years!r} is no term in quarters of a year from 0.25 to {MOST_YEARS}")
    return Fraction(years)


def _module(one: Described) -> Any:
    return import_module(f"relending.report.pictures.{'series' if one.measure else one.name}")


def _drawn(source: Source, one: Described, lang: str, size: tuple[float, float] | None = None) -> Drawn:
    module = _module(one)
    page = Page(one.title[lang], lang, size)
    key = one.name
    if key not in source.prepared:
        source.prepared[key] = module.prepare(source, one.name) if one.measure else module.prepare(source)
    with drawing():
        module.draw(source, source.prepared[key], page)
    return Drawn(one.name, lang, one.title[lang], page.alt, page.done(), source.findings())
