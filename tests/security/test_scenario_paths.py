"""A scenario of someone else reads nothing outside its own folder, however the way out is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.findings import InputError
from relending.scenario import load_scenario
from relending.scenario.paths import LARGEST

HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
BOOK = f"{HEADER}\nL1,P1,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia\n"
SCENARIO = """
[scenario]
name = "s"
book = {book}
{more}
lender = "icbc"
start = 2022-01-01
end = 2022-12-31
facilities = ["cerf"]
[market]
own_rate = {rate}
"""

WAYS_OUT = [
    "../book.csv",
    "sub/../../book.csv",
    "../mine/book.csv",  # leaves the folder and comes back
    "sub/../../mine/book.csv",
    "..",
    "..\\book.csv",
    "sub\\..\\..\\book.csv",
    "sub/..\\../book.csv",
    "C:\\books\\book.csv",
    "c:book.csv",
    "C:/books/book.csv",
    "\\\\server\\share\\book.csv",
    "//server/share/book.csv",
    "\\\\?\\C:\\book.csv",
    "\\book.csv",
    "/etc/hostname",
]


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The scenario's folder; the same book lies in it, below it and outside."""
    folder = tmp_path / "mine"
    (folder / "sub").mkdir(parents=True)
    for place in (folder, folder / "sub", tmp_path):
        (place / "book.csv").write_text(BOOK, encoding="utf-8")
    return folder


def write(
    folder: Path, book: str = '"book.csv"', more: str = "", rate: str = "0.02", name: str = "s.toml", text: str = ""
) -> Path:
    path = folder / name
    path.write_text(text or SCENARIO.format(book=book, more=more, rate=rate), encoding="utf-8")
    return path


def unsafe(path: Path, overrides: Sequence[str] = ()) -> list[tuple[str, str, str, str]]:
    """Every problem, as (code, file, column, found); each has to say what to do, in both languages."""
    with pytest.raises(InputError) as stop:
        load_scenario(path, overrides)
    frame = stop.value.findings.frame()
    assert frame["fix"].str.len().gt(0).all() and frame["fix_zh"].str.len().gt(0).all()
    return [(r.code, r.file, r.column, r.found) for r in frame.itertuples()]


@pytest.mark.parametrize("way", WAYS_OUT)
@pytest.mark.parametrize("key", ["book", "plan", "prepayments", "published", "own_rate", "extends"])
def test_no_key_of_a_scenario_file_leads_out_of_its_folder(mine: Path, key: str, way: str) -> None:
    if key == "book":
        path, column = write(mine, book=f"'{way}'"), "scenario.book"
    elif key == "own_rate":
        path, column = write(mine, rate=f"'{way}'"), "market.own_rate"
    else:
        path, column = write(mine, more=f"{key} = '{way}'"), f"scenario.{key}"
    assert unsafe(path) == [("path_unsafe", "s.toml", column, way)]


def test_a_book_in_a_list_and_a_rate_of_a_lender_are_held_to_the_same(mine: Path) -> None:
    path = write(mine, book='["book.csv", "../book.csv"]', rate='0.02\n[lenders.icbc]\nown_rate = "../r.csv"')
    assert unsafe(path) == [
        ("path_unsafe", "s.toml", "lenders.icbc.own_rate", "../r.csv"),
        ("path_unsafe", "s.toml", "scenario.book", "../book.csv"),
    ]


@pytest.mark.parametrize("way", ["book.csv", "./book.csv", "sub/book.csv", "sub/../book.csv", "sub/./../sub//book.csv"])
def test_a_name_that_stays_inside_is_read(mine: Path, way: str) -> None:
    assert [p.read_text() for p in load_scenario(write(mine, book=f'"{way}"')).book] == [BOOK]


def test_all_of_them_are_told_at_once_and_with_what_else_is_wrong(mine: Path) -> None:
    path = write(
        mine, book='"../book.csv"', more='plan = "/plan.csv"\nextends = "../base.toml"\nnmae = "x"', rate='"../r.csv"'
    )
    assert sorted(unsafe(path)) == [
        ("path_unsafe", "s.toml", "market.own_rate", "../r.csv"),
        ("path_unsafe", "s.toml", "scenario.book", "../book.csv"),
        ("path_unsafe", "s.toml", "scenario.extends", "../base.toml"),
        ("path_unsafe", "s.toml", "scenario.plan", "/plan.csv"),
        ("scenario_unknown_key", "s.toml", "scenario.nmae", 'nmae = "x"'),
    ]


def test_a_refused_base_is_not_read_and_what_may_stand_in_it_is_not_asked_for(mine: Path, tmp_path: Path) -> None:
    write(tmp_path, name="base.toml", text="not TOML at all, and of no consequence")
    path = write(mine, text='[scenario]\nextends = "../base.toml"\nlender = "defined_in_the_base"\n')
    assert unsafe(path) == [("path_unsafe", "s.toml", "scenario.extends", "../base.toml")]


def test_each_file_of_a_chain_is_held_to_its_own_folder(mine: Path) -> None:
    write(mine / "sub", name="base.toml", book='"../book.csv"')
    path = write(mine, text='[scenario]\nextends = "sub/base.toml"\n')
    assert unsafe(path) == [("path_unsafe", "base.toml", "scenario.book", "../book.csv")]
    write(mine / "sub", name="base.toml")
    assert load_scenario(path).book == (mine / "sub" / "book.csv",)


def link(at: Path, to: Path) -> None:
    try:
        at.symlink_to(to)
    except OSError as error:  # Windows asks for a privilege
        pytest.skip(f"no symbolic links here: {error}")


@pytest.mark.parametrize("way", ["link.csv", "out/book.csv", "sub/out/book.csv", "back/link.csv"])
def test_a_link_that_leads_out_is_refused_and_one_that_stays_inside_is_not(
    mine: Path, tmp_path: Path, way: str
) -> None:
    link(mine / "link.csv", tmp_path / "book.csv")
    link(mine / "out", tmp_path)
    link(mine / "sub" / "out", tmp_path)
    link(mine / "back", mine)
    link(mine / "inside.csv", mine / "sub" / "book.csv")
    outside = os.path.realpath(tmp_path / "book.csv")
    assert unsafe(write(mine, book=f'"{way}"')) == [
        ("path_unsafe", "s.toml", "scenario.book", f"{Path(way).name} -> {outside}")
    ]
    assert load_scenario(write(mine, book='"back/inside.csv"')).book[0].read_text() == BOOK


@pytest.mark.parametrize("key", ["prepayments", "extends", "own_rate"])
def test_links_of_the_other_keys_are_refused_too(mine: Path, tmp_path: Path, key: str) -> None:
    write(tmp_path, name="other.toml")
    link(mine / "link", tmp_path / "other.toml")
    path = write(mine, rate='"link"') if key == "own_rate" else write(mine, more=f'{key} = "link"')
    assert [(code, found.split(" -> ")[0]) for code, _, _, found in unsafe(path)] == [("path_unsafe", "link")]


def test_a_linked_part_of_a_parquet_folder_is_refused(mine: Path, tmp_path: Path) -> None:
    (mine / "parts").mkdir()
    link(mine / "parts" / "a.parquet", tmp_path / "book.csv")
    [(code, _, column, found)] = unsafe(write(mine, book='"parts"'))
    assert (code, column) == ("path_unsafe", "scenario.book") and found.startswith("a.parquet -> ")


def test_a_scenario_file_that_is_itself_a_link_has_the_folder_it_was_named_in(mine: Path, tmp_path: Path) -> None:
    link(tmp_path / "linked.toml", write(mine))
    assert load_scenario(tmp_path / "linked.toml").book == (tmp_path / "book.csv",)


def test_the_user_may_allow_it_and_his_own_words_are_allowed(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, name="base.toml")
    (tmp_path / "r.csv").write_text("from,value\n2020-01-01,0.02\n", encoding="utf-8")
    path = write(mine, book='"../book.csv"', more='extends = "../base.toml"', rate='"../r.csv"')
    allowed = load_scenario(path, allow_outside=True)
    assert allowed.book[0].resolve() == tmp_path / "book.csv" and len(allowed.files) == 3
    assert len(rl.run(path, allow_outside=True).loans) == 1
    monkeypatch.chdir(mine / "sub")
    said = load_scenario(write(mine), {"scenario.book": tmp_path / "book.csv", "market.own_rate": "../../r.csv"})
    assert said.book == (tmp_path / "book.csv",)
    assert load_scenario(write(mine), ["scenario.book=../../book.csv"]).book[0].resolve() == tmp_path / "book.csv"


@pytest.mark.parametrize("verb", ["run", "check"])
def test_the_command_line_refuses_names_the_option_and_takes_it(mine: Path, tmp_path: Path, verb: str) -> None:
    path = write(mine, book='"../book.csv"')
    more = ["--out", str(tmp_path / "out")] if verb == "run" else []
    said = CliRunner().invoke(main, [verb, str(path), *more])
    assert said.exit_code == 1 and "path_unsafe" in said.output and "--allow-outside" in said.output
    assert not (tmp_path / "out").exists()
    assert "--allow-outside" in CliRunner().invoke(main, [verb, str(path), *more, "--lang", "zh"]).output
    done = CliRunner().invoke(main, [verb, str(path), "--allow-outside", *more])
    assert done.exit_code == 0, done.output


def test_shipped_scenarios_work_also_where_an_installer_links_each_file_to_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relending.scenario import places

    root = places.shipped_root()
    assert root is not None
    (tmp_path / "installed" / "demo").mkdir(parents=True)
    for file in (root / "demo").iterdir():
        if file.is_file():
            link(tmp_path / "installed" / "demo" / file.name, file)
    monkeypatch.setattr(places, "shipped_root", lambda: tmp_path / "installed")
    assert load_scenario("demo/outstanding").book[0].name == "demo.xlsx"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name here")
@pytest.mark.parametrize("key", ["book", "extends", "own_rate"])
def test_a_pipe_is_never_waited_for(mine: Path, key: str) -> None:
    os.mkfifo(mine / "pipe.csv")
    path = {
        "book": lambda: write(mine, book='"pipe.csv"'),
        "extends": lambda: write(mine, more='extends = "pipe.csv"'),
        "own_rate": lambda: write(mine, rate='"pipe.csv"'),
    }[key]()
    with pytest.raises(InputError) as stop:
        rl.run(path)
    assert list(stop.value.findings.codes()) == ["path_unsafe"]


def test_a_scenario_or_a_file_of_rates_of_absurd_size_is_not_read(mine: Path) -> None:
    with (mine / "big.csv").open("wb") as out:
        out.truncate(LARGEST + 1)
    assert [row[0] for row in unsafe(write(mine, rate='"big.csv"'))] == ["scenario_too_large"]
    with write(mine).open("r+b") as out:
        out.truncate(LARGEST + 1)
    assert [row[0] for row in unsafe(mine / "s.toml")] == ["scenario_too_large"]


def test_a_shipped_scenario_is_extended_by_its_name_and_opens_no_way_out(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "book.csv").write_text(BOOK, encoding="utf-8")
    for base in ("demo", "outlook/rebased"):
        (mine / "s.toml").write_text(f'[scenario]\nname = "s"\nextends = "{base}"\n', encoding="utf-8")
        assert load_scenario(mine / "s.toml").book == load_scenario(base).book
    (mine / "s.toml").write_text('[scenario]\nname = "s"\nextends = "demo"\nbook = "../book.csv"\n', encoding="utf-8")
    with pytest.raises(InputError, match="path_unsafe"):
        load_scenario(mine / "s.toml")
    # a file of one's own of that name comes first
    (mine / "demo").write_text('[scenario]\nname = "other"\n', encoding="utf-8")
    (mine / "s.toml").write_text('[scenario]\nextends = "demo"\n', encoding="utf-8")
    with pytest.raises(InputError, match="scenario_missing_key"):
        load_scenario(mine / "s.toml")
