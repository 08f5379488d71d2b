"""Measures sweeps of a thousand scenarios over one large book; see README.md beside this file.

python benchmarks/sweep.py --loans 1000000
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from run import measure, program, show

TO_REACH = 60.0
"""Seconds for a thousand policy scenarios over one million loans, reading the book included."""
SWEEPS: dict[str, tuple[int, tuple[str, ...]]] = {
    "10 ratios x 10 rates x 10 own rates": (
        1000,
        (
            "facility.cerf.ratio=0.55:1.00:0.05",
            "facility.cerf.rate=0.0100:0.0190:0.0010",
            "market.own_rate=0.015:0.033:0.002",
        ),
    ),
    "1,000 rates": (1000, ("facility.cerf.rate=0.00001:0.01:0.00001",)),
    "1,000 ratios": (1000, ("facility.cerf.ratio=0.0501:0.15:0.0001",)),
    "1,000 quotas that bind": (1000, ("facility.cerf.quota=20e9:119.9e9:0.1e9",)),
    "100 tolerances, screened anew": (100, ("facility.cerf.tolerance=0.0001:0.01:0.0001",)),
}


def main() -> None:
    """Make the book, run once, then each sweep in a process of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--loans", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", help="Part of the name of one sweep.")
    asked = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sweep-"))
    try:
        measure([program(), "synth", "book.parquet", "--loans", str(asked.loans), "--seed", str(asked.seed)], folder)
        once = measure([program(), "run", "book.toml", "--out", "run", "--quiet"], folder)
        show(f"relending run, {asked.loans:,} loans", [once])
        for name, (cells, axes) in SWEEPS.items():
            if asked.only and asked.only not in name:
                continue
            words = [word for axis in axes for word in ("--vary", axis)]
            out = ["--out", str(cells), "--format", "parquet", "--force"]
            made = measure([program(), "sweep", "book.toml", *words, *out], folder)
            show(f"sweep: {name}", [made])
            counts = next((line for line in made.output.splitlines() if "book read" in line), "")
            print(f"  {'':<34} {counts}")
            print(
                f"  {'':<34} to reach for 1,000 over 1,000,000 loans: {TO_REACH:g} s; a run for each would take "
                f"{once.wall * cells / made.wall:,.0f} times as long",
                flush=True,
            )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
