"""Starting costs nothing: neither the package nor its help loads the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relending.cli.main import VERBS

HEAVY = ("pandas", "pyarrow", "matplotlib")
LOOKED_FOR = ("numpy", "pandas", "pyarrow", "pydantic", "rich", "matplotlib", "jinja2")
TELL = f"import sys; print(*[m for m in {LOOKED_FOR} if m in sys.modules])"


def loaded_after(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{TELL}"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env=None,
    )
    return done.stdout.splitlines()[-1].split()


def help_of(*verb: str) -> str:
    return (
        "import contextlib\nfrom relending.cli import main\nwith contextlib.suppress(SystemExit):\n"
        f"    main([*{verb!r}, '--help'])"
    )


def test_the_probe_sees_a_heavy_library(tmp_path: Path) -> None:
    assert {"pandas", "numpy"} <= set(loaded_after("import pandas", tmp_path))


@pytest.mark.parametrize(
    "code",
    [
        "import relending",
        "import relending; dir(relending); relending.__version__",
        "import relending.cli",
        "from relending.cli import main",
    ],
)
def test_importing_loads_nothing_heavy(code: str, tmp_path: Path) -> None:
    assert loaded_after(code, tmp_path) == []


def test_the_policy_data_is_read_without_frames(tmp_path: Path) -> None:
    code = "import relending as rl\nassert rl.facility('cerf').name"
    assert not set(loaded_after(code, tmp_path)) & {"numpy", *HEAVY}


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded_after(help_of(), tmp_path) == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_loads_nothing_heavy(verb: str, tmp_path: Path) -> None:
    assert loaded_after(help_of(verb), tmp_path) == []
