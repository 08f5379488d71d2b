"""Small conveniences of the Python API that belong to no step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relending import policy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from relending.runfolder import OpenedRun, Run
    from relending.scenario import Scenario
    from relending.study import Comparison
    from relending.study.montecarlo import MonteCarlo
    from relending.study.sweep import Sweep


def facility(name: str, on: dt.date | str | None = None) -> policy.Facility | dict[str, policy.DatedValue]:
    """A facility's rules: the whole dated history, or with ``on`` the values in force that day.

    ``on`` is a date or ISO text. Values are integers (ratio in basis points, rates in ppm, quotas in fen); each has
    source, status and the day of its last check.

    >>> facility("cerf", on=dt.date(2025, 6, 1))["rate"].value
    15000
    >>> facility("cerf")["ratio"].latest().value
    6000
    """
    found = policy.facility(name)
    if on is None:
        return found
    return found.on(dt.date.fromisoformat(on) if isinstance(on, str) else on)


def data(name: str) -> pd.DataFrame:
    """Shipped data as a tidy frame of your own: ``lpr``, ``policy``, ``statements``, ``aggregates`` or ``factors``.

    Every row has its source, its status or grade and the day it was last checked; docs/data.md says what each column
    is. ``attrs`` has name, title, title_zh, version and the unit of each column: fractions, yuan [yuan], tonnes a year
    [tCO2e a year]. Raises InputError (``no_such_data``) that lists the names and the nearest.

    >>> data("lpr").tail(1)[["lpr_1y", "lpr_5y"]].to_numpy().tolist()
    [[0.03, 0.035]]
    >>> p = data("policy")
    >>> p[(p.facility == "cerf") & (p.parameter == "rate")].set_index("from_date").value.to_list()
    [0.0175, 0.015, 0.0125]
    """
    from relending.shipped import frame

    return frame(name)


def compare(
    *runs: Run | OpenedRun | Scenario | str | Path,
    base: str | None = None,
    measures: Sequence[str] = (),
    causes: bool = True,
) -> Comparison:
    """Several runs or scenarios as one result: ``.frame``, ``.scenarios``, ``.differences``, ``.causes``, ``.save()``.

    Scenarios (loaded, files or names of shipped ones) are run first. The others are held against ``base``, the name of
    one of them, else against the first. ``measures`` are the names of those wanted, all for none. Causes take up to
    2**6 runs a scenario; a run opened from a folder has none, since its record does not say what its files gave.

    Raises MisalignedError where quarters, lenders or facilities differ, InputError for what is wrong with a scenario.

    >>> found = compare("demo", "demo/outstanding", measures=["interest_saved"])
    >>> found.causes[found.causes["quarter"] == "all"][["cause", "effect"]].to_numpy().tolist()[0]
    ['market.own_rate', -174109383.55]
    """
    from relending.runfolder import run
    from relending.scenario import Scenario
    from relending.study import compare_runs

    done = [run(one) if isinstance(one, Scenario | str | Path) else one for one in runs]
    return compare_runs(done, base, measures, causes)


def plot(
    source: Run | OpenedRun | Scenario | Comparison | Sweep | MonteCarlo | str | Path,
    what: str,
    *,
    lang: str = "en",
    lender: str | None = None,
    facility: str | None = None,
    size: tuple[float, float] | None = None,
    title: bool = True,
    years: float | None = None,
) -> Figure:
    """A picture of a run or a study, as a matplotlib figure that a notebook shows and :func:`save_picture` writes.

    Parameters: ``source``, a run in memory or opened, its folder, or a scenario (loaded, a file or the name of a
    shipped one), which is then run; or what ``compare``, ``sweep`` and ``monte_carlo`` give, or a folder they were
    saved to (``relending.report.study_pictures.plot_study`` has more options of these). ``what``, the name or
    title of a picture (docs/pictures.md) or of a measure (docs/studies.md). ``lang`` "zh" or "en"; ``lender`` and
    ``facility`` restrict it to one, by id or name; ``size`` width and height [inches], where a height of 0 is the
    picture's own. ``title=False`` leaves title and subtitle to the caption of a paper: they are ``figure.get_label()``.
    ``years``, of "life_of_loan", is the term of the loan in place of the average one.

    Raises InputError for an unknown picture (with the nearest name), lender or facility, and where the source lacks
    what the picture shows (``nothing_to_plot``); ValueError for another language or a size that is none. Characters
    that the shipped font lacks are warned of.

    >>> figure = plot("demo", "tranches", lang="zh", facility="cerf")
    >>> len(figure.axes), figure.texts[0].get_text()
    (2, '再贷款余额（按批次）')
    """
    import warnings
    from functools import partial

    from relending.report.pictures.untitled import untitled
    from relending.report.study_pictures.study import open_studies
    from relending.runfolder import OpenedRun, Run, open_run, run
    from relending.scenario import Scenario

    if lang not in ("zh", "en"):
        raise ValueError(f"lang {lang!r} is neither 'zh' nor 'en'")
    if size is not None and not (len(size) == 2 and 1 <= size[0] <= 100 and (size[1] == 0 or 1 <= size[1] <= 100)):
        raise ValueError(f"size {size!r} is not width and height, each from 1 to 100 inches (a height of 0: its own)")
    if isinstance(source, str | Path):
        path = Path(source)
        if (path / "manifest.json").is_file():
            source = open_run(path)
        elif not (path.is_dir() and open_studies(path)):
            source = run(source)
    elif isinstance(source, Scenario):
        source = run(source)
    if isinstance(source, Run | OpenedRun):
        from relending.report.pictures import picture

        draw = partial(picture, source, what, lang=lang, lender=lender, facility=facility, years=years)
    elif years is not None:
        raise ValueError("years is the term of a loan, which life_of_loan of a run shows; a study has none")
    else:
        from relending.report.study_pictures import draw_study

        draw = partial(draw_study, source, what, lang=lang, lender=lender, facility=facility)
    drawn = draw(size=size) if title else untitled(lambda size: draw(size=size), size)
    for line in drawn.findings.lines(lang):
        warnings.warn(line, stacklevel=2)
    return drawn.figure


def save_picture(figure: Figure, path: str | Path, *, force: bool = False) -> Path:
    """Write a figure of :func:`plot` as .svg, .png or .pdf, as ``path`` ends; its path.

    The same figure gives the same bytes. A file that is there is not written over without ``force``
    (``FileExistsError``). Raises InputError (``picture_format``) for another ending, ``OSError`` where the disk
    refuses.
    """
    from relending.report.pictures import save_picture as save

    return save(figure, path, force)
