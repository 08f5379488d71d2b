"""Can it be trusted 可信程度: what was checked, what was set aside, what is assumed, and what nobody vouches for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relending.engine.columns import codes, ints
from relending.engine.ledger import SIGN
from relending.findings import SEVERITIES, messages
from relending.report.page.context import Subject
from relending.report.page.figures import money
from relending.report.page.rules_used import Value
from relending.report.page.words import Both, said, sentences_joined
from relending.units import decimal_text, divide, exact_sums, total

OUTCOMES = ("equal", "differs", "holds", "fails", "compared", "input")
"""How a published figure can come out."""
UNMET, INPUT = ("differs", "fails"), "input"


@dataclass(frozen=True, slots=True)
class Check:
    """An identity looked at again for the page: what it says, over how many items, how many of them it fails for."""

    name: Both
    items: int
    failed: int


def checks(subject: Subject) -> list[Check]:
    """The identities that can be seen in the tables, each worked out anew.

    Every run checks more of them while it computes, and one that fails is not written.
    """
    tables = subject.tables
    ledger, funding, cost = tables["ledger"], tables["funding"], tables["cost"]
    tranche, names = codes(ledger, "tranche")
    sign = np.array([SIGN.get(event, 0) for event in ledger["event"].tolist()], np.int64)
    amount, after = ints(ledger, "amount_fen")[0], ints(ledger, "balance_fen")[0]
    held = exact_sums(amount * sign, tranche.astype(np.int64), len(names)) if len(names) else []
    last = np.full(len(names), 0, np.int64)
    last[tranche] = after  # rows are by date: the last one stays
    wrong = sum(int(a) != int(b) for a, b in zip(held, last.tolist(), strict=True))
    end = funding["quarter"].max()
    of_end = ints(funding[funding["quarter"] == end], "balance_fen")[0]
    by_cost = ints(cost[cost["quarter"] == end], "facility_balance_fen")[0]
    pairs = (funding["lender"] + "/" + funding["facility"]).nunique()
    out = [Check(said("check_tranches"), len(names), wrong)]
    out.append(Check(said("check_ledger"), int(pairs), int(total(of_end) != sum(held))))
    out.append(Check(said("check_cost"), len(of_end), int(len(of_end) != len(by_cost) or (of_end != by_cost).sum())))
    out += _disclosure(subject)
    return out


def _disclosure(subject: Subject) -> list[Check]:
    """Fields add up to the total, in amount and reduction; said only where no opening totals came without parts."""
    if "opening" in subject.tables:
        return []
    table = subject.tables["disclosure"]
    some = table[table["level"].isin(["total", "field"]).to_numpy(dtype=bool)]
    if not len(some):
        return []
    keys = [codes(some, name)[0].astype(np.int64) for name in ("lender", "facility", "quarter", "horizon")]
    key = np.zeros(len(some), np.int64)
    for one in keys:
        key = key * (int(one.max()) + 1) + one
    _, place = np.unique(key, return_inverse=True)
    side = np.where(some["level"].eq("total").to_numpy(dtype=bool), 1, -1)
    size = int(place.max()) + 1
    failed = {
        i
        for name in ("amount_fen", "reduction_g")
        for i, left in enumerate(exact_sums(ints(some, name)[0] * side, place, size))
        if left
    }
    return [Check(said("check_fields"), size, len(failed))]


@dataclass(frozen=True, slots=True)
class SetAside:
    """Loans set aside: how many, the principal of those that have one, and how many have none that can be read."""

    loans: int
    principal: int
    unreadable: int


def set_aside(subject: Subject) -> SetAside:
    """What an error of the book keeps out of every figure."""
    attribution = subject.tables["attribution"]
    rows = attribution[attribution["state"].eq("set_aside").fillna(False).to_numpy(dtype=bool)]
    fen, given = ints(rows, "principal_fen")
    return SetAside(len(rows), total(fen[given & (fen > 0)]), int((~(given & (fen > 0))).sum()))


def severities(subject: Subject) -> dict[str, int]:
    """How many findings of each severity there are."""
    counts = subject.tables["findings"]["severity"].value_counts()
    return {severity: int(counts.get(severity, 0)) for severity in SEVERITIES}


def verdict(subject: Subject, found: list[Check], used: list[Value]) -> Both:
    """In a few sentences whether the figures can be relied on, what is missing from them and what they rest on."""
    aside, counts = set_aside(subject), severities(subject)
    failed = sum(one.failed for one in found)
    of_status = {status: sum(one.status == status for one in used) for status in ("unconfirmed", "assumption")}
    parts = [
        said("verdict_checks_wrong") if failed else said("verdict_checks").fill(n=_n(sum(one.items for one in found))),
        *_published(subject),
        said("verdict_aside").fill(
            n=_n(aside.loans), money=money(aside.principal), part=_part(aside.loans, subject.loans)
        )
        if aside.loans
        else said("verdict_none_aside"),
        *([said("verdict_warnings").fill(n=_n(counts["warning"]))] if counts["warning"] else []),
        said("verdict_values").fill(all=_n(len(used)), **{name: _n(n) for name, n in of_status.items()}),
    ]
    return sentences_joined(parts)


def _published(subject: Subject) -> list[Both]:
    """How many published figures the run was held against, and how many of them it does not meet."""
    if "published" not in subject.tables:
        return []
    outcome = subject.tables["published"]["outcome"]
    differs, compared = int(outcome.isin(UNMET).sum()), int(outcome.ne(INPUT).sum())
    if not compared:
        return []
    name = "verdict_published" if differs else "verdict_published_none"
    return [said(name).fill(n=_n(compared), differs=_n(differs))]


def _n(count: int) -> str:
    return f"{count:,}"


def _part(some: int, every: int) -> str:
    """A part of a number in per cent, two decimals; what is less than can be shown is not shown as nothing."""
    hundredths = divide(some * 10_000, every, "half_even")
    return f"{decimal_text(hundredths, 2)}%" if hundredths else "<0.01%"


def outcomes(subject: Subject) -> list[tuple[Both, int]]:
    """How the published figures came out, where the run was held against any."""
    if "published" not in subject.tables:
        return []
    found = subject.tables["published"]["outcome"].value_counts()
    return [(said(f"outcome_{name}"), int(found[name])) for name in OUTCOMES if name in found]


def message(code: str) -> tuple[Both, Both]:
    """What a finding's code means and what to do."""
    told = messages()[code]
    return Both(told.message["zh"], told.message["en"]), Both(told.fix["zh"], told.fix["en"])
