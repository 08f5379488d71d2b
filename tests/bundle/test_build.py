"""The bundle itself: the wheels Windows needs and no others, texts a Chinese Windows reads, the same bytes twice."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
import zipfile
from pathlib import Path

import pytest

from relending.filenames import unfit
from tools import build_bundle as tool

from .conftest import make_wheel

WINDOWS = tool.environment("3.12", "win_amd64")


def needs(tmp_path: Path, *lines: str, **held: str) -> tuple[set[str], list[str]]:
    """Names of the wheels needed, and what is lacking, of a package that says it needs these lines."""
    own = make_wheel(tmp_path, "own", "1.0", needs=lines)
    wheels = [make_wheel(tmp_path, name, version) for name, version in held.items()]
    needed, lacking = tool.closure(own, wheels, WINDOWS)
    return {wheel.name.split("-")[0] for wheel in needed}, lacking


def test_conditions_are_judged_as_windows_would_not_as_this_machine(tmp_path: Path) -> None:
    lines = [
        'colorama>=0.4; sys_platform == "win32"',
        'uvloop; sys_platform != "win32"',
        'winpath; os_name == "nt" and platform_machine == "AMD64" and python_version == "3.12"',
        'backport; python_version < "3.12"',
    ]
    assert needs(tmp_path, *lines) == ({"own"}, ["colorama>=0.4", "winpath"])
    assert needs(tmp_path, *lines, colorama="0.5", winpath="1", uvloop="1", backport="1") == (
        {"own", "colorama", "winpath"},
        [],
    )


def test_a_wheel_of_a_version_not_wanted_does_not_count(tmp_path: Path) -> None:
    assert needs(tmp_path, "a>=2", a="1.9") == ({"own"}, ["a>=2"])
    assert needs(tmp_path, "A_b.c<2", a_b_c="1.9") == ({"own", "a_b_c"}, [])


def test_what_an_extra_needs_and_what_the_needed_need_is_followed_also_in_a_circle(tmp_path: Path) -> None:
    own = make_wheel(tmp_path, "own", "1", needs=["a[x]"])
    a = make_wheel(tmp_path, "a", "1", needs=['b; extra == "x"', 'c; extra == "y"', "own"])
    b = make_wheel(tmp_path, "b", "1", needs=["a", "d>1"])
    needed, lacking = tool.closure(own, [a, b], WINDOWS)
    assert needed == {own, a, b} and lacking == ["d>1"]


def test_what_pip_left_out_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = make_wheel(tmp_path, "own", "1", needs=['colorama; sys_platform == "win32"', "a"])
    asked: list[list[str]] = []

    def pip_of_linux(*words: str) -> None:
        given = [w for w in words if w == "colorama"]
        folder = Path(words[words.index("--dest") + 1])
        for name in ["a", "not_needed", *given]:
            make_wheel(folder, name, "1")
        asked.append(given)

    monkeypatch.setattr(tool, "pip", pip_of_linux)
    found = tool.resolve(own, "3.12", "win_amd64", tmp_path / "room")
    assert [wheel.name.split("-")[0] for wheel in found] == ["own", "a", "colorama"]
    assert asked == [[], ["colorama"]]


def test_what_cannot_be_had_is_an_error_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = make_wheel(tmp_path, "own", "1", needs=["colorama"])
    monkeypatch.setattr(tool, "pip", lambda *words: None)
    with pytest.raises(tool.BundleError, match=r"Python 3\.12: colorama"):
        tool.resolve(own, "3.12", "win_amd64", tmp_path)


def test_a_python_that_is_no_version_is_refused_before_anything_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["--python", "cp312", "--out", str(tmp_path)]) == 1
    assert "found cp312" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


@pytest.fixture
def made(tmp_path: Path) -> dict[str, bytes]:
    """The entries of a bundle for two Pythons."""
    own = make_wheel(tmp_path / "w", "relending", "1.2", {"relending/__init__.py": ""}, ["a"])
    first, second = make_wheel(tmp_path / "w", "a", "1"), make_wheel(tmp_path / "w", "a", "2")
    entries = tool.contents(own, {"3.12": [own, first], "3.13": [own, second]}, "win_amd64")
    tool.write_zip(tmp_path / "made.zip", entries)
    with zipfile.ZipFile(tmp_path / "made.zip") as z:
        return {i.filename: z.read(i) for i in z.infolist()}


def test_the_zip_has_the_same_bytes_whenever_and_however_it_is_made(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "w", "relending", "1.2", {"relending/__init__.py": ""})

    def bundle(name: str) -> bytes:
        entries = tool.contents(wheel, {"3.12": [wheel]}, "win_amd64")
        tool.write_zip(tmp_path / name, dict(reversed(entries.items())) if name == "b" else entries)
        return (tmp_path / name).read_bytes()

    first = bundle("a")
    os.utime(wheel, (1, 10**9))
    wheel.chmod(0o600)
    assert bundle("b") == first
    with zipfile.ZipFile(tmp_path / "a") as z:
        names = [i.filename for i in z.infolist()]
        assert names == sorted(names) and len(set(names)) == len(names)
        assert {(i.date_time, i.external_attr, i.create_system) for i in z.infolist()} == {
            (tool.DAY, 0o100644 << 16, 3)
        }


def test_every_entry_can_be_unpacked_on_every_system(made: dict[str, bytes]) -> None:
    assert [name for name in made if "\\" in name or any(unfit(part) for part in name.split("/"))] == []
    assert len({name.casefold() for name in made}) == len(made)


@pytest.mark.parametrize("name", ["wheels\\a.whl", "aux.txt", "wheels/a:b", "x."])
def test_an_entry_no_windows_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no Windows folder"):
        tool.write_zip(tmp_path / "x.zip", {name: b""})


def test_the_checksums_are_of_every_other_entry(made: dict[str, bytes]) -> None:
    sums = dict(reversed(line.split("  ", 1)) for line in made["SHA256SUMS"].decode("utf-8").splitlines())
    assert sums == {n: hashlib.sha256(data).hexdigest() for n, data in made.items() if n != "SHA256SUMS"}
    assert {"install.py", "install.cmd", "LICENSE.txt", "README.txt", "安装说明.txt", "bundle.json"} <= set(sums)


def test_each_python_gets_the_versions_found_for_it(made: dict[str, bytes]) -> None:
    assert made["requirements-cp312.txt"] == b"a==1\nrelending==1.2\n"
    assert made["requirements-cp313.txt"] == b"a==2\nrelending==1.2\n"
    assert {n for n in made if n.startswith("wheels/")} == {
        f"wheels/{n}-py3-none-any.whl" for n in ("a-1", "a-2", "relending-1.2")
    }


def test_the_bundle_says_how_much_room_and_how_long_a_path_it_needs(tmp_path: Path) -> None:
    files = {"relending/x.py": "#" * 10_000, "relending/data/" + "y" * 90: ""}
    own = make_wheel(tmp_path, "relending", "1.2", files)
    info = json.loads(bytes(tool.data_of(tool.contents(own, {"3.12": [own]}, "win_amd64")["bundle.json"])))
    assert info["installed_bytes"] > 10_000 and info["longest_path"] == len("relending/data/") + 90
    assert (info["platform"], info["python"], info["version"]) == ("win_amd64", ["3.12"], "1.2")


def test_install_cmd_is_ascii_with_crlf_for_any_code_page(made: dict[str, bytes]) -> None:
    data = made["install.cmd"]
    assert data.isascii() and data.count(b"\n") == data.count(b"\r\n") and data.endswith(b"\r\n")
    assert b"powershell" not in data.lower() and b"{" not in data


def test_install_cmd_quotes_every_path_and_goes_only_to_labels_it_has(made: dict[str, bytes]) -> None:
    lines = made["install.cmd"].decode("ascii").splitlines()
    paths = [m[0] for line in lines for m in re.finditer(r"\S*%~dp0\S*", line)]
    assert paths and [p for p in paths if not re.fullmatch(r'"%~dp0[a-z.-]+"', p)] == []
    assert set(re.findall(r"goto (\w+)", "\n".join(lines))) == {line[1:] for line in lines if line.startswith(":")} - {
        "close"
    } | {"close"}
    files = {p.strip('"').removeprefix("%~dp0") for p in paths}
    assert files <= set(made)


def test_install_cmd_tries_each_python_with_the_launcher_and_then_the_one_on_the_path(made: dict[str, bytes]) -> None:
    text = made["install.cmd"].decode("ascii")
    tried = [text.index(f"\n{word}") for word in ("py -3.12 -c", "py -3.13 -c", "python -c", "goto nopython")]
    assert tried == sorted(tried)
    for started in ("py -3.12", "py -3.13", "python"):
        assert f'\n{started} "%~dp0install.py" %*\r\ngoto end' in text.replace("\r\ngoto end", "\r\ngoto end")


@pytest.mark.parametrize("name", ["README.txt", "安装说明.txt"])
def test_the_texts_open_in_notepad_in_both_languages(made: dict[str, bytes], name: str) -> None:
    data = made[name]
    assert data.startswith(codecs.BOM_UTF8) and data.count(b"\n") == data.count(b"\r\n")
    text = data.decode("utf-8-sig")
    assert "管理员权限" in text and "admin rights" in text and "3.12 / 3.13" in text and "1.2" in text
    assert re.search(r"\{\w*\}", text) is None


def test_the_text_shown_by_cmd_is_in_the_code_page_of_a_chinese_windows(made: dict[str, bytes]) -> None:
    assert "未找到可用的 Python" in made["no-python.gbk.txt"].decode("gbk")
