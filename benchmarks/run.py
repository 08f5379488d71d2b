"""Measures the main job, the script one would write instead, and start-up; see README.md beside this file.

python benchmarks/run.py --loans 1000000 --repeats 3
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
SECONDS, GIGABYTES, TIMES_EMPTY = 8.0, 1.5, 3.0
"""What to reach for one million loans on two cores, and for the help."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: seconds on the wall, seconds of processor, peak memory in bytes (0 where it is not told)."""

    wall: float
    cpu: float
    memory: int
    output: str


def measure(command: list[str], folder: Path) -> Measured:
    """Run a command to its end and measure that process alone."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        cpu, memory = 0.0, 0
        if hasattr(os, "wait4"):
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu = used.ru_utime + used.ru_stime
            memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        else:
            process.wait()
        wall = time.perf_counter() - began
        said.seek(0)
        output = said.read().decode("utf-8", "replace")
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Measured(wall, cpu, memory, output)


def program() -> str:
    """The installed ``relending`` of this Python."""
    found = shutil.which("relending", path=sysconfig.get_path("scripts"))
    if found is None:
        sys.exit("relending is not installed in this Python: pip install -e .")
    return found


def show(name: str, runs: list[Measured]) -> None:
    """One line: median and best."""
    walls = [m.wall for m in runs]
    line = f"  {name:<34} wall {median(walls):7.2f} s (best {min(walls):.2f}, {len(runs)}x)"
    if runs[0].memory:
        line += f"  cpu {median(m.cpu for m in runs):7.2f} s  peak {max(m.memory for m in runs) / 1e9:5.2f} GB"
    print(line, flush=True)


def main_job(folder: Path, loans: int, repeats: int, seed: int) -> float:
    """Median seconds of ``relending run`` over the book, written to a new folder each time."""
    runs = []
    for k in range(repeats):
        out = folder / f"run-{k}"
        runs.append(measure([program(), "run", "book.toml", "--out", str(out), "--quiet"], folder))
        size = sum(p.stat().st_size for p in out.iterdir())
        shutil.rmtree(out)
    show(f"relending run, {loans:,} loans", runs)
    print(f"  {'':<34} run folder {size / 1e6:,.0f} MB; to reach for 1,000,000 loans: {SECONDS:g} s, {GIGABYTES:g} GB")
    return median(m.wall for m in runs)


def instead(folder: Path, sample: int, ours: float) -> None:
    """The naive script, and how many times longer it takes."""
    run = measure([sys.executable, str(HERE / "naive.py"), "book.parquet", str(sample)], folder)
    told = json.loads(run.output.splitlines()[-1])
    show(f"naive.py, loop over {told['sample']:,} loans", [run])
    print(
        f"  {'':<34} reading and group-by of all loans {told['all_loans_seconds']:.1f} s, loop "
        f"{told['loop_seconds']:.1f} s; scaled up from the sample to {told['loans']:,} loans: "
        f"{told['scaled_seconds']:,.0f} s"
    )
    print(
        f"  {'':<34} ratio {told['scaled_seconds'] / ours:.0f}, though it does far less (no checks, no rollovers, no "
        f"ledger, floats)",
        flush=True,
    )


def start_up(folder: Path, repeats: int) -> None:
    """``relending --help`` and the empty program, in turn."""
    ours, empty = [], []
    for _ in range(repeats):
        empty.append(measure([sys.executable, str(HERE / "empty.py"), "--help"], folder))
        ours.append(measure([program(), "--help"], folder))
    show("an empty click program, --help", empty)
    show("relending --help", ours)
    ratio = median(m.wall for m in ours) / median(m.wall for m in empty)
    print(f"  {'':<34} ratio {ratio:.2f}; to reach: {TIMES_EMPTY:g}", flush=True)


def installed(name: str, seen: set[str]) -> int:
    """Bytes of the installed files of a distribution and of all it needs."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in seen:
        return 0
    seen.add(name)
    try:
        found = distribution(name)
    except PackageNotFoundError:  # needed on another system only
        return 0
    files = (Path(str(found.locate_file(f))) for f in found.files or ())
    size = sum(p.stat().st_size for p in files if p.is_file())
    needs = [re.match(r"[\w.-]+", line) for line in found.requires or () if "extra ==" not in line]
    return size + sum(installed(need[0], seen) for need in needs if need)


def main() -> None:
    """Everything, in order."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--loans", type=int, default=1_000_000, help="loans of the book (default: one million)")
    ask.add_argument("--repeats", type=int, default=3, help="cold starts of the main job")
    ask.add_argument("--seed", type=int, default=7, help="seed of the book")
    ask.add_argument("--sample", type=int, default=10_000, help="loans the naive loop runs over; 0 leaves it out")
    ask.add_argument("--starts", type=int, default=15, help="starts of each help")
    told = ask.parse_args()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"Python {platform.python_version()}, {machine}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_up(folder, told.starts)
        book = ["synth", "book.parquet", "--loans", str(told.loans), "--seed", str(told.seed)]
        made = measure([program(), *book], folder)
        show(f"relending synth, {told.loans:,} loans", [made])
        ours = main_job(folder, told.loans, told.repeats, told.seed)
        if told.sample:
            instead(folder, told.sample, ours)
    names: set[str] = set()
    size = installed("relending", names)
    print(f"  {'installed size':<34} {size / 1e6:,.0f} MB in {len(names)} packages")


if __name__ == "__main__":
    main()
