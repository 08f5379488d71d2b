"""The record has one spelling, and holds nothing of the machine, the clock or the way the run was computed."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from relending.runfolder.manifest import canonical_json, input_files, make_manifest


def test_equal_values_have_one_spelling() -> None:
    a = {"b": 1, "a": {"d": Decimal("0.60"), "c": dt.date(2024, 2, 29)}, "中": "文"}
    b = {"中": "文", "a": {"c": dt.date(2024, 2, 29), "d": Decimal("0.60")}, "b": 1}
    assert canonical_json(a) == canonical_json(b)
    assert canonical_json(a).decode() == (
        '{\n  "a": {\n    "c": "2024-02-29",\n    "d": "0.60"\n  },\n  "b": 1,\n  "中": "文"\n}\n'
    )


@pytest.mark.parametrize(
    ("value", "error"), [({"a": float("nan")}, ValueError), ({"a": {1, 2}}, TypeError), ({"a": Path("x")}, TypeError)]
)
def test_a_value_json_does_not_have_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        canonical_json(value)


def test_an_input_is_known_by_its_name_and_contents_not_by_its_place(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place / "parts" / "y").mkdir(parents=True)
        (tmp_path / place / "parts" / "2.parquet").write_bytes(b"two")
        (tmp_path / place / "parts" / "y" / "1.parquet").write_bytes(b"one")
    (tmp_path / "b" / "parts" / "_SUCCESS").write_bytes(b"")
    one = input_files("book", tmp_path / "a" / "parts")
    assert one == input_files("book", tmp_path / "b" / "parts")
    assert one == [
        {"role": "book", "file": "parts/2.parquet", "sha256": hashlib.sha256(b"two").hexdigest()},
        {"role": "book", "file": "parts/y/1.parquet", "sha256": hashlib.sha256(b"one").hexdigest()},
    ]
    assert input_files("book", tmp_path / "a" / "parts" / "2.parquet")[0]["file"] == "2.parquet"


def test_the_record_says_in_both_languages_what_it_does_not_certify() -> None:
    record = make_manifest({}, [], {})
    assert len(record["does_not_certify"]) >= 3
    for text in record["does_not_certify"]:
        assert text.keys() == {"en", "zh"} and all(text.values())
    libraries = {"numpy", "pandas", "pyarrow", "matplotlib", "XlsxWriter", "Jinja2"}
    assert record["versions"].keys() == {"relending", *libraries}
