"""What pictures a study has, and each of them drawn: the catalogue behind ``plot_study`` and ``relending plot``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.policy import nearest, normalised
from relending.report.study_pictures.compared_source import Compared, compared_of, has_tables, open_compared
from relending.report.study_pictures.errors import PictureError, UnknownPictureError
from relending.report.study_pictures.fan_source import RECORD, SUMMARY, Fans, fans_of, open_fans
from relending.report.study_pictures.figures import Place
from relending.report.study_pictures.names import Names
from relending.report.study_pictures.readtable import find_table
from relending.report.study_pictures.sweep_source import TIDY, Swept, open_swept, swept_of
from relending.report.study_pictures.words import capital, word
from relending.study.measures import Measure, measures

if TYPE_CHECKING:
    from relending.report.pictures.drawn import Drawn

Study = Fans | Swept | Compared
FAN, HEAT, LINES, CAUSES = "fan", "sweep", "scenarios", "causes"
KINDS: Mapping[type, tuple[str, ...]] = {Fans: (FAN,), Swept: (HEAT,), Compared: (LINES, CAUSES)}
"""The kinds of pictures of each kind of study."""
OF_A_QUARTER = (HEAT, CAUSES)
"""Kinds that show one quarter, a sum or a mean; the others show all quarters."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a picture is restricted to: lender and facility by id, the quarter, values of parameters, size [inches]."""

    lender: str = ""
    facility: str = ""
    quarter: str = ""
    fix: Mapping[str, str] | None = None
    size: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture that a study may have: its name is ``KIND_MEASURE``."""

    study: Study
    kind: str
    measure: Measure

    @property
    def name(self) -> str:
        """The name, as a file is called."""
        return f"{self.kind}_{self.measure.name}"

    def title(self, lang: str) -> str:
        """What it shows, in a few words."""
        return capital(word(f"list_{self.kind}", lang, measure=self.measure.label(lang)), lang)

    def check(self, asked: Asked) -> None:
        """Raise PictureError where the study lacks what the picture shows; nothing is drawn."""
        from relending.report.study_pictures.compared_source import lines
        from relending.report.study_pictures.fan_source import fan, places_wanted
        from relending.report.study_pictures.sweep_source import sheets

        m, study = self.measure, self.study
        if isinstance(study, Fans):
            places = places_wanted(study, m, asked.lender, asked.facility)
            said = []
            for place in places:
                try:
                    fan(study, m, place)
                    return
                except PictureError as error:
                    said.append(error)
            raise said[0]
        if isinstance(study, Swept):
            sheets(study, m, asked.quarter, asked.lender, asked.facility)
        elif self.kind == LINES:
            lines(study, m, asked.lender, asked.facility)
        else:
            moving(study, m, asked)

    def draw(self, lang: str, asked: Asked | None = None) -> Drawn:
        """The picture; PictureError where the study lacks what it shows."""
        a, study = asked or Asked(), self.study
        if isinstance(study, Fans):
            from relending.report.study_pictures.fan import draw_fan

            return draw_fan(self.name, study, self.measure, lang, lender=a.lender, facility=a.facility, size=a.size)
        if isinstance(study, Swept):
            from relending.report.study_pictures.heat import draw_sweep

            return draw_sweep(
                self.name,
                study,
                self.measure,
                lang,
                quarter=a.quarter,
                lender=a.lender,
                facility=a.facility,
                fix=a.fix,
                size=a.size,
            )
        if self.kind == LINES:
            from relending.report.study_pictures.lines import draw_lines

            return draw_lines(self.name, study, self.measure, lang, lender=a.lender, facility=a.facility, size=a.size)
        from relending.report.study_pictures.falls import draw_falls

        moving(study, self.measure, a)
        return draw_falls(self.name, study, self.measure, lang, quarter=a.quarter, size=a.size)


def moving(study: Compared, measure: Measure, asked: Asked) -> None:
    """Raise PictureError where there are no causes to be drawn: of one lender, or where nothing moves the measure."""
    from relending.report.study_pictures.compared_source import falls

    if asked.lender or asked.facility:
        raise PictureError(
            f"{measure.en}: causes are told of all lenders and facilities together; leave out --lender and --facility",
            f"{measure.zh}：原因分解只针对全部机构和工具；请去掉 --lender 和 --facility",
        )
    if not any(c.effect for one in falls(study, measure, asked.quarter) for c in one.causes):
        raise PictureError(
            f"{measure.en}: no change moves it, so there is nothing to explain",
            f"{measure.zh}：各项变动均无影响，没有差额可分解",
        )


def study_of(source: Any) -> Study:
    """The study in memory as pictures read it: of ``monte_carlo``, ``sweep`` or ``compare``. TypeError otherwise."""
    kind = type(source).__name__
    readers: dict[str, Callable[[Any], Study]] = {"MonteCarlo": fans_of, "Sweep": swept_of, "Comparison": compared_of}
    made = readers.get(kind)
    if isinstance(source, Fans | Swept | Compared):
        return source
    if made is None:
        raise TypeError(f"{kind} is none of MonteCarlo, Sweep, Comparison")
    return made(source)


def open_studies(path: Path) -> tuple[Study, ...]:
    """The studies in a folder, or of one of its tables; none where it has none.

    Raises StudyFolderError where one is there, but not as it was written.
    """
    if path.is_file():
        folder = path.parent
        known: dict[str, Callable[[Path], Study]] = {SUMMARY: open_fans, "comparison": open_compared}
        known[RECORD.split(".")[0]] = open_fans
        opened = known.get(path.stem)
        return (opened(folder),) if opened else (open_swept(path),)
    out: list[Study] = []
    if (path / RECORD).is_file() or find_table(path, SUMMARY) is not None:
        out.append(open_fans(path))
    if find_table(path, TIDY) is not None:
        out.append(open_swept(path))
    if has_tables(path):
        out.append(open_compared(path))
    return tuple(out)


def offers(studies: Sequence[Study]) -> tuple[Offer, ...]:
    """Every picture that studies may have, in the order of their measures."""
    return tuple(Offer(s, kind, m) for s in studies for kind in KINDS[type(s)] for m in s.measures)


def chosen_offers(there: Sequence[Offer], wanted: Sequence[str]) -> tuple[Offer, ...]:
    """Of the pictures those of some names: of a picture, of a measure (or what it is called), of a kind.

    Raises UnknownPictureError, with the nearest name, for one that is none; PictureError for a measure that the study
    does not have.
    """
    found: dict[str, Offer] = {}
    for what in wanted:
        some = [o for o in there if normalised(what) in _called(o)]
        if not some:
            raise _unknown(what, there)
        found |= {o.name: o for o in some}
    return tuple(found.values())


def _called(offer: Offer) -> set[str]:
    m = offer.measure
    names = (offer.name, offer.kind, m.name, m.zh, m.en, offer.title("zh"), offer.title("en"))
    return {normalised(name) for name in names}


def _unknown(what: str, there: Sequence[Offer]) -> PictureError:
    has = list(dict.fromkeys(o.measure.name for o in there))
    kinds = list(dict.fromkeys(o.kind for o in there))
    wanted = normalised(what)
    prefix = next((k for k in (FAN, HEAT, LINES, CAUSES) if wanted.startswith(f"{k}_")), "")
    known = {normalised(n): m for m in measures().values() for n in (m.name, m.zh, m.en)}
    measure = known.get(wanted.removeprefix(f"{prefix}_") if prefix else wanted)
    if measure is not None and measure.name not in has:
        return PictureError(
            f"{what}: this study has no {measure.en}; it has {', '.join(has)}",
            f"{what}：该研究结果没有{measure.zh}；有：{'、'.join(has)}",
            what,
        )
    if measure is not None or wanted in KINDS_ALL:
        return PictureError(
            f"{what}: no such picture of this study; it has the kinds {', '.join(kinds)}",
            f"{what}：该研究结果没有这种图；有：{'、'.join(kinds)}",
            what,
        )
    every = {normalised(n): n for o in there for n in (o.name, o.kind, o.measure.name, o.measure.zh, o.measure.en)}
    near = nearest(wanted, every)
    hint = f"; nearest: {every[near]}" if near else ""
    return UnknownPictureError(
        f"{what}: no picture or measure of this name{hint}; there are the kinds {', '.join(kinds)} of the measures "
        f"{', '.join(has)}",
        f"{what}：没有此名称的图或指标{f'；最接近：{every[near]}' if near else ''}；图的种类：{'、'.join(kinds)}；"
        f"指标：{'、'.join(has)}",
        what,
    )


KINDS_ALL = (FAN, HEAT, LINES, CAUSES)


def known_id(given: str | None, ids: Sequence[str], names: Names, what: str) -> str:
    """The id of a lender or facility given by id or name; empty for none. PictureError lists those there are."""
    if not given:
        return ""
    for one in ids:
        if normalised(given) in {normalised(n) for n in (one, *names.get(one, {}).values())}:
            return one
    there = ", ".join(ids[:20]) + (f" … ({len(ids)})" if len(ids) > 20 else "")
    said = {"lender": "金融机构", "facility": "工具"}[what]
    raise PictureError(
        f"{given}: no {what} of this name in the study; there are {there}",
        f"{given}：该研究结果中没有此{said}；有：{there}",
        given,
    )


def asked_of(
    study: Study,
    lender: str | None = None,
    facility: str | None = None,
    quarter: str | None = None,
    fix: Mapping[str, str] | None = None,
    size: tuple[float, float] | None = None,
) -> Asked:
    """What is asked for, with lender and facility by id. PictureError where the study has no such."""
    names = study.called if isinstance(study, Compared) else study.names
    whole = Place().key
    ids = [[str(x) for x in dict.fromkeys(study.rows[c]) if x not in whole] for c in ("lender", "facility")]
    return Asked(
        known_id(lender, ids[0], names, "lender"),
        known_id(facility, ids[1], names, "facility"),
        quarter or "",
        dict(fix or {}),
        size,
    )
