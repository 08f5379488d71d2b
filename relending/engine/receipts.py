"""Applications and receipts 申请与到账: what the bank's own record says of each loan, instead of the simulation.

A run with the table ``applications`` is recorded: a loan in it has the draws that arrived and no others, and a loan
that is not in it is not supported, unless it is of a lending plan or disbursed on or after ``simulate_from``. Where a
lender's balance is given when the run begins, its record begins there too: loans of before are in that balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relending.dates import Days, iso
from relending.engine.applications import application_periods, draw_days, in_time, period_text
from relending.engine.batches import Batches, batches, no_batches
from relending.engine.block import Block
from relending.engine.columns import Flags, arrow, ints
from relending.engine.context import Context
from relending.engine.keys import Keys
from relending.engine.openings import in_opening
from relending.engine.rules import facility_rate
from relending.engine.screening import NONE, candidates
from relending.engine.side import Matched, Side, at_rows, match_loans, yuan
from relending.findings import Findings
from relending.units import BP, Ints, decimal_text, group_sum, mul_div

TABLE = "applications"
STATUS = ("applied", "funded", "refused", "withdrawn")
APPLIED, FUNDED, REFUSED, WITHDRAWN = range(4)
NO_ROW = -1


@dataclass(frozen=True, slots=True)
class Receipts:
    """Money of the facility that arrived for loans of one block, one entry a draw, by loan, day, name and rate.

    Loan (position in the block), draw day, facility (position in the context), fen, rate in ppm, the suffix of the
    tranche's name, the application period, and the row of the table (the first where several were added together).
    """

    loan: Ints
    day: Days
    facility: Ints
    amount: Ints
    rate: Ints
    suffix: tuple[str, ...]
    period: Ints
    row: Ints

    def some(self, which: Flags | Ints) -> Receipts:
        """Part of the receipts."""
        at = np.flatnonzero(which) if which.dtype == bool else which
        names = ("loan", "day", "facility", "amount", "rate", "period", "row")
        suffix = tuple(self.suffix[i] for i in at.tolist())
        return Receipts(suffix=suffix, **{n: getattr(self, n)[at] for n in names})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the record says of one block's loans.

    ``decided``: the record decides the loan, no draw of it is simulated. ``status``: funded where any batch of it was,
    else that of its last (position in STATUS, -1: no row). ``facility`` the one the money came from (-1: none did).
    ``before`` are loans without a row from before the run, whose lender begins it with a balance: what they drew is in
    it. ``batches`` are its rows batch by batch, ``may_ask`` what a loan may ask of its candidate facility.
    """

    decided: Flags
    status: Ints
    facility: Ints
    receipts: Receipts
    before: Flags
    batches: Batches
    may_ask: Ints

    @property
    def follows(self) -> Flags:
        """The loans whose fate is what the record says: no simulation, and not the balance the run begins with."""
        return self.decided & ~self.before

    def without(self, error: Flags) -> Recorded:
        """The record less the money of loans set aside: it is in no balance."""
        facility = np.where(error, NONE, self.facility)
        return replace(self, receipts=self.receipts.some(~error[self.receipts.loan]), facility=facility)


def simulated_only(block: Block) -> Recorded:
    """A block of a run without a record: every loan is simulated."""
    n = len(block)
    nothing, none = np.zeros(n, bool), np.full(n, NO_ROW, np.int64)
    return Recorded(nothing, none, none, _no_receipts(), nothing, no_batches(), np.zeros(n, np.int64))


def _no_receipts() -> Receipts:
    none = np.zeros(0, np.int64)
    return Receipts(none, none, none, none, none, (), none, none)


def recorded(
    blocks: Sequence[Block],
    keys: Keys,
    out: Sequence[Flags],
    side: Side,
    covered: Sequence[Flags],
    lenders: Sequence[Ints],
    context: Context,
) -> tuple[tuple[Recorded, ...], tuple[Flags, ...], Findings]:
    """What the record says of every loan, the loans it sets aside, and what is wrong with it.

    ``covered``: by facility, the lenders whose balance is given when the run begins; ``lenders``: of each block's
    loans.
    """
    table = side.get(TABLE)
    if table is None:
        return tuple(simulated_only(b) for b in blocks), tuple(np.zeros(len(b), bool) for b in blocks), Findings()
    content = [c for c in table.columns if c not in ("file", "sheet", "row")]
    twice = np.flatnonzero(
        table.duplicated(content, keep="first").to_numpy(dtype=bool) & table["loan_id"].notna().to_numpy()
    )
    matched, unknown = match_loans(table, keys)
    matched = tuple(m.without(twice) for m in matched)
    parts = [
        at_rows(table, "application_unknown_loan", unknown, "loan_id"),
        at_rows(table, "application_twice", twice, "loan_id"),
    ]
    rows = _Rows(table, context)
    done, wrong = [], []
    for block, error, mine, lender in zip(blocks, out, matched, lenders, strict=True):
        listed = candidates(block, context)
        facility = rows.draws_from(listed, error)
        bad, said = rows.judge(block, error, mine, facility)
        parts.append(said)
        before = rows.before(block, error, listed, covered, lender)
        done.append(rows.record(block, error, bad, mine, facility, before))
        wrong.append(bad)
    return tuple(done), tuple(wrong), Findings.concat(parts)


class _Rows:
    """The table of applications as arrays, one entry a row."""

    def __init__(self, table: pd.DataFrame, context: Context) -> None:
        self.table, self.context = table, context
        self.period, self.has_period = ints(table, "period")
        said = arrow(table, "status").to_pylist()
        self.status = np.array([STATUS.index(s) if s in STATUS else NO_ROW for s in said], np.int64)
        self.applied, self.has_applied = ints(table, "applied_amount_fen")
        self.day, self.has_day = ints(table, "funded_on")
        self.amount, self.has_amount = ints(table, "funded_amount_fen")
        self.rate, self.has_rate = ints(table, "rate_ppm")
        self.tranche = [t or "" for t in arrow(table, "tranche").to_pylist()]
        place = {f.id: i for i, f in enumerate(context.facilities)}
        named = arrow(table, "facility").to_pylist()
        self.facility = np.array([NONE if n is None else place.get(n, NONE - 1) for n in named], np.int64)
        self.named = [n or "" for n in named]

    # -- what cannot be ------------------------------------------------------------------------------------------

    def judge(self, block: Block, error: Flags, matched: Matched, facility: Ints) -> tuple[Flags, Findings]:
        """The loans set aside for what the record says of them, and why."""
        wrong = np.zeros(len(block), bool)
        live = ~error[matched.loan]
        loan, row = matched.loan[live], matched.row[live]
        if loan.size == 0:
            return wrong, Findings()
        readable = self.has_period[row] & (self.status[row] != NO_ROW)
        wrong[loan[~readable]] = True  # its finding is there already
        parts = [self._conflicts(loan, row, readable, wrong)]
        other = readable & (self.status[row] != FUNDED) & (self.has_day[row] | self.has_amount[row])
        unsaid = np.flatnonzero(other)
        names = [STATUS[s] for s in self.status[row[unsaid]].tolist()]
        parts.append(at_rows(self.table, "receipt_not_said", row[unsaid], "status", names, STATUS[FUNDED]))
        wrong[loan[unsaid]] = True
        got = np.flatnonzero(readable & (self.status[row] == FUNDED))
        parts.append(self._incomplete(loan[got], row[got], wrong))
        early = got[self.has_day[row[got]] & (self.day[row[got]] < block.disbursed[loan[got]])]
        made = [f">= {iso(int(d))}" for d in block.disbursed[loan[early]]]
        found = [iso(int(d)) for d in self.day[row[early]]]
        parts.append(at_rows(self.table, "receipt_before_loan", row[early], "funded_on", found, made))
        wrong[loan[early]] = True
        unknown = np.flatnonzero(self.facility[row] < NONE)
        ids = ", ".join(f.id for f in self.context.facilities)
        named = [self.named[r] for r in row[unknown].tolist()]
        parts.append(at_rows(self.table, "application_facility", row[unknown], "facility", named, ids))
        wrong[loan[unknown]] = True
        of = self._of(facility, loan[got], row[got])
        nobody = got[(of == NONE) & ~wrong[loan[got]]]
        parts.append(at_rows(self.table, "receipt_without_facility", row[nobody], "facility", None, ids))
        wrong[loan[nobody]] = True
        parts.append(self._several(loan[got], row[got], of, wrong))
        parts.append(self._too_much(block, loan, row, facility, wrong))
        return wrong, Findings.concat(parts)

    def _conflicts(self, loan: Ints, row: Ints, readable: Flags, wrong: Flags) -> Findings:
        """Two rows of one batch: only an application that is followed by what came of it."""
        order = np.lexsort((row, self.period[row], loan))
        order = order[readable[order]]
        mine, period, status = loan[order], self.period[row[order]], self.status[row[order]]
        new = np.concatenate([[True], (np.diff(mine) != 0) | (np.diff(period) != 0)])[: order.size]
        batch = np.cumsum(new) - 1
        size = np.bincount(batch)
        applied = np.bincount(batch, weights=status == APPLIED).astype(np.int64)
        fine = (size == 1) | ((size == 2) & (applied == 1))
        bad = np.flatnonzero(~fine[batch] & ~new)
        followed = np.flatnonzero((size[batch] == 2) & fine[batch] & (status != APPLIED))
        wrong[mine[bad]] = True
        texts = [f"{period_text(int(p))}: {STATUS[int(s)]}" for p, s in zip(period, status, strict=True)]
        firsts = np.maximum.accumulate(np.where(new, np.arange(order.size), 0))
        said = at_rows(
            self.table,
            "application_conflict",
            row[order[bad]],
            "status",
            [texts[i] for i in bad],
            [texts[i] for i in firsts[bad]],
        )
        return said + at_rows(
            self.table, "application_followed", row[order[followed]], "status", [texts[i] for i in followed]
        )

    def _incomplete(self, loan: Ints, row: Ints, wrong: Flags) -> Findings:
        """Money that arrived has a day and an amount above nothing."""
        parts = []
        for column, there in (
            ("funded_on", self.has_day[row]),
            ("funded_amount", self.has_amount[row] & (self.amount[row] > 0)),
        ):
            bad = np.flatnonzero(~there)
            given = self.has_amount[row[bad]] if column == "funded_amount" else np.zeros(bad.size, bool)
            found = [decimal_text(int(a), 2) if g else "" for a, g in zip(self.amount[row[bad]], given, strict=True)]
            expected = "> 0" if column == "funded_amount" else "YYYY-MM-DD"
            parts.append(at_rows(self.table, "receipt_incomplete", row[bad], column, found, expected))
            wrong[loan[bad]] = True
        return Findings.concat(parts)

    def draws_from(self, listed: Ints, error: Flags) -> Ints:
        """The facility each loan would draw from: the one whose list names its sector, else the run's only one."""
        only = 0 if len(self.context.facilities) == 1 else NONE
        return np.where(error | (listed == NONE), only, listed)

    def _of(self, facility: Ints, loan: Ints, row: Ints) -> Ints:
        """The facility of each row: as it says, else that of its loan."""
        return np.where(self.facility[row] >= 0, self.facility[row], facility[loan])

    def asks(self, block: Block, loan: Ints, facility: Ints) -> Ints:
        """What each loan may ask of a facility: floor(principal x ratio), 0 where there is none."""
        out = np.zeros(loan.size, np.int64)
        for f, rules in enumerate(self.context.facilities):
            here = np.flatnonzero(facility == f)
            ratio = rules["ratio"].pick(block.disbursed[loan[here]])
            out[here] = mul_div(block.principal[loan[here]], ratio, BP, "floor")
        return out

    def _several(self, loan: Ints, row: Ints, facility: Ints, wrong: Flags) -> Findings:
        """Money of more than one facility for one loan: a loan is supported by one."""
        order = np.argsort(loan, kind="stable")
        mine, at, what = loan[order], row[order], facility[order]
        begins = np.concatenate([[True], mine[1:] != mine[:-1]])[: mine.size]
        first = np.maximum.accumulate(np.where(begins, np.arange(mine.size), 0))
        other = np.flatnonzero((what != what[first]) & (what >= 0) & (what[first] >= 0)) if mine.size else first
        wrong[mine[other]] = True
        ids = [f.id for f in self.context.facilities]
        found, expected = ([ids[i] for i in x.tolist()] for x in (what[other], what[first[other]]))
        return at_rows(self.table, "receipts_of_facilities", at[other], "facility", found, expected)

    def _too_much(self, block: Block, loan: Ints, row: Ints, facility: Ints, wrong: Flags) -> Findings:
        """More than was applied for in a batch, or more than the ratio of the loan in all."""
        got = np.flatnonzero((self.status[row] == FUNDED) & ~wrong[loan])
        mine, at = loan[got], row[got]
        limit = self._applied_for(loan, row, got)
        over = np.flatnonzero((limit >= 0) & (self.amount[at] > limit))
        parts = [self._over(at[over], self.amount[at[over]], limit[over])]
        wrong[mine[over]] = True
        sums = group_sum(self.amount[at], mine, len(block))
        asks = self.asks(block, mine, self._of(facility, mine, at))
        more = np.flatnonzero((sums[mine] > asks) & ~wrong[mine])
        _, last = np.unique(mine[more][::-1], return_index=True)
        more = np.sort(more[::-1][last])
        parts.append(self._over(at[more], sums[mine[more]], asks[more]))
        wrong[mine[more]] = True
        return Findings.concat(parts)

    def _over(self, rows: Ints, found: Ints, limit: Ints) -> Findings:
        return at_rows(
            self.table,
            "received_over_asked",
            rows,
            "funded_amount",
            yuan(found),
            [f"<= {a}" for a in yuan(limit)],
        )

    def _applied_for(self, loan: Ints, row: Ints, which: Ints) -> Ints:
        """The amount applied for in the batch of the rows ``which``, on the row itself or another; else -1."""
        key = loan * 2**24 + self.period[row] + 2**23
        own = self.has_applied[row]
        table = dict(zip(key[own].tolist(), self.applied[row[own]].tolist(), strict=True))
        return np.array([table.get(k, -1) for k in key[which].tolist()], np.int64)

    # -- what it says ----------------------------------------------------------------------------------------------

    def before(self, block: Block, error: Flags, listed: Ints, covered: Sequence[Flags], lender: Ints) -> Flags:
        """Loans of before the run whose lender begins it with a balance: whatever they drew is in it."""
        out = np.zeros(len(block), bool)
        for f, rules in enumerate(self.context.facilities):
            if not covered[f].any():
                continue
            rows = np.flatnonzero((listed == f) & ~error)
            day = draw_days(application_periods(block.disbursed[rows], rules), block.disbursed[rows], rules)
            out[rows] = in_opening(covered[f], lender[rows], day, self.context)
        return out

    def record(
        self, block: Block, error: Flags, wrong: Flags, matched: Matched, facility: Ints, before: Flags
    ) -> Recorded:
        """What the record says of the loans of a block that are not set aside."""
        out = error | wrong
        filed = self._batches(block, error, matched, facility)
        counts = filed.some(~out[filed.loan])
        status = np.full(len(block), NO_ROW, np.int64)
        status[counts.loan] = counts.status  # of several batches the last
        status[counts.loan[counts.status == FUNDED]] = FUNDED
        got = np.flatnonzero(~out[matched.loan] & (self.status[matched.row] == FUNDED))
        loan, row = matched.loan[got], matched.row[got]
        of = self._of(facility, loan, row)
        held_by = np.full(len(block), NONE, np.int64)
        held_by[loan] = of
        rate, suffix = self._names(of, row)
        receipts = Receipts(loan, self.day[row], of, self.amount[row], rate, suffix, self.period[row], row)
        named = np.zeros(len(block), bool)
        named[matched.loan] = True
        decided = named | ~self._simulated(block, status)
        before = before & decided & ~named
        may_ask = np.where(error, 0, self.asks(block, np.arange(len(block)), facility))
        return Recorded(decided, status, held_by, _added(receipts), before, filed, may_ask)

    def _batches(self, block: Block, error: Flags, matched: Matched, facility: Ints) -> Batches:
        """Every readable batch of the block's loans, those of loans set aside too."""
        readable = self.has_period[matched.row] & (self.status[matched.row] != NO_ROW)
        loan, row = matched.loan[readable], matched.row[readable]
        of = self._of(facility, loan, row)
        said = self.has_applied[row]
        keys = zip(loan[said].tolist(), self.period[row[said]].tolist(), strict=True)
        applied = dict(zip(keys, self.applied[row[said]].tolist(), strict=True))
        got = np.where((self.status[row] == FUNDED) & self.has_amount[row], self.amount[row], 0)
        may_ask = np.where(error[loan], 0, self.asks(block, loan, of))
        period, result = self.period[row], self.status[row] != APPLIED
        return batches(loan, period, in_time(period), result, self.status[row], of, applied, got, may_ask, row)

    def _simulated(self, block: Block, status: Ints) -> Flags:
        """Loans without a row that are of a plan, or disbursed when the record is no longer kept."""
        begins = self.context.simulate_from_day
        made, there = ints(block.frame, "disbursed")  # a row with an error has stand-ins in the block
        later = np.zeros(len(block), bool) if begins is None else there & (made >= begins)
        return (status == NO_ROW) & (block.planned | later)

    def _names(self, facility: Ints, row: Ints) -> tuple[Ints, tuple[str, ...]]:
        """The rate of each receipt, and what its tranche is called besides facility, lender and day."""
        rate = np.zeros(row.size, np.int64)
        names = []
        known: dict[tuple[int, int], int] = {}
        for i, (f, r) in enumerate(zip(facility.tolist(), row.tolist(), strict=True)):
            day = int(self.day[r])
            if (f, day) not in known:
                known[f, day] = facility_rate(self.context.facilities[f], day, day)[0]
            usual = known[f, day]
            rate[i] = self.rate[r] if self.has_rate[r] else usual
            names.append(self.tranche[r] or ("" if rate[i] == usual else decimal_text(int(rate[i]), 6)))
        return rate, tuple(names)


def _added(receipts: Receipts) -> Receipts:
    """Receipts by loan, those of one loan, day, tranche and rate added together."""
    columns = (receipts.loan, receipts.day, receipts.facility, receipts.rate)
    place: dict[tuple[int | str, ...], int] = {}
    keys = zip(*(c.tolist() for c in columns), receipts.suffix, strict=True)
    which = np.array([place.setdefault(key, len(place)) for key in keys], np.int64)
    _, first = np.unique(which, return_index=True)
    amount = receipts.amount.copy()
    amount[first] = group_sum(receipts.amount, which, len(place))
    order = first[np.argsort(receipts.loan[first], kind="stable")]
    return replace(receipts, amount=amount).some(order)
