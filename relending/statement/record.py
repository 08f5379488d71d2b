"""What an archive keeps of a published statement 存档: its exact figures, how they were printed, and the loans counted.

A statement that was published can only be compared with what comes later, or corrected, where the figures behind its
print and the loans behind its figures are still there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_text
from relending.engine.columns import arrow, codes, frame_of, ints
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.findings import Findings, InputError
from relending.lineage.disclosed import Disclosed, Figures, Key, coded
from relending.statement.printed import Options
from relending.statement.statement import Statement
from relending.units import E8, PPM, exact_sums, from_limbs, weighted_limbs

FIRST_LOANS = pa.schema(
    [
        *((name, pa.string()) for name in ("loan_id", "project_id", "field", "sector")),
        *((name, pa.int64()) for name in ("quarter", "amount_fen", "rate_ppm", "reduction_g")),
        *((f"in_{horizon}", pa.bool_()) for horizon in HORIZONS),
    ]
)
"""The columns that a record has always had."""
WORKED_OUT_FROM = pa.schema(
    [
        *((name, pa.int64()) for name in ("investment_fen", "project_reduction_g")),
        *((name, pa.string()) for name in ("evidence", "evidence_doc")),
    ]
)
"""The columns that say what a reduction was worked out from: empty in an older record."""
LOANS = pa.schema([*FIRST_LOANS, *WORKED_OUT_FROM])
"""The columns kept of every counted loan; quarter is a number."""
HASHED = {"loan_id": "loan", "project_id": "project", "evidence_doc": "document"}
"""The columns that are hashed in a redacted record, each with its kind."""
Rehash = Callable[[str, str], str]
"""A kind of ``HASHED`` and a text -> the text as a redacted record has it."""
RUN_PARTS = ("scenario", "inputs", "policy", "outputs")
"""What a manifest says of a run that makes it this run."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding about a loan that a person has answered for: which, why, who."""

    loan_id: str
    code: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A published version of a statement.

    ``figures`` are exact, by horizon and code, ``began`` those among them that the run began with and ``through`` the
    last quarter (a number) these cover, by horizon. ``loans`` has the columns ``LOANS``: every loan counted in any
    horizon. ``claim``: how part-funded loans count. ``projects``: the names printed. ``reason``: of an amendment.
    ``run``: what :func:`run_digest` gives. ``redacted``: the fingerprint of the key under which ids are hashed, or
    empty. ``previous``: quarter and version of the statement it was compared with.
    """

    lender: str
    facility: str
    quarter: int
    version: int
    figures: Mapping[Key, Figures]
    options: Options
    rate_basis: str
    claim: str
    projects: tuple[str, ...]
    loans: pd.DataFrame
    began: Mapping[Key, Figures] = field(default_factory=dict)
    through: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    accepted: tuple[Accepted, ...] = ()
    run: str = ""
    redacted: str = ""
    previous: tuple[int, int] | None = None

    def under(self, fingerprint: str) -> Record:
        """The record, where its ids are hashed under this key (empty: not hashed); InputError otherwise."""
        if self.redacted != fingerprint:
            place = f"{self.lender}/{self.facility}/{quarter_text(self.quarter)}/v{self.version}"
            found, expected = fingerprint or "—", self.redacted or "—"
            raise InputError(
                Findings.one("published_key", file=place, column="--redact", found=found, expected=expected)
            )
        return self


def record_of(
    found: Disclosed,
    statement: Statement,
    *,
    claim: str,
    run: str,
    reason: str = "",
    accepted: Iterable[Accepted] = (),
    previous: Record | None = None,
    rehash: Rehash | None = None,
    redacted: str = "",
) -> Record:
    """The record of a statement that is about to be published.

    ``rehash`` hashes the ids, ``redacted`` is the fingerprint of its key: both or none, else ValueError.
    """
    if (rehash is None) == bool(redacted):
        raise ValueError("ids are hashed under a key, and a record says under which")
    counted = np.zeros(len(found.loans), bool)
    for horizon in HORIZONS:
        counted |= found.counted(horizon)
    loans = hashed(found.loans[counted], rehash)
    return Record(
        found.lender,
        found.facility.id,
        found.quarter,
        statement.version,
        dict(found.cells),
        statement.options,
        statement.rate_basis,
        claim,
        statement.projects,
        frame_of({name: arrow(loans, name).cast(kind) for name, kind in zip(LOANS.names, LOANS.types, strict=True)}),
        dict(found.began),
        dict(found.through),
        reason,
        tuple(accepted),
        run,
        redacted,
        None if previous is None else (previous.quarter, previous.version),
    )


def hashed(loans: pd.DataFrame, rehash: Rehash | None) -> pd.DataFrame:
    """Loans with their ids and documents as a redacted record has them; unchanged without ``rehash``."""
    if rehash is None:
        return loans
    new = {}
    for name, kind in HASHED.items():
        place, distinct = codes(loans, name)
        texts = pa.array([None if one is None else rehash(kind, one) for one in distinct], pa.string())
        new[name] = frame_of({name: texts.take(pa.array(place))})[name].set_axis(loans.index)
    return loans.assign(**new)


def sums(loans: pd.DataFrame) -> Figures:
    """Exact amount, weighted rate and reduction of loans; their projects are counted once each."""
    amount, rate, reduction = (ints(loans, n)[0] for n in ("amount_fen", "rate_ppm", "reduction_g"))
    one = np.zeros(len(loans), np.int64)
    return Figures(
        int(loans["project_id"].nunique(dropna=False)),
        exact_sums(amount, one, 1)[0],
        from_limbs(weighted_limbs(amount, rate, one, 1))[0] * (E8 // PPM),
        exact_sums(reduction, one, 1)[0],
    )


def of_code(loans: pd.DataFrame, code: str) -> pd.DataFrame:
    """The loans of a code: a field, a sector, or the total of all."""
    return loans if code == TOTAL else loans[coded(loans, code)]


def unlike_loans(record: Record) -> list[str]:
    """The cells whose figures are not those of the record's own loans and of what it began with."""
    wrong = []
    for (horizon, code), figures in record.figures.items():
        inside = record.loans[f"in_{horizon}"].to_numpy(dtype=bool)
        own = sums(of_code(record.loans[inside], code))
        began = record.began.get((horizon, code), Figures())
        whole = own + began
        same = (figures.amount, figures.weighted, figures.reduction) == (whole.amount, whole.weighted, whole.reduction)
        # a project may be among those that the figures began with
        if not same or not max(own.projects, began.projects) <= figures.projects <= whole.projects:
            wrong.append(f"{horizon}/{code}")
    return wrong


def run_digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over what a run's record says of its scenario, inputs, policy and outputs, in one spelling.

    >>> run_digest({"scenario": {"a": 1}, "seed": 7}) == run_digest({"seed": 8, "scenario": {"a": 1}})
    True
    """
    kept = {name: manifest[name] for name in RUN_PARTS if name in manifest}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
