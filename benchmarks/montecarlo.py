"""Measures random paths: 10,000 paths over 24 quarters, after loading; see README.md beside this file.

python benchmarks/montecarlo.py --paths 10000 --repeats 3
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from relending.scenario import load_scenario
from relending.study.montecarlo import simulate
from relending.study.montecarlo.load import load, model_of
from relending.study.montecarlo.paths import figures_of

HEAD = "quarter,sector,amount,spread_bp,months,repayment,loans,reduction_per_10k,investment_share"
SCENARIO = """[scenario]
name = "one"
plan = "plan.csv"
lender = "icbc"
start = 2024-01-01
end = 2032-12-31
facilities = ["cerf"]
[market]
own_rate = 0.02
[facility.cerf]
window = { first = 2021-07-01, last = 2040-12-31 }
"""
RATES = [
    "monte_carlo.from=2027-01-01",
    "monte_carlo.own_rate.volatility=0.004",
    "monte_carlo.own_rate.reversion=0.3",
    "monte_carlo.own_rate.lpr_beta=0.5",
    "monte_carlo.lpr.model=bootstrap",
]
ALL = [
    *RATES,
    "monte_carlo.rollover.refusal=0.05",
    "monte_carlo.prepayment.rate=0.05",
    "monte_carlo.prepayment.volatility=0.3",
    "monte_carlo.plan.volatility=0.2",
]


def plan(folder: Path) -> Path:
    """One lender and one facility: 36 quarters of two kinds of planned loans, priced over the LPR."""
    rows = [HEAD]
    for year in range(2024, 2033):
        for q in range(1, 5):
            rows.append(f"{year}Q{q},wind,500000000,-30,120,equal_principal,20,2.5,0.5")
            rows.append(f"{year}Q{q},solar,300000000,-20,180,equal_principal,10,2.1,0.5")
    (folder / "plan.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "s.toml").write_text(SCENARIO, encoding="utf-8")
    return folder / "s.toml"


def main() -> None:
    """Load each scenario once and measure the paths and the statistics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        one, end = str(plan(Path(name))), ["scenario.end=2032-12-31"]
        cases = [
            ("one lender, one facility: rates", one, RATES),
            ("one lender, one facility: all", one, ALL),
            ("demo, two facilities: rates", "demo", [*end, *RATES]),
            ("demo, two facilities: all but plan", "demo", [*end, *ALL[:-1]]),
        ]
        for told, scenario, sets in cases:
            given = load_scenario(scenario, [*sets, f"monte_carlo.paths={asked.paths}"])
            model = model_of(given)
            began = time.perf_counter()
            loaded = load(given, model)
            loading = time.perf_counter() - began
            figures, whole = [], []
            for _ in range(asked.repeats):
                began = time.perf_counter()
                figures_of(loaded, model)
                figures.append(time.perf_counter() - began)
                began = time.perf_counter()
                simulate(loaded, model)
                whole.append(time.perf_counter() - began)
            size = f"{asked.paths:,} x {loaded.series.horizon.count}, {len(loaded.series.places)} places"
            print(
                f"  {told:<36} {size:<24} load {loading:5.2f} s  paths {median(figures):5.2f} s (best "
                f"{min(figures):.2f})  with statistics {median(whole):5.2f} s (best {min(whole):.2f})",
                flush=True,
            )
    if sys.platform == "win32":
        return
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"  peak memory {peak / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
