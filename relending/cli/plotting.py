"""What ``relending plot`` can draw: the source opened, its pictures by name, those that it lacks with the reason."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.filenames import unfit_id

if TYPE_CHECKING:
    from relending.report.pictures import Drawn

MOST_RUNS = 64
"""Run folders in a folder that are compared."""
LONGEST_STEM = 60
"""Characters of the name of a file, without what tells a long one apart, language and ending."""


OF_A_TERM = "life_of_loan"
"""The picture that ``--years`` changes."""


class SourceError(Exception):
    """A source that is none, or an option that does not suit it; ``en`` and ``zh`` say what and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh

    def text(self, lang: str) -> str:
        """The message in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Options:
    """What the pictures are restricted to."""

    lender: str | None = None
    facility: str | None = None
    quarter: str | None = None
    fix: Mapping[str, str] | None = None
    size: tuple[float, float] | None = None
    years: float | None = None
    title: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """A picture: its name, title by language, what else it is called, and what draws it.

    ``check`` raises where the source lacks what it shows; ``of_a_quarter`` and ``of_a_grid`` say whether ``--quarter``
    and ``--fix`` change it.
    """

    name: str
    titles: Mapping[str, str]
    names: tuple[str, ...]
    draw: Callable[[str, Options], Drawn]
    check: Callable[[Options], object]
    of_a_quarter: bool = False
    of_a_grid: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A source: its name (files are kept in a folder of it), whether it is a run, and all it may show."""

    name: str
    is_run: bool
    items: tuple[Item, ...]


def open_source(given: str, lang: str = "en") -> Source:
    """The run, the study or the compared runs at a path; ``lang`` is that of what is said of files.

    Raises SourceError where there is none, RunFolderError and StudyFolderError where one is broken, MisalignedError
    where runs cannot be compared.
    """
    from relending.runfolder.manifest import MANIFEST

    path = Path(given)
    if not given.strip() or not path.exists():
        raise _no_source(given)
    name = path.stem if path.is_file() else path.resolve().name
    if path.is_dir() and (path / MANIFEST).is_file():
        return Source(name, True, _of_run(path, lang))
    if path.is_file() and path.name == MANIFEST:
        return Source(path.resolve().parent.name, True, _of_run(path.parent, lang))
    if path.is_file() and path.suffix.lower() not in (".csv", ".parquet", ".xlsx", ".dta", ".json"):
        raise _no_source(given)
    from relending.report.study_pictures.study import offers, open_studies

    studies = open_studies(path)
    if not studies and path.is_dir():
        studies = _compared(path)
    if not studies:
        raise _no_source(given)
    return Source(name, False, tuple(_of_offer(offer) for offer in offers(studies)))


def _no_source(given: str) -> SourceError:
    from relending.scenario import shipped

    if given.strip() and not Path(given).exists() and shipped(given) is not None:
        return SourceError(
            f"{given}: is a shipped scenario; run it first (relending run {given}), then plot runs/{Path(given).name}",
            f"{given}：是随附情景；请先运行（relending run {given}），再对 runs/{Path(given).name} 作图",
        )
    what = given.strip() or '""'
    if Path(what).suffix.lower() == ".toml":
        return SourceError(
            f"{what}: is a scenario file; run it first (relending run), then plot its run folder",
            f"{what}：是情景文件；请先运行（relending run），再对运行文件夹作图",
        )
    missing = not given.strip() or not Path(given).exists()
    return SourceError(
        f"{what}: {'does not exist' if missing else 'holds nothing that can be plotted'}; give a run folder, a folder "
        "of compared runs, a sweep (its folder or table) or a folder of relending monte-carlo",
        f"{what}：{'不存在' if missing else '没有可作图的内容'}；请给出运行文件夹、情景比较文件夹、"
        "参数扫描结果（文件夹或表）或蒙特卡洛结果文件夹",
    )


def _compared(folder: Path) -> tuple[Any, ...]:
    """The runs in a folder laid side by side, where there are several and no table of a comparison says more."""
    from relending.report.study_pictures.study import study_of
    from relending.runfolder import open_run
    from relending.runfolder.manifest import MANIFEST
    from relending.study.compare import compare_runs

    inside = sorted(p.parent for p in folder.glob(f"*/{MANIFEST}"))[:MOST_RUNS]
    if len(inside) < 2:
        if inside:
            raise SourceError(
                f"{folder}: holds one run folder; plot it: relending plot {inside[0]}",
                f"{folder}：内有一个运行文件夹；请对其作图：relending plot {inside[0]}",
            )
        return ()
    from relending.cli.run_folders import damage_told

    with damage_told(folder):
        return (study_of(compare_runs([open_run(one) for one in inside], with_causes=False)),)


def _of_offer(offer: Any) -> Item:
    from relending.report.study_pictures.study import HEAT, OF_A_QUARTER, asked_of

    def asked(o: Options) -> Any:
        return asked_of(offer.study, o.lender, o.facility, o.quarter, o.fix, o.size)

    m = offer.measure
    return Item(
        offer.name,
        {lang: offer.title(lang) for lang in ("zh", "en")},
        (offer.kind, m.name, m.zh, m.en),
        lambda lang, o: offer.draw(lang, asked(o)),
        lambda o: offer.check(asked(o)),
        offer.kind in OF_A_QUARTER,
        offer.kind == HEAT,
    )


def _of_run(folder: Path, lang: str) -> tuple[Item, ...]:
    """The pictures of a run, whose files are as they were written."""
    from relending.cli.run_folders import damage_told, opened_whole
    from relending.report.pictures import catalogue, picture

    run = opened_whole(folder, lang)

    def item(one: Any) -> Item:
        def draw(lang: str, o: Options) -> Drawn:
            years = o.years if one.name == OF_A_TERM else None
            with damage_told(folder):
                return picture(run, one.name, lang=lang, lender=o.lender, facility=o.facility, size=o.size, years=years)

        return Item(one.name, one.title, (), draw, lambda o: draw("en", o))

    return tuple(item(one) for one in catalogue().values())


def wanted_items(source: Source, what: Sequence[str]) -> list[tuple[str, list[Item]]]:
    """The pictures meant by each word: of its name or title, of a measure, of a kind. All of them for none.

    Raises SourceError, with the nearest name, for a word that means none, and PictureError for a measure that a study
    lacks.
    """
    from relending.policy import nearest, normalised

    if not what:
        return [("", list(source.items))]
    out = []
    known: dict[str, list[Item]] = {}
    for item in source.items:
        for name in dict.fromkeys(normalised(n) for n in (item.name, *item.titles.values(), *item.names)):
            known.setdefault(name, []).append(item)
    for word in what:
        some = known.get(normalised(word))
        if not some:
            lacking = _measure_lacking(source, word)
            if lacking is not None:
                raise lacking
            near = nearest(normalised(word), known)
            shown = known[near][0].name if near and near != word else near
            raise SourceError(
                f"{word}: no picture or measure of this name{f'; nearest: {shown}' if near else ''}; --list shows all",
                f"{word}：没有此名称的图或指标{f'；最接近：{shown}' if near else ''}；--list 可列出全部",
            )
        out.append((word, some))
    return out


def _measure_lacking(source: Source, word: str) -> SourceError | None:
    """What is said of a measure, or a picture of one, that there is but not in this source."""
    from relending.policy import normalised
    from relending.report.study_pictures.study import KINDS_ALL
    from relending.study.measures import measures

    wanted = normalised(word)
    kind = next((k for k in KINDS_ALL if wanted == k or wanted.startswith(f"{k}_")), "")
    rest = wanted.removeprefix(f"{kind}_") if kind else wanted
    names = {normalised(n): m for m in measures().values() for n in (m.name, m.zh, m.en)}
    if rest not in names and wanted != kind:
        return None
    if source.is_run:
        return SourceError(
            f"{word}: is a picture of a study (sweep, Monte Carlo, compared runs), and this is a single run; "
            "--list shows what it has",
            f"{word}：是研究结果（参数扫描、蒙特卡洛、情景比较）的图，而此处是单次运行；--list 可列出现有的图",
        )
    has = ", ".join(dict.fromkeys(item.names[1] for item in source.items))
    return SourceError(
        f"{word}: this study does not have it; it has {has}",
        f"{word}：该研究结果没有此项；有：{has}",
    )


def file_stem(name: str, lang: str, options: Options) -> str:
    """The name of a file without its ending: the picture's, what it is restricted to, and ``_zh`` for Chinese.

    >>> file_stem("fan_margin", "zh", Options()), file_stem("margin", "en", Options("示范 银行", None, "2028Q4"))
    ('fan_margin_zh', 'margin_示范-银行_2028Q4')
    """
    parts = [name, options.lender, options.facility, options.quarter]
    parts += [f"{options.years:g}a"] if options.years else []
    parts += [f"{key}-{value}" for key, value in (options.fix or {}).items()]
    whole = "_".join(filter(None, parts))
    stem = "_".join(said for part in parts if part and (said := re.sub(r"[^\w.-]+", "-", part).strip("-.")))
    if len(stem) > LONGEST_STEM or unfit_id(stem):
        # what is cut must not make two pictures one
        stem = f"{stem[:LONGEST_STEM]}-{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return f"{stem}_zh" if lang == "zh" else stem


def restricted(options: Options, item: Item) -> Options:
    """The options that concern a picture: its file is not named by what does not change it."""
    quarter = options.quarter if item.of_a_quarter else None
    years = options.years if item.name == OF_A_TERM else None
    return replace(options, quarter=quarter, fix=options.fix if item.of_a_grid else None, years=years)
