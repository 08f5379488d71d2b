"""Makes the bundle for a Windows PC without network or admin rights: a zip of wheels with an installer (`make bundle`).

The wheels are those pip finds for Windows and the Python asked for. pip judges conditions such as
``sys_platform == "win32"`` by the machine it runs on, not by the one it downloads for; so what the wheels themselves
say they need is followed here once more as Windows would, and what pip did not see is asked for by name.

Same wheels, same bytes: entries sorted and dated 1980-01-01, nothing compressed (wheels are already).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from relending.filenames import unfit
from relending.outfile import whole_file

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "tools" / "bundle"
PLATFORM = "win_amd64"
PYTHON = "3.12"
"""Every dependency has a Windows wheel for it, and python.org an installer that needs no admin rights."""
SOURCE = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "relending", "scenarios")
DAY = (1980, 1, 1, 0, 0, 0)
SPARE = 1.4
"""Room for compiled modules and for the environment itself, beside the files of the wheels."""
PYCACHE = len("__pycache__/.cpython-312.pyc.1234567890123456")
"""What Python adds to the path of a module at most, while it writes the compiled one."""
ROUNDS = 5


class BundleError(Exception):
    """The bundle cannot be made: what to tell the person."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; 0 when the bundle is there."""
    parser = argparse.ArgumentParser(description="Make the Windows bundle.")
    parser.add_argument("--python", nargs="+", default=[PYTHON], metavar="X.Y", help="[default: %(default)s]")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder, or name of the .zip [default: dist]")
    parser.add_argument("--here", action="store_true", help="for this machine and Python, to try the installer")
    asked = parser.parse_args(argv)
    pythons = [".".join(map(str, sys.version_info[:2]))] if asked.here else asked.python
    try:
        made = build(pythons, asked.out, None if asked.here else PLATFORM)
    except BundleError as error:
        print(f"No bundle: {error}", file=sys.stderr)
        return 1
    with zipfile.ZipFile(made) as z:
        wheels = [i for i in z.infolist() if i.filename.endswith(".whl")]
    print(f"{made}: {made.stat().st_size:,} bytes, {len(wheels)} wheels for Python {', '.join(pythons)}")
    return 0


def build(pythons: Sequence[str], out: Path, platform: str | None = PLATFORM) -> Path:
    """The bundle for these versions of Python; returns its path. BundleError where pip finds no wheels."""
    wrong = [p for p in pythons if not re.fullmatch(r"3\.[0-9]{1,2}", p)]
    if wrong or not pythons:
        raise BundleError(f"Python is named like {PYTHON}; found {', '.join(wrong) or 'none'}")
    with tempfile.TemporaryDirectory() as temp:
        room = Path(temp)
        own = own_wheel(room)
        chosen = {p: resolve(own, p, platform, room) for p in dict.fromkeys(pythons)}
        entries = contents(own, chosen, platform)
        target = out if out.suffix == ".zip" else out / file_name(own, list(chosen), platform)
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as new:
            write_zip(new, entries)
    return target


def tag_of(python: str) -> str:
    """``cp312`` for ``3.12``."""
    return "cp" + python.replace(".", "")


def file_name(own: Path, pythons: Sequence[str], platform: str | None) -> str:
    """``relending-0.1.0-win_amd64-cp312.zip``."""
    return "-".join(["relending", version_of(own), platform or here(), *map(tag_of, pythons)]) + ".zip"


def version_of(wheel: Path) -> str:
    """The version a wheel's name gives."""
    return str(parse_wheel_filename(wheel.name)[1])


def here() -> str:
    """This machine as install.py names it."""
    import sysconfig

    return re.sub(r"[-.]", "_", sysconfig.get_platform())


def own_wheel(room: Path) -> Path:
    """relending's wheel, built from a copy of the checkout (same modes everywhere, no leavings of older builds)."""
    source = room / "source"
    source.mkdir()
    for name in SOURCE:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")
            )
        else:
            shutil.copyfile(ROOT / name, source / name)
    for path in source.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    pip("wheel", "--no-deps", "--wheel-dir", str(room / "own"), str(source))
    return next((room / "own").glob("*.whl"))


def pip(*words: str) -> None:
    """Run pip; BundleError with what it says where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *words]
    env = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()[
            -3:
        ]
        raise BundleError("\n".join([f"pip {words[0]} failed", *errors]))


def resolve(own: Path, python: str, platform: str | None, room: Path) -> list[Path]:
    """The wheels of everything relending needs on that platform, its own first; nothing else."""
    target: list[str] = []
    if platform is not None:
        target = ["--platform", platform, "--python-version", python, "--implementation", "cp", "--abi", tag_of(python)]
    wanted: list[str] = []
    for n in range(ROUNDS):
        folder = room / f"{tag_of(python)}-{n}"
        pip("download", "--only-binary=:all:", *target, "--dest", str(folder), str(own), *wanted)
        needed, lacking = closure(own, sorted(folder.glob("*.whl")), environment(python, platform))
        if not lacking:
            return [own, *sorted(wheel for wheel in needed if wheel.name != own.name)]
        wanted += lacking
    raise BundleError(f"still lacking for Python {python}: {', '.join(lacking)}")


def environment(python: str, platform: str | None) -> dict[str, str]:
    """What the conditions of a requirement are judged by: those of Windows, or of this machine."""
    found = {k: str(v) for k, v in default_environment().items()}
    if platform is not None:
        found |= {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"}
        found |= {"platform_release": "10", "platform_version": "10.0", "python_version": python}
        found |= {"python_full_version": f"{python}.0", "implementation_version": f"{python}.0"}
    return found


def closure(own: Path, wheels: Iterable[Path], env: Mapping[str, str]) -> tuple[set[Path], list[str]]:
    """The wheels that ``own`` needs directly or not, and the requirements that none of them meets."""
    held = {parse_wheel_filename(wheel.name)[0]: wheel for wheel in [*wheels, own]}
    needed, lacking, seen = {own}, dict[str, None](), set[tuple[str, str]]()
    todo = [(own, "")]
    while todo:
        wheel, extra = todo.pop()
        for line in requirements(wheel):
            one = Requirement(line)
            if one.marker is not None and not one.marker.evaluate({**env, "extra": extra}):
                continue
            found = held.get(canonicalize_name(one.name))
            if found is None or not one.specifier.contains(version_of(found), prereleases=True):
                one.marker = None
                lacking[str(one)] = None
                continue
            needed.add(found)
            new = {(found.name, e) for e in ("", *one.extras)} - seen
            seen |= new
            todo += [(found, e) for _, e in sorted(new)]
    return needed, list(lacking)


def requirements(wheel: Path) -> list[str]:
    """What a wheel says it needs."""
    with zipfile.ZipFile(wheel) as z:
        name = next(n for n in z.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        return HeaderParser().parsestr(z.read(name).decode("utf-8")).get_all("Requires-Dist") or []


def contents(own: Path, chosen: Mapping[str, Sequence[Path]], platform: str | None) -> dict[str, bytes | Path]:
    """Every entry of the zip by its name: wheels, installer, texts, checksums."""
    wheels = {wheel.name: wheel for found in chosen.values() for wheel in found}
    most, longest = 0, 0
    for found in chosen.values():
        sizes = [(i.file_size, i.filename) for wheel in found for i in zipfile.ZipFile(wheel).infolist()]
        most = max(most, int(sum(size for size, _ in sizes) * SPARE))
        longest = max([longest, *(len(name) + PYCACHE * name.endswith(".py") for _, name in sizes)])
    info = {
        "installed_bytes": most,
        "longest_path": longest,
        "platform": platform or here(),
        "python": list(chosen),
        "version": version_of(own),
    }
    words = {"version": version_of(own), "pythons": " / ".join(chosen), "megabytes": str(-(-most // 10**6))}
    zh, en, none = (text_of(f"{name}.txt", words) for name in ("readme.zh", "readme.en", "no-python"))
    entries: dict[str, bytes | Path] = {f"wheels/{name}": wheel for name, wheel in wheels.items()}
    entries |= {f"requirements-{tag_of(p)}.txt": pins(found) for p, found in chosen.items()}
    entries |= {
        "install.cmd": crlf(launcher(list(chosen)), "ascii"),
        "install.py": (PARTS / "install.py").read_bytes(),
        "bundle.json": (json.dumps(info, indent=1, sort_keys=True) + "\n").encode("ascii"),
        "README.txt": crlf(f"{en}\n\n{zh}", "utf-8-sig"),
        "安装说明.txt": crlf(f"{zh}\n\n{en}", "utf-8-sig"),
        "no-python.gbk.txt": crlf(none, "gbk"),
        "LICENSE.txt": crlf((ROOT / "LICENSE").read_text(encoding="utf-8"), "ascii"),
    }
    sums = [f"{hashlib.sha256(data_of(entries[name])).hexdigest()}  {name}\n" for name in sorted(entries)]
    return entries | {"SHA256SUMS": "".join(sums).encode("utf-8")}


def pins(wheels: Iterable[Path]) -> bytes:
    """A requirements file that names these wheels, so that pip has nothing to choose."""
    named = (parse_wheel_filename(wheel.name) for wheel in wheels)
    return "".join(f"{name}=={version}\n" for name, version, *_ in sorted(named)).encode("ascii")


def text_of(name: str, words: Mapping[str, str]) -> str:
    """A text of tools/bundle with its words filled in."""
    return (PARTS / name).read_text(encoding="utf-8").format(**words)


def launcher(pythons: Sequence[str]) -> str:
    """install.cmd: the Pythons of the bundle are tried with the py launcher, in the order given, then ``python``."""
    tries = "".join(f'py -{p} -c "pass" >nul 2>nul\nif %ERRORLEVEL% == 0 goto {tag_of(p)}\n' for p in pythons)
    labels = "".join(f':{tag_of(p)}\npy -{p} "%~dp0install.py" %*\ngoto end\n\n' for p in pythons)
    return text_of("install.cmd", {"py_launchers": tries, "py_labels": labels, "pythons": " / ".join(pythons)})


def crlf(text: str, encoding: str) -> bytes:
    """A text for Windows: every line ends in CRLF."""
    return text.replace("\n", "\r\n").encode(encoding)


def data_of(entry: bytes | Path) -> bytes:
    """The bytes of an entry."""
    return entry if isinstance(entry, bytes) else entry.read_bytes()


def write_zip(path: Path, entries: Mapping[str, bytes | Path]) -> None:
    """The entries as a zip file; ValueError for a name that not every system can hold."""
    bad = [name for name in entries if any(unfit(part) for part in name.split("/"))]
    if bad:
        raise ValueError(f"names no Windows folder can hold: {bad}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        for name in sorted(entries):
            one = zipfile.ZipInfo(name, DAY)
            one.create_system, one.external_attr = 3, 0o100644 << 16
            z.writestr(one, data_of(entries[name]))


if __name__ == "__main__":
    sys.exit(main())
