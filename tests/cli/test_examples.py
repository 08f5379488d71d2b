"""Every example of every verb's help is carried out: one temporary folder, each command once."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from relending.cli import main
from relending.cli.helping import texts
from relending.cli.verbs import VERBS
from relending.scenario import shipped_root
from tests.template.conftest import fill

MADE = "relending template book.xlsx"
"""The example that makes the template which later ones take as filled in."""
FIRST = ("template", "synth", "key", "run")
"""Verbs whose examples make what others read."""
EXAMPLES = [
    (verb, one["run"])
    for verb in sorted(VERBS, key=lambda v: FIRST.index(v) if v in FIRST else len(FIRST))
    for one in texts(verb)["examples"]
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one file that examples take from a bank: its own book."""
    folder = tmp_path_factory.mktemp("desk")
    header = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
    row = "A1,P1,wind,1000000,0.03,2024-01-05,2030-01-05,5000000,100,eia"
    (folder / "loans.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    root = shipped_root()
    assert root is not None
    shutil.copy(root / "demo" / "demo.xlsx", folder / "demo.xlsx")
    return folder


@pytest.mark.parametrize(("verb", "typed"), EXAMPLES, ids=[f"{v}-{n}" for n, (v, _) in enumerate(EXAMPLES)])
def test_an_example_does_what_it_says(verb: str, typed: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    before = {p for p in desk.rglob("*") if p.is_file()}
    words = shlex.split(typed)[1:]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, (typed, done.output)
    assert done.output.strip() and "Traceback" not in done.output
    written = {p for p in desk.rglob("*") if p.is_file()} - before
    named = [desk / words[n + 1] for n, word in enumerate(words) if word in ("--out", "--findings", "--to-accept")]
    if typed == MADE:
        fill(desk / "book.xlsx", "en")
    for place in named:
        assert any(place in (p, *p.parents) for p in written), (typed, place)
    if not named and words[0] not in ("template", "synth", "key"):
        assert not written
