"""What the verbs say: wrong paths, several scenarios, figures too large, commands to type, both languages."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from relending.cli import main
from relending.cli.people import Progress, command_line

HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
GOOD = "{id},P{id},wind,{principal},0.03,2022-01-05,2030-01-05,{investment},100,eia"
SCENARIO = """
[scenario]
name = "{name}"
book = "book.csv"
lender = "icbc"
start = 2022-01-01
end = 2023-12-31
facilities = ["cerf"]
[market]
own_rate = 0.03
"""


def line(loan_id: str, principal: object = 1000000, investment: object = 5000000) -> str:
    return GOOD.format(id=loan_id, principal=principal, investment=investment)


def book(tmp: Path, *rows: str, header: str = HEADER) -> str:
    (tmp / "book.csv").write_text("\n".join([header, *(rows or [line("A")])]) + "\n", encoding="utf-8")
    return str(tmp / "book.csv")


def scenario(tmp: Path, file: str, name: str, text: str = SCENARIO) -> str:
    (tmp / file).write_text(text.format(name=name), encoding="utf-8")
    return str(tmp / file)


def call(*args: str, **options: Any) -> Result:
    done = CliRunner().invoke(main, list(args), **options)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    book(tmp_path, line("A"), line("", 777))
    folder = tmp_path / "run"
    assert call("run", scenario(tmp_path, "s.toml", "s"), "--out", str(folder), "--quiet").exit_code == 0
    return folder


# -- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [
        ("check", ".", "folder_without_parquet"),
        ("check", "", "path_empty"),
        ("check", "run", "path_is_run_folder"),
        ("run", ".", "folder_not_scenario"),
        ("run", "", "path_empty"),
        ("run", "run", "path_is_run_folder"),
    ],
)
def test_a_path_that_is_no_book_or_scenario_is_called_what_it_is(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, verb: str, path: str, code: str, lang: str
) -> None:
    from relending.findings import messages

    monkeypatch.chdir(run_folder.parent)
    said = call(verb, path, "--lang", lang)
    assert said.exit_code == 1
    assert code in said.output and messages()[code].message[lang] in said.output
    if path:
        assert f" {path}: " in said.output or f" {path}, " in said.output or f"{path}:" in said.output


def test_a_run_folder_does_not_hide_the_shipped_scenario_of_its_name(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_folder.rename(run_folder.parent / "demo")
    monkeypatch.chdir(run_folder.parent)
    assert "loans 71" in call("check", "demo").output
    assert call("run", "demo", "--out", "new", "--quiet").exit_code == 0


# -- check ------------------------------------------------------------------------------------------------------------


def test_check_shows_no_amount_for_loans_whose_amount_may_be_what_is_wrong(tmp_path: Path) -> None:
    said = call("check", book(tmp_path, line("A"), line("B", -3000.5), line("C", 2000, 1000)), "--lender", "icbc")
    assert said.exit_code == 1
    (row,) = [x.split() for x in said.output.splitlines() if x.startswith("data_error")]
    assert row == ["data_error", "2", "—"]


def test_check_says_a_negative_amount_as_one() -> None:
    from relending.cli.check import _yuan

    assert (_yuan(-300_050), _yuan(-1), _yuan(None)) == ("-3,000.50", "-0.01", "—")


@pytest.mark.parametrize("option", [["--lender", "icbc"], ["--facility", "cerf"], ["--prepayments", "p.csv"]])
@pytest.mark.parametrize(("lang", "word"), [("en", "only for a book"), ("zh", "只用于台账文件")])
def test_options_for_a_book_are_refused_for_a_scenario(option: list[str], lang: str, word: str) -> None:
    said = call("check", "demo", *option, "--lang", lang)
    assert said.exit_code == 2
    assert option[0] in said.output and word in said.output


@pytest.mark.parametrize(("lang", "word"), [("en", "nearest: icbc"), ("zh", "最接近：icbc")])
def test_an_unknown_lender_or_facility_is_refused_in_the_language_asked(tmp_path: Path, lang: str, word: str) -> None:
    path = book(tmp_path)
    said = call("check", path, "--lender", "icbcc", "--lang", lang)
    assert said.exit_code == 2 and word in said.output
    said = call("check", path, "--facility", "cref", "--lang", lang)
    assert said.exit_code == 2 and word.replace("icbc", "cerf") in said.output


@pytest.mark.parametrize(("lang", "word"), [("en", "define it in a scenario"), ("zh", "由情景文件")])
def test_check_says_where_an_unknown_bank_is_defined(tmp_path: Path, lang: str, word: str) -> None:
    rows = [line("A") + ",Some Village Bank"]
    said = call("check", book(tmp_path, *rows, header=HEADER + ",lender"), "--lang", lang)
    assert "unknown_lender" in said.output and word in said.output and "--lender" in said.output
    known = call("check", book(tmp_path, line("A") + ",icbc", header=HEADER + ",lender"), "--lang", lang)
    assert known.exit_code == 0 and word not in known.output


def test_check_of_a_book_that_names_no_bank_names_the_option(tmp_path: Path) -> None:
    said = call("check", book(tmp_path))
    assert said.exit_code == 1 and "lender_missing" in said.output and "--lender ID" in said.output


# -- several scenarios ------------------------------------------------------------------------------------------------


def test_scenarios_of_one_name_are_refused_before_any_is_run(tmp_path: Path) -> None:
    book(tmp_path)
    two = [scenario(tmp_path, "a.toml", "same"), scenario(tmp_path, "b.toml", "Same")]
    for lang, word in (("en", "several scenarios of one name"), ("zh", "多个情景同名")):
        said = call("run", *two, "--out", str(tmp_path / "out"), "--lang", lang)
        assert said.exit_code == 2 and word in said.output
    assert not (tmp_path / "out").exists()


def test_a_taken_target_of_the_last_scenario_stops_the_first(tmp_path: Path) -> None:
    book(tmp_path)
    two = [scenario(tmp_path, "a.toml", "a"), scenario(tmp_path, "b.toml", "b")]
    (tmp_path / "out" / "b").mkdir(parents=True)
    said = call("run", *two, "--out", str(tmp_path / "out"))
    assert said.exit_code == 2 and str(tmp_path / "out" / "b") in said.output
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["b"]


def test_nothing_is_written_where_the_last_scenario_stops(tmp_path: Path) -> None:
    book(tmp_path)
    (tmp_path / "bad.csv").write_text(HEADER + "\n" + line("A", -5) + "\n", encoding="utf-8")
    bad = scenario(tmp_path, "b.toml", "b", SCENARIO.replace("book.csv", "bad.csv"))
    said = call("run", scenario(tmp_path, "a.toml", "a"), bad, "--out", str(tmp_path / "out"))
    assert said.exit_code == 1 and "nothing was written" in said.output
    assert not (tmp_path / "out").exists()


def test_what_is_wrong_with_any_of_several_scenarios_is_said_at_once(tmp_path: Path) -> None:
    said = call("run", str(tmp_path / "no1.toml"), str(tmp_path / "no2.toml"))
    assert said.exit_code == 1 and "no1.toml" in said.output and "no2.toml" in said.output


def test_several_scenarios_are_each_written_to_their_own_folder(tmp_path: Path) -> None:
    book(tmp_path)
    two = [scenario(tmp_path, "a.toml", "a"), scenario(tmp_path, "b.toml", "b")]
    said = call("run", *two, "--out", str(tmp_path / "out"), "--no-compare")
    assert said.exit_code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a", "b"]


# -- figures too large ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "word"), [("en", "too large"), ("zh", "数值过大")])
@pytest.mark.parametrize("where", ["engine", "save"])
def test_a_figure_too_large_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, lang: str, word: str
) -> None:
    from relending import runfolder, units

    def engine(*args: Any, **options: Any) -> Any:
        return units.mul_div(2**62, 2**62, 1, "floor")

    if where == "engine":
        monkeypatch.setattr(runfolder, "run", engine)
    else:
        monkeypatch.setattr(runfolder.tables, "DIGITS", 5)
    book(tmp_path)
    said = call("run", scenario(tmp_path, "s.toml", "s"), "--out", str(tmp_path / "out"), "--lang", lang)
    assert said.exit_code == 1 and word in said.output
    assert [p.name for p in tmp_path.iterdir() if p.name not in ("book.csv", "s.toml")] == []


def test_another_value_error_is_a_bug_and_shows_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relending import runfolder

    def broken(*args: Any, **options: Any) -> Any:
        raise ValueError("a bug")

    monkeypatch.setattr(runfolder, "run", broken)
    book(tmp_path)
    done = CliRunner().invoke(main, ["run", scenario(tmp_path, "s.toml", "s"), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, ValueError) and str(done.exception) == "a bug"


# -- explain ----------------------------------------------------------------------------------------------------------


def test_explain_takes_a_place_and_says_so(run_folder: Path) -> None:
    assert "principal = 777.00" in call("explain", str(run_folder), "book.csv:3").output
    assert "FILE:ROW" in call("explain", "--help").output


@pytest.mark.parametrize(("lang", "words"), [("en", ["nearest: A", "FILE:ROW"]), ("zh", ["最接近：A", "文件:行号"])])
def test_explain_of_an_unknown_loan(run_folder: Path, lang: str, words: list[str]) -> None:
    said = call("explain", str(run_folder), "AA", "--lang", lang)
    assert said.exit_code == 1 and all(word in said.output for word in words)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("screening.csv", ",cerf,", ",curf,"),
        ("draws.csv", "cerf/icbc/2022-03-31", "cerf/icbc/2022-33-31"),
        ("loans.csv", "2022-01-05", "2022-41-05"),
        ("loans.csv", ",2030-01-05,", ",,"),
        ("manifest.json", '"start": "2022-01-01"', '"start": "2022-41-01"'),
    ],
)
@pytest.mark.parametrize(("lang", "word"), [("en", "damaged"), ("zh", "已损坏")])
def test_explain_of_a_damaged_folder_says_so(
    run_folder: Path, file: str, old: str, new: str, lang: str, word: str
) -> None:
    path = run_folder / file
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    said = call("explain", str(run_folder), "A", "--lang", lang)
    assert said.exit_code == 1 and word in said.output


def test_a_bug_over_an_undamaged_folder_shows_itself(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relending import lineage

    def broken(*args: Any) -> Any:
        raise KeyError("a bug")

    monkeypatch.setattr(lineage, "explain", broken)
    done = CliRunner().invoke(main, ["explain", str(run_folder), "A"])
    assert isinstance(done.exception, KeyError)


# -- language and commands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["policy", "synth"])
def test_every_verb_takes_the_language_from_the_environment(tmp_path: Path, verb: str) -> None:
    args = {"policy": ["policy", "cref"], "synth": ["synth", str(tmp_path / "b.csv"), "--loans", "3"]}[verb]
    word = {"policy": "最接近", "synth": "下一步"}[verb]
    assert word in call(*args, env={"RELENDING_LANG": "zh"}).output


@pytest.mark.parametrize("first", ["-7", "a b", "甲-1", ""])
def test_the_command_a_run_ends_with_works_as_printed(tmp_path: Path, first: str) -> None:
    """Also for an id that begins with a dash, one with a space, and where no row has an id."""
    book(tmp_path, line(first), *([line("Z", 5)] if not first else []))
    target = tmp_path / "my run"
    said = call("run", scenario(tmp_path, "s.toml", "s"), "--out", str(target))
    assert said.exit_code == 0
    (printed,) = [x for x in said.output.splitlines() if x.startswith("one loan's story: ")]
    words = shlex.split(printed.removeprefix("one loan's story: "))
    assert words[:2] == ["relending", "explain"]
    assert call(*words[1:]).exit_code == 0


def test_a_command_is_quoted_only_where_it_must_be() -> None:
    assert (
        command_line("relending", "run", "a.toml", options=["--out", "b"], windows=False)
        == "relending run a.toml --out b"
    )
    assert (
        command_line("relending", "run", "-a.toml", options=["--out", "b"], windows=False)
        == "relending run --out b -- -a.toml"
    )


def test_progress_can_be_started_again_once_stopped() -> None:
    class Status:
        stopped = 0

        def stop(self) -> None:
            self.stopped += 1

    progress, status = Progress("en", quiet=True), Status()
    progress.status = status
    progress.stop()
    progress.stop()
    assert (status.stopped, progress.status) == (1, None)


def test_a_column_of_a_plan_is_not_called_what_a_prepayment_calls_it(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(
        "quarter,sector,amount,rate,months,loans\n2022Q1,coal_mining,-5,0.03,12,1\n", encoding="utf-8"
    )
    text = SCENARIO.replace('book = "book.csv"', 'plan = "plan.csv"')
    said = call("run", scenario(tmp_path, "s.toml", "s", text), "--lang", "zh", "--out", str(tmp_path / "o"))
    assert said.exit_code == 1 and "投放金额（amount）" in said.output


# -- what a stop shows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["check", "run"])
def test_a_book_whose_every_loan_fails_alike_is_told_on_one_screen(tmp_path: Path, verb: str) -> None:
    book(tmp_path, *(line(f"A{n}").replace("2022-01-05", "someday") for n in range(40)))
    words = ["check", str(tmp_path / "book.csv"), "--lender", "icbc"] if verb == "check" else []
    said = call(*(words or ["run", scenario(tmp_path, "s.toml", "s")]), "--lang", "zh")
    assert said.exit_code == 1
    assert "40 × 错误 unreadable_date" in said.output and "no_usable_loan" in said.output
    assert len(said.output.splitlines()) < 15


def test_errors_of_keys_and_headers_are_shown_one_by_one_on_a_stop_however_many(tmp_path: Path) -> None:
    book(tmp_path)
    keys = [f"wrong_{n:02}" for n in range(12)]
    text = SCENARIO.replace("[market]", "\n".join(f"{key} = 1" for key in keys) + "\n[market]")
    said = call("run", scenario(tmp_path, "s.toml", "s", text)).output
    assert all(f"column scenario.{key}: " in said for key in keys)
    said = call("check", book(tmp_path, "A", header="loan_id")).output
    assert said.count("error missing_column: ") > 5


def test_of_different_wrong_sectors_each_is_named_and_the_nearest_has_a_code_and_a_name(tmp_path: Path) -> None:
    rows = [line(f"A{n}").replace("wind", "风力发电厂" if n % 2 else "核电") for n in range(5)]
    said = call("check", book(tmp_path, *rows), "--lender", "icbc", "--lang", "zh").output
    assert "「核电」" in said and "「风力发电厂」" in said
    one = call("check", book(tmp_path, rows[1]), "--lender", "icbc", "--lang", "zh").output
    assert "≈ wind 风力发电" in one


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_after_synth_the_check_suggested_knows_the_banks(tmp_path: Path, lang: str) -> None:
    made = call("synth", str(tmp_path / "b.csv"), "--style", "bank", "--loans", "20", "--lang", lang).output
    (typed,) = (x.partition("relending check ")[2] for x in made.splitlines() if "relending check " in x)
    assert "unknown_lender" not in call("check", *shlex.split(typed)).output
