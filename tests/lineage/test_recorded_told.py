"""What is told of recorded runs is what their tables hold, for any book and any record."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from relending.lineage import explain
from tests.lineage.random_runs import Held, random_run


def fen(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def draws_told(text: str) -> list[dict[str, Any]]:
    """Tranche, fen drawn, fen continued at each due date and the day nothing is held any more, as told."""
    out: list[dict[str, Any]] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("drawn "):
            found = re.match(r"drawn (\S+) yuan in tranche (.*?) at ", line)
            assert found, line
            out.append({"tranche": found[2], "drawn": fen(found[1]), "continued": [], "repaid_on": None})
        elif line.startswith("returned "):
            if line.endswith("; 0.00 yuan still held"):
                out[-1]["repaid_on"] = line.split(" yuan on ")[1][:10]
        elif line.startswith("due "):
            if " continued " in line:
                out[-1]["continued"].append(fen(line.split(" continued ")[1].split()[0]))
            else:
                out[-1]["continued"].append(0)
                out[-1]["repaid_on"] = line.split("due ")[1].split(":")[0]
    return out


def draws_held(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The same as the table of draws has it; what is pending is no draw yet."""
    names = [c for c in rows if c.startswith("continued_")]
    out = []
    for row in rows[rows["drawn_fen"].notna()].to_dict("records"):
        kept = [int(row[n]) for n in names if not pd.isna(row[n])]
        until = None if pd.isna(row["repaid_on"]) else str(row["repaid_on"])[:10]
        out.append({"tranche": row["tranche"], "drawn": int(row["drawn_fen"]), "continued": kept, "repaid_on": until})
    return out


def shares_told(text: str) -> None:
    """The share and the reduction a story tells are what its own figures give, half-even."""
    for line in map(str.strip, text.splitlines()):
        if found := re.fullmatch(r"share: (\S+) / (\S+) = (\S+)", line):
            principal, investment, share = (fen(x) for x in found.groups())
            assert share == round(Fraction(principal * 10**8, investment)), line
        elif found := re.fullmatch(r"annual reduction: (\S+) t x (\S+) / (\S+) = (\S+) t \(half.*", line):
            project, principal, investment, mine = (fen(x) for x in found.groups())
            assert mine == round(Fraction(project * principal, investment)), line


def check(run: Held) -> set[str]:
    """Every story against the tables; the states that occur."""
    attribution = run.tables["attribution"]
    most = sum(c.startswith("continued_") for c in run.tables["draws"])
    for row in attribution.to_dict("records"):
        if not isinstance(row["loan_id"], str):
            continue
        for story, chinese in zip(explain(run, row["loan_id"]), explain(run, row["loan_id"], "zh"), strict=True):
            assert [len(s.lines) for s in story.sections] == [len(s.lines) for s in chinese.sections]
        shares_told(story.text())
        told = draws_told(story.text())
        held = draws_held(run.loan_rows("draws", row["loan_id"]))
        if not row["supported"]:
            held = []
        assert len(told) == len(held), (row["loan_id"], story.text())
        for mine, its in zip(told, held, strict=True):
            # after the last rollover the table has no column, and of what is no longer held it says 0
            mine["continued"] = (mine["continued"] + [0] * most)[: len(its["continued"])]
            assert mine == its, story.text()
    return set(attribution["state"])


@pytest.mark.parametrize("seed", range(12))
def test_every_story_has_exactly_the_draws_of_the_table(seed: int) -> None:
    run = random_run(seed, 40)
    assert run is not None
    check(run)


@settings(max_examples=40, deadline=None)
@given(st.integers(1_000, 10**9), st.sampled_from([3, 12, 30]))
def test_any_record_is_told_as_it_is(seed: int, size: int) -> None:
    run = random_run(seed, size)
    assume(run is not None)
    assert run is not None
    check(run)
