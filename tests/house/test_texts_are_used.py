"""Every text that is shipped is said somewhere, and every text that is asked for is there, in both languages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "relending"
CALLS = {
    "report/page/texts.toml": r"""\bsaid\(\s*"(\w+)"|\bt\.(\w+)""",
    "report/pictures/words.toml": r"""\b(?:word|head|say)\(\s*"(\w+)"|\bnothing\(NAME, "(\w+)\"""",
    "report/study_pictures/words.toml": r"""(?<!\.)\bword\(\s*"(\w+)\"""",
}
"""A file of texts, and how those of the package beside it ask for one by its whole name."""


def written(path: str) -> str:
    """The code and templates beside a file of texts."""
    return "\n".join(
        one.read_text(encoding="utf-8")
        for one in sorted((ROOT / path).parent.rglob("*"))
        if one.suffix in (".py", ".j2")
    )


def texts(path: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CALLS)
def test_every_text_is_asked_for(path: str) -> None:
    code = written(path)
    # a name put together of a beginning in the code and something else: f"outcome_{name}", "horizon_" ~ name
    begins = tuple(set(re.findall(r'f?"(\w+_)(?:\{|" ~|" if )', code)))
    unused = [name for name in texts(path) if not re.search(rf"\b{name}\b", code) and not name.startswith(begins)]
    assert unused == []


@pytest.mark.parametrize("path", CALLS)
def test_every_text_asked_for_is_there_in_both_languages(path: str) -> None:
    there = texts(path)
    asked = {
        name for pair in re.findall(CALLS[path], written(path)) for name in ([pair] if isinstance(pair, str) else pair)
    }
    assert len(asked) > 20 and sorted(asked - {""} - set(there) - {"fill"}) == []
    assert [name for name, one in there.items() if not one.get("zh") or not one.get("en")] == []


@pytest.mark.parametrize("path", list(CALLS)[1:])  # on the page 亿元 and months are words of one language
def test_both_languages_of_a_text_have_the_same_gaps(path: str) -> None:
    gaps = {
        name: [sorted(set(re.findall(r"\{(\w+)", one[lang]))) for lang in ("zh", "en")]
        for name, one in texts(path).items()
    }
    assert {name: pair for name, pair in gaps.items() if pair[0] != pair[1]} == {}
