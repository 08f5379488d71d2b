"""The installer: one folder, no network, all checked first; what was there works until the new version runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.bundle import install as tool

from .conftest import make_bundle

BIN = "Scripts" if os.name == "nt" else "bin"


def start(bundle: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """install.py as a Chinese PC starts it, its output redirected; never with a traceback."""
    surroundings = {**os.environ, "PYTHONIOENCODING": "gbk", "PIP_INDEX_URL": "http://127.0.0.1:9/", **env}
    command = [sys.executable, str(bundle / "install.py"), *words]
    done = subprocess.run(command, capture_output=True, encoding="gbk", env=surroundings, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def refused(bundle: Path, target: Path, en: str, zh: str) -> None:
    """The installer says no in both languages, and nothing is installed."""
    done = start(bundle, str(target))
    assert done.returncode == 1
    assert re.search(f"Not installed. .*{en}", done.stdout) and re.search(f"未安装。.*{zh}", done.stdout), done.stdout
    assert not (target / tool.LAUNCHER).exists()


def says(target: Path, *words: str) -> str:
    """What the installed program says, started as relending.cmd starts it."""
    last = (target / tool.LAUNCHER).read_bytes().decode("ascii").splitlines()[-1]
    env, flags = re.fullmatch(r'"%~dp0(relending-env-\d+)\\Scripts\\python\.exe" (.*) %\*', last).groups()  # type: ignore[union-attr]
    python = target / env / BIN / "python"
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONUTF8": "1"}
    command = [python, *flags.split(), *words]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=surroundings, check=True)
    return done.stdout.strip()


def test_it_installs_updates_and_keeps_the_old_version_when_the_new_one_does_not_run(
    bundle: Path, tmp_path: Path
) -> None:
    target = tmp_path / "我的 工具" / "relending"
    first = start(bundle, str(target))
    assert first.returncode == 0, first.stdout
    assert "已安装到" in first.stdout and "is installed in" in first.stdout and "relending, version 1.0" in first.stdout
    assert says(target, "--version") == "relending, version 1.0"
    names = {tool.LAUNCHER, tool.WINDOW, tool.LOG, tool.LOCK}
    assert {p.name for p in target.iterdir()} == names | {"relending-env-1"}
    assert not (target / "relending-env-1" / "proof").exists()

    bad = start(make_bundle(tmp_path / "bad", "1.5", broken=True), str(target))
    assert bad.returncode == 1 and "找不到指定的模块" in bad.stdout and str(target / tool.LOG) in bad.stdout
    assert says(target, "--version") == "relending, version 1.0"
    assert {p.name for p in target.iterdir()} == names | {"relending-env-1"}

    (target / "relending-env-7").mkdir()  # what a PC switched off half-way leaves
    (target / "我的台账.csv").write_text("a", encoding="utf-8")
    newer = start(make_bundle(tmp_path / "newer", "2.0"), str(target))
    assert newer.returncode == 0, newer.stdout
    assert says(target, "--version") == "relending, version 2.0"
    assert {p.name for p in target.iterdir()} == names | {"relending-env-2", "我的台账.csv"}


def test_a_wheel_that_was_changed_is_refused(bundle: Path, tmp_path: Path) -> None:
    wheel = next((bundle / "wheels").glob("tiny_help*"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    refused(bundle, tmp_path / "t", f"Not what SHA256SUMS says: wheels/{wheel.name}", f"不符：wheels/{wheel.name}")


def test_a_missing_wheel_is_named(bundle: Path, tmp_path: Path) -> None:
    wheel = next((bundle / "wheels").glob("tiny_help*"))
    wheel.unlink()
    refused(bundle, tmp_path / "t", f"Missing: wheels/{wheel.name}", f"缺少文件：wheels/{wheel.name}")


def test_a_wheel_that_came_from_elsewhere_is_refused(bundle: Path, tmp_path: Path) -> None:
    (bundle / "wheels" / "tiny_help-2.0-py3-none-any.whl").write_bytes(b"")
    refused(bundle, tmp_path / "t", "Not of this bundle: tiny_help-2.0", "不属于本安装包")


def test_a_list_of_what_to_install_that_was_changed_is_refused(bundle: Path, tmp_path: Path) -> None:
    (pins,) = bundle.glob("requirements-*.txt")
    pins.write_bytes(b"tiny-help\n")
    refused(bundle, tmp_path / "t", f"Not what SHA256SUMS says: {pins.name}", f"不符：{pins.name}")


@pytest.mark.parametrize("name", ["bundle.json", "SHA256SUMS"])
def test_half_an_unpacked_bundle_says_to_unpack_it(bundle: Path, tmp_path: Path, name: str) -> None:
    (bundle / name).unlink()
    refused(bundle, tmp_path / "t", f"{name} is missing or damaged", f"{name} 缺失或损坏")


def test_a_text_someone_wrote_notes_into_does_not_stop_it(bundle: Path) -> None:
    (bundle / "README.txt").write_bytes(b"notes")
    tool.check_files(bundle)


def test_another_python_is_told_what_to_get(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b", "1.0", pythons=["3.98", "3.99"])
    have = "{}.{}".format(*sys.version_info[:2])
    refused(
        bundle,
        tmp_path / "t",
        f"needs Python 3.98 / 3.99 .*found is Python {have}.*python.org.*no admin rights",
        "需要 .*Python 3.98 / 3.99；当前为 Python.*无需管理员权限",
    )


@pytest.mark.parametrize("platform", ["win32", "win-arm64", "mingw_x86_64"])
def test_another_processor_or_32_bits_is_told_what_to_get(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(tool.sysconfig, "get_platform", lambda: platform)
    have = "{}.{}".format(*sys.version_info[:2])
    with pytest.raises(tool.Stop, match="64-bit"):
        tool.check_python({"python": [have], "platform": "win_amd64"})


def test_the_python_the_wheels_are_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.sysconfig, "get_platform", lambda: "win-amd64")
    monkeypatch.setattr(tool.sysconfig, "get_config_var", lambda name: 0)
    have = "{}.{}".format(*sys.version_info[:2])
    tag = tool.check_python({"python": ["3.99", have], "platform": "win_amd64"})
    assert tag == "cp{}{}".format(*sys.version_info[:2])


def test_an_old_python_can_read_the_installer_far_enough_to_say_so() -> None:
    source = Path(tool.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names) and "__future__" not in imported
    # annotations are carried out by a Python that knows no `list[str]` and no `X | None`
    notes = [n.annotation for n in ast.walk(tree) if isinstance(n, ast.arg) and n.annotation is not None]
    notes += [n.returns for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.returns is not None]
    assert [ast.unparse(n) for n in notes if not isinstance(n, ast.Name | ast.Constant)] == []


@pytest.mark.parametrize("name", ["文件", "文件/inside"])
def test_a_folder_that_cannot_be_written_is_named(bundle: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "文件").write_bytes(b"")
    done = start(bundle, str(tmp_path / name))
    assert done.returncode == 1 and "cannot be written" in done.stdout and "无法写入" in done.stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the disk refuses this user nothing")
def test_a_folder_of_someone_else_is_named(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "t").mkdir(mode=0o555)
    refused(bundle, tmp_path / "t", "cannot be written", "无法写入")


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.shutil, "disk_usage", lambda path: SimpleNamespace(free=5 * 10**6))
    with pytest.raises(tool.Stop, match="5 MB left, 300 MB are needed") as stop:
        tool.check_target(tmp_path / "t", {"installed_bytes": 300 * 10**6, "longest_path": 110})
    assert "剩余 5 MB" in stop.value.zh and list((tmp_path / "t").iterdir()) == []


def test_a_path_too_long_for_windows_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "WINDOWS", True)
    info = {"installed_bytes": 1, "longest_path": 110}
    with pytest.raises(tool.Stop, match="too long by"):
        tool.check_target(tmp_path / ("长" * 80) / ("y" * 80), info)
    monkeypatch.setattr(tool, "MOST_PATH", 10_000)
    tool.check_target(tmp_path / ("长" * 80) / ("y" * 80), info)


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), tool.Stop("x", "y"), OSError("disk full")])
def test_whatever_stops_an_update_the_old_version_stays(
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stop: BaseException,
) -> None:
    target = tmp_path / "t"
    (target / "relending-env-3" / "held").mkdir(parents=True)
    tool.replace_file(target / tool.LAUNCHER, tool.LAUNCHER_TEXT.format(version="0.9", env="relending-env-3"))
    before = (target / tool.LAUNCHER).read_bytes()

    def half(here: Path, target: Path, name: str, *rest: object) -> None:
        (target / name / "half").mkdir(parents=True)
        raise stop

    monkeypatch.setattr(tool, "fill", half)
    monkeypatch.setattr(tool, "absolute", lambda text: bundle / "install.py" if text == tool.__file__ else Path(text))
    assert tool.main([str(target)]) == 1
    said = capsys.readouterr().out
    assert re.search("Not installed|Interrupted", said) and re.search("未安装|已中断", said)
    assert (target / tool.LAUNCHER).read_bytes() == before and tool.in_use(target) == "relending-env-3"
    assert tool.environments(target) == ["relending-env-3"] and (target / "relending-env-3" / "held").is_dir()


def test_a_version_that_still_runs_is_left_whole_and_goes_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "relending-env-1" / "held").mkdir(parents=True)

    def in_use(self: Path, target: Path) -> Path:
        raise PermissionError(13, "in use")

    with monkeypatch.context() as held:
        held.setattr(Path, "rename", in_use)
        assert tool.remove(["relending-env-1"], tmp_path) == ["relending-env-1"]
    assert (tmp_path / "relending-env-1" / "held").is_dir()
    (tmp_path / "relending-env-2-old").mkdir()  # one whose removal was cut off
    assert tool.remove(tool.environments(tmp_path), tmp_path) == [] and tool.environments(tmp_path) == []


def test_two_at_a_time_into_one_folder_are_refused(tmp_path: Path) -> None:
    with tool.Lock(tmp_path / "lock"), pytest.raises(tool.Stop, match="under way"), tool.Lock(tmp_path / "lock"):
        pass
    with tool.Lock(tmp_path / "lock"):
        pass


def test_without_a_folder_it_goes_into_the_users_own_application_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALAPPDATA", os.path.join("somewhere", "Local"))  # noqa: PTH118
    assert tool.target_folder([]) == Path("somewhere", "Local", "relending")
    # a Python of the Store writes into a place of its own there
    monkeypatch.setattr(tool.sys, "executable", r"C:\Users\me\AppData\Local\Microsoft\WindowsApps\python.exe")
    assert tool.target_folder([]) == Path.home() / "relending"


def test_a_folder_that_ends_in_a_backslash_and_a_quote_is_understood(tmp_path: Path) -> None:
    assert tool.target_folder([f'{tmp_path / "my tools"}"']) == tmp_path / "my tools"


@pytest.mark.parametrize("words", [["a", "b"], ["--help"], [""], ['"']])
def test_wrong_usage_is_said(words: list[str]) -> None:
    with pytest.raises(tool.Stop):
        tool.target_folder(words)


@pytest.mark.parametrize("text", [tool.LAUNCHER_TEXT, tool.WINDOW_TEXT])
def test_the_launchers_are_ascii_with_crlf_and_quote_every_path(tmp_path: Path, text: str) -> None:
    tool.replace_file(tmp_path / "x.cmd", text.format(version="1", env="relending-env-1") if "{env}" in text else text)
    data = (tmp_path / "x.cmd").read_bytes()
    assert data.isascii() and data.count(b"\n") == data.count(b"\r\n") and data.endswith(b"\r\n")
    assert all(re.search(r'"[^"]*%~dp0[^"]*"', line) for line in data.decode().splitlines() if "%~dp0" in line)
    assert [p.name for p in tmp_path.iterdir()] == ["x.cmd"]


def test_the_program_is_the_last_thing_the_launcher_does() -> None:
    # its exit code is the launcher's, and a file replaced meanwhile by an update is never read on from its middle
    assert tool.LAUNCHER_TEXT.splitlines()[-1].endswith("-m relending %*")
