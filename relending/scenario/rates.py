"""The lender's own cost of funds: a number, dated values, or a CSV file; whole parts per million."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from relending.filenames import beside
from relending.policy import Dated, DatedValue
from relending.policy.parse import HIGHEST_RATE, PPM, scaled
from relending.scenario.model import Step
from relending.scenario.paths import inside, leads_outside, refused
from relending.scenario.problems import Problems
from relending.scenario.read import Origin

EXPECTED = f"0.000000 … {HIGHEST_RATE:.6f}"


def to_ppm(value: Decimal) -> int | None:
    """A rate as whole parts per million; None where it is out of range or finer than that.

    >>> to_ppm(Decimal("0.0295")), to_ppm(Decimal("2.95")), to_ppm(Decimal("0.02951234"))
    (29500, None, None)
    """
    return scaled(value, PPM, Decimal(0), HIGHEST_RATE)


def dated(steps: Sequence[tuple[dt.date, int]], source: str) -> Dated:
    """Dated rates in ppm, ascending."""
    return Dated("own_rate", tuple(DatedValue(day, ppm, source, "assumption", None) for day, ppm in sorted(steps)))


def own_rate(
    value: Decimal | list[Step] | str,
    column: str,
    origin: Origin,
    problems: Problems,
    files: list[Path],
    allow_outside: bool = False,
) -> Dated | None:
    """The rate as dated ppm, or None with every reason noted.

    ``column`` is the key path, ``origin`` where the value was given; a CSV file read is added to ``files``.
    The file must be in the folder of the file that names it, or below, unless ``allow_outside``.
    A plain number holds from the beginning (``date.min``).
    """
    if isinstance(value, str):
        percent = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*[%％]\s*", value)
        if percent:
            # no file is called that: a rate as people write it, which a fraction must be here
            fraction = f"{Decimal(percent[1]) / 100:f}"
            problems.add("scenario_bad_value", file=origin.label, column=column, found=value, expected=fraction)
            return None
        outside = None if allow_outside or "\0" in value else leads_outside(value, origin.folder)
        if outside is not None:
            problems.add("path_unsafe", file=origin.label, column=column, found=outside, expected=inside(value))
            return None
        return _from_csv(beside(origin.folder, value), value, column, origin, problems, files)
    if isinstance(value, Decimal):
        ppm = to_ppm(value)
        if ppm is None:
            problems.add("scenario_bad_value", file=origin.label, column=column, found=value, expected=EXPECTED)
            return None
        return dated([(dt.date.min, ppm)], origin.short)
    steps: list[tuple[dt.date, int]] = []
    good = True
    for n, step in enumerate(value, 1):
        ppm = to_ppm(step.value)
        if ppm is None:
            problems.add(
                "scenario_bad_value",
                file=origin.label,
                column=f"{column}[{n}].value",
                found=step.value,
                expected=EXPECTED,
            )
        if step.start in [day for day, _ in steps]:
            problems.add(
                "scenario_bad_value",
                file=origin.label,
                column=f"{column}[{n}].from",
                found=step.start,
                expected="from: once",
            )
            ppm = None
        good &= ppm is not None
        steps.append((step.start, ppm or 0))
    if not value:
        problems.add(
            "scenario_bad_value",
            file=origin.label,
            column=column,
            found="[]",
            expected="[{ from = 2021-01-01, value = 0.0295 }]",
        )
    return dated(steps, origin.short) if good and steps else None


def _from_csv(
    path: Path, given: str, column: str, origin: Origin, problems: Problems, files: list[Path]
) -> Dated | None:
    try:
        if (why := refused(path)) is not None:
            problems.add(why[0], file=path.name, column=column, found=why[1], expected=why[2])
            return None
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except FileNotFoundError:
        problems.add("file_not_found", file=origin.label, column=column, found=given)
        return None
    except (OSError, ValueError, csv.Error) as bad:
        reason = "not UTF-8" if isinstance(bad, UnicodeDecodeError) else str(getattr(bad, "strerror", None) or bad)
        problems.add("file_unreadable", file=path.name, column=column, found=reason, expected="CSV, UTF-8")
        return None
    files.append(path.resolve())
    header = [name.strip().casefold() for name in rows[0]] if rows else []
    missing = [name for name in ("from", "value") if name not in header]
    for name in missing:
        problems.add("missing_column", file=path.name, column=name, found=", ".join(header), expected="from, value")
    if missing:
        return None
    at_from, at_value = header.index("from"), header.index("value")
    steps: dict[dt.date, int] = {}
    before = len(problems.rows)
    for n, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = [*row, "", ""]
        day, ppm = _date(cells[at_from]), _rate(cells[at_value])
        if day is None or day in steps:
            problems.add(
                "scenario_bad_value",
                file=path.name,
                row=n,
                column="from",
                found=cells[at_from],
                expected="YYYY-MM-DD" if day is None else "from: once",
            )
        if ppm is None:
            problems.add(
                "scenario_bad_value", file=path.name, row=n, column="value", found=cells[at_value], expected=EXPECTED
            )
        if day is not None and ppm is not None:
            steps[day] = ppm
    if len(problems.rows) > before:
        return None
    if not steps:
        problems.add("scenario_bad_value", file=path.name, found="0", expected=">= 1 (from, value)")
        return None
    return dated(list(steps.items()), path.name)


def _date(text: str) -> dt.date | None:
    found = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", text.strip())
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _rate(text: str) -> int | None:
    text = text.strip()
    percent = text.endswith(("%", "％"))
    try:
        number = Decimal(text[:-1].strip() if percent else text)
    except InvalidOperation:
        return None
    return to_ppm(number.scaleb(-2) if percent and number.is_finite() else number)
