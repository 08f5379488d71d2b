"""The verb, the documentation and the weight of the import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relending import policy
from relending.cli.policy import command
from relending.policy.show import fitted, one
from relending.terminal import cells


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_on_a_day_shows_the_values_in_force_with_source_status_and_check() -> None:
    result = run("cerf", "--on", "2025-06-01")
    assert result.exit_code == 0
    assert "0.0150 (1.50 %)" in result.output and "0.0125" not in result.output and "0.0175" not in result.output
    block = result.output.split("  rate · ")[1].split("  term_months")[0]
    assert "from 2025-05-07 · in force · checked 2026-11-23" in block
    assert "source: PBoC, notice on re-lending rates, 2025-05-07" in block
    assert "2021-07-01 to 2027-12-31" in result.output and "energy_saving_retrofit" not in result.output


def test_without_a_day_shows_the_whole_history() -> None:
    result = run("cerf")
    assert result.exit_code == 0
    dates = ["2022-12-31", "2024-12-31", "2027-12-31"]
    for text in ("0.0175", "0.0150", "0.0125", *dates, "800,000,000,000", "green_upgrade"):
        assert text in result.output


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", policy.facilities())
def test_no_source_is_cut_and_no_line_is_wider_than_100_columns(name: str, lang: str) -> None:
    out = run(name, "--lang", lang).output
    assert max(cells(line) for line in out.splitlines()) <= 100
    flat = re.sub(r"\s+", "", out)
    found = policy.facility(name)
    for dated in found.parameters.values():
        for value in dated.values:
            assert re.sub(r"\s+", "", policy.source_in(value, lang)) in flat
    for entry in (*found.lenders, *found.sectors):
        assert re.sub(r"\s+", "", policy.source_in(entry, lang)) in flat


@pytest.mark.parametrize("name", policy.facilities())
def test_in_chinese_no_source_is_left_in_english(name: str) -> None:
    sources = re.findall(r"^ +来源：(.*)$", run(name, "--lang", "zh").output, re.MULTILINE)
    assert len(sources) > 20 and [s for s in sources if re.search("[A-Za-z]{5}", s)] == []


def test_in_chinese_an_option_is_told_by_name_with_its_spelling_behind_it() -> None:
    out = run("cerf", "--lang", "zh").output
    assert "    原贷款本金 original\n" in out and "    按比例 pro_rata\n" in out and "    ACT/360" not in out
    assert "    original\n" in run("cerf").output
    assert "小型 small、微型 micro" in run("small_business", "--lang", "zh").output


def test_a_source_nobody_told_in_chinese_is_shown_in_english() -> None:
    override = {"ratio": [{"from": "2022-01-01", "value": 0.5, "source": "Minutes of the board"}], "rate": 0.01}
    shown = "\n".join(one(policy.facility("cerf", override), None, "zh"))
    assert "来源：Minutes of the board" in shown and "来源：情景" in shown


def test_what_is_not_certain_is_marked() -> None:
    assert run("cerf").output.count("! ASSUMPTION") >= 10 and "! UNCONFIRMED" in run("cerf").output
    assert "！假设" in run("cerf", "--lang", "zh").output


def test_a_day_before_the_first_value_says_so() -> None:
    assert "not yet in force; the first value is used" in run("cerf", "--on", "2020-01-01").output


def test_without_a_facility_lists_them_all() -> None:
    out = run().output
    assert [name for name in policy.facilities() if f"{name}  " not in out] == []
    assert "0.0150 (1.50 %)" in run("--on", "2025-06-01").output


def test_a_wrong_facility_or_day_is_wrong_usage_with_a_hint() -> None:
    wrong = run("cref")
    assert wrong.exit_code == 2 and "Nearest: cerf" in wrong.output and "Traceback" not in wrong.output
    assert "最接近：cerf" in run("cref", "--lang", "zh").output
    for day in ("2025-13-01", "June", "2025-06-01T00:00"):
        assert run("cerf", "--on", day).exit_code == 2


def test_help_has_an_example() -> None:
    assert "relending policy cerf --on" in run("--help").output


def test_wrapping_breaks_between_words_and_between_chinese_characters() -> None:
    lines = fitted(["  " + "利率 " * 30 + "word " * 30], 100)
    assert all(cells(line) <= 100 for line in lines)
    assert "".join(lines).replace(" ", "") == "利率" * 30 + "word" * 30
    assert all(line.removesuffix("word") == line or line.endswith("word") for line in lines)


def test_the_dating_table_of_the_documentation_is_the_one_in_code() -> None:
    page = Path(__file__).parents[2] / "docs" / "policy.md"
    table = page.read_text(encoding="utf-8").split("## Which date picks the value")[1].split("##")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|$", table, re.MULTILINE))
    assert rows == dict(policy.DATING)


def test_every_parameter_has_a_dating_and_every_option_its_values() -> None:
    assert set(policy.DATING) == {*policy.PARAMETERS, "lenders", "sectors", "rate_at_rollover"}
    assert set(policy.DATING.values()) == {"disbursement", "draw", "due", "always latest"}
    for name, options in policy.OPTIONS.items():
        for facility in policy.facilities():
            for value in policy.facility(facility)[name].values:
                assert value.value in options


def test_importing_policy_loads_neither_numpy_nor_pandas() -> None:
    code = (
        "import sys, relending.policy as p; p.facility('cerf'); p.lenders(); p.sectors(); p.lpr();"
        "import relending.cli.policy;sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'pyarrow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0
