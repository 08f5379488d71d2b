"""What moved since a statement was published 已公布数据的变动: the loans that make its figures other than they were.

A cumulative figure of a run now, without the loans of later quarters, is what was published unless a loan that was
counted is gone or changed, or one has come in since. The changes of the loans add up to the change of every figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_text
from relending.engine.columns import Flags, arrow, codes, frame_of, ints, join_frames
from relending.engine.opening_totals import TOTAL
from relending.findings import Findings, InputError, InvariantError
from relending.lineage.disclosed import Disclosed, Figures
from relending.statement.record import LOANS, WORKED_OUT_FROM, Record, Rehash, hashed, of_code, sums

CHANGED = ("amount", "rate", "reduction", "field", "project", "quarter")
"""What can change of a loan that was counted and is."""
GONE, NEW, RESTATED, LATER = "gone", "new", "restated", "later"
"""Kinds of a loan that was counted and is not: no longer there, out of the horizons again, counted in a later quarter;
and of one that is counted and was not."""
_OF = dict(
    zip(CHANGED, ("amount_fen", "rate_ppm", "reduction_g", "field", "project_id", "quarter"), strict=True),
)
_DIFFERENCES = {"amount": "amount_fen", "reduction": "reduction_g"}


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved in one horizon.

    ``loans``: a row for each loan that differs: loan_id (as in the run; as in the record where the run has it no more),
    horizon, kind (one of the kinds above, or what changed, ``;``-joined), of field, project_id, quarter, amount_fen,
    rate_ppm, reduction_g and the columns ``WORKED_OUT_FROM`` those with ``_before`` and ``_now`` (null where it is not
    counted), and amount_fen_difference, reduction_g_difference. ``begun`` are the figures the horizon began with where
    they are not what was published of the quarters they cover, by code: published and now. ``shown`` is false where the
    run begins with figures of later quarters, so nothing can be compared.
    """

    horizon: str
    loans: pd.DataFrame
    begun: dict[str, tuple[Figures, Figures]] = field(default_factory=dict)
    shown: bool = True


def moved(before: Record, found: Disclosed, horizon: str, rehash: Rehash | None = None, rates: bool = True) -> Moved:
    """What moved in a horizon since ``before`` was published, of all that was counted up to its quarter.

    ``rates`` false: rates are those of each quarter's end, so they are not compared. Raises InvariantError where the
    changes of the loans do not add up to the change of a figure.
    """
    last = max(before.through.get(horizon, -1), found.through.get(horizon, -1))
    if last > before.quarter:
        return Moved(horizon, _nothing(), shown=False)
    every = known_as(found, before, rehash)
    inside = every[found.counted(horizon)]
    closed = inside[inside["quarter"].to_numpy(dtype=np.int64) <= before.quarter]
    was = before.loans[before.loans[f"in_{horizon}"].to_numpy(dtype=bool)]
    (was_in, was_own), (is_in, is_own) = _cut(was, last), _cut(closed, last)
    loans = _differences(was_own, is_own, horizon)
    begun = {}
    for code in (*found.fields, TOTAL):
        old = before.began.get((horizon, code), Figures()) + sums(of_code(was_in, code))
        new = found.began.get((horizon, code), Figures()) + sums(of_code(is_in, code))
        later = inside[inside["quarter"].to_numpy(dtype=np.int64) > before.quarter]
        _adds_up(before, found, horizon, code, (old, new), later, loans)
        if not _alike(old, new, before, found, horizon, code, rates):
            begun[code] = old, new
    if not rates:
        loans = loans[loans["kind"].ne("rate").to_numpy(dtype=bool)].reset_index(drop=True)
    return Moved(horizon, _named(loans, every, found.quarter), begun)


def known_as(found: Disclosed, before: Record, rehash: Rehash | None) -> pd.DataFrame:
    """A run's loans with their ids as a record has them, and ``own_id`` as the run has them.

    Raises InputError where the record's ids are hashed and it is not said how, or the other way round.
    """
    if bool(before.redacted) != (rehash is not None):
        given = "—" if rehash is None else "key"
        raise InputError(Findings.one("published_key", column="--redact", found=given, expected=before.redacted or "—"))
    own = frame_of({"own_id": arrow(found.loans, "loan_id")})["own_id"].set_axis(found.loans.index)
    return hashed(found.loans, rehash).assign(own_id=own)


def change_of(loans: pd.DataFrame, code: str = TOTAL) -> Figures:
    """What the loans of ``Moved.loans`` change of a code: amount, weighted and reduction; projects are not counted."""
    was, now = sums(_side(loans, "before", code)), sums(_side(loans, "now", code))
    return Figures(0, now.amount - was.amount, now.weighted - was.weighted, now.reduction - was.reduction)


def _side(loans: pd.DataFrame, side: str, code: str) -> pd.DataFrame:
    names = ("project_id", "field", "amount_fen", "rate_ppm", "reduction_g")
    some = frame_of({name: arrow(loans, f"{name}_{side}") for name in names})
    return of_code(some[some["amount_fen"].notna().to_numpy(dtype=bool)], code)


def _cut(loans: pd.DataFrame, last: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The loans that one of both sides has among its opening figures, and the others."""
    early = loans["quarter"].to_numpy(dtype=np.int64) <= last
    return loans[early], loans[~early]


def _differences(was: pd.DataFrame, now: pd.DataFrame, horizon: str) -> pd.DataFrame:
    """The loans that differ, in the order of their ids."""
    names = ("loan_id", "field", "project_id", "quarter", "amount_fen", "rate_ppm", "reduction_g")
    names += tuple(WORKED_OUT_FROM.names)
    kinds = dict(zip(LOANS.names, LOANS.types, strict=True))

    def plain(loans: pd.DataFrame) -> pd.DataFrame:
        return frame_of({name: arrow(loans, name).cast(kinds[name]) for name in names})

    both = plain(was).merge(plain(now), on="loan_id", how="outer", suffixes=("_before", "_now"))
    there = {side: both[f"amount_fen_{side}"].notna().to_numpy(dtype=bool) for side in ("before", "now")}
    flags = {name: ~_same(both, _OF[name]) & there["before"] & there["now"] for name in CHANGED}
    differs = ~(there["before"] & there["now"]) | np.logical_or.reduce(list(flags.values()))
    kind = _kinds([flags[name][differs] for name in CHANGED], there["before"][differs], there["now"][differs])
    rows = both[differs].reset_index(drop=True)
    rows.insert(1, "horizon", frame_of({"h": pa.array([horizon] * len(rows), pa.string())})["h"])
    rows.insert(2, "kind", frame_of({"k": kind})["k"])
    for column in _DIFFERENCES.values():
        rows[f"{column}_difference"] = rows[f"{column}_now"].fillna(0) - rows[f"{column}_before"].fillna(0)
    return rows.sort_values("loan_id", kind="stable").reset_index(drop=True)


def _same(both: pd.DataFrame, name: str) -> Flags:
    one, other = both[f"{name}_before"], both[f"{name}_now"]
    equal = one.eq(other).fillna(False).to_numpy(dtype=bool)
    return equal | (one.isna() & other.isna()).to_numpy(dtype=bool)


def _kinds(flags: Sequence[Flags], was: Flags, now: Flags) -> pa.Array:
    """What happened to each loan, in words of ``CHANGED``, or ``GONE`` or ``NEW``."""
    bits = sum((flag.astype(np.int64) << i for i, flag in enumerate(flags)), np.zeros(was.size, np.int64))
    bits = np.where(~now, -1, np.where(~was, -2, bits))
    distinct, place = np.unique(bits, return_inverse=True)
    names = {-1: GONE, -2: NEW}
    words = [names.get(b) or ";".join(name for i, name in enumerate(CHANGED) if b >> i & 1) for b in distinct.tolist()]
    return pa.array(words, pa.string()).take(pa.array(place.ravel()))


def _named(loans: pd.DataFrame, every: pd.DataFrame, quarter: int) -> pd.DataFrame:
    """With the loans called as in the run, and what became of those that are gone but still in its book."""
    if not len(loans):
        return loans
    mine = every[every["loan_id"].isin(loans["loan_id"]).to_numpy(dtype=bool)]
    own = dict(zip(mine["loan_id"].tolist(), mine["own_id"].tolist(), strict=True))
    counted = mine["in_since_start"].to_numpy(dtype=bool)
    left, leaves = ints(mine, "left")
    out = dict(zip(mine["loan_id"].tolist(), (leaves & (left <= quarter)).tolist(), strict=True))
    stays = dict(zip(mine["loan_id"].tolist(), counted.tolist(), strict=True))

    def became(loan: str, kind: str) -> str:
        if kind != GONE:
            return kind
        return RESTATED if out.get(loan) else LATER if stays.get(loan) else GONE

    ids = loans["loan_id"].tolist()
    kinds = [became(loan, kind) for loan, kind in zip(ids, loans["kind"].tolist(), strict=True)]
    columns = {"loan_id": [own.get(loan, loan) for loan in ids], "kind": kinds}
    new = frame_of({name: pa.array(texts, pa.string()) for name, texts in columns.items()})
    return loans.assign(**{name: new[name] for name in columns})


def _nothing() -> pd.DataFrame:
    empty = pd.DataFrame({name: [] for name in LOANS.names})
    made = frame_of({name: arrow(empty, name).cast(kind) for name, kind in zip(LOANS.names, LOANS.types, strict=True)})
    return _differences(made, made, "")


def _adds_up(
    before: Record,
    found: Disclosed,
    horizon: str,
    code: str,
    begun: tuple[Figures, Figures],
    later: pd.DataFrame,
    loans: pd.DataFrame,
) -> None:
    was, now = before.figures.get((horizon, code), Figures()), found.cells[horizon, code]
    more, change = sums(of_code(later, code)), change_of(loans, code)
    old, new = begun
    for name in ("amount", "weighted", "reduction"):
        broken = getattr(now, name) - getattr(more, name) - getattr(was, name)
        led_back = getattr(change, name) + getattr(new, name) - getattr(old, name)
        if broken != led_back:
            raise InvariantError(
                f"{found.facility.id} {found.lender} {horizon}/{code} {name} since {quarter_text(before.quarter)}: "
                f"changed by {broken}, its loans by {led_back}"
            )


def _alike(old: Figures, new: Figures, before: Record, found: Disclosed, horizon: str, code: str, rates: bool) -> bool:
    """Whether opening figures are what was published of the quarters they cover."""
    if (old.amount, old.reduction) != (new.amount, new.reduction):
        return False
    return not rates or abs(new.weighted - old.weighted) <= rounded_off(before, found, horizon, code)


def rounded_off(before: Record, found: Disclosed, horizon: str, code: str) -> int:
    """Most by which a weighted figure may be off for the rate of an opening figure being given to 8 decimals.

    0 where both sides began with the same quarters: then it is the same figure.
    """
    if before.through.get(horizon) == found.through.get(horizon):
        return 0
    sides = (before.began.get((horizon, code), Figures()), found.began.get((horizon, code), Figures()))
    return sum(side.amount + 1 for side in sides) // 2


def join(parts: Sequence[Moved]) -> pd.DataFrame:
    """The loans of several horizons one below the other."""
    return join_frames([part.loans for part in parts]) if parts else _nothing()


def names_of(loans: pd.DataFrame) -> list[str | None]:
    """The distinct loans, in their order."""
    return codes(loans, "loan_id")[1]
