"""What the Tab key offers: through click's own interface, and once in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, ShellComplete, ZshComplete
from click.testing import CliRunner

from relending.cli import main
from relending.cli.verbs import VERBS
from relending.scenario import shipped_names


def offered(*words: str, shell: type[ShellComplete] = BashComplete) -> list[str]:
    """What is offered for the last of these words, without the marks for files and folders."""
    completer = shell(main, {}, "relending", "_RELENDING_COMPLETE")
    *before, last = words
    return [one.value for one in completer.get_completions(list(before), last) if one.type == "plain"]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("completion") / "demo"
    assert CliRunner().invoke(main, ["run", "demo", "--out", str(folder), "--quiet"]).exit_code == 0
    return str(folder)


def test_verbs_and_options_are_offered() -> None:
    assert offered("") == list(VERBS)
    assert offered("mo") == ["monte-carlo"]
    assert {"--force", "--findings", "--format"} == set(offered("run", "demo", "--f"))
    assert offered("synth", "--style", "") == ["plain", "bank"]
    assert offered("policy", "--lang", "z") == ["zh"]


@pytest.mark.parametrize("verb", ["run", "check", "sweep", "monte-carlo"])
def test_shipped_scenarios_are_offered_beside_files(verb: str) -> None:
    assert set(offered(verb, "")) >= set(shipped_names())
    assert offered(verb, "demo/") == ["demo/outstanding"]
    assert ("national" in offered(verb, "nat")) == (verb == "run")
    completer = BashComplete(main, {}, "relending", "_RELENDING_COMPLETE")
    assert completer.get_completions([verb], "")[0].type == "file"


def test_facilities_measures_and_data_are_offered() -> None:
    from relending.shipped import shipped_sets
    from relending.study import measures
    from relending.study.montecarlo.measures import MEASURES

    assert offered("policy", "c") == ["cerf", "clean_coal"]
    assert offered("check", "a.csv", "--facility", "sm") == ["small_business"]
    assert "icbc" in offered("check", "a.csv", "--lender", "ic")
    assert offered("sweep", "demo", "--measure", "") == list(measures()) == offered("run", "demo", "--measure", "")
    assert offered("monte-carlo", "demo", "--draws", "") == list(MEASURES)
    assert offered("data", "") == list(shipped_sets())
    assert offered("sweep", "demo", "--quarters", "l") == ["last"]


@pytest.mark.parametrize("verb", ["disclose", "apply"])
def test_lenders_and_quarters_of_the_run_folder_are_offered(verb: str, run_folder: str) -> None:
    assert offered(verb, run_folder, "--lender", "") == ["demo", "demo_city"]
    found = offered(verb, run_folder, "--quarter", "2024")
    assert found == ["2024Q4", "2024Q3", "2024Q2", "2024Q1"]
    assert offered(verb, "no-such-folder", "--quarter", "2024") == []
    assert "icbc" in offered(verb, "no-such-folder", "--lender", "")


def test_a_damaged_manifest_offers_nothing_and_says_nothing(tmp_path: Path) -> None:
    for text in ("", "[]", '{"scenario": 7}', '{"scenario": {"start": 7}}', "\x00"):
        (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
        assert offered("disclose", str(tmp_path), "--quarter", "") == []


def test_descriptions_are_in_the_language_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    completer = ZshComplete(main, {}, "relending", "_RELENDING_COMPLETE")
    said: dict[str, str | None] = dict.fromkeys(("en", "zh"))
    for lang in said:
        monkeypatch.setenv("RELENDING_LANG", lang)
        (run,) = completer.get_completions([], "run")
        (margin,) = completer.get_completions(["sweep", "demo", "--measure"], "margi")
        assert (run.help, margin.help)[0] == getattr(VERBS["run"], lang)
        said[lang] = margin.help
    assert said["zh"] == "利差" and said["en"] != said["zh"]


def test_completion_loads_no_frames() -> None:
    code = """
import sys
from click.shell_completion import BashComplete
from relending.cli import main
complete = BashComplete(main, {}, "relending", "X").get_completions
for words in (["run"], ["policy"], ["data"], ["sweep", "d", "--measure"], ["monte-carlo", "d", "--draws"]):
    assert complete(words, "")
print(*[m for m in ("pandas", "matplotlib") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_line_of_the_documentation_completes_in_bash(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    line = page.split("```bash\n")[1].split("\n```")[0]
    tool = tmp_path / "relending"
    tool.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c \'from relending.cli import main; main(prog_name="relending")\' "$@"\n'
    )
    tool.chmod(0o755)
    script = (
        f"{line}\ncomplete -p relending >/dev/null || exit 9\n"
        "COMP_WORDS=(relending mo); COMP_CWORD=1; _relending_completion relending\n"
        'echo "${COMPREPLY[@]}"\n'
        "COMP_WORDS=(relending run outl); COMP_CWORD=2; _relending_completion relending 2>/dev/null\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=env, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if "requires" in done.stderr and "4.4" in done.stderr:
        pytest.skip("this bash is older than 4.4")
    verb, scenario = done.stdout.splitlines()[-2:]
    assert verb == "monte-carlo", done.stderr
    assert scenario.split() == ["outlook/baseline", "outlook/rates-fall", "outlook/rebased", "outlook"]
