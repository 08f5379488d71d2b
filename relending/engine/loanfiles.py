"""The loan-level tables of a block: attribution and draws (design section 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from relending.dates import Days
from relending.engine.applications import Requests
from relending.engine.attribution import Attributed
from relending.engine.block import NEVER, Block
from relending.engine.cohorts import HELD, BlockFunding, Gaps, Key
from relending.engine.columns import Flags, arrow, days, frame_of, numbered, take, whole
from relending.engine.context import Context
from relending.engine.ledger import tranche_id
from relending.engine.receipts import APPLIED, NO_ROW, REFUSED, WITHDRAWN, Receipts, Recorded
from relending.engine.screening import NONE, Screened
from relending.policy import sectors
from relending.units import Ints

STATES = (
    "",
    "held",
    "repaid",
    "pending",
    "unfunded",
    "repaid_before_draw",
    "refused",
    "set_aside",
    "opening",
    "ineligible",
    "not_applied",
    "applied",
    "not_approved",
    "withdrawn",
)
SUPPORTED = ("held", "repaid", "pending", "opening")
RECORDED_STATES = {NO_ROW: "not_applied", APPLIED: "applied", REFUSED: "not_approved", WITHDRAWN: "withdrawn"}
"""State of an eligible loan that the record decides and for which no money arrived, by the status of its last batch."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each loan of a block: state (position in STATES), supported, and the days its draw is held.

    ``held_from`` is NEVER for a loan that holds nothing; ``held_until`` the day nothing is held any more, NEVER if it
    is held on. ``gaps`` are the times between in which it holds nothing: under carry_over a loan may draw again after
    all it had drawn was repaid.
    """

    state: NDArray[np.int8]
    supported: Flags
    held_from: Days
    held_until: Days
    gaps: Gaps


def joined_gaps(parts: Sequence[tuple[Ints, Days, Days]]) -> Gaps:
    """Gaps found one draw date after the other, together."""
    none = np.zeros(0, np.int64)
    return Gaps(*(np.concatenate([none, *(part[i] for part in parts)]) for i in range(3)))


def outcome(
    block: Block,
    screened: Screened,
    error: Flags,
    requests: Sequence[Requests],
    funding: Sequence[BlockFunding],
    context: Context,
    record: Recorded,
    opened: Flags,
) -> Outcome:
    """States and support of a block's loans after funding; the draws of ``opened`` are in the opening balance."""
    state = np.full(len(block), STATES.index("refused"), np.int8)
    state[error] = STATES.index("set_aside")
    state[screened.eligible] = STATES.index("unfunded")
    for status, name in RECORDED_STATES.items():
        state[screened.eligible & record.follows & (record.status == status)] = STATES.index(name)
    gaps: list[tuple[Ints, Days, Days]] = []
    held_from = np.full(len(block), NEVER, np.int64)
    held_until = np.full(len(block), NEVER, np.int64)
    state[record.receipts.loan] = STATES.index("pending")  # unless it arrived by the end: below
    for request, side in zip(requests, funding, strict=True):
        state[request.repaid] = STATES.index("repaid_before_draw")
        state[request.lost] = STATES.index("ineligible")
        state[request.loan[request.day > context.end]] = STATES.index("pending")
        until = np.full(len(block), -1, np.int64)
        for key, cohort in sorted(side.cohorts.items()):
            got = cohort.drawn > 0
            loan = cohort.loan[got]
            again = loan[(until[loan] >= 0) & (until[loan] < key[0])]
            gaps.append((again, until[again], np.full(again.size, key[0])))
            held_from[loan] = np.minimum(held_from[loan], key[0])
            gone = np.where(cohort.repaid_on[got] == HELD, NEVER, cohort.repaid_on[got])
            until[loan] = np.maximum(until[loan], gone)
        drew = until >= 0
        held_until[drew] = until[drew]
        state[drew] = np.where(until[drew] == NEVER, STATES.index("held"), STATES.index("repaid"))
    state[opened & (held_from == NEVER)] = STATES.index("opening")
    supported = np.isin(state, [STATES.index(s) for s in SUPPORTED])
    out_of_run = ~error & (block.disbursed > context.end)
    state[out_of_run] = STATES.index("")
    supported &= ~out_of_run
    return Outcome(state, supported, held_from, held_until, joined_gaps(gaps))


def facility_of(block: Block, screened: Screened, record: Recorded, context: Context) -> Ints:
    """The facility of each loan: the one the money came from, else its candidate."""
    received = (record.facility != NONE) & (block.disbursed <= context.end)
    return np.where(received, record.facility, screened.facility)


def fits(screened: Screened, record: Recorded) -> Flags:
    """Loans that are eligible for the facility their money came from, if any came; for their candidate otherwise."""
    return screened.eligible & ((record.facility == NONE) | (record.facility == screened.facility))


def basis_of(record: Recorded, error: Flags, recording: bool) -> pa.Array:
    """Whether what is said of each loan is recorded or simulated; nothing is simulated of a loan set aside."""
    return take(["simulated", "recorded"], np.where(recording & (record.decided | error), 1, 0))


def loan_head(block: Block, rows: Ints, facility: Ints, context: Context) -> dict[str, pa.Array]:
    """The columns that say which loan: its id, lender, facility (a position, by row), field, sector and project."""
    catalogue = sectors()
    fields = [catalogue[s].field if s is not None and s in catalogue else "" for s in block.sectors]
    texts = {name: arrow(block.frame, name).take(pa.array(rows)) for name in ("lender", "sector", "project_id")}
    return {
        "loan_id": block.loan_id.take(pa.array(rows)),
        "lender": texts["lender"],
        "facility": take([f.id for f in context.facilities], facility),
        "field": take(fields, block.sector[rows]),
        "sector": texts["sector"],
        "project_id": texts["project_id"],
    }


def attribution_frame(
    block: Block, facility: Ints, attributed: Attributed, result: Outcome, basis: pa.Array, context: Context
) -> pd.DataFrame:
    """The attribution table of a block: every loan read, with share, reduction, support and state."""
    catalogue = sectors()
    fields = [catalogue[s].field if s is not None and s in catalogue else "" for s in block.sectors]
    return frame_of(
        {
            "loan_id": block.loan_id,
            "lender": arrow(block.frame, "lender"),
            "facility": take([f.id for f in context.facilities], facility),
            "field": take(fields, block.sector),
            "sector": arrow(block.frame, "sector"),
            "project_id": arrow(block.frame, "project_id"),
            "contract_id": arrow(block.frame, "contract_id"),
            "disbursed": arrow(block.frame, "disbursed"),
            "principal_fen": arrow(block.frame, "principal_fen"),
            "rate_ppm": arrow(block.frame, "rate_ppm"),
            "share_e8": whole(attributed.share, attributed.has_share),
            "reduction_g": whole(attributed.reduction, attributed.has_reduction),
            "supported": result.supported,
            "state": take(list(STATES), result.state),
            "basis": basis,
        }
    )


Names = Mapping[tuple[int, int, Key], tuple[str, str]]
"""Name and basis of the tranches of loans, by lender, facility and key."""


def draws_frame(
    block: Block,
    requests: Sequence[Requests],
    funding: Sequence[BlockFunding],
    receipts: Receipts,
    lender: Ints,
    lenders: Sequence[str],
    names: Names,
    context: Context,
    result: Outcome,
) -> pd.DataFrame:
    """The draws table of a block: a row a draw of a supported loan (several with carry_over), in loan order."""
    most = most_rollovers(context)
    lots: list[_Lot] = []
    waiting = result.state == STATES.index("pending")
    for f, (request, side) in enumerate(zip(requests, funding, strict=True)):
        for key, cohort in side.cohorts.items():
            rows = np.flatnonzero(cohort.drawn > 0)
            table = np.full((most, rows.size), -1, np.int64)
            for k, kept in enumerate(cohort.continued[:most]):
                table[k] = kept[rows]
            loan = cohort.loan[rows]
            lots.append(_Lot(loan, f, key, cohort.drawn[rows], cohort.repaid_on[rows], table, False))
        later = np.flatnonzero((request.day > context.end) & result.supported[request.loan])
        for day in np.unique(request.day[later]).tolist():
            some = later[request.day[later] == day]
            lots.append(_pending(request.loan[some], f, (day, "", 0), most))
    lots += [
        _pending(receipts.loan[i : i + 1], int(receipts.facility[i]), _key(receipts, i), most)
        for i in np.flatnonzero((receipts.day > context.end) & waiting[receipts.loan]).tolist()
    ]
    return _joined_draws(block, lots, lender, lenders, names, context, most)


@dataclass(frozen=True, slots=True)
class _Lot:
    """Draws of one tranche: by loan what was drawn and when nothing is held any more; what was continued at each due
    date (rollovers x loans)."""

    loan: Ints
    facility: int
    key: Key
    drawn: Ints
    repaid_on: Ints
    continued: Ints
    pending: bool


def _key(receipts: Receipts, i: int) -> Key:
    return int(receipts.day[i]), receipts.suffix[i], int(receipts.rate[i])


def _pending(loan: Ints, facility: int, key: Key, most: int) -> _Lot:
    n = loan.size
    return _Lot(loan, facility, key, np.zeros(n, np.int64), np.full(n, HELD), np.full((most, n), -1, np.int64), True)


def _joined_draws(
    block: Block,
    lots: Sequence[_Lot],
    lender: Ints,
    lenders: Sequence[str],
    names: Names,
    context: Context,
    most: int,
) -> pd.DataFrame:
    none = np.zeros(0, np.int64)
    number = np.concatenate([none, *(np.full(lot.loan.size, i, np.int64) for i, lot in enumerate(lots))])
    loan = np.concatenate([none, *(lot.loan for lot in lots)])
    day = np.array([lot.key[0] for lot in lots], np.int64)[number]
    order = np.lexsort((number, day, loan))
    number, loan = number[order], loan[order]
    drawn = np.concatenate([none, *(lot.drawn for lot in lots)])[order]
    repaid_on = np.concatenate([none, *(lot.repaid_on for lot in lots)])[order]
    table = np.concatenate([np.zeros((most, 0), np.int64), *(lot.continued for lot in lots)], axis=1)[:, order]
    there = ~np.array([lot.pending for lot in lots], bool)[number]
    facility = np.array([lot.facility for lot in lots], np.int64)[number]
    name, basis = _tranches(lots, number, lender[loan], lenders, names, context)
    return frame_of(
        {
            "loan_id": block.loan_id.take(pa.array(loan)),
            "facility": take([f.id for f in context.facilities], facility),
            "tranche": name,
            "drawn_fen": whole(drawn, there),
            **{f"continued_{k + 1}_fen": whole(table[k], table[k] >= 0) for k in range(most)},
            "repaid_on": days(repaid_on, repaid_on != HELD),
            "basis": basis,
        }
    )


def _tranches(
    lots: Sequence[_Lot], number: Ints, lender: Ints, lenders: Sequence[str], names: Names, context: Context
) -> tuple[pa.Array, pa.Array]:
    """Name and basis of the tranche of each draw."""
    found, index = numbered(number * len(lenders) + lender)
    told: list[tuple[str, str]] = []
    for cell in found.tolist():
        lot, who = lots[cell // len(lenders)], cell % len(lenders)
        known = names.get((who, lot.facility, lot.key))
        if known is None:  # not drawn yet
            day, suffix, rate = lot.key
            name = tranche_id(context.facilities[lot.facility].id, lenders[who], day, suffix)
            known = name, "recorded" if rate else "simulated"
        told.append(known)
    return take([name for name, _ in told], index), take([basis for _, basis in told], index)


def most_rollovers(context: Context) -> int:
    """The most rollovers any facility of the run ever gives."""
    return max(int(v.value) for f in context.facilities for v in f["rollovers"].values)
