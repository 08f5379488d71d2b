"""Installs relending from the folder this file lies in: no network, no admin rights, no change to PATH.

Started by install.cmd, which only looks for a Python. Plain standard library, written so that even Python 3.6 reads it
far enough to say that it is too old. Everything goes into one folder of the user's:

    relending.cmd          starts the program; its last line names the environment in use
    start-relending.cmd    opens a window in which the command relending is known
    relending-env-N        the environment; an update makes a new one and removes the old one at the end
    install.log            what the last installation did

relending.cmd is replaced only after the new environment has run the program, so whatever stops an update leaves the
old one as it was.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import traceback
from pathlib import Path

ENV = "relending-env-"
LAUNCHER, WINDOW, LOG, LOCK = "relending.cmd", "start-relending.cmd", "install.log", "install.lock"
WINDOWS = os.name == "nt"
SUMS, INFO = "SHA256SUMS", "bundle.json"
MOST_PATH = 259  # characters of a path where Windows has not been told to allow more

LAUNCHER_TEXT = """@echo off
rem relending {version}
setlocal DisableDelayedExpansion
set "PYTHONHOME="
set "PYTHONPATH="
rem Redirected output is in the code page of this PC, as type, more, findstr and Notepad expect; files are UTF-8 anyway.
if not defined PYTHONUTF8 set "PYTHONUTF8=0"
"%~dp0{env}\\Scripts\\python.exe" -P -m relending %*
"""

WINDOW_TEXT = """@echo off
rem Opens a window in which the command relending is known; nothing outside it changes.
setlocal DisableDelayedExpansion
if not defined RELENDING_LANG chcp | "%SystemRoot%\\System32\\find.exe" "936" >nul && set "RELENDING_LANG=zh"
set "PATH=%~dp0;%PATH%"
cd /d "%USERPROFILE%"
cmd /k relending --help
"""


class Stop(Exception):  # noqa: N818
    """What stops the installation, in both languages."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def say(en: str, zh: str) -> None:
    """One thing said twice: Chinese, then English."""
    print(zh)
    print(en, flush=True)


def main(argv: list) -> int:
    """Install; returns the exit code. No traceback is shown, the log has it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    log = []  # type: list
    try:
        install(absolute(__file__).parent, argv, log)
        return 0
    except Stop as stop:
        print()
        say("Not installed. " + stop.en, "未安装。" + stop.zh)
    except KeyboardInterrupt:
        print()
        say("Interrupted. What was installed before is as it was.", "已中断。此前安装的版本未受影响。")
    except Exception as error:  # whatever it is: the person in front of the screen gets a sentence
        print()
        note(log, traceback.format_exc())
        said = f"{type(error).__name__}: {error}"
        say(f"Not installed: {said}.", f"未安装：{said}。")
    if log:
        say(f"Details: {log[0]}", f"详情见：{log[0]}")
    return 1


def install(here: Path, argv: list, log: list) -> None:
    """All of it, in order; ``log`` gets the path of the log file as soon as there is one."""
    info = described(here)
    tag = check_python(info)
    check_files(here)
    target = target_folder(argv)
    check_target(target, info)
    with Lock(target / LOCK):
        log.append(str(target / LOG))
        (target / LOG).write_text("", encoding="utf-8")
        before = in_use(target)
        remove([name for name in environments(target) if name != before], target)
        name = ENV + str(1 + max([0, *(number_of(name) for name in environments(target))]))
        try:
            fill(here, target, name, tag, info, log)
            replace_file(target / WINDOW, WINDOW_TEXT)
            replace_file(target / LAUNCHER, LAUNCHER_TEXT.format(version=info["version"], env=name))
        except BaseException:
            if in_use(target) != name:
                shutil.rmtree(str(target / name), ignore_errors=True)
            raise
        left = remove([] if not before else [before], target)
    print()
    say(f"relending {info['version']} is installed in {target}", f"relending {info['version']} 已安装到 {target}")
    say(
        f'Double-click {WINDOW} there, or type: "{target / LAUNCHER}" run demo',
        f'双击其中的 {WINDOW}，或键入："{target / LAUNCHER}" run demo --lang zh',
    )
    if left:
        say(
            f"The former version is still in use; its folder {left[0]} goes with the next installation.",
            f"旧版本仍在使用，其文件夹 {left[0]} 将在下次安装时删除。",
        )


def described(here: Path) -> dict:
    """What bundle.json says of this bundle."""
    try:
        found = json.loads((here / INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Stop(
            f"{INFO} is missing or damaged: unpack the whole zip file first, then start install.cmd in that folder.",
            f"{INFO} 缺失或损坏：请先将压缩包全部解压，再运行解压后文件夹中的 install.cmd。",
        ) from None
    return dict(found)


def check_python(info: dict) -> str:
    """The tag of the running Python (cp312), which must be one the wheels are for."""
    have = "{}.{}".format(*sys.version_info[:2])
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    fits = have in info["python"] and platform == info["platform"] and sys.implementation.name == "cpython" and not free
    if not fits:
        want, bits = " / ".join(info["python"]), "64" if sys.maxsize > 2**32 else "32"
        raise Stop(
            f"This bundle needs Python {want} for {info['platform']}; found is Python {have}, {platform}, {bits}-bit "
            f"({sys.executable}). Get the 'Windows installer (64-bit)' of Python {want} from python.org. It needs no "
            "admin rights: untick 'Use admin privileges when installing py.exe', then 'Install Now' (just for me).",
            f"本安装包需要 {info['platform']} 的 Python {want}；当前为 Python {have}，{platform}，{bits} 位"
            f"（{sys.executable}）。请从 python.org 取得 Python {want} 的“Windows installer (64-bit)”，"
            "无需管理员权限：取消勾选“Use admin privileges when installing py.exe”，"
            "再点“Install Now”（仅为本人安装）。",
        )
    return "cp{}{}".format(*sys.version_info[:2])


def check_files(here: Path) -> None:
    """Every file that decides what is installed is there and is what SHA256SUMS says; no other wheel is."""
    try:
        lines = (here / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    sums = {line[66:]: line[:64] for line in lines if line[64:66] == "  "}
    listed = [name for name in sums if name.startswith("wheels/") or name.endswith((".json", ".py", ".cmd"))]
    listed += [name for name in sums if name.startswith("requirements-")]
    if not listed:
        raise Stop(f"{SUMS} is missing or damaged: unpack the zip file again.", f"{SUMS} 缺失或损坏：请重新解压。")
    missing = [name for name in listed if not (here / name).is_file()]
    if missing:
        raise Stop(
            f"Missing: {', '.join(missing)}. Unpack the whole zip file again.",
            f"缺少文件：{'，'.join(missing)}。请重新完整解压。",
        )
    say("Checking the files ...", "检查文件……")
    changed = [name for name in listed if sha256(here / name) != sums[name]]
    if changed:
        raise Stop(
            f"Not what {SUMS} says: {', '.join(changed)}. Copy the zip file again; do not install these files.",
            f"与 {SUMS} 不符：{'，'.join(changed)}。请重新拷贝压缩包，不要安装这些文件。",
        )
    extra = sorted(p.name for p in (here / "wheels").iterdir() if "wheels/" + p.name not in sums)
    if extra:
        raise Stop(
            f"Not of this bundle: {', '.join(extra)} in wheels. Unpack the zip file into an empty folder.",
            f"wheels 中有不属于本安装包的文件：{'，'.join(extra)}。请解压到空文件夹。",
        )


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()


def absolute(text: str) -> Path:
    """The path as it is meant from here; links and mapped drives keep their names."""
    return Path(os.path.abspath(text))  # noqa: PTH100


def target_folder(argv: list) -> Path:
    """The folder to install into: the one given, else relending in the user's own application data."""
    if len(argv) > 1 or (argv and argv[0].startswith("-")):
        raise Stop("Usage: install.cmd [FOLDER]", "用法：install.cmd [文件夹]")
    if argv:
        given = argv[0].strip().rstrip('"')  # install.cmd "D:\my folder\" arrives with the last quote
        if not given:
            raise Stop("The folder given is empty.", "给出的文件夹为空。")
        return absolute(given)
    # a Python of the Store has its own view of AppData: what it writes there no other program sees
    store = "windowsapps" in (sys.base_prefix + sys.executable).lower()
    local = os.environ.get("LOCALAPPDATA", "")
    home = local if local and not store else str(Path.home())
    return Path(home) / "relending"


def check_target(target: Path, info: dict) -> None:
    """Make the folder, and see that it can be written, has room, and that its paths are short enough."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        probe = target / (ENV + "probe")
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Stop(
            f"The folder {target} cannot be written ({error.strerror}). Name another: install.cmd D:\\relending",
            f"文件夹 {target} 无法写入（{error.strerror}）。请另指定文件夹：install.cmd D:\\relending",
        ) from None
    need, free = int(info["installed_bytes"]), shutil.disk_usage(str(target)).free
    if free < need:
        raise Stop(
            f"{target} has {free // 10**6} MB left, {need // 10**6} MB are needed.",
            f"{target} 所在磁盘剩余 {free // 10**6} MB，需要 {need // 10**6} MB。",
        )
    within = len(str(target / (ENV + "999") / "Lib" / "site-packages")) + 1 + int(info["longest_path"])
    if WINDOWS and within > MOST_PATH:
        raise Stop(
            f"The path of {target} is too long by {within - MOST_PATH} characters. Name a shorter folder: "
            "install.cmd D:\\relending",
            f"路径 {target} 过长，超出 {within - MOST_PATH} 个字符。请指定较短的文件夹：install.cmd D:\\relending",
        )


class Lock:
    """Only one installation into a folder at a time; the system lets go of it however the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        self.file = self.path.open("a+b")
        try:
            if WINDOWS:
                import msvcrt

                self.file.seek(0)
                msvcrt.locking(self.file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            else:
                import fcntl

                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.close()
            raise Stop(
                "Another installation into this folder is under way.", "正在向该文件夹安装，请勿重复运行。"
            ) from None

    def __exit__(self, *_: object) -> None:
        self.file.close()


def environments(target: Path) -> list:
    """The environments of the folder, in use or left over, oldest first."""
    found = [p.name for p in target.iterdir() if re.match(re.escape(ENV) + "[0-9]+(-old)?$", p.name)]
    return sorted(found, key=number_of)


def number_of(name: str) -> int:
    """The number in an environment's name."""
    return int(name[len(ENV) :].split("-")[0])


def in_use(target: Path) -> str:
    """The environment relending.cmd starts; empty where nothing is installed."""
    try:
        text = (target / LAUNCHER).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    found = re.search(re.escape(ENV) + "[0-9]+", text)
    return found.group(0) if found and (target / found.group(0)).is_dir() else ""


def remove(names: list, target: Path) -> list:
    """Remove environments; returns those that a running program holds: they stay whole."""
    left = []
    for name in names:
        there, aside = target / name, target / (name.split("-old")[0] + "-old")
        try:
            # a folder in use cannot be renamed on Windows: so a running program does not lose half of its files
            if there != aside:
                there.rename(aside)
            shutil.rmtree(str(aside))
        except OSError:
            left.append(name)
    return left


def fill(here: Path, target: Path, name: str, tag: str, info: dict, log: list) -> None:
    """A new environment with relending in it, which has run the shipped demonstration."""
    env = target / name
    python = env / ("Scripts" if WINDOWS else "bin") / ("python.exe" if WINDOWS else "python")
    say("Making an environment (up to a minute) ...", "建立运行环境（约需一分钟）……")
    run([sys.executable, "-I", "-m", "venv", str(env)], log, "no environment could be made", "无法建立运行环境")
    say("Installing the wheels (up to some minutes) ...", "安装程序包（可能需要几分钟）……")
    pip = [str(python), "-I", "-m", "pip", "install", "--no-index", "--find-links", str(here / "wheels"), "--no-input"]
    pip += ["--no-cache-dir", "--disable-pip-version-check", "--only-binary", ":all:"]
    wanted = ["--requirement", str(here / f"requirements-{tag}.txt")]
    run(pip + wanted, log, "the wheels could not be installed", "程序包无法安装")
    say("Trying it out ...", "试运行……")
    start = [str(python), "-P", "-m", "relending"]
    fails = ("the program does not run on this PC", "程序在本机无法运行")
    said = run([*start, "--version"], log, *fails)
    if info["version"] not in said.split():
        raise Stop(f"{fails[0]}: {said.strip()}", f"{fails[1]}：{said.strip()}")
    print(said.strip())
    run([*start, "run", "demo", "--quiet", "--out", str(env / "proof")], log, *fails)
    shutil.rmtree(str(env / "proof"), ignore_errors=True)


def run(command: list, log: list, en: str, zh: str) -> str:
    """Run a program without this PC's settings for Python and pip; its output goes to the log and is returned."""
    env = {k: v for k, v in os.environ.items() if not k.upper().startswith(("PIP_", "PYTHON", "VIRTUAL_ENV"))}
    env.update(PIP_CONFIG_FILE=os.devnull, PYTHONUTF8="1", PYTHONNOUSERSITE="1")
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode("utf-8", "replace")
    note(log, f"> {command}\n{said}\n")
    if done.returncode:
        last = [line.strip() for line in said.splitlines() if line.strip()][-1:] or [f"exit code {done.returncode}"]
        raise Stop(f"{en}: {last[0]}", f"{zh}：{last[0]}")
    return said


def note(log: list, text: str) -> None:
    """Add to the log, if there is one yet and it can be written."""
    try:
        with Path(log[0]).open("a", encoding="utf-8") as file:
            file.write(text)
    except (IndexError, OSError):
        pass


def replace_file(path: Path, text: str) -> None:
    """Write a .cmd file, whole or not at all: ASCII, as cmd.exe reads it in any code page, and CRLF."""
    room = path.with_name(path.name + ".new")
    room.write_bytes(text.replace("\n", "\r\n").encode("ascii"))
    room.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
