"""A sweep as files 扫描结果: the long frame, a row of metadata a scenario, and a workbook with a sheet a measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relending.findings import Findings, InputError
from relending.labelled import write_labelled
from relending.outfile import whole_files
from relending.sheet import Styles, made_to_print, put
from relending.spreadsheet import workbook
from relending.study.labels import labels_of
from relending.study.measures import Measure
from relending.study.panel import KEYS
from relending.study.sweep import Sweep

TIDY, SCENARIOS = "sweep", "scenarios"
FORMATS = {"fraction": "0.0000%", "count": "#,##0", "yuan": "#,##0.00"}
LONGEST_NAME = 31
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
    """A sheet of the scenarios, then a sheet a measure: a row a scenario, lender and facility, a column a quarter."""
    with workbook(path) as book:
        styles = Styles(book, lang)
        about = book.add_worksheet("情景" if lang == "zh" else "scenarios")
        frame = sweep.scenarios
        labels = labels_of(frame.columns)
        for at, name in enumerate(frame.columns):
            put(about, 0, at, labels[name].text(lang), styles.header())
        about.set_column(0, len(frame.columns) - 1, 18)
        for row, values in enumerate(frame.itertuples(index=False), 1):
            for at, value in enumerate(values):
                put(about, row, at, _plain(value), styles.cell(""))
        made_to_print(about, 0, len(frame.columns), lang)
        for measure in sweep.measures:
            _measure_sheet(book, sweep, measure, styles, lang)


def _measure_sheet(book: Any, sweep: Sweep, measure: Measure, styles: Styles, lang: str) -> None:
    sheet = book.add_worksheet(measure.label(lang)[:LONGEST_NAME] if lang == "zh" else measure.name)
    quarters = list(dict.fromkeys(key[0] for key in sweep.keys))
    pairs = list(dict.fromkeys(key[1:] for key in sweep.keys))
    keys = list(sweep.grid.keys)
    head = [label.text(lang) for label in labels_of(("scenario", *keys, *KEYS[1:])).values()] + quarters
    for at, text in enumerate(head):
        put(sheet, 0, at, text, styles.header())
    sheet.set_column(0, len(head) - 1, 16)
    made_to_print(sheet, 0, len(head), lang)
    place = {key: i for i, key in enumerate(sweep.keys)}
    figures, looks = sweep.figures(measure), styles.cell("", FORMATS.get(measure.unit, "#,##0.00####"))
    row = 1
    for number, values in enumerate(sweep.parameters().itertuples(index=False)):
        for pair in pairs:
            for at, text in enumerate((sweep.names[number], *map(_plain, values), *pair)):
                put(sheet, row, at, text, styles.cell(""))
            for at, quarter in enumerate(quarters, len(keys) + 3):
                value = figures[number, place[(quarter, *pair)]]
                put(sheet, row, at, None if value != value else float(value), looks)
            row += 1


def _plain(value: Any) -> Any:
    """A value as a cell takes it."""
    return value.item() if hasattr(value, "item") else value
