"""Redirected output in the code page of the PC: no character stops a command, Chinese is readable in GBK."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from relending.cli.main import VERBS

LOAN = "SF2022062101"
CHINESE = {
    "--help": "模拟、核算并披露",
    "run": "节约利息支出",
    "check": "检查事项",
    "policy": "碳减排支持工具",
    "explain": "来源",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the demonstration."""
    folder = tmp_path_factory.mktemp("code pages") / "demo"
    call(folder.parent, {}, "run", "demo", "--quiet", "--out", str(folder))
    return folder


def call(folder: Path, env: dict[str, str], *words: str, to: Path | None = None) -> bytes:
    """What a command prints in such surroundings, into a pipe or a file; never a traceback."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON", "RELENDING"))}
    path = os.environ.get("PYTHONPATH")
    surroundings = {**kept, **({"PYTHONPATH": path} if path else {}), **env}
    command = [sys.executable, "-m", "relending", *words]
    if to is None:
        done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, check=False)
        out = done.stdout
    else:
        with to.open("wb") as file:
            done = subprocess.run(
                command, cwd=folder, env=surroundings, stdout=file, stderr=subprocess.PIPE, check=False
            )
        out = to.read_bytes()
    assert done.returncode == (1 if words[0] == "check" else 0), done.stderr
    assert b"Traceback" not in done.stderr and b"UnicodeEncodeError" not in done.stderr
    return out


@pytest.fixture(scope="module")
def in_utf_8(demo: Path) -> Callable[[str, str], bytes]:
    """What a command prints in UTF-8, which every code page is compared with."""
    return cache(lambda verb, lang: call(demo.parent, {"PYTHONIOENCODING": "utf-8"}, *words_of(verb, demo, lang)))


def words_of(verb: str, demo: Path, lang: str) -> list[str]:
    """The command, which reads the demonstration or writes it anew."""
    given = {
        "--help": ["--help"],
        "run": ["run", "demo", "--out", str(demo.parent / "again"), "--force"],
        "check": ["check", "demo"],
        "policy": ["policy", "cerf"],
        "explain": ["explain", str(demo), LOAN],
    }[verb]
    return [*given, "--lang", lang]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verb", CHINESE)
def test_output_in_gbk_is_read_back_as_it_is_in_utf_8(
    verb: str, lang: str, demo: Path, in_utf_8: Callable[[str, str], bytes]
) -> None:
    words = words_of(verb, demo, lang)
    gbk = call(demo.parent, {"PYTHONIOENCODING": "cp936"}, *words, to=demo.parent / f"{verb}-{lang}.txt").decode("gbk")
    utf = in_utf_8(verb, lang).decode("utf-8")
    # every character GBK has is itself, every other one its plain form: none is a question mark here
    assert gbk.count("?") == utf.count("?")
    shown = ["".join(c for c in line if "\u4e00" <= c <= "\u9fff") for line in (gbk, utf)]
    assert shown[0] == shown[1]
    if lang == "zh":
        assert CHINESE[verb] in gbk


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONIOENCODING": "gbk:strict"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()),
)
@pytest.mark.parametrize("verb", ["--help", "check", "explain"])
def test_no_code_page_stops_a_command(
    verb: str, env: dict[str, str], demo: Path, in_utf_8: Callable[[str, str], bytes]
) -> None:
    out = call(demo.parent, env, *words_of(verb, demo, "zh"))
    assert out.count(b"\n") == in_utf_8(verb, "zh").count(b"\n")


def test_a_name_with_characters_gbk_lacks_is_printed_with_question_marks(tmp_path: Path) -> None:
    book = tmp_path / "台账😀CO₂.csv"
    book.write_text("a,b\n1,2\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "relending", "check", str(book), "--lang", "zh"],
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    said = (done.stdout + done.stderr).decode("gbk")
    assert done.returncode == 1 and "Traceback" not in said and "台账?CO2.csv" in said


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_survives_gbk(verb: str, tmp_path: Path) -> None:
    assert b"--lang" in call(tmp_path, {"PYTHONIOENCODING": "gbk"}, "run" if verb == "check" else verb, "--help")
