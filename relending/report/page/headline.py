"""The figures a director asks for first: how much, at what cost, for how many tonnes; in all and by facility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relending.engine.columns import codes, ints
from relending.report.page.context import Subject
from relending.report.page.figures import (
    day,
    exact_money,
    exact_tonnes,
    money,
    per_tonne,
    percent,
    quarter_named,
    tonnes,
)
from relending.report.page.words import Both, said, sentences_joined
from relending.units import E8, decimal_text, divide, total, weighted_sum

if TYPE_CHECKING:
    import pandas as pd

DEFINED = (
    "supported_principal", "drawn", "facility_balance", "blended_cost", "margin", "interest_saved", "tonnes", "subsidy",
)  # fmt: skip
"""The figures of which the page says what they mean."""


@dataclass(frozen=True, slots=True)
class Headline:
    """Exact headline figures of some facilities: fen, grams, 1/10**8 (rates), yuan a tonne x 10**6; None where none.

    ``principal``, ``loans`` and ``reduction`` are of every supported loan, ``drawn`` of every draw since the first
    loan, ``saved`` of every quarter of the run; ``balance``, ``blended``, ``margin``, ``reduction_in_balance`` and
    ``subsidy`` of the last quarter's end.
    """

    loans: int
    principal: int
    opening: int
    drawn: int
    balance: int
    blended: int | None
    margin: int | None
    saved: int
    reduction: int
    subsidy: int | None


def headlines(subject: Subject) -> dict[str, Headline]:
    """The headline figures of the run as a whole (key ``""``) and of each facility.

    Rates of several rows are weighted by loans outstanding, the subsidy per tonne by the tonnes it is paid for.
    """
    tables = subject.tables
    cost, ledger = tables["cost"], tables["ledger"]
    last = cost[cost["quarter"] == cost["quarter"].max()]
    supported = _supported(tables["attribution"])
    out = {"": _headline(supported[""], last, cost, ledger)}
    for rules in subject.rules:
        parts = (frame[_is(frame, rules.id)] for frame in (last, cost, ledger))
        out[rules.id] = _headline(supported.get(rules.id, (0, 0, 0)), *parts)
    return out


def _supported(attribution: pd.DataFrame) -> dict[str, tuple[int, int, int]]:
    """Number, principal and reduction of the supported loans, of all and by facility; a book is gone through once."""
    some = attribution["supported"].to_numpy(dtype=bool)
    facility, names = codes(attribution, "facility")
    fen, grams = (ints(attribution, name)[0] for name in ("principal_fen", "reduction_g"))
    groups = {str(name): some & (facility == i) for i, name in enumerate(names) if name is not None}
    return {name: (int(at.sum()), total(fen[at]), total(grams[at])) for name, at in {**groups, "": some}.items()}


def _is(frame: pd.DataFrame, facility: str) -> pd.Series:
    return frame["facility"].eq(facility).fillna(False).astype(bool)


def _headline(
    supported: tuple[int, int, int], last: pd.DataFrame, cost: pd.DataFrame, ledger: pd.DataFrame
) -> Headline:
    def moved(event: str) -> int:
        return _sum(ledger[ledger["event"].eq(event).fillna(False).astype(bool)], "amount_fen")

    loans, principal, reduction = supported
    return Headline(
        loans=loans,
        principal=principal,
        opening=moved("opening"),
        drawn=moved("draw"),
        balance=_sum(last, "facility_balance_fen"),
        blended=weighted(last, "blended_cost_e8", "loans_outstanding_fen"),
        margin=weighted(last, "margin_e8", "loans_outstanding_fen"),
        saved=_sum(cost, "interest_saved_fen"),
        reduction=reduction,
        subsidy=weighted(last, "subsidy_per_tonne_e6", "reduction_in_balance_g"),
    )


def _sum(frame: pd.DataFrame, column: str) -> int:
    return total(ints(frame, column)[0])


def weighted(frame: pd.DataFrame, column: str, weight: str) -> int | None:
    """The mean of a column weighted by another, half-even; None where there is nothing to weigh.

    Rows without the figure are left out. Of one row it is that row's figure.
    """
    values, given = ints(frame, column)
    weights, weighed = ints(frame, weight)
    use = given & weighed & (weights > 0)
    if not use.any():
        return None
    return divide(weighted_sum(values[use], weights[use]), total(weights[use]), "half_even")


@dataclass(frozen=True, slots=True)
class Shown:
    """A headline figure for reading: what it is, rounded, exact with its unit, and what it means."""

    name: str
    label: Both
    large: Both
    exact: Both
    note: Both


def measures(subject: Subject, one: Headline) -> list[Shown]:
    """A headline's figures in the order they are read."""
    quarter = str(subject.tables["cost"]["quarter"].max())
    none = said("none")

    def amount(name: str, fen: int, note: Both) -> Shown:
        return Shown(name, said(name), money(fen), said("exact_yuan").fill(figure=exact_money(fen)), note)

    def rate(name: str, value: int | None, note: Both) -> Shown:
        large = percent(value, decimals=2)
        exact = percent(value, decimals=len(str(E8)) - 3)
        return Shown(name, said(name), Both(large, large) if large else none, Both(exact, exact), note)

    subsidy = per_tonne(one.subsidy)
    ends = said("at_end").fill(day=subject.scenario["end"])
    of_quarter = said("of_quarter").fill(quarter=quarter)
    of_loans, every = "of_loans", "every_supported"
    if "opening" in subject.tables:  # what the last statement gives stands in its totals, not in the book
        of_loans, every = "of_loans_book", "every_supported_book"
    opening = [amount("opening_balance", one.opening, said("at_start").fill(day=subject.scenario["start"]))]
    return [
        amount("supported_principal", one.principal, said(of_loans).fill(n=f"{one.loans:,}")),
        *(opening if one.opening else []),
        amount("drawn", one.drawn, said("since_start" if one.opening else "since_first")),
        amount("facility_balance", one.balance, ends),
        rate("blended_cost", one.blended, of_quarter),
        rate("margin", one.margin, of_quarter),
        amount("interest_saved", one.saved, said("period").fill(**period(subject))),
        Shown(
            "tonnes",
            said("tonnes"),
            tonnes(one.reduction),
            said("exact_tonnes").fill(figure=exact_tonnes(one.reduction)),
            said(every),
        ),
        Shown(
            "subsidy",
            said("subsidy"),
            said("yuan_per_tonne").fill(figure=subsidy) if subsidy else none,
            Both("", "") if one.subsidy is None else said("per_tonne_exact").fill(figure=decimal_text(one.subsidy, 6)),
            said("of_quarter_tonnes").fill(quarter=quarter) if subsidy else said("nothing_held"),
        ),
    ]


def period(subject: Subject) -> Mapping[str, str]:
    """First and last day of the run."""
    return {"start": str(subject.scenario["start"]), "end": str(subject.scenario["end"])}


def sentences(subject: Subject, one: Headline) -> list[Both]:
    """The director's question answered in plain words."""
    quarter = quarter_named(str(subject.tables["cost"]["quarter"].max()))
    given: dict[str, object] = {
        **{name: day(text) for name, text in period(subject).items()},
        "loans": f"{one.loans:,}",
        "principal": money(one.principal),
        "drawn": money(one.drawn),
        "balance": money(one.balance),
        "saved": money(one.saved),
        "tonnes": tonnes(one.reduction),
        "quarter": quarter,
        "blended": percent(one.blended, decimals=2),
        "margin": percent(one.margin, decimals=2),
        "subsidy": per_tonne(one.subsidy),
        "opening": money(one.opening),
    }
    out = [said("answer_opening" if one.opening else "answer_much").fill(**given)]
    if one.blended is not None or one.opening:
        cost = said("answer_cost" if one.blended is not None else "answer_saved").fill(**given)
        out.append(sentences_joined([cost, said("opening_costs")]) if one.opening else cost)
    else:
        out.append(said("answer_saved").fill(**given))
    out.append(said("answer_tonnes" if one.subsidy is not None else "answer_tonnes_only").fill(**given))
    return out
