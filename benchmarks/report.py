"""Measures what pictures and report add to a run, at both ends of the sizes; see README.md beside this file.

python benchmarks/report.py --loans 1000000 --repeats 5
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import Measured, measure, program, show

ADDED = 2.0
"""Seconds that all pictures and the report may add to a run of any size, on two cores."""
PLOT = 1.5
"""Seconds for one picture of a saved run."""
BARE = "--no-report"


def pair(folder: Path, scenario: str, repeats: int) -> tuple[list[Measured], list[Measured]]:
    """Runs with the report and without it, in turn, so that a busy minute falls on both."""
    full: list[Measured] = []
    bare: list[Measured] = []
    for _ in range(repeats):
        for runs, options in ((full, []), (bare, [BARE])):
            out = folder / "out"
            runs.append(measure([program(), "run", scenario, "--out", str(out), "--quiet", *options], folder))
            shutil.rmtree(out)
    return full, bare


def compare(folder: Path, scenario: str, name: str, repeats: int) -> None:
    """What the report adds: seconds of the wall, of the processor, and memory."""
    full, bare = pair(folder, scenario, repeats)
    show(f"{name}, with report", full)
    show(f"{name}, {BARE}", bare)
    wall, best = (how(m.wall for m in full) - how(m.wall for m in bare) for how in (median, min))
    cpu = median(m.cpu for m in full) - median(m.cpu for m in bare)
    memory = max(m.memory for m in full) - max(m.memory for m in bare)
    times = median(m.wall for m in full) / median(m.wall for m in bare)
    print(
        f"  {'':<34} added {wall:.2f} s (of the best {best:.2f} s), {times:.2f} times the run; cpu {cpu:.2f} s, memory "
        f"{memory / 1e6:+.0f} MB; to reach: {ADDED:g} s",
        flush=True,
    )


def main() -> None:
    """The demonstration and a large book, then one picture of a saved run."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--loans", type=int, default=1_000_000, help="loans of the large book (default: one million)")
    ask.add_argument("--repeats", type=int, default=5, help="pairs of runs of the demonstration; of the book two fewer")
    ask.add_argument("--seed", type=int, default=7, help="seed of the book")
    told = ask.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compare(folder, "demo", "demo", told.repeats)
        book = ["synth", "book.parquet", "--loans", str(told.loans), "--seed", str(told.seed)]
        measure([program(), *book], folder)
        compare(folder, "book.toml", f"{told.loans:,} loans", max(told.repeats - 2, 1))
        measure([program(), "run", "demo", "--out", "demo", BARE, "--quiet"], folder)
        plot = [program(), "plot", "demo", "blended_cost", "--force"]
        show("relending plot, one picture", [measure(plot, folder) for _ in range(told.repeats)])
        print(f"  {'':<34} to reach: {PLOT:g} s", flush=True)


if __name__ == "__main__":
    main()
