"""The shipped font draws what labels and names need, is the one its tool makes, and says what it cannot draw."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relending.findings import InputError
from relending.report.pictures import fonts
from relending.report.pictures.fonts import FAMILY, NONE, drawable, font_file, font_findings, width_of

ROOT = Path(__file__).parents[2]
RARE, NOWHERE = "𠮷", "\U000323af"
"""A character that few fonts have, and one of the newest block of ideographs."""


@pytest.fixture
def nothing_borrowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No character was lent by a font of the machine."""
    monkeypatch.setattr(fonts, "_borrowed", set())
    fonts._lender.cache_clear()
    yield
    fonts._lender.cache_clear()  # what was found of a machine made up is forgotten


def build_font() -> object:
    sys.path.insert(0, str(ROOT / "tools"))
    import build_font

    return build_font


def test_the_font_has_all_of_gb_2312_and_the_signs_of_labels() -> None:
    tool = build_font()
    there = fonts._shipped(font_file())
    signs = "₂–—·×≥≤¥€−…“”，。（）〓%"
    assert [c for c in tool.gb2312() if ord(c) not in there] == []  # type: ignore[attr-defined]
    assert [c for c in signs if ord(c) not in there] == []
    assert [chr(c) for c in (*range(0x20, 0x7F), *range(0xA0, 0x100)) if c not in there and c != 0xAD] == []


def test_every_word_of_the_pictures_can_be_drawn() -> None:
    here = ROOT / "relending" / "report" / "pictures"
    there = fonts._shipped(font_file())
    texts = [*here.glob("*.toml"), ROOT / "relending/study/measures.toml", ROOT / "relending/policy/sectors.toml"]
    for path in texts:
        odd = {c for c in path.read_text(encoding="utf-8") if c != "\n" and ord(c) not in there}
        assert not odd, (path.name, odd)


def test_the_font_is_what_its_tool_makes_of_the_source(tmp_path: Path) -> None:
    tool = build_font()
    if not tool.SOURCE.is_file():  # type: ignore[attr-defined]
        pytest.skip(f"{tool.SOURCE} is not there: install fonts-noto-cjk to make the font again")  # type: ignore[attr-defined]
    made = tool.subset(tool.SOURCE)  # type: ignore[attr-defined]
    assert made == font_file().read_bytes()


def test_the_note_beside_the_font_says_what_it_is() -> None:
    note = (font_file().parent / "README.md").read_text(encoding="utf-8")
    licence = (font_file().parent / "OFL.txt").read_text(encoding="utf-8")
    assert hashlib.sha256(font_file().read_bytes()).hexdigest() in note
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence and "TERMINATION" in licence and "Adobe" in licence
    assert font_file().stat().st_size < 3_000_000
    assert re.search(r"fonts-noto-cjk`, version \S+", note)


def test_text_is_as_wide_as_it_is_drawn() -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    for text in ("再贷款余额", "Carbon Emission Reduction Facility", "2,459.00 亿元"):
        drawn, _, _ = TextToPath().get_text_width_height_descent(
            text, FontProperties(family=[FAMILY], size=10), ismath=False
        )
        assert width_of(text, 10) * 72 == pytest.approx(drawn, rel=0.03)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("示范银行", "示范银行"),
        ("a\u202eb\x00c\td\n", "abc d"),
        ("$x^2$ <b>&amp;</b>", "$x^2$ <b>&amp;</b>"),
        ("_hidden", "_hidden"),
        ("银" * 500, "银" * 59 + "…"),
        ("x" * 500, "x" * 59 + "..."),
        ("\ud800\ue000", ""),
    ],
)
def test_a_name_is_shown_on_one_line_and_cut(given: str, shown: str) -> None:
    assert drawable(given) == shown


def test_a_character_of_no_font_is_replaced_and_said(nothing_borrowed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_machine", lambda: ())
    assert drawable(f"{RARE}野家") == f"{NONE}野家"
    [found] = font_findings(f"{RARE}野家").frame().to_dict("records")
    assert (found["code"], found["severity"], found["expected"]) == ("character_replaced", "warning", NONE)
    assert "U+20BB7" in found["found"]


def test_a_character_of_the_machine_is_drawn_by_it_and_said(
    nothing_borrowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import get_data_path

    dejavu = str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    monkeypatch.setattr(fonts, "_machine", lambda: (("DejaVu Sans", dejavu),))
    assert drawable("بنك") == "بنك"
    [found] = font_findings("بنك").frame().to_dict("records")
    assert (found["code"], found["severity"], found["expected"]) == ("character_not_in_font", "note", "DejaVu Sans")
    assert fonts.families() == [FAMILY, "DejaVu Sans"]


def test_a_character_is_drawn_from_the_same_font_whatever_was_drawn_before(
    nothing_borrowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import get_data_path

    there = Path(get_data_path()) / "fonts" / "ttf"
    # the first lends Arabic and has no Hebrew; the second, before it in the alphabet, has both
    found = (("Zuerst", str(there / "DejaVuSansMono.ttf")), ("Anders", str(there / "DejaVuSans.ttf")))
    monkeypatch.setattr(fonts, "_machine", lambda: found)
    assert (drawable("غ"), fonts.families()) == ("غ", [FAMILY, "Zuerst"])
    assert (drawable("ש"), fonts.families()) == ("ש", [FAMILY, "Zuerst", "Anders"])


@pytest.mark.parametrize("content", [None, b"", b"no font"])
def test_without_its_font_the_message_says_what_to_do(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "font.otf"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(fonts, "font_file", lambda: path)
    with pytest.raises(InputError) as caught:
        fonts.families()
    text = str(caught.value)
    assert "font_damaged" in text and "install relending again" in text and str(tmp_path) not in text


def test_a_home_that_cannot_be_written_makes_no_noise(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    code = "import relending as rl; rl.plot(rl.run('demo'), 'margin').savefig('out.svg')"
    home = {"HOME": str(nowhere / "home"), "MPLCONFIGDIR": str(nowhere / "mpl")}
    root = str(Path(__file__).resolve().parents[2])
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, **home, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert (tmp_path / "out.svg").stat().st_size > 1000
