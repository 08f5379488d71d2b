"""With an index of packages at hand: Windows wheels exist for everything relending declares, and pip agrees."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import build_bundle as tool

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where no index answers: `make test` needs no network. The whole check of a checkout (.ci/run) does."""
    probe = [*PIP, "download", "--quiet", "--no-deps", "--retries", "0", "--timeout", "5", "--only-binary=:all:"]
    done = subprocess.run(
        [*probe, "--dest", tmp_path_factory.mktemp("probe"), "cycler"], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no index of packages is reachable: the download for Windows was not tried")


@pytest.mark.usefixtures("index")
def test_windows_wheels_resolve_for_everything_declared(tmp_path: Path) -> None:
    made = tool.build([tool.PYTHON], tmp_path)
    with zipfile.ZipFile(made) as z:
        z.extractall(tmp_path / "x")
    wheels = sorted((tmp_path / "x" / "wheels").glob("*.whl"))
    (own,) = (wheel for wheel in wheels if wheel.name.startswith("relending-"))
    assert made.name == f"relending-{tool.version_of(own)}-win_amd64-cp312.zip"
    assert tool.closure(own, wheels, tool.environment(tool.PYTHON, tool.PLATFORM)) == (set(wheels), [])
    # pip's own resolver, from the folder alone ("install --dry-run" would judge by the version of this Python)
    again = [*PIP, "download", "--no-index", "--find-links", tmp_path / "x" / "wheels", "--only-binary=:all:"]
    again += ["--platform", tool.PLATFORM, "--python-version", tool.PYTHON, "--dest", tmp_path / "again"]
    again += ["--requirement", tmp_path / "x" / "requirements-cp312.txt", "relending"]
    done = subprocess.run(again, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
