"""Measures reading: a workbook and a GBK file as a bank exports them, against pandas' fastest reader of the same file.

python benchmarks/reading.py --xlsx-loans 200000 --csv-loans 2000000 --repeats 3

Whole processes from a cold start, in turn, so that a slow moment of the machine hits both. pandas only reads the cells;
`read_book` also finds header, units and encoding, reads every figure exactly, checks every row and says what it found;
`relending check` screens the loans besides.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

from run import Measured, measure, program, show

READ = "import sys; from relending.book import read_book; b = read_book(sys.argv[1]); print(len(b.loans), 'loans')"
PANDAS = {
    ".xlsx": "import sys, pandas; print(len(pandas.read_excel(sys.argv[1], engine='calamine', header=2)), 'rows')",
    ".csv": "import sys, pandas; print(len(pandas.read_csv(sys.argv[1], engine='pyarrow', encoding='gbk', skiprows=2)))",  # noqa: E501
}
AIM = 2.0


def compare(folder: Path, book: Path, repeats: int) -> None:
    """Three commands in turn over one book, and the ratios of their medians."""
    commands = {
        "pandas, its fastest reader": [sys.executable, "-c", PANDAS[book.suffix], book.name],
        "read_book": [sys.executable, "-c", READ, book.name],
        "relending check": [program(), "check", str(book.with_suffix(".toml").name)],
    }
    runs: dict[str, list[Measured]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(measure(command, folder))
    walls = {name: median(m.wall for m in said) for name, said in runs.items()}
    print(f"{book.name}: {book.stat().st_size / 1e6:,.0f} MB")
    for name, said in runs.items():
        show(name, said)
    least = walls["pandas, its fastest reader"]
    for name in ("read_book", "relending check"):
        print(f"  {name} against pandas: ratio {walls[name] / least:.2f}; to reach for read_book: {AIM:g}", flush=True)


def main() -> None:
    """Both books."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--xlsx-loans", type=int, default=200_000, help="loans of the workbook")
    ask.add_argument("--csv-loans", type=int, default=2_000_000, help="loans of the GBK file")
    ask.add_argument("--repeats", type=int, default=3)
    told = ask.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for book, loans, more in (
            ("bank.xlsx", told.xlsx_loans, []),
            ("bank.csv", told.csv_loans, ["--encoding", "gbk"]),
        ):
            made = ["synth", "--force", book, "--loans", str(loans), "--seed", "7", "--sound", "--style", "bank", *more]
            measure([program(), *made], folder)
            compare(folder, folder / book, told.repeats)


if __name__ == "__main__":
    main()
