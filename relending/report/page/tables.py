"""Tables of the page that are shorter than the run's: quarters, tranches, findings, published figures, each said so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from relending.audit.show import BOUND, cell_text, unit_name
from relending.book.columns import columns
from relending.engine.columns import codes, in_order, ints
from relending.findings import SEVERITIES
from relending.report.page.context import Subject
from relending.report.page.figures import exact_money, is_given, per_tonne, percent
from relending.report.page.trust import message
from relending.report.page.words import Both, said, shown
from relending.units import divide, group_sum

MOST_QUARTERS = 1_000
"""Rows of quarters, lenders and facilities."""
MOST_TRANCHES = 300
MOST_PLACES = 5
"""Findings shown of each code."""
MOST_PUBLISHED = 200


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table, and what is left out of it (None: nothing)."""

    rows: tuple[Any, ...]
    cut: Both | None = None


def quarters(subject: Subject) -> Table:
    """Funding and cost by quarter, lender and facility, the latest first; where several lenders have figures, also all
    of them together.

    Rows in which nothing is drawn, held, saved or outstanding are left out. Should there be too many, the lenders whose
    facility balance was highest stay.
    """
    funding, cost = subject.tables["funding"], subject.tables["cost"]
    both = cost.merge(funding, on=["quarter", "lender", "facility"], how="inner", suffixes=("", "_of_funding"))
    something = np.zeros(len(both), bool)
    for name in ("drawn_fen", "balance_fen", "repaid_fen", "loans_outstanding_fen", "interest_saved_fen"):
        something |= ints(both, name)[0] != 0
    both = both[something]
    by_lender = both.groupby("lender", sort=False)["facility_balance_fen"].max()
    order = sorted(by_lender.index.tolist(), key=lambda name: -int(by_lender[name]))
    sizes = both["lender"].value_counts()
    together = len(both[["quarter", "facility"]].drop_duplicates()) if len(order) > 1 else 0
    room = MOST_QUARTERS - together
    kept: list[str] = []
    for name in order:
        room -= int(sizes[name])
        if room < 0 and kept:
            break
        kept.append(name)
    places = {rules.id: i for i, rules in enumerate(subject.rules)}
    groups: dict[tuple[str, str], list[Record]] = {}
    for one in both.to_dict("records"):
        groups.setdefault((one["quarter"], one["facility"]), []).append(one)
    rows = []
    by_place = sorted(groups.items(), key=lambda group: places[group[0][1]])
    for _, some in sorted(by_place, key=lambda group: group[0][0], reverse=True):
        if len(some) > 1:
            rows.append(_quarter(subject, said("all_lenders"), some, "all"))
        for one in some:
            if one["lender"] in kept:
                rows.append(_quarter(subject, subject.lender(one["lender"]), [one], "one"))
    cut = None
    if len(order) > len(kept):
        files = f"{subject.file('funding')}, {subject.file('cost')}"
        cut = said("cut_lenders").fill(n=len(kept), more=f"{len(order) - len(kept):,}", file=files)
    return Table(tuple(rows), cut)


Record = dict[str, Any]
"""A row of the cost table with its row of the funding table."""


def _quarter(subject: Subject, lender: Both, some: list[Record], kind: str) -> Record:
    """A row of one lender, or of several together."""

    def fen(column: str) -> str:
        return exact_money(sum(int(one[column]) for one in some))

    def mean(column: str, weight: str) -> int | None:
        """As ``headline.weighted``, of a few rows that are Python's already."""
        given = [one for one in some if is_given(one[column]) and is_given(one[weight])]
        pairs = [(int(one[column]), int(one[weight])) for one in given]
        size = sum(w for _, w in pairs if w > 0)
        return divide(sum(v * w for v, w in pairs if w > 0), size, "half_even") if size else None

    own = sorted({int(one["own_rate_ppm"]) for one in some})
    return {
        "quarter": some[0]["quarter"],
        "lender": lender,
        "facility": subject.short(some[0]["facility"]),
        "kind": kind,
        "drawn": fen("drawn_fen"),
        "rolled": fen("rolled_fen"),
        "repaid": fen("repaid_fen"),
        "balance": fen("facility_balance_fen"),
        "facility_rate": percent(mean("facility_rate_e8", "facility_balance_fen")),
        "own_rate": percent(own[0], scale=6) if len(own) == 1 else "",
        "loans": fen("loans_outstanding_fen"),
        "blended": percent(mean("blended_cost_e8", "loans_outstanding_fen")),
        "margin": percent(mean("margin_e8", "loans_outstanding_fen")),
        "saved": fen("interest_saved_fen"),
        "subsidy": per_tonne(mean("subsidy_per_tonne_e6", "reduction_in_balance_g")),
    }


def tranches(subject: Subject) -> Table:
    """Each tranche with what was drawn, continued, repaid and paid in interest; the largest still held come first."""
    ledger = subject.tables["ledger"]
    tranche, names = codes(ledger, "tranche")
    n = len(names)
    if not n:
        return Table(())
    amount, after = ints(ledger, "amount_fen")[0], ints(ledger, "balance_fen")[0]
    event = ledger["event"].to_numpy(dtype=object)
    days = ledger["date"].astype(str).to_numpy(dtype=object)

    def of(*events: str) -> Any:
        some = np.isin(event, events)
        return group_sum(amount[some], tranche[some].astype(np.int64), n)

    drawn, repaid, interest = of("draw", "opening"), of("repay", "return"), of("interest")
    times = np.bincount(tranche[event == "rollover"], minlength=n)
    first = np.full(n, "", object)
    first[tranche[::-1]] = days[::-1]  # rows are by date: the first row of each stays
    balance = np.zeros(n, np.int64)
    balance[tranche] = after
    rate, given = ints(ledger, "rate_ppm")
    last_rate = np.full(n, -1, np.int64)
    last_rate[tranche[given]] = rate[given]
    order = np.lexsort((np.arange(n), first.astype(str), -drawn, -balance))[:MOST_TRANCHES]
    rows = tuple(
        {
            "tranche": shown(str(names[i])),
            "first": str(first[i]),
            "drawn": exact_money(drawn[i]),
            "times": int(times[i]),
            "repaid": exact_money(repaid[i]),
            "balance": exact_money(balance[i]),
            "rate": percent(last_rate[i], scale=6) if last_rate[i] >= 0 else "",
            "interest": exact_money(interest[i]),
        }
        for i in order.tolist()
    )
    cut = None
    if n > len(rows):
        cut = said("cut_tranches").fill(n=len(rows), more=f"{n - len(rows):,}", file=subject.file("ledger"))
    return Table(rows, cut)


def findings(subject: Subject) -> Table:
    """The findings by code: how many, what each means and asks for, and the first places."""
    table = subject.tables["findings"]
    code, names = codes(table, "code")
    counts = np.bincount(code, minlength=len(names))
    order = in_order(code)
    begins = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    out = []
    for i, name in enumerate(names):
        at = order[begins[i] : min(begins[i] + MOST_PLACES, begins[i + 1])]
        some = table.iloc[at].to_dict("records")
        told, fix = message(str(name))
        rank = SEVERITIES.index(str(some[0]["severity"]))
        out.append(
            {
                "code": str(name),
                "severity": str(some[0]["severity"]),
                "severity_name": said(f"severity_{some[0]['severity']}"),
                "rank": rank,
                "count": int(counts[i]),
                "message": told,
                "fix": fix,
                "places": [_place(one) for one in some],
                "more": int(counts[i]) - len(some),
            }
        )
    return Table(tuple(sorted(out, key=lambda one: (one["rank"], -one["count"], one["code"]))))


def _place(one: dict[str, Any]) -> dict[str, Any]:
    row = str(int(one["row"])) if is_given(one["row"]) else ""
    told = {name: shown(one[name]) for name in ("file", "sheet", "loan", "found", "expected")}
    return {"row": row, "column": _header(shown(one["column"])), **told}


def _header(column: str) -> Both:
    """A column of a book by its Chinese header, with the name it has everywhere beside it."""
    known = columns().get(column)
    return Both(f"{known.zh} {column}", column) if known else Both(column, column)


def published(subject: Subject) -> Table:
    """Published figures beside the run's."""
    if "published" not in subject.tables:
        return Table(())
    table = subject.tables["published"]
    rows = tuple(_published(one) for one in table.iloc[:MOST_PUBLISHED].to_dict("records"))
    cut = None
    if len(table) > len(rows):
        more = f"{len(table) - len(rows):,}"
        cut = said("cut_rows").fill(n=len(rows), more=more, file=subject.file("published"))
    return Table(rows, cut)


def _published(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell": shown(cell_text(one)),
        "unit": Both(*(shown(unit_name(str(one["unit"]), lang)) for lang in ("zh", "en"))),
        "published": BOUND[one["bound"]].format(grouped(shown(one["published"]))),
        "reproduced": grouped(shown(one["reproduced"])),
        "difference": grouped(shown(one["difference"])),
        "outcome": said(f"outcome_{one['outcome']}"),
        "result": one["outcome"],
        "source": shown(one["source"]),
    }


def grouped(text: str) -> str:
    """A figure that is a text, with thousands separated.

    >>> grouped("-13800.5"), grouped("")
    ('-13,800.5', '')
    """
    return re.sub(r"^-?\d+", lambda whole: f"{int(whole[0]):,}" if int(whole[0]) else whole[0], text)
