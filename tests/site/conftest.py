"""The site, built once: by Sphinx in a process of its own, as `make site` does, every warning an error."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Site:
    """The folder of the built pages, and what Sphinx said."""

    folder: Path
    code: int
    said: str


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    work = tmp_path_factory.mktemp("site")
    words = [
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "-d",
        str(work / "doctrees"),
        "docs",
        str(work / "html"),
    ]
    # what stops the pages from being the same twice, or the tests from being the reader's, is not handed on
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONWARNINGS", "RELENDING_LANG")}
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, env=env, check=False)
    return Site(work / "html", done.returncode, done.stdout + done.stderr)
