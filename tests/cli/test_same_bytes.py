"""The same folder, byte for byte: in a fresh process, another folder, locale, time zone, hash seed and umask."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def carry_out(where: Path, **env: str) -> dict[str, str]:
    """`relending run demo` by a fresh process in its own folder and environment."""
    where.mkdir(parents=True)
    given = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "TZ", "PYTHON"))}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import os; os.umask({env.pop('UMASK', '0o022')}); from relending.cli import main; main()",
            "run",
            "demo",
            "--quiet",
        ],
        cwd=where,
        env={**given, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return digests(where / "runs" / "demo")


def test_a_run_repeats_byte_for_byte_elsewhere(tmp_path: Path) -> None:
    first = carry_out(tmp_path / "a", PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    second = carry_out(
        tmp_path / "b" / "深 folder",
        PYTHONHASHSEED="4242",
        TZ="Asia/Shanghai",
        LC_ALL="C.utf8",
        UMASK="0o077",
        PYTHONUTF8="1",
    )
    assert first == second
    # two lenders' statements in two languages and four formats; the page, and its seven pictures in two languages
    assert len(first) == 11 + 16 + 1 + 7 * 2


def test_the_record_holds_no_path_and_no_clock(tmp_path: Path) -> None:
    carry_out(tmp_path / "x")
    text = (tmp_path / "x" / "runs" / "demo" / "manifest.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert str(Path(__file__).parents[2]) not in text
