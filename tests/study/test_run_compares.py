"""``relending run A B C``: what is compared unasked, what it writes and says, and what stops it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import relending as rl
from relending.cli import main
from relending.study.save import names_of
from tests.study.shared import write


def call(*args: str | Path) -> Result:
    done = CliRunner().invoke(main, ["run", *map(str, args)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    return [write(tmp_path, "a"), write(tmp_path, "b", own_rate="0.03", more="[facility.cerf]\nratio = 0.5")]


def test_scenarios_over_one_book_are_compared_with_causes(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = call(*two, "--out", out)
    assert done.exit_code == 0
    assert {p.name for p in out.iterdir()} == {"a", "b", *names_of("csv")}
    assert "Scenarios compared, against a:" in done.output
    assert "ratio 0.5 (cerf): " in done.output and "own_rate 3.00%: " in done.output
    assert all(str(out / name) in done.output for name in ("a", "b", *names_of("csv")))
    with (out / "differences.csv").open(encoding="utf-8-sig", newline="") as file:
        whole = [
            r for r in csv.DictReader(file) if (r["quarter"], r["lender"], r["measure"]) == ("all", "all", "drawn")
        ]
    assert whole[0]["absolute"] == "-3300500.00"  # a tenth of 33.005 m yuan


def test_chinese_output_and_a_console_of_gbk(two: list[Path], tmp_path: Path) -> None:
    done = CliRunner(charset="gbk").invoke(main, ["run", *map(str, two), "--out", str(tmp_path / "o"), "--lang", "zh"])
    assert done.exit_code == 0 and "情景比较（对照 a）" in done.stdout_bytes.decode("gbk")


def test_other_bases_and_measures(two: list[Path], tmp_path: Path) -> None:
    done = call(*two, "--out", tmp_path / "o", "--base", "b", "--measure", "drawn", "--no-causes")
    assert done.exit_code == 0 and "Scenarios compared, against b:" in done.output
    assert "causes not looked for" in done.output and "net interest" not in done.output
    frame = (tmp_path / "o" / "comparison.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(frame) == 1 + 2 * 12 and frame[1].startswith("b,")


def test_a_measure_without_a_whole_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    done = call("demo", "demo/outstanding", "--out", tmp_path / "o", "--measure", "own_rate")
    assert "no figure of all lenders and facilities, see differences.csv: own_rate" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--base", "c"], "no scenario of the name c"),
        (["--no-compare", "--measure", "drawn"], "--measure is of a comparison"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    words: list[str], said: str, two: list[Path], tmp_path: Path
) -> None:
    done = call(*two, "--out", tmp_path / "o", *words)
    assert done.exit_code == 2 and said in done.output and not (tmp_path / "o").exists()


@pytest.mark.parametrize("option", [["--compare"], ["--base", "a"], ["--measure", "drawn"], ["--no-causes"]])
def test_one_scenario_is_compared_with_nothing(option: list[str], two: list[Path], tmp_path: Path) -> None:
    done = call(two[0], "--out", tmp_path / "o", *option)
    assert done.exit_code == 2 and f"{option[0]} compares several scenarios" in done.output


def test_other_quarters_stop_before_anything_is_written(two: list[Path], tmp_path: Path) -> None:
    longer = write(tmp_path, "c", end="2025-12-31")
    done = call(two[0], longer, "--out", tmp_path / "o")
    assert done.exit_code == 1 and "misaligned_quarters" in done.output and "nothing was written" in done.output
    assert not (tmp_path / "o").exists()
    assert call(two[0], longer, "--out", tmp_path / "o", "--no-compare").exit_code == 0
    assert {p.name for p in (tmp_path / "o").iterdir()} == {"a", "c"}


def test_scenarios_of_other_books_are_not_compared_unless_asked(two: list[Path], tmp_path: Path) -> None:
    other = write(tmp_path / "elsewhere", "c")
    done = call(two[0], other, "--out", tmp_path / "o")
    assert done.exit_code == 0 and "No comparison: c has neither the book" in done.output
    assert {p.name for p in (tmp_path / "o").iterdir()} == {"a", "c"}
    assert call(two[0], other, "--out", tmp_path / "p", "--compare", "--quiet").exit_code == 0
    assert {p.name for p in (tmp_path / "p").iterdir()} == {"a", "c", *names_of("csv")}


def test_files_of_a_comparison_are_replaced_only_when_forced_and_only_ours(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call(*two, "--out", out, "--quiet").exit_code == 0
    before = {name: (out / name).read_bytes() for name in names_of("csv")}
    refused = call(*two, "--out", out)
    assert refused.exit_code == 2 and str(out / "comparison.xlsx") in refused.output
    assert call(*two, "--out", out, "--force", "--quiet").exit_code == 0
    assert {name: (out / name).read_bytes() for name in names_of("csv")} == before
    (out / "comparison.csv").write_text("mine", encoding="utf-8")
    assert call(*two, "--out", out, "--force").exit_code == 2
    assert (out / "comparison.csv").read_text(encoding="utf-8") == "mine"


def test_where_the_disk_refuses_no_half_of_a_comparison_is_left(
    two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("relending.study.save.write_comparison", full)
    done = call(*two, "--out", tmp_path / "o")
    assert done.exit_code == 1 and "disk is full" in done.output
    assert {p.name for p in (tmp_path / "o").iterdir()} == {"a", "b"}


def test_a_scenario_may_not_stand_where_the_comparison_does(two: list[Path], tmp_path: Path) -> None:
    taken = write(tmp_path, "Causes.csv")
    done = call(two[0], taken, "--out", tmp_path / "o")
    assert done.exit_code == 2 and "Causes.csv" in done.output


def test_redacted_runs_are_compared_and_name_no_file(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(rl.new_key() + "\n", encoding="utf-8")
    other = write(tmp_path, "c", files='plan = "plan.csv"')
    out = tmp_path / "o"
    done = call(two[0], other, "--out", out, "--compare", "--redact", tmp_path / "key.txt")
    assert done.exit_code == 0, done.output
    texts = {name: (out / name).read_text(encoding="utf-8-sig") for name in names_of("csv")[:-1]}
    recorded = rl.open_run(out / "a").manifest["scenario"]["book"][0]
    for name, text in texts.items():
        assert recorded == "book.csv" or "book.csv" not in text, name
    assert "…" in texts["causes.csv"]


def test_much_to_do_is_said_before(two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relending.cli.comparing.LONG", 1)
    done = call(*two, "--out", tmp_path / "o")
    assert "Causes take 2 more runs of 3 loans; --no-causes leaves them out." in done.output


def test_a_file_that_is_held_open_is_named_before_anything_is_run(
    two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert call(*two, "--out", out, "--quiet").exit_code == 0
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    rename = Path.rename

    def held(path: Path, to: Path) -> Path:
        if path.name == "comparison.xlsx" and path.parent.name == "out":
            raise PermissionError(13, "Permission denied")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", held)
    monkeypatch.setattr("relending.runfolder.run", lambda *_, **__: pytest.fail("nothing is run"))
    for lang, said in (("en", "cannot be replaced: no permission, or the file is open"), ("zh", "无法替换：没有权限")):
        done = call(*two, "--out", out, "--force", "--lang", lang)
        assert done.exit_code == 1 and said in done.output and str(out / "comparison.xlsx") in done.output
        assert "causes.csv" not in done.output
    assert {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()} == before


def test_where_a_comparison_fails_at_last_the_file_and_what_is_written_are_named(
    two: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("relending.study.save.write_comparison", full)
    out = tmp_path / "o"
    done = call(*two, "--out", out)
    assert f"{out / 'comparison.xlsx'}: cannot be written: the disk is full" in done.output
    assert f"Run folders written before: {out / 'a'}, {out / 'b'}" in done.output


def test_a_folder_of_a_files_name_is_named_alone(two: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call(*two, "--out", out, "--quiet").exit_code == 0
    (out / "causes.csv").unlink()
    (out / "causes.csv").mkdir()
    done = call(*two, "--out", out, "--force")
    assert done.exit_code == 2 and f"{out / 'causes.csv'}: is a folder" in done.output
    assert "comparison.xlsx" not in done.output and "--force" not in done.output


@pytest.mark.parametrize("typed", ["path", "name"])
def test_a_base_may_be_the_file_as_it_is_typed(typed: str, two: list[Path], tmp_path: Path) -> None:
    other = write(tmp_path, "c", own_rate="0.02").rename(tmp_path / "file.toml")
    base = str(other) if typed == "path" else "file.toml"
    done = call(*two, other, "--out", tmp_path / "o", "--base", base, "--no-causes", "--measure", "利差")
    assert done.exit_code == 0 and "Scenarios compared, against c:" in done.output and "margin" in done.output


def test_causes_are_told_in_chinese_by_name(two: list[Path], tmp_path: Path) -> None:
    done = call(*two, "--out", tmp_path / "o", "--lang", "zh")
    assert "资金支持比例 0.5（碳减排支持工具）：" in done.output and "自有资金成本 3.00%：" in done.output


def test_a_past_that_comes_out_otherwise_is_warned_of(two: list[Path], tmp_path: Path) -> None:
    done = call(*two, "--out", tmp_path / "o", "--findings", tmp_path / "f.csv")
    assert "warning history_differs" in done.output and "found '2022Q1: 15,002,500.00'" in done.output
    assert "history_differs" in (tmp_path / "f.csv").read_text(encoding="utf-8-sig")
