"""Pictures of studies 研究图表: fan charts, heat maps, scenarios side by side, causes of their differences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.report.study_pictures.errors import PictureError, StudyFolderError, UnknownPictureError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from relending.report.pictures.drawn import Drawn

__all__ = ["PictureError", "StudyFolderError", "UnknownPictureError", "draw_study", "plot_study", "study_pictures"]


def study_pictures(source: Any, lang: str = "en") -> tuple[Drawn, ...]:
    """Every picture a study can show, in the order of its measures; what it has no figures for is left out.

    ``source`` is what ``monte_carlo``, ``sweep`` or ``compare`` give, or the folder one of them was saved to. Raises
    StudyFolderError for a folder that is none.

    >>> import relending as rl
    >>> found = study_pictures(rl.compare("demo", "demo/outstanding", measures=["margin"]))
    >>> [(one.name, one.title) for one in found]
    [('scenarios_margin', 'Margin by scenario'), ('causes_margin', 'What changes margin')]
    """
    from relending.report.study_pictures.study import offers

    out = []
    for offer in offers(_studies(source)):
        try:
            out.append(offer.draw(lang))
        except PictureError:
            continue
    return tuple(out)


def draw_study(
    source: Any,
    what: str,
    *,
    lang: str = "en",
    lender: str | None = None,
    facility: str | None = None,
    quarter: str | None = None,
    fix: Mapping[str, Any] | None = None,
    size: tuple[float, float] | None = None,
) -> Drawn:
    """One picture of a study with its title and its sentence; see :func:`plot_study`."""
    from relending.report.study_pictures.study import asked_of, chosen_offers, offers

    offer = chosen_offers(offers(_studies(source)), [what])[0]
    given = {key: str(value) for key, value in (fix or {}).items()}
    return offer.draw(lang, asked_of(offer.study, lender, facility, quarter, given, size))


def plot_study(
    source: Any,
    what: str,
    *,
    lang: str = "en",
    lender: str | None = None,
    facility: str | None = None,
    quarter: str | None = None,
    fix: Mapping[str, Any] | None = None,
    size: tuple[float, float] | None = None,
) -> Figure:
    """A picture of a study as a matplotlib figure.

    Parameters: ``source``, what ``monte_carlo``, ``sweep`` or ``compare`` give, or the folder one of them was saved
    to. ``what``, a measure by name or label, or a picture: ``fan_MEASURE`` of random paths; ``sweep_MEASURE``, a heat
    map of two parameters, a line of one, small maps of three; ``scenarios_MEASURE`` and ``causes_MEASURE`` of a
    comparison. ``lender`` and ``facility`` (id or name) choose one; without, the whole is shown, or a panel for each
    where a measure has none. ``quarter`` of a sweep or of causes: one such as 2028Q4, ``last``, ``all`` (the sum of a
    flow, its default) or ``mean`` (of a stock or a rate); where none is given a sweep shows of a weighted rate the
    mean, of anything else the quarter that tells most cells apart, and causes the last quarter that has a figure.
    ``fix`` holds parameters of a sweep at a value of its grid. ``size`` is width and height [inches].

    Raises UnknownPictureError with the nearest name, PictureError where the study lacks what the picture shows (it
    says why), StudyFolderError for a folder that is no study or not as it was written. Characters that the shipped
    font lacks are warned of.

    >>> import relending as rl
    >>> swept = rl.sweep("demo", {"facility.cerf.ratio": [0.4, 0.6], "market.own_rate": [0.02, 0.03]})
    >>> figure = plot_study(swept, "综合资金成本", lang="zh")
    >>> figure.texts[0].get_text()
    '综合资金成本：随资金支持比例（碳减排支持工具）和自有资金成本变化'
    """
    import warnings

    drawn = draw_study(source, what, lang=lang, lender=lender, facility=facility, quarter=quarter, fix=fix, size=size)
    for line in drawn.findings.lines(lang):
        warnings.warn(line, stacklevel=2)
    return drawn.figure


def _studies(source: Any) -> tuple[Any, ...]:
    from relending.report.study_pictures.study import open_studies, study_of

    if not isinstance(source, str | Path):
        return (study_of(source),)
    found = open_studies(Path(source))
    if not found:
        raise StudyFolderError(
            f"{source}: no study: no table of a sweep, Monte Carlo or comparison is there",
            f"{source}：不是研究结果：没有参数扫描、蒙特卡洛或情景比较的表",
        )
    return found
