"""docs/data.md: every shipped frame, its columns, and the formats it can be written in."""

from __future__ import annotations

from collections.abc import Iterator

from relending.labelled import unit_in
from relending.shipped.declared import Column, Set, read_toml, shipped_sets
from relending.shipped.frames import frame

TYPES = {
    "text": "text 文本",
    "number": "number 数值",
    "whole": "whole number 整数",
    "day": "day 日期",
}


def page() -> str:
    """The page as text."""
    around = read_toml("sets.toml")["page"]
    sections = (line for one in shipped_sets().values() for line in _section(one))
    return "\n".join([around["head"], *sections, around["writing"]])


def _section(one: Set) -> Iterator[str]:
    yield f"## {one.name}: {one.title['en']} {one.title['zh']}\n"
    yield f"{len(frame(one.name)):,} rows. {' '.join(note['en'] for note in one.notes)}\n"
    yield f"{''.join(note['zh'] for note in one.notes)}\n"
    yield f"```python\n{one.plot}\n```\n"
    yield "| Column | 中文 | English | Type, unit | What stands in it |\n| --- | --- | --- | --- | --- |"
    yield from (_row(column) for column in one.columns)
    yield ""


def _row(column: Column) -> str:
    label, about = column.label, column.about
    kind = TYPES[column.type] + (f", {label.unit} {unit_in(label.unit, 'zh')}" if label.unit else "")
    said = " ".join(text for text in (about["en"], about["zh"]) if text)
    return f"| `{column.name}` | {label.zh} | {label.en} | {kind} | {said} |"
