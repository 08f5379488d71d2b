"""A sweep as files 扫描结果: the long frame, a row of metadata a scenario, and a workbook with a sheet a measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relending.findings import Findings, InputError
from relending.labelled import unit_in, write_labelled
from relending.outfile import whole_files
from relending.sheet import Styles, made_to_print, put
from relending.spreadsheet import workbook
from relending.study.labels import labels_of
from relending.study.measures import FLOW, Measure, measures
from relending.study.panel import KEYS
from relending.study.sweep import ALL, Sweep

TIDY, SCENARIOS = "sweep", "scenarios"
FORMATS = {"fraction": "0.0000%", "count": "#,##0", "yuan": "#,##0.00"}
OTHER = "#,##0.00####"
HEAD_HEIGHT = 42
LONGEST_NAME = 31
WORDS = {
    "first": {"en": "overview", "zh": "总览"},
    "scenarios": {"en": "scenarios", "zh": "情景"},
    "since": {"en": "values from {day} on", "zh": "取值自 {day} 起"},
    "sum": {"en": "whole run", "zh": "全期合计"},
    "mean": {"en": "mean of the run", "zh": "全期平均"},
    "empty": {"en": "Without a figure, and so without a sheet: {names}", "zh": "没有数据、未列表的指标：{names}"},
}
MOST_ROWS = 1_048_575


def files_of(folder: Path, format: str) -> list[Path]:
    """The files that :func:`save` writes."""
    if format == "xlsx":
        return [folder / f"{TIDY}.xlsx"]
    return [folder / f"{name}.{format}" for name in (TIDY, SCENARIOS)]


def save(sweep: Sweep, folder: Path, format: str = "csv", lang: str = "en") -> list[Path]:
    """Write the sweep into an existing folder as csv, parquet, xlsx or dta; the files written, all of them or none.

    Raises InputError where a format cannot hold it, OSError where the disk refuses.
    """
    targets = files_of(folder, format)
    rows = len(sweep.grid) * len({key[1:] for key in sweep.keys})
    if format == "xlsx" and rows > MOST_ROWS:
        raise InputError(
            Findings.one("table_too_large", file=targets[0].name, found=f"{rows:,}", expected=f"<= {MOST_ROWS:,}")
        )
    with whole_files(*targets) as rooms:
        if format == "xlsx":
            _workbook(sweep, rooms[0], lang)
        else:
            name = sweep.scenario.name
            title = {"zh": f"{name}：参数扫描", "en": f"{name}: sweep"}
            for frame, room in zip((sweep.frame, sweep.scenarios), rooms, strict=True):
                write_labelled(frame, room, labels_of(frame.columns), title=title, lang=lang, format=format)
    return targets


def _workbook(sweep: Sweep, path: Path, lang: str) -> None:
    """First the figures to look at, then a sheet of the scenarios, then one a measure.

    A measure's sheet has a row a scenario, lender and facility, a column a quarter; a measure without a figure has no
    sheet, and the first sheet says so.
    """
    with workbook(path) as book:
        styles = Styles(book, lang)
        first = book.add_worksheet(WORDS["first"][lang])
        about = book.add_worksheet(WORDS["scenarios"][lang])
        frame = sweep.scenarios
        labels = labels_of(frame.columns)
        for at, name in enumerate(frame.columns):
            put(about, 0, at, labels[name].text(lang), styles.header())
        about.set_column(0, len(frame.columns) - 1, 18)
        for row, values in enumerate(frame.itertuples(index=False), 1):
            for at, value in enumerate(values):
                put(about, row, at, _plain(value), styles.cell(""))
        made_to_print(about, 0, len(frame.columns), lang)
        shown = [m for m in sweep.measures if sweep.known[m.name].any()]
        _overview(first, sweep, [m for m in sweep.measures if m not in shown], styles, lang)
        for measure in shown:
            _measure_sheet(book, sweep, measure, styles, lang)
        first.activate()


def _overview(sheet: Any, sweep: Sweep, empty: Sequence[Measure], styles: Styles, lang: str) -> None:
    """The headlines: a row a scenario; of two keys also each as a table of one against the other."""
    put(
        sheet,
        0,
        0,
        f"{sweep.scenario.name}：参数扫描" if lang == "zh" else f"{sweep.scenario.name}: sweep",
        styles.title(),
    )
    if sweep.since is not None:
        put(sheet, 1, 0, WORDS["since"][lang].format(day=sweep.since), styles.label())
    keys = list(sweep.grid.keys)
    found = dict(_headlines(sweep, lang))
    heads = [label.text(lang) for label in labels_of(("scenario", *keys)).values()] + [text for text, _ in found]
    for at, text in enumerate(heads):
        put(sheet, 2, at, text, styles.header())
    sheet.set_row(2, HEAD_HEIGHT)
    sheet.set_column(0, len(heads) - 1, 20)
    row = 3
    for number, values in enumerate(sweep.parameters().itertuples(index=False)):
        for at, value in enumerate((sweep.names[number], *map(_plain, values))):
            put(sheet, row, at, value, styles.cell(""))
        for at, ((_, unit), figures) in enumerate(found.items(), len(keys) + 1):
            put(sheet, row, at, _there(figures[number]), styles.cell("", FORMATS.get(unit, OTHER)))
        row += 1
    if len(keys) == 2:
        for (text, unit), figures in found.items():
            row = _matrix(sheet, row + 1, sweep, text, figures, styles.cell("", FORMATS.get(unit, OTHER)), styles, lang)
    if empty:
        put(
            sheet,
            row + 1,
            0,
            WORDS["empty"][lang].format(names=", ".join(m.label(lang) for m in empty)),
            styles.label(),
        )
    made_to_print(sheet, 2, len(heads), lang)


def _headlines(sweep: Sweep, lang: str) -> list[tuple[tuple[str, str], list[float]]]:
    """The headlines as people read them: what it is with its unit, and the unit of the figures."""
    out = []
    for (name, quarter), figures in sweep.headlines().items():
        m = measures()[name]
        when = quarter if quarter != ALL else WORDS["sum" if m.kind == FLOW else "mean"][lang]
        unit = "%" if m.unit == "fraction" else unit_in(m.unit, lang)
        text = f"{m.zh}，{when}（{unit}）" if lang == "zh" else f"{m.en}, {when} ({unit})"
        out.append(((text, m.unit), figures))
    return out


def _matrix(
    sheet: Any, row: int, sweep: Sweep, text: str, figures: Sequence[float], looks: Any, styles: Styles, lang: str
) -> int:
    """One headline with the first key down and the second across; the row below it."""
    (down, rows), (across, columns) = sweep.grid.axes
    labels = labels_of((down, across))
    put(sheet, row, 0, text, styles.label(bold=True))
    put(sheet, row + 1, 0, f"{labels[down].text(lang)} \\ {labels[across].text(lang)}", styles.header())
    sheet.set_row(row + 1, HEAD_HEIGHT)
    values = sweep.parameters()
    for at in range(len(columns)):
        put(sheet, row + 1, at + 1, _plain(values[across].iloc[at]), styles.header())
    for i in range(len(rows)):
        put(sheet, row + 2 + i, 0, _plain(values[down].iloc[i * len(columns)]), styles.header())
        for at in range(len(columns)):
            put(sheet, row + 2 + i, at + 1, _there(figures[i * len(columns) + at]), looks)
    return row + 2 + len(rows)


def _there(value: float) -> float | None:
    return None if value != value else float(value)


def _measure_sheet(book: Any, sweep: Sweep, measure: Measure, styles: Styles, lang: str) -> None:
    sheet = book.add_worksheet(measure.label(lang)[:LONGEST_NAME] if lang == "zh" else measure.name)
    quarters = list(dict.fromkeys(key[0] for key in sweep.keys))
    pairs = list(dict.fromkeys(key[1:] for key in sweep.keys))
    keys = list(sweep.grid.keys)
    put(sheet, 0, 0, f"{measure.label(lang)} ({unit_in(measure.unit, lang)})", styles.label(bold=True))
    head = [label.text(lang) for label in labels_of(("scenario", *keys, *KEYS[1:])).values()] + quarters
    for at, text in enumerate(head):
        put(sheet, 1, at, text, styles.header())
    sheet.set_row(1, HEAD_HEIGHT)
    sheet.set_column(0, len(head) - 1, 16)
    made_to_print(sheet, 1, len(head), lang)
    place = {key: i for i, key in enumerate(sweep.keys)}
    figures, looks = sweep.figures(measure), styles.cell("", FORMATS.get(measure.unit, OTHER))
    row = 2
    for number, values in enumerate(sweep.parameters().itertuples(index=False)):
        for pair in pairs:
            for at, text in enumerate((sweep.names[number], *map(_plain, values), *pair)):
                put(sheet, row, at, text, styles.cell(""))
            for at, quarter in enumerate(quarters, len(keys) + 3):
                value = figures[number, place[(quarter, *pair)]]
                put(sheet, row, at, _there(value), looks)
            row += 1


def _plain(value: Any) -> Any:
    """A value as a cell takes it."""
    return value.item() if hasattr(value, "item") else value
