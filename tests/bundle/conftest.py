"""A bundle for the machine the tests run on: the real installer and texts around a tiny wheel, no network."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tools import build_bundle

HERE = "{}.{}".format(*sys.version_info[:2])
MAIN = """import sys
from pathlib import Path
words = sys.argv[1:]
if {broken}:
    sys.exit("DLL load failed / 找不到指定的模块")
if words == ["--version"]:
    print("relending, version {version}")
elif words[:2] == ["run", "demo"]:
    Path(words[words.index("--out") + 1]).mkdir()
else:
    print("你好", *words)
"""

MakeWheel = Callable[..., Path]
MakeBundle = Callable[..., Path]


def make_wheel(
    folder: Path, name: str, version: str, files: dict[str, str] | None = None, needs: Sequence[str] = ()
) -> Path:
    """A wheel in the folder that holds these files and says it needs that."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    held = {
        **(files or {}),
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    held[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*held, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as z:
        for inside, text in held.items():
            z.writestr(inside, text)
    return path


def make_bundle(folder: Path, version: str, *, broken: bool = False, pythons: Sequence[str] = (HERE,)) -> Path:
    """An unpacked bundle of relending VERSION, which does nothing but say so, and of one package it needs."""
    main = MAIN.format(version=version, broken=broken)
    files = {"relending/__init__.py": "", "relending/__main__.py": main}
    own = make_wheel(folder / "made", "relending", version, files, ["tiny-help>=1"])
    other = make_wheel(folder / "made", "tiny_help", "1.0", {"tiny_help.py": ""})
    made = folder / "bundle.zip"
    build_bundle.write_zip(made, build_bundle.contents(own, {p: [own, other] for p in pythons}, None))
    with zipfile.ZipFile(made) as z:
        z.extractall(folder / "解压 后")
    return folder / "解压 后"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An unpacked bundle in a folder with a blank and Chinese characters."""
    return make_bundle(tmp_path / "安装 包", "1.0")
