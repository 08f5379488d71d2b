"""Contracts, projects across lenders, and what later studies say: which loans are kept, by which figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from .exact import half_even
from .model import Loan, OtherLoan, Revision, Row, Side

SYNDICATE_TOLERANCE = 100  # ppm
Key = tuple[str, str]  # ("code" or "id", text)


# ---- contracts


def over_contract(loans: Sequence[Loan], errors: Mapping[int, str], end: date) -> tuple[dict[int, str], list[str]]:
    """Loans beyond the limit of their contract (place -> why), and what else is said: (code) of a contract or loan.

    INTERPRETED: the limits are those given by all usable loans of the contract, also by ones disbursed after the end;
    both limits are tried at once on each loan, the contract's first, and only what passes both is kept. A loan without
    contract_id is its own contract whichever of the two limits it gives.
    """
    contracts: dict[tuple[str, str, bool], list[int]] = {}
    said = []
    for i, loan in enumerate(loans):
        if i not in errors:
            name = loan.contract_id or loan.loan_id
            contracts.setdefault((loan.lender, name, bool(loan.contract_id)), []).append(i)
            if (loan.syndicate_total is None) != (loan.syndicate_share is None):
                said.append("syndicate_incomplete")
    over: dict[int, str] = {}
    for members in contracts.values():
        limits = {one.contract_limit for one in (loans[i] for i in members) if one.contract_limit is not None}
        if len(limits) > 1:
            said.append("contract_limit_differs")
        shares = [
            one.syndicate_total * (one.syndicate_share + SYNDICATE_TOLERANCE) // 10**6
            for one in (loans[i] for i in members)
            if one.syndicate_total is not None and one.syndicate_share is not None
        ]
        kept = 0
        inside = [i for i in members if loans[i].disbursed <= end]
        for i in sorted(inside, key=lambda i: (loans[i].disbursed, loans[i].loan_id)):
            total = kept + loans[i].principal
            if limits and total > min(limits):
                over[i] = "contract_limit_exceeded"
            elif shares and total > min(shares):
                over[i] = "over_syndicate_share"
            else:
                kept = total
    return over, said


# ---- projects


def project_keys(loans: Sequence[Loan], errors: Mapping[int, str]) -> tuple[dict[str, Key], list[str]]:
    """The key of each project_id: the first code any usable loan of it gives, else itself; and what is said."""
    codes: dict[str, list[str]] = {}
    for i, loan in enumerate(loans):
        if i not in errors and loan.project_code:
            codes.setdefault(loan.project_id, []).append(loan.project_code)
    said = ["project_code_differs" for given in codes.values() if len(set(given)) > 1]
    keys: dict[str, Key] = {
        loan.project_id: ("code", codes[loan.project_id][0]) if loan.project_id in codes else ("id", loan.project_id)
        for loan in loans
    }
    return keys, said


def code_twice(loans: Sequence[Loan], errors: Mapping[int, str], keys: Mapping[str, Key]) -> list[str]:
    """One lender that has one code under several project_ids."""
    found: dict[tuple[str, Key], set[str]] = {}
    for i, loan in enumerate(loans):
        if i not in errors and keys[loan.project_id][0] == "code":
            found.setdefault((loan.lender, keys[loan.project_id]), set()).add(loan.project_id)
    return ["project_code_twice" for ids in found.values() if len(ids) > 1]


def key_of_other(other: OtherLoan, keys: Mapping[str, Key]) -> Key | None:
    """INTERPRETED: by its code where a project of the book has that code as its key, else by its project_id."""
    if other.project_code and ("code", other.project_code) in keys.values():
        return "code", other.project_code
    return keys.get(other.project_id) if other.project_id else None


def over_project(
    loans: Sequence[Loan], candidates: Sequence[int], keys: Mapping[str, Key], others: Sequence[OtherLoan], end: date
) -> tuple[list[int], list[str]]:
    """Loans beyond the investment of their project, and what is said. Loans of other banks come first on a day and
    are always kept."""
    queue: list[tuple[date, int, str, Key, int, int | None]] = []
    said = []
    alone: dict[Key, int] = {}
    for other in others:
        key = key_of_other(other, keys)
        if key is None:
            said.append("other_project_unknown")
        elif other.disbursed <= end:
            queue.append((other.disbursed, 0, "", key, other.principal, None))
            alone[key] = alone.get(key, 0) + other.principal
    for i in candidates:
        queue.append((loans[i].disbursed, 1, loans[i].loan_id, keys[loans[i].project_id], loans[i].principal, i))
    for key, amount in alone.items():
        known = [one.investment for one in (loans[i] for i in candidates) if keys[one.project_id] == key]
        if any(investment is not None and amount > investment for investment in known):
            said.append("others_over_investment")
    kept: dict[Key, int] = {}
    over = []
    for _, _, _, key, principal, i in sorted(queue, key=lambda entry: entry[:3]):
        total = kept.get(key, 0) + principal
        investment = None if i is None else loans[i].investment
        if i is not None and investment is not None and total > investment:
            over.append(i)
        else:  # a loan without an investment is always kept, and counts
            kept[key] = total
    return over, said


# ---- revisions


def figures(loan: Loan, revisions: Sequence[Revision], day: date) -> Loan:
    """The loan with the figures its project had on a day: each from the latest revision that gives it, else its own."""
    mine = sorted((r for r in revisions if r.project_id == loan.project_id and r.since <= day), key=lambda r: r.since)
    for revision in mine:
        for name in ("investment", "reduction", "evidence"):
            if getattr(revision, name) is not None:
                loan = replace(loan, **{name: getattr(revision, name)})
    return loan


def revised(loans: Sequence[Loan], revisions: Sequence[Revision]) -> tuple[list[Loan], list[tuple[str, str]]]:
    """Every loan with the figures in force when it was made, and what is said.

    INTERPRETED: that the evidence is of another kind is no other figure."""
    found, said = [], []
    projects = {loan.project_id for loan in loans}
    for one in revisions:
        if one.project_id not in projects:
            said.append(("revision_project_unknown", ""))
    for loan in loans:
        now = figures(loan, revisions, loan.disbursed)
        own, new = (loan.investment, loan.reduction), (now.investment, now.reduction)
        if any(mine is not None and mine != theirs for mine, theirs in zip(own, new, strict=True)):
            said.append(("revision_differs", loan.loan_id))
        found.append(now)
    return found, said


def restatement_rows(
    own: Sequence[Loan],
    loans: Sequence[Loan],
    attribution: Sequence[Row],
    quarters: Sequence[str],
    side: Side,
    end: date,
) -> list[Row]:
    """Usable loans that have other figures under the latest revision up to the end; `own` are the loans as given.

    INTERPRETED: loans disbursed after the end are out of the run; other evidence alone is no other figure; without a
    study the share is empty and the reduction 0.
    """
    rows = []
    for i, loan in enumerate(loans):
        known = [r for r in side.revisions if r.project_id == loan.project_id and r.since <= end]
        if not known or attribution[i]["state"] in ("", "set_aside"):
            continue
        last = max(known, key=lambda r: r.since)
        new = figures(own[i], known, end)
        if (new.investment, new.reduction) == (loan.investment, loan.reduction):
            continue
        share = half_even(loan.principal * 10**8, new.investment) if new.investment else None
        reduction = 0
        if new.investment and new.reduction is not None:
            reduction = half_even(new.reduction * loan.principal, new.investment)
        had = attribution[i]["reduction"] or 0
        rows.append(
            {
                "loan_id": loan.loan_id,
                "lender": loan.lender,
                "facility": attribution[i]["facility"],
                "project_id": loan.project_id,
                "quarter": quarters[i],
                "supported": attribution[i]["supported"],
                "revised_from": last.since,
                "reason": last.reason,
                "share": attribution[i]["share"],
                "reduction": had,
                "share_restated": share,
                "reduction_restated": reduction,
                "difference": reduction - had,
            }
        )
    return rows
