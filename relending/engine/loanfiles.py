"""The loan-level tables of a block: attribution and draws (design section 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from relending.dates import Days
from relending.engine.applications import Requests
from relending.engine.attribution import Attributed
from relending.engine.block import Block
from relending.engine.cohorts import HELD, BlockFunding, Gaps
from relending.engine.columns import Flags, arrow, days, frame_of, numbered, take, whole
from relending.engine.context import Context
from relending.engine.ledger import tranche_id
from relending.engine.screening import Screened
from relending.policy import sectors
from relending.units import INT64_MAX, Ints

STATES = ("", "held", "repaid", "pending", "unfunded", "repaid_before_draw", "refused", "set_aside")
NEVER = INT64_MAX


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
) -> Outcome:
    """States and support of a block's loans after funding."""
    state = np.full(len(block), STATES.index("refused"), np.int8)
    state[error] = STATES.index("set_aside")
    state[screened.eligible] = STATES.index("unfunded")
    gaps: list[tuple[Ints, Days, Days]] = []
    held_from = np.full(len(block), NEVER, np.int64)
    held_until = np.full(len(block), NEVER, np.int64)
    for request, side in zip(requests, funding, strict=True):
        state[request.repaid] = STATES.index("repaid_before_draw")
        state[request.loan[request.day > context.end]] = STATES.index("pending")
        until = np.full(len(block), -1, np.int64)
        for day, cohort in sorted(side.cohorts.items()):
            got = cohort.drawn > 0
            loan = cohort.loan[got]
            again = loan[(until[loan] >= 0) & (until[loan] < day)]
            gaps.append((again, until[again], np.full(again.size, day)))
            held_from[loan] = np.minimum(held_from[loan], day)
            gone = np.where(cohort.repaid_on[got] == HELD, NEVER, cohort.repaid_on[got])
            until[loan] = np.maximum(until[loan], gone)
        drew = until >= 0
        held_until[drew] = until[drew]
        state[drew] = np.where(until[drew] == NEVER, STATES.index("held"), STATES.index("repaid"))
    supported = np.isin(state, [STATES.index(s) for s in ("held", "repaid", "pending")])
    out_of_run = ~error & (block.disbursed > context.end)
    state[out_of_run] = STATES.index("")
    supported &= ~out_of_run
    return Outcome(state, supported, held_from, held_until, joined_gaps(gaps))


def attribution_frame(
    block: Block, screened: Screened, attributed: Attributed, result: Outcome, context: Context
) -> pd.DataFrame:
    """The attribution table of a block: every loan read, with share, reduction, support and state."""
    catalogue = sectors()
    fields = [catalogue[s].field if s is not None and s in catalogue else "" for s in block.sectors]
    return frame_of(
        {
            "loan_id": block.loan_id,
            "lender": arrow(block.frame, "lender"),
            "facility": take([f.id for f in context.facilities], screened.facility),
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
        }
    )


def draws_frame(
    block: Block,
    requests: Sequence[Requests],
    funding: Sequence[BlockFunding],
    lender: Ints,
    lenders: Sequence[str],
    context: Context,
    result: Outcome,
) -> pd.DataFrame:
    """The draws table of a block: a row a draw of a supported loan (several with carry_over), in loan order."""
    most = most_rollovers(context)
    parts: dict[str, list[np.ndarray]] = {n: [] for n in ("loan", "facility", "day", "drawn", "repaid_on", "pending")}
    continued: list[np.ndarray] = []
    for f, (request, side) in enumerate(zip(requests, funding, strict=True)):
        for day, cohort in side.cohorts.items():
            rows = np.flatnonzero(cohort.drawn > 0)
            table = np.full((most, rows.size), -1, np.int64)
            for k, kept in enumerate(cohort.continued[:most]):
                table[k] = kept[rows]
            continued.append(table)
            _append(parts, cohort.loan[rows], f, day, cohort.drawn[rows], cohort.repaid_on[rows], False)
        later = np.flatnonzero((request.day > context.end) & result.supported[request.loan])
        continued.append(np.full((most, later.size), -1, np.int64))
        _append(
            parts,
            request.loan[later],
            f,
            request.day[later],
            np.zeros(later.size, np.int64),
            np.full(later.size, HELD),
            True,
        )
    column = {name: np.concatenate(values) if values else np.zeros(0, np.int64) for name, values in parts.items()}
    table = np.concatenate(continued, axis=1) if continued else np.zeros((most, 0), np.int64)
    order = np.lexsort((column["day"], column["loan"]))
    column = {name: values[order] for name, values in column.items()}
    table = table[:, order]
    loan, there = column["loan"], column["pending"] == 0
    return frame_of(
        {
            "loan_id": block.loan_id.take(pa.array(loan)),
            "facility": take([f.id for f in context.facilities], column["facility"]),
            "tranche": _tranche_ids(column["facility"], lender[loan], column["day"], lenders, context),
            "drawn_fen": whole(column["drawn"], there),
            **{f"continued_{k + 1}_fen": whole(table[k], table[k] >= 0) for k in range(most)},
            "repaid_on": days(column["repaid_on"], column["repaid_on"] != HELD),
        }
    )


def most_rollovers(context: Context) -> int:
    """The most rollovers any facility of the run ever gives."""
    return max(int(v.value) for f in context.facilities for v in f["rollovers"].values)


def _append(
    parts: dict[str, list[np.ndarray]],
    loan: Ints,
    facility: int,
    day: Ints | int,
    drawn: Ints,
    repaid_on: Ints,
    pending: bool,
) -> None:
    n = len(loan)
    for name, value in (
        ("loan", loan),
        ("facility", facility),
        ("day", day),
        ("drawn", drawn),
        ("repaid_on", repaid_on),
        ("pending", int(pending)),
    ):
        parts[name].append(np.broadcast_to(np.asarray(value, np.int64), (n,)))


def _tranche_ids(facility: Ints, lender: Ints, day: Days, lenders: Sequence[str], context: Context) -> pa.Array:
    if len(facility) == 0:
        return pa.array([], pa.string())
    first = int(day.min())
    key = (facility * len(lenders) + lender) * (int(day.max()) - first + 1) + day - first
    found, index = numbered(key)
    at = np.zeros(found.size, np.int64)
    at[index] = np.arange(len(key))
    names = [tranche_id(context.facilities[int(facility[i])].id, lenders[int(lender[i])], int(day[i])) for i in at]
    return take(names, index)
