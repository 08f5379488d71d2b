"""Names out of a book or a scenario never command the terminal: no control character of theirs reaches the screen."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import relending as rl
from relending.cli import main
from relending.findings import Findings, InputError
from relending.terminal import visible
from tests.security.hostile import rows_of, write_csv, write_scenario

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[H",
    "bell\x07",
    "\x9b31m",
    "back\x08\x08\x08\x08over",
    "end\u202egnp.exe",
    "line\nerror forged: a line",
    "cr\rover",
    "del\x7f",
    "\u2066isolate",
    "nul-free\x01",
]
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def invoke(*words: str) -> Result:
    """The command as on a terminal: colours are not stripped."""
    done = CliRunner().invoke(main, list(words), color=True)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def assert_quiet(done: Result) -> None:
    found = RAW.search(done.output)
    assert found is None, f"{found[0]!r} in {done.output[max(0, found.start() - 80) : found.end() + 40]!r}"
    assert not any(line.startswith("error forged") for line in done.output.splitlines())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_book_cannot_command_the_terminal(tmp_path: Path, lang: str) -> None:
    name = "b\x1b[31m\x07.csv" if os.name == "posix" else "b.csv"
    # ids with characters that cannot be seen are errors; the other texts are as they are
    ids = [f"N{n}" for n in range(len(TEXTS))]
    book = write_csv(tmp_path / name, rows_of(TEXTS, ids) + rows_of(TEXTS)[1:-2])
    scenario = write_scenario(tmp_path, name, ids, title="t\x1b[31m\nerror forged")
    checked = invoke("check", str(book), "--lender", "icbc", "--lang", lang)
    assert checked.exit_code == 1 and "X2" in checked.output
    assert_quiet(checked)
    done = invoke("run", str(scenario), "--out", str(tmp_path / "out"), "--lang", lang)
    assert done.exit_code == 0 and "\\x1b[31m" in done.output
    assert_quiet(done)
    read = rl.open_run(tmp_path / "out").loans["loan_id"].tolist()
    assert len(read) == 2 * len(TEXTS) + 2
    for one in (*ids, *TEXTS, "X1", "X2", "no\x1b[31msuch"):
        told = invoke("explain", str(tmp_path / "out"), one, "--lang", lang)
        assert told.exit_code == (0 if one in ids or one in ("X1", "X2") or one in read else 1)
        assert_quiet(told)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_headers_and_sheets_of_a_broken_book_cannot_either(tmp_path: Path, lang: str) -> None:
    from relending.spreadsheet import workbook

    write_csv(tmp_path / "b.csv", [TEXTS, ["1"] * len(TEXTS)])
    assert_quiet(invoke("check", str(tmp_path / "b.csv"), "--lang", lang))
    with workbook(tmp_path / "b.xlsx") as book:
        for n, sheet in enumerate(("a\u202eb", "c\u2066d")):
            one = book.add_worksheet(sheet)
            for c, text in enumerate(rows_of(TEXTS)[0] if n else TEXTS):
                one.write_string(0, c, text)
            one.write_string(1, 0, "=1")
    assert_quiet(invoke("check", str(tmp_path / "b.xlsx"), "--lang", lang))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_scenario_cannot_either(tmp_path: Path, lang: str) -> None:
    bad = r'"\u001b[31m\nerror forged"'
    (tmp_path / "s.toml").write_text(
        f"[scenario]\nname = {bad}\nbook = {bad}\nplan = {bad}\nlender = {bad}\nfacilities = [{bad}]\n{bad} = {bad}\n"
        f"start = 2022-01-01\nend = {bad}\n[market]\nown_rate = {bad}\n[facility.{bad}]\nratio = 1\n"
        f"[facility.cerf]\nrollover_base = {bad}\n[lenders.{bad}]\nclass = {bad}\n",
        encoding="utf-8",
    )
    done = invoke("run", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out"), "--lang", lang)
    assert done.exit_code == 1 and "\\x1b" in done.output
    assert_quiet(done)
    (tmp_path / "n.toml").write_text('[scenario]\nname = "a\\u009b31m"\n', encoding="utf-8")
    assert "name_not_a_folder" in invoke("run", str(tmp_path / "n.toml")).output


@pytest.mark.skipif(os.name != "posix", reason="names are text on Windows")
@pytest.mark.parametrize("words", [("check",), ("run", "--out", "out")])
@pytest.mark.parametrize("name", ["b\udcff.csv", "s\udcff.toml", "missing\udcff.csv"])
def test_a_name_that_is_no_text_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        for there in ("b\udcff.csv", "s\udcff.toml"):
            write_csv(tmp_path / there, rows_of(TEXTS))
    except OSError as error:
        pytest.skip(f"no such name on this disk: {error}")
    done = invoke(words[0], name, *words[1:])
    assert done.exit_code == 1 and "path_not_text" in done.output and "\\udcff" in done.output
    assert not (tmp_path / "out").exists()


def test_findings_and_stories_are_safe_in_a_notebook_too() -> None:
    said = Findings.one("duplicate_loan_id", file="b\x1b.csv", loan="a\nb", found="\x07")
    assert [RAW.search(line) for line in said.lines()] == [None] and len(said.lines("zh")[0].splitlines()) == 1
    assert RAW.search(str(InputError(said))) is None


@given(st.text())
def test_what_is_visible_is_one_line_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert RAW.search(shown) is None and "\n" not in shown and len(shown.splitlines()) <= 1
    assert visible(shown) == shown and shown.encode().decode() == shown
    assert visible(text, lines=True).split("\n") == [visible(line) for line in text.split("\n")]


def test_only_one_function_of_the_command_line_prints() -> None:
    """``say`` writes control characters out; ``click.echo`` does not."""
    found = [
        f"{path.name}:{n}"
        for path in sorted((ROOT / "relending" / "cli").glob("*.py"))
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"click\.s?echo\(|\bprint\(", line) and "visible(" not in line and ">>>" not in line
    ]
    assert found == []
