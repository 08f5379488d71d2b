"""docs/synth.md tells of the defects what the data say of them."""

from __future__ import annotations

from pathlib import Path

from relending.book.synth_defects import defects

PAGE = Path(__file__).resolve().parents[2] / "docs" / "synth.md"


def test_the_page_lists_every_defect_with_its_code_formats_and_words() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    told = [
        (row[0].strip("| `"), row[1].split("`")[1], "Parquet" in row[2], row[3], row[4].removesuffix(" |"))
        for row in rows
    ]
    assert told == [(d.name, d.told, not d.text, d.en, d.zh) for d in defects().values()]
