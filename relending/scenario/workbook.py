"""A filled-in template as a scenario: what its parameter sheet says, in the tables a TOML file would hold."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from relending import policy
from relending.book.columns import limits
from relending.book.files import WORKBOOKS
from relending.book.parameters import (
    Answer,
    Parameter,
    ParameterSheet,
    as_day,
    as_quarter,
    as_rate_ppm,
    as_text,
    parameters,
    read_parameters,
)
from relending.book.workbook import sheets_without_parameters
from relending.dates import quarter_end, quarter_start, to_date
from relending.findings import InputError
from relending.policy import normalised
from relending.scenario.problems import Place, Problems, quoted, toml_text
from relending.units import PPM

OWN = "own"
"""The id of a lender that no policy file knows, in a scenario made from a workbook."""


def is_workbook(path: Path) -> bool:
    """Whether a path names a file that may be a template filled in."""
    return path.suffix.lower() in WORKBOOKS and path.is_file()


def has_parameters(path: Path) -> bool:
    """Whether a workbook has the parameter sheet of the template; False where it cannot be opened."""
    try:
        return is_workbook(path) and read_parameters(path) is not None
    except InputError:
        return False


def lost_parameters(path: Path) -> tuple[str, ...]:
    """The sheets of a workbook that looks like a filled-in template without its parameter sheet; else none."""
    return sheets_without_parameters(path) if is_workbook(path) else ()


def workbook_tables(path: Path, problems: Problems) -> dict[str, Any] | None:
    """The tables of a scenario from a workbook's parameter sheet, or None with the reasons noted.

    What is wrong with an answer is noted where it stands; the key it would give is left out. Later problems of a key
    are told by the label and row of the answer it came from.
    """
    try:
        sheet = read_parameters(path)
    except InputError as stop:
        problems.more += stop.findings
        return None
    if sheet is None:
        problems.add("scenario_is_book", file=path.name, found=path.name, expected="*.toml")
        return None
    problems.more += sheet.findings
    return _Reader(path, sheet, problems).tables()


@dataclass(slots=True)
class _Reader:
    path: Path
    sheet: ParameterSheet
    problems: Problems
    out: dict[str, Any] = field(default_factory=dict)

    def tables(self) -> dict[str, Any]:
        """Every table, in the order of a scenario file."""
        scenario: dict[str, Any] = {"name": self.path.stem, "book": self.path.name}
        self.out = {"scenario": scenario}
        own = self._lender()
        for one in parameters().values():
            if one.name.startswith(("lender", "full_", "short_", "admitted_", "own_rate")):
                continue
            value = self._value(one)
            if value is not None:
                self._put(one.key.split("."), value)
        if own:
            self.out["lenders"] = {own[0]: own[1]}
        rate = self._own_rate(scenario.get("start"))
        if rate is not None:
            self.out["market"] = {"own_rate": rate}
        for one in parameters().values():
            self._place(one, own[0] if own else "")
        order = ("scenario", "lenders", "market", "disclosure")
        return {name: self.out[name] for name in order if name in self.out}

    def _put(self, path: list[str], value: Any) -> None:
        node = self.out
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = value

    def _place(self, one: Parameter, lender: str) -> None:
        """Where the problems of a key are to be shown."""
        keys = [one.key]
        if one.key.split(".")[0] in ("class", "full_name", "short_name", "admitted"):
            keys = [f"lenders.{lender}.{one.key}"] if lender else []
        if one.name == "lender_class" and lender:
            keys.append(f"lenders.{lender}")
        for key in keys:
            self.problems.places[key] = self._where(one, self.sheet.answers.get(one.name))

    def _value(self, one: Parameter) -> Any:
        """What an answer says, or None where it is not given or not understood (noted)."""
        answer = self.sheet.answers.get(one.name)
        if answer is None:
            if one.required:
                self._bad("value_missing", one, None, limits()["quarter_like"] if one.type == "quarter" else "")
            return None
        read: Mapping[str, Callable[[Parameter, Answer], Any]] = {
            "text": lambda p, a: as_text(a.value),
            "choice": self._choice,
            "quarter": self._quarter,
            "count": self._count,
            "date": self._day,
            "facilities": self._facilities,
        }
        return read[one.type](one, answer)

    def _where(self, one: Parameter, answer: Answer | None) -> Place:
        """Where an answer stands, or would stand."""
        row, label = (answer.row, answer.label) if answer else self.sheet.labels.get(one.name, (None, one.label["zh"]))
        return Place(self.path.name, self.sheet.sheet, row, label)

    def _bad(self, code: str, one: Parameter, answer: Answer | None, expected: str) -> None:
        self.problems.gone.add(tuple(one.key.split(".")))
        at = self._where(one, answer)
        found = as_text(answer.value) if answer else ""
        self.problems.add(
            code, file=at.file, sheet=at.sheet, row=at.row, column=at.label, found=found, expected=expected
        )

    def _choice(self, one: Parameter, answer: Answer) -> str | None:
        said = normalised(as_text(answer.value))
        found = next((v for v, names in one.values.items() if said in {normalised(n) for n in (v, *names)}), None)
        if found is None:
            self._bad("unknown_value", one, answer, " | ".join(names[0] for names in one.values.values()))
            self.problems.gone.add((one.key,))
        return found

    def _classes(self) -> str:
        words = parameters()["lender_class"].values.values()
        return " | ".join(" ".join(names) for names in words)

    def _quarter(self, one: Parameter, answer: Answer) -> dt.date | None:
        number = as_quarter(answer.value)
        if number is None:
            self._bad("unreadable_quarter", one, answer, limits()["quarter_like"])
            return None
        return to_date(int(quarter_start(number) if one.key == "scenario.start" else quarter_end(number)))

    def _count(self, one: Parameter, answer: Answer) -> int | None:
        text = as_text(answer.value)
        if not re.fullmatch(r"[0-9]{1,2}", text):
            self._bad("unreadable_number", one, answer, "0 … 6")
            return None
        return int(text)

    def _day(self, one: Parameter, answer: Answer) -> dt.date | None:
        day = as_day(answer.value)
        if day is None:
            self._bad("unreadable_date", one, answer, limits()["day_like"])
        return day

    def _facilities(self, one: Parameter, answer: Answer) -> list[str] | None:
        known = {normalised(word): f for f in policy.facilities() for word in (f, *policy.facility(f).name.values())}
        given = [word for word in re.split(r"[;；,，、\n]+", as_text(answer.value)) if word.strip()]
        unknown = [word.strip() for word in given if normalised(word) not in known]
        if unknown or not given:
            self._bad("unknown_facility", one, answer, "; ".join(policy.facilities()))
            return None
        return [known[normalised(word)] for word in given]

    def _lender(self) -> tuple[str, dict[str, Any]] | None:
        """The id of the lender and what its table holds; notes the lender in [scenario]."""
        text = self._value(parameters()["lender"])
        if text is None:
            return None
        known = policy.lender_of(text)
        ident = known or (text if re.fullmatch(r"[a-z0-9_]+", text) else OWN)
        self.out["scenario"]["lender"] = ident
        one_class = (parameters()["lender_class"].key,)
        table: dict[str, Any] = {}
        for one in parameters().values():
            top, _, rest = one.key.partition(".")
            if top not in ("class", "full_name", "short_name", "admitted"):
                continue
            value = self._value(one)
            if value is not None:
                (table.setdefault(top, {}) if rest else table)[rest or top] = value
        if known is None and "class" not in table and one_class not in self.problems.gone:
            self._bad("value_missing", parameters()["lender_class"], None, self._classes())
            self.problems.gone.add(("lenders", ident, "class"))
        if known is None and ident != text and "full_name" not in table:
            table["full_name"] = {"zh": text}
        elif known is None and ident != text and text not in table["full_name"].values():
            table.setdefault("short_name", {}).setdefault("zh", text)
        return (ident, table) if table or known is None else None

    def _own_rate(self, start: dt.date | None) -> Any:
        """One rate, or dated ones where later costs of funds are given."""
        one = parameters()["own_rate"]
        first = self.sheet.answers.get("own_rate")
        steps: list[dict[str, Any]] = []
        if first is not None:
            value = self._rate(first)
            if not self.sheet.rates or value is None:
                return value
            steps.append({"from": start or dt.date(policy.lpr().fixings[0].date.year, 1, 1), "value": value})
        elif not self.sheet.rates:
            self._bad("value_missing", one, None, one.example)
            return None
        for day, rate in self.sheet.rates:
            since = as_day(day.value)
            if since is None:
                self._bad("unreadable_date", one, day, limits()["day_like"])
            value = self._rate(rate)
            if since is not None and value is not None:
                steps.append({"from": since, "value": value})
        return steps or None

    def _rate(self, answer: Answer) -> Decimal | None:
        ppm, code = as_rate_ppm(answer.value)
        if ppm is None:
            one = parameters()["own_rate"]
            if code == "rate_ambiguous":  # most likely a cell in per cent format: 2.35% holds 0.0235
                shown = f"{Decimal(as_text(answer.value)) * 100:f}".rstrip("0").rstrip(".")
                self._bad("parameter_rate_ambiguous", one, answer, f"{shown} / {shown}%")
            else:
                self._bad(code, one, answer, one.example)
            return None
        return Decimal(ppm) / PPM


def toml_of(tables: Mapping[str, Any], book: str) -> str:
    """The tables as a scenario file, which gives the same run where it lies beside the workbook.

    >>> print(toml_of({"scenario": {"name": "a"}, "lenders": {"own": {"class": "city"}}}, "a.xlsx"))
    # Made from the workbook a.xlsx; put this file beside it to run it again.
    # 由工作簿 a.xlsx 生成；与该工作簿放在同一文件夹即可重新运行。
    <BLANKLINE>
    [scenario]
    name = "a"
    <BLANKLINE>
    [lenders.own]
    class = "city"
    <BLANKLINE>
    """
    name = re.sub(r"[\x00-\x1f\x7f]", " ", book)
    lines = [
        f"# Made from the workbook {name}; put this file beside it to run it again.",
        f"# 由工作簿 {name} 生成；与该工作簿放在同一文件夹即可重新运行。",
        "",
    ]
    for table, content in tables.items():
        nested = table in ("lenders", "facility")
        for inner, values in content.items() if nested else [("", content)]:
            lines.append(f"[{table}.{quoted(inner)}]" if nested else f"[{table}]")
            lines += [f"{quoted(key)} = {toml_text(value)}" for key, value in values.items()]
            lines.append("")
    return "\n".join(lines)
