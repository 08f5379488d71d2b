"""Draws, rollovers, returns and repayments of one facility, day by day: design section 7.

INTERPRETED, the date that picks an assumption's value (the contract lists no date for them): on_prepayment the day of
the prepayment; rollover_base, rollover_rate, rollover_after_expiry, quota_counts_rollovers and rationing the date of
the operation; carry_over the draw date; day_count and interest_settlement the tranche's draw date; business_day the
date that is moved. (rollover_take_up has one: the due date.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from .days import ONE_DAY, Period, add_months, each_day, move, period_of, quarter_of
from .model import Loan, OpeningTranche, Row, Scenario
from .policy import Facility, Pool
from .receipts import Receipt
from .schedule import Schedule


@dataclass
class TrancheYear:
    """One tranche from its draw or a rollover to the next due date; `changes` are (day, balance from that day on)."""

    start: date
    due: date
    rate: int
    changes: list[tuple[date, int]]

    def before(self, day: date) -> int:
        """The balance at the end of the previous day."""
        return next((balance for start, balance in reversed(self.changes) if start < day), 0)


@dataclass
class Tranche:
    """All draws of one lender on one date (and of one number or rate, where they are recorded). `due` holds the due
    dates in order; the last one repays all. An opening tranche has `used` rollovers behind it when the run begins."""

    id: str
    lender: str
    drawn_on: date
    term: int
    due: list[date]
    positions: list[Position]
    years: list[TrancheYear]
    basis: set[str] = field(default_factory=set)  # simulated, recorded
    used: int = 0
    opening: bool = False

    def balance(self) -> int:
        return sum(p.held for p in self.positions)


@dataclass
class Position:
    """What one loan holds in one tranche. `history` is (day, held from the end of that day on). No loan stands behind
    what is held in an opening tranche."""

    loan: int | None
    tranche: Tranche
    drawn: int
    held: int
    continued: dict[int, int] = field(default_factory=dict)
    history: list[tuple[date, int]] = field(default_factory=list)

    def hold(self, day: date, amount: int) -> None:
        assert 0 <= amount <= self.held, "held never grows"
        if amount != self.held:
            self.held = amount
            self.history.append((day, amount))

    def held_at(self, day: date) -> int:
        return next((amount for since, amount in reversed(self.history) if since <= day), 0)


@dataclass
class Ask:
    """A loan that asks for money on a date, for an application period."""

    loan: int
    amount: int
    period: Period


@dataclass
class FacilityRun:
    """What a facility did: the loans' states, its tranches, and the ledger's events but for interest."""

    tranches: list[Tranche] = field(default_factory=list)
    states: dict[int, str] = field(default_factory=dict)
    pending: dict[int, list[tuple[str, str]]] = field(default_factory=dict)  # loan -> (tranche it will be in, basis)
    findings: list[tuple[str, str]] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


def ration(amounts: Sequence[int], keys: Sequence[tuple[date, str, date]], available: int, mode: str) -> list[int]:
    """What each request gets where `available` is all there is; keys give the order of service.

    >>> first, later = (date(2024, 1, 1), "a", date.min), (date(2024, 1, 2), "b", date.min)
    >>> [ration([60, 50], [first, later], 80, mode) for mode in ("pro_rata", "fifo", "whole_loans")]
    [[43, 36], [60, 20], [60, 0]]
    """
    requested = sum(amounts)
    if requested <= available:
        return list(amounts)
    if mode == "pro_rata":
        k = available * 10**9 // requested
        return [amount * k // 10**9 for amount in amounts]
    granted = [0] * len(amounts)
    for i in sorted(range(len(amounts)), key=lambda i: keys[i]):
        if mode == "fifo":
            granted[i] = min(amounts[i], available)
        elif mode == "whole_loans":
            granted[i] = amounts[i] if amounts[i] <= available else 0
        else:
            raise ValueError(f"unknown rationing {mode!r}")
        available -= granted[i]
    return granted


class Funding:
    """One facility over all lenders of the run."""

    def __init__(
        self,
        facility: Facility,
        loans: Sequence[Loan],
        schedules: Mapping[int, Schedule],
        eligible: Sequence[int],
        scenario: Scenario,
        receipts: Sequence[Receipt] = (),
        opening: Sequence[OpeningTranche] = (),
    ) -> None:
        """`eligible` are the loans to be simulated, `receipts` and `opening` those of the facility."""
        self.facility, self.loans, self.schedules = facility, loans, schedules
        self.eligible, self.receipts, self.opening = eligible, receipts, opening
        self.start, self.end = quarter_of(scenario.start).first, quarter_of(scenario.end).last
        self.covered = {row.lender for row in opening}  # their balance begins on the first day
        self.in_opening: set[int] = set()
        self.caps = scenario.caps.get(facility.id, {})
        self.out = FacilityRun()
        self.asks: dict[date, list[Ask]] = {}
        self.kept_pool: dict[int, str] = {}
        self.drawn_log: list[tuple[date, int | None, int, str]] = []  # date, loan, amount, application period
        self.rolled_log: list[tuple[date, int | None, int]] = []

    # ---- dates -------------------------------------------------------------------------------------------------

    def moved(self, day: date) -> date:
        return move(day, self.facility.on("business_day", day))

    def draw_date(self, loan: Loan, period: Period) -> date:
        return self.moved(period.last + timedelta(days=self.facility.on("lag_days", loan.disbursed)))

    def after_expiry(self, day: date) -> bool:
        return "window" in self.facility.values and day > self.facility.latest("window").last

    # ---- pools -------------------------------------------------------------------------------------------------

    def pool(self, loan: int | None, day: date) -> Pool | None:
        """The pool a loan's money counts in: the one it first asked, else the first that takes its sector; an opening
        tranche counts in the first.

        INTERPRETED: a loan drawn while there was no quota, or whose pool a later quota does not have, counts in the
        first pool of the quota of the day that takes it.
        """
        pools = self.facility.on("quota", day).pools
        if loan is None:
            return pools[0] if pools else None
        for pool in pools:
            if pool.id == self.kept_pool.get(loan):
                return pool
        return next((pool for pool in pools if pool.takes(self.loans[loan].sector)), None)

    def used(self, pool: Pool, day: date) -> int:
        """What counts against a pool on a day: the balance (stock), or the calendar year's draws (flow)."""
        if self.facility.on("quota", day).kind == "stock":
            return sum(p.held for t in self.out.tranches for p in t.positions if self.pool(p.loan, day) == pool)
        drawn = sum(
            amount for when, loan, amount, _ in self.drawn_log if when.year == day.year and self.pool(loan, day) == pool
        )
        if not self.facility.on("quota_counts_rollovers", day):
            return drawn
        return drawn + sum(
            amount for when, loan, amount in self.rolled_log if when.year == day.year and self.pool(loan, day) == pool
        )

    def key(self, loan: int | None, drawn_on: date = date.min) -> tuple[date, str, date]:
        """The order of service: (disbursed, loan_id); parts of one loan by their tranche's date.

        INTERPRETED: an opening tranche, which has no loan, is served before loans, by its date.
        """
        if loan is None:
            return (date.min, "", drawn_on)
        return (self.loans[loan].disbursed, self.loans[loan].loan_id, drawn_on)

    # ---- the run -----------------------------------------------------------------------------------------------

    def run(self) -> FacilityRun:
        for i in self.eligible:
            self.first_ask(i)
        arrived: dict[date, list[Receipt]] = {}
        for receipt in self.receipts:
            self.enter(receipt, arrived)
        # INTERPRETED: an ask of 0 (a loan of one fen) is no draw, so nothing is posted and the loan is unfunded.
        first = min([*self.asks, *arrived, *([self.start] if self.opening else [])], default=None)
        for day in each_day(first, self.end) if first else ():
            if day == self.start:
                self.open()
            self.returns(day)
            self.fall_due(day)
            self.draw(day, [ask for ask in self.asks.pop(day, []) if ask.amount], arrived.get(day, []))
        for i in [*self.eligible, *dict.fromkeys(receipt.loan for receipt in self.receipts)]:
            held = [p.held for t in self.out.tranches for p in t.positions if p.loan == i]
            if held:
                self.out.states[i] = "held" if any(held) else "repaid"
                # INTERPRETED: money still to come is told of a loan that had none yet, and not otherwise
                self.out.pending.pop(i, None)
            elif i in self.in_opening:
                self.out.states[i] = "opening"
                self.out.pending.pop(i, None)
            elif i in self.out.pending:
                self.out.states[i] = "pending"
            else:
                self.out.states.setdefault(i, "unfunded")
        return self.out

    def lies_before(self, loan: Loan) -> bool:
        """Whether the loan would have drawn before the run, and its lender begins the run with a balance."""
        applied = max(loan.disbursed, self.facility.latest("launch"))
        day = self.draw_date(loan, period_of(applied, self.facility.on("frequency", loan.disbursed)))
        return loan.lender in self.covered and day < self.start

    def first_ask(self, i: int) -> None:
        """INTERPRETED: of what keeps a loan from asking, being repaid comes first, then being no longer eligible,
        whether or not the draw would come after the end; then the opening, then `pending`."""
        loan = self.loans[i]
        applied = max(loan.disbursed, self.facility.latest("launch"))
        period = period_of(applied, self.facility.on("frequency", loan.disbursed))
        day = self.draw_date(loan, period)
        amount = loan.principal * self.facility.on("ratio", loan.disbursed) // 10_000
        if self.schedules[i].outstanding(day) == 0:
            # INTERPRETED: a prepayment the book dates after the end of the run still counts here.
            self.out.states[i] = "repaid_before_draw"
        elif loan.ineligible_from is not None and loan.ineligible_from <= day:
            self.out.states[i] = "ineligible"
            self.out.findings.append(("ineligible_before_draw", loan.loan_id))
        elif loan.lender in self.covered and day < self.start:
            if amount:
                self.in_opening.add(i)
        elif day > self.end:
            self.out.pending[i] = [(f"{self.facility.id}/{loan.lender}/{day}", "simulated")]
        else:
            self.asks.setdefault(day, []).append(Ask(i, amount, period))

    def enter(self, receipt: Receipt, arrived: dict[date, list[Receipt]]) -> None:
        """Money of the record: before the opening, in the run, or after its end."""
        loan = self.loans[receipt.loan]
        if receipt.rate is not None and receipt.rate != self.usual_rate(receipt.day):
            self.out.findings.append(("receipt_rate_differs", loan.loan_id))
        if loan.lender in self.covered and receipt.day < self.start:
            self.in_opening.add(receipt.loan)
        elif receipt.day > self.end:
            self.out.pending.setdefault(receipt.loan, []).append((self.recorded_id(receipt), "recorded"))
        else:
            arrived.setdefault(receipt.day, []).append(receipt)

    def recorded_id(self, receipt: Receipt) -> str:
        """facility/lender/date, then the given number, else the rate where it is not the one in force."""
        head = f"{self.facility.id}/{self.loans[receipt.loan].lender}/{receipt.day}"
        usual = self.usual_rate(receipt.day)
        if receipt.text:
            return f"{head}/{receipt.text}"
        if receipt.rate is not None and receipt.rate != usual:
            return f"{head}/{receipt.rate // 10**6}.{receipt.rate % 10**6:06d}"
        return head

    def usual_rate(self, day: date) -> int:
        return self.facility.rate_on(day, self.facility.on("term_months", day))

    def open(self) -> None:
        """The balance of the first day. Rows of the same id are told apart by their number."""
        ids: list[str] = []
        for row in self.opening:
            name = f"{self.facility.id}/{row.lender}/{row.drawn_on}" + (f"/{row.tranche}" if row.tranche else "")
            ids.append(name)
            same = ids.count(name)
            term = self.facility.on("term_months", row.drawn_on)
            last = self.facility.on("rollovers", row.drawn_on) + 1
            begun = self.moved(add_months(row.drawn_on, term * row.rollovers_used))
            later = range(row.rollovers_used + 2, last + 1)
            due = [row.due_on, *(self.moved(add_months(row.drawn_on, term * k)) for k in later)]
            tranche = Tranche(name if same == 1 else f"{name}/{same}", row.lender, row.drawn_on, term, due, [], [])
            tranche.basis, tranche.used, tranche.opening = {"recorded"}, row.rollovers_used, True
            held = Position(None, tranche, row.principal, row.principal, history=[(self.start, row.principal)])
            tranche.positions.append(held)
            tranche.years.append(TrancheYear(begun, row.due_on, row.rate, [(begun, row.principal)]))
            self.out.tranches.append(tranche)
            self.drawn_log.append((row.drawn_on, None, row.principal, ""))
            self.post(self.start, tranche, "opening", row.principal, row.rate, row.principal)
        for lender in sorted(self.covered):
            if any(self.loans[i].lender == lender for i in self.in_opening):
                self.out.findings.append(("in_opening", ""))

    def post(self, day: date, tranche: Tranche, event: str, amount: int, rate: int, balance: int) -> None:
        if amount:
            self.out.events.append(
                {
                    "date": day,
                    "lender": tranche.lender,
                    "facility": self.facility.id,
                    "tranche": tranche.id,
                    "event": event,
                    "amount": amount,
                    "rate": rate,
                    "balance": balance,
                }
            )

    def returns(self, day: date) -> None:
        """Immediate returns in tranches drawn before the day: floor(held x a / o) for each unplanned fall of what the
        loan owes, and all of what is held for a loan that is no longer eligible. One event a tranche."""
        for tranche in self.out.tranches:
            returned = 0
            for position in tranche.positions:
                if position.loan is None or not position.held:
                    continue
                before = position.held
                if self.facility.on("on_prepayment", day) == "immediate":
                    for a, o in self.schedules[position.loan].falls.get(day, []):
                        position.hold(day, position.held - position.held * a // o)
                lost = self.loans[position.loan].ineligible_from
                goes = lost is not None and day == max(lost, tranche.drawn_on + ONE_DAY)
                if goes and self.facility.on("on_ineligible", day) == "immediate":
                    position.hold(day, 0)
                returned += before - position.held
            if returned:
                year = tranche.years[-1]
                year.changes.append((day, tranche.balance()))
                self.post(day, tranche, "return", returned, year.rate, tranche.balance())

    def fall_due(self, day: date) -> None:
        """Repayments and rollovers of every tranche that falls due on the day."""
        due = [tranche for tranche in self.out.tranches if day in tranche.due]
        positions = [p for tranche in due for p in tranche.positions]
        wanted = [self.continues(p, day) for p in positions]
        quota = self.facility.on("quota", day)
        if quota.kind == "flow" and self.facility.on("quota_counts_rollovers", day):
            for pool in quota.pools:
                here = [n for n, p in enumerate(positions) if self.pool(p.loan, day) == pool]
                granted = ration(
                    [wanted[n] for n in here],
                    [self.key(positions[n].loan, positions[n].tranche.drawn_on) for n in here],
                    max(0, pool.amount - self.used(pool, day)),
                    self.facility.on("rationing", day),
                )
                for n, amount in zip(here, granted, strict=True):
                    wanted[n] = amount
        amounts = {id(p): amount for p, amount in zip(positions, wanted, strict=True)}
        for tranche in due:
            self.settle_due(tranche, day, amounts)

    def continues(self, position: Position, day: date) -> int:
        """The amount a loan asks to continue on its tranche's due date, before any quota: the part taken up of it."""
        return self.may_continue(position, day) * self.facility.on("rollover_take_up", day) // 10_000

    def may_continue(self, position: Position, day: date) -> int:
        """The most a loan may continue on its tranche's due date."""
        tranche = position.tranche
        k = tranche.due.index(day) + 1
        if k == len(tranche.due):
            return 0
        if not self.facility.on("rollover_after_expiry", day) and self.after_expiry(day):
            return 0
        if position.loan is None:
            return position.held
        lost = self.loans[position.loan].ineligible_from
        if lost is not None and lost <= day and self.facility.on("on_ineligible", day) == "at_rollover":
            return 0
        outstanding = self.schedules[position.loan].outstanding(day)
        base = self.facility.on("rollover_base", day)
        if base == "original":
            return position.held if outstanding else 0
        if base == "outstanding":
            # INTERPRETED: with carry_over a loan may be in several tranches; each is compared on its own.
            ratio = self.facility.on("ratio", self.loans[position.loan].disbursed)
            return min(position.held, ratio * outstanding // 10_000)
        raise ValueError(f"unknown rollover_base {base!r}")

    def settle_due(self, tranche: Tranche, day: date, amounts: Mapping[int, int]) -> None:
        k = tranche.due.index(day) + 1
        old_rate, balance = tranche.years[-1].rate, tranche.balance()
        for position in tranche.positions:
            position.hold(day, amounts[id(position)])
            position.continued[k] = position.held
            if position.held:
                self.rolled_log.append((day, position.loan, position.held))
        continued = tranche.balance()
        self.post(day, tranche, "repay", balance - continued, old_rate, continued)
        if continued:
            which = self.facility.on("rollover_rate", day)
            if which not in ("prevailing", "original"):
                raise ValueError(f"unknown rollover_rate {which!r}")
            rate = self.facility.rate_on(day, tranche.term) if which == "prevailing" else old_rate
            tranche.years.append(TrancheYear(day, tranche.due[k], rate, [(day, continued)]))
            self.post(day, tranche, "rollover", continued, rate, continued)

    def draw(self, day: date, asks: list[Ask], receipts: list[Receipt]) -> None:
        """What the record says arrived, then what is granted of the asks of the day.

        INTERPRETED: recorded draws of a day come first, whatever is left is for the simulated ones.
        """
        today: dict[str, Tranche] = {}
        for receipt in receipts:
            self.drawn_log.append((day, receipt.loan, receipt.amount, receipt.period))
            pool = self.pool(receipt.loan, day)
            if pool is not None:
                self.kept_pool.setdefault(receipt.loan, pool.id)
            usual = self.usual_rate(day)
            rate = usual if receipt.rate is None else receipt.rate
            tranche = self.begun(day, self.recorded_id(receipt), self.loans[receipt.loan].lender, rate, today)
            self.add(day, tranche, receipt.loan, receipt.amount, "recorded")
        granted = self.grant(day, asks) if asks else []
        for ask, amount in zip(asks, granted, strict=True):
            lender = self.loans[ask.loan].lender
            if amount:
                name = f"{self.facility.id}/{lender}/{day}"
                self.add(day, self.begun(day, name, lender, self.usual_rate(day), today), ask.loan, amount, "simulated")
                self.drawn_log.append((day, ask.loan, amount, ask.period.name))
            if amount < ask.amount and self.facility.on("carry_over", day):
                self.ask_again(Ask(ask.loan, ask.amount - amount, ask.period))
        for tranche in today.values():
            principal = tranche.balance()
            tranche.years[0].changes.append((day, principal))
            self.post(day, tranche, "draw", principal, tranche.years[0].rate, principal)

    def begun(self, day: date, name: str, lender: str, rate: int, today: dict[str, Tranche]) -> Tranche:
        """The day's tranche of that id, begun if it is not there."""
        if name not in today:
            term = self.facility.on("term_months", day)
            count = self.facility.on("rollovers", day) + 1
            due = [self.moved(add_months(day, term * k)) for k in range(1, count + 1)]
            today[name] = Tranche(name, lender, day, term, due, [], [TrancheYear(day, due[0], rate, [])])
            self.out.tranches.append(today[name])
        return today[name]

    @staticmethod
    def add(day: date, tranche: Tranche, loan: int, amount: int, basis: str) -> None:
        tranche.positions.append(Position(loan, tranche, amount, amount, history=[(day, amount)]))
        tranche.basis.add(basis)

    def ask_again(self, ask: Ask) -> None:
        """The unfunded part asks in the next period while the loan is outstanding and the window open.

        INTERPRETED: a repeated ask that falls after the end of the run is not `pending`: what it would get is unknown.
        A loan that is no longer eligible on the day of a repeated ask does not ask; its state is that of what it got.
        """
        loan = self.loans[ask.loan]
        period = ask.period.next(self.facility.on("frequency", loan.disbursed))
        day = self.draw_date(loan, period)
        if loan.ineligible_from is not None and loan.ineligible_from <= day:
            return
        if day <= self.end and self.schedules[ask.loan].outstanding(day) > 0 and not self.after_expiry(period.first):
            self.asks.setdefault(day, []).append(Ask(ask.loan, ask.amount, period))

    def grant(self, day: date, asks: list[Ask]) -> list[int]:
        """What each ask gets: its pool's rationing first, then the cap of its application period.

        INTERPRETED: where one pool's asks are all of one period, the smaller of what pool and cap leave is rationed
        once. Where several pools share a cap and together still exceed it, what they granted is rationed again by
        the same rule. A loan no pool takes gets nothing.
        """
        granted = [ask.amount for ask in asks]
        keys = [self.key(ask.loan) for ask in asks]
        mode = self.facility.on("rationing", day)
        quota = self.facility.on("quota", day)
        if quota.kind != "none":
            pools = [self.pool(ask.loan, day) for ask in asks]
            for n, pool in enumerate(pools):
                if pool is None:
                    granted[n] = 0
                else:
                    self.kept_pool.setdefault(asks[n].loan, pool.id)
            for pool in quota.pools:
                here = [n for n, asked in enumerate(pools) if asked == pool]
                available = max(0, pool.amount - self.used(pool, day))
                names = {asks[n].period.name for n in here}
                if len(names) == 1 and (name := names.pop()) in self.caps:
                    available = min(available, self.cap_left(name))
                self.cut(granted, keys, here, available, mode)
        for name in sorted({ask.period.name for ask in asks} & set(self.caps)):
            here = [n for n, ask in enumerate(asks) if ask.period.name == name]
            self.cut(granted, keys, here, self.cap_left(name), mode)
        return granted

    def cap_left(self, period: str) -> int:
        return max(0, self.caps[period] - sum(amount for _, _, amount, name in self.drawn_log if name == period))

    @staticmethod
    def cut(granted: list[int], keys: list[tuple[date, str, date]], here: list[int], available: int, mode: str) -> None:
        rationed = ration([granted[n] for n in here], [keys[n] for n in here], available, mode)
        for n, amount in zip(here, rationed, strict=True):
            granted[n] = amount
