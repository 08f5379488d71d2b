"""`relending data`: the names, a head on the screen, the whole in each format, and no for what there is not."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.labelled import FORMATS
from relending.shipped import shipped_sets

READ = {
    "csv": pd.read_csv,
    "parquet": pd.read_parquet,
    "xlsx": partial(pd.read_excel, engine="calamine"),
    "dta": pd.read_stata,
}


def said(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["data", *words])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_name_it_lists_the_names_with_a_line_each(lang: str) -> None:
    lines = said("--lang", lang).splitlines()
    for name, one in shipped_sets().items():
        assert [line for line in lines if line.startswith(f"{name} ") and line.endswith(one.about[lang])]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", shipped_sets())
def test_with_a_name_it_shows_the_first_rows_and_where_the_rest_is(name: str, lang: str) -> None:
    shown, frame = said(name, "--lang", lang), rl.data(name)
    assert shown.startswith(shipped_sets()[name].title[lang])
    assert f"{len(frame) - 10:,}" in shown and f"--out {name}.csv" in shown and "nan" not in shown.casefold()


def test_csv_alone_goes_to_the_screen_as_the_file_would_be(tmp_path: Path) -> None:
    said("lpr", "--out", str(tmp_path / "lpr.csv"))
    shown = CliRunner().invoke(main, ["data", "lpr", "--format", "csv"])
    assert shown.exit_code == 0
    assert shown.stdout_bytes == (tmp_path / "lpr.csv").read_bytes()


@pytest.mark.parametrize("ending", FORMATS)
def test_every_row_is_in_the_file_of_each_format(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"p.{ending}"
    assert f"{len(rl.data('policy'))} rows" in said("policy", "--out", str(path))
    found, frame = READ[ending](path), rl.data("policy")  # type: ignore[operator]
    assert len(found) == len(frame) and found.source.to_list() == frame.source.to_list()
    assert found.value.astype(float).equals(frame.value)


def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "lpr.dta"
    assert "wrote" in said("lpr", "--out", str(path)) and len(pd.read_stata(path)) == len(rl.data("lpr"))


def test_the_format_may_be_said_instead_of_the_ending(tmp_path: Path) -> None:
    said("lpr", "--out", str(tmp_path / "lpr"), "--format", "dta")
    assert len(pd.read_stata(tmp_path / "lpr")) == len(rl.data("lpr"))


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    assert "aggregates?" in said("agregates", code=1) and "没有这个名称" in said("agregates", "--lang", "zh", code=1)


def test_an_existing_file_is_left_as_it_is_without_force(tmp_path: Path) -> None:
    path = tmp_path / "lpr.csv"
    path.write_bytes(b"mine")
    assert "--force" in said("lpr", "--out", str(path), code=2) and path.read_bytes() == b"mine"
    said("lpr", "--out", str(path), "--force")
    assert path.read_bytes() != b"mine"


def test_what_makes_no_sense_is_wrong_usage(tmp_path: Path) -> None:
    assert "--out" in said("lpr", "--format", "dta", code=2)
    assert "NAME" in said("--out", str(tmp_path / "x.csv"), code=2)
    (tmp_path / "file").write_bytes(b"")
    assert "folder" in said("lpr", "--out", str(tmp_path / "file" / "x.csv"), code=1)
