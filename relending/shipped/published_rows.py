"""Rows of what was published: statements of banks, and totals of the facilities, with how they are cited.

The figures as printed lie with the scenarios made from them; what their rows mean is in ``published.toml``.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from relending import policy
from relending.scenario.places import shipped_root
from relending.shipped.declared import read_toml

Row = dict[str, Any]
STATEMENTS, AGGREGATES = ("statements", "statements.csv"), ("national", "aggregates.csv")
TEN_THOUSAND, PER_CENT = Decimal(10_000), Decimal("0.01")


@cache
def told(name: str) -> Mapping[str, Any]:
    """What the rows of ``statements`` or ``aggregates`` mean, from ``published.toml``."""
    return read_toml("published.toml")[name]


def _read(folder: str, name: str) -> list[dict[str, str]]:
    root = shipped_root()
    if root is None:
        raise FileNotFoundError(f"the shipped scenarios are not installed: {folder}/{name}")
    with (root / folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _checked() -> dt.date:
    return read_toml("published.toml")["checked"]


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None


def statement_source(row: Mapping[str, str], lang: str = "en") -> str:
    """How a row of statements.csv is cited.

    >>> statement_source({"bank": "Bank of China", "period": "2024Q2", "published": "2024-10-10", "grade": "A"})
    'Bank of China, disclosure of carbon emission reduction loans, 2024Q2, published 2024-10-10'
    """
    words, when = told("statements"), row["published"]
    lender = policy.lender_of(row["bank"])
    published = words[f"published_{lang}"].format(published=when) if when else words[f"unknown_{lang}"]
    press = words[f"press_{lang}"] if row["grade"] == "B" else ""
    suffix = "" if lang == "en" else f"_{lang}"
    named = {
        "bank": row["bank"],
        "bank_zh": policy.lenders()[lender].short_name["zh"] if lender else row["bank"],
        "period": row["period"],
        f"published{suffix}": published,
        f"press{suffix}": press,
    }
    return str(words[f"cited_{lang}"].format(**named))


def statements() -> Iterator[Row]:
    """Each horizon of each published statement, yuan, fractions and tonnes from the digits printed."""
    horizons = told("statements")["horizon"]
    for row in _read(*STATEMENTS):
        year = row["period"].removeprefix("FY")
        yield {
            "bank": row["bank"],
            "lender": policy.lender_of(row["bank"]),
            "period": row["period"],
            "quarter": year if "Q" in year else f"{year}Q4",
            "horizon": horizons[row["horizon"]],
            "horizon_printed": row["horizon"],
            "projects": int(row["projects"]) if row["projects"] else None,
            "amount": _scaled(row["loan_wan_yuan"], TEN_THOUSAND),
            "weighted_rate": _scaled(row["rate_pct"], PER_CENT),
            "reduction": _scaled(row["reduction_tCO2e"], Decimal(1)),
            "amount_printed": row["loan_wan_yuan"],
            "rate_printed": row["rate_pct"],
            "reduction_printed": row["reduction_tCO2e"],
            "published": row["published"],
            "published_on": _day(row["published"]),
            "source": statement_source(row),
            "source_zh": statement_source(row, "zh"),
            "grade": row["grade"],
            "checked": _checked(),
        }


def _scaled(printed: str, times: Decimal) -> float | None:
    return float(Decimal(printed) * times) if printed else None


def aggregate_source(row: Mapping[str, str], lang: str = "en") -> str:
    """How a row of aggregates.csv is cited.

    >>> aggregate_source({"scope": "all", "kind": "balance", "date": "2024-06-30", "grade": "B"})
    'PBoC, total of the facility, 2024-06-30, as reported in the press'
    """
    words = told("aggregates")
    whole = row["scope"] == words["all"]
    what = "report" if words["kind"][row["kind"]].get("report") else "total" if whole else "part"
    return str(
        words[f"cited_{lang}"].format(
            issuer=words[f"issuer_{lang}"] if whole else _scope(row["scope"], lang),
            what=words[f"{what}_{lang}"],
            date=row["date"],
            press="" if row["grade"] == "A" else words[f"press_{lang}"],
        )
    )


def _scope(scope: str, lang: str) -> str:
    lender = policy.lender_of(scope)
    if lang == "en":
        return scope
    return policy.lenders()[lender].short_name["zh"] if lender else told("aggregates")["place_zh"][scope]


def aggregates() -> Iterator[Row]:
    """Each published total; a row that printed several figures is several."""
    words = told("aggregates")
    for row in _read(*AGGREGATES):
        kind, unit = words["kind"][row["kind"]], words["unit"][row["unit"]]
        head = {
            "date": row["date"],
            "day": _day(row["date"]) or _month_end(row["date"]),
            "facility": words["tool"][row["tool"]],
            "scope": row["scope"],
            "lender": policy.lender_of(row["scope"]),
            "measure": kind["measure"],
            "horizon": kind["horizon"],
            "bound": kind["bound"],
            "unit": unit["unit"],
            "printed_unit": row["unit"],
            "source": aggregate_source(row),
            "source_zh": aggregate_source(row, "zh"),
            "grade": row["grade"],
            "checked": _checked(),
        }
        several = kind.get("parts", [""])
        for i, printed in enumerate(row["value"].split(" / ")):
            yield head | {
                "kind": f"of which {several[i]}" if several[i] else row["kind"],
                "kind_zh": kind["zh"] + (kind["parts_zh"][i] if several[i] else ""),
                "value": _scaled(printed, Decimal(str(unit["times"]))),
                "printed": printed,
            }


def _month_end(month: str) -> dt.date:
    year, number = (int(part) for part in month.split("-"))
    return dt.date(year + number // 12, number % 12 + 1, 1) - dt.timedelta(days=1)
