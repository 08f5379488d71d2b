"""Accepted points 认可事项: who takes responsibility for what is open, and why, one by one."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from relending.book import read_side_table
from relending.findings import Findings, InputError
from relending.lineage.open_points import ERRORS, INELIGIBLE, PARTS, SIMULATED, UNCLAIMED
from relending.spreadsheet import unescape
from relending.statement.record import Accepted
from relending.statement.statement import Reason

TABLE = "accept"
UNACCEPTABLE = (UNCLAIMED, PARTS, "unnamed")
"""Kinds that no one can accept: what is missing has to be given."""
KINDS = (SIMULATED, ERRORS, INELIGIBLE, PARTS, UNCLAIMED, "differs", "unnamed")
"""Kinds in the order in which a draft names them."""


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted point and where it was read; ``names`` are other spellings of its loan, as of a redacted run.

    ``found`` is what was found when it was accepted, in each spelling; none where the list does not say.
    """

    accepted: Accepted
    file: str
    row: int
    names: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Loan and code, in each spelling."""
        return [(name, self.accepted.code) for name in (self.accepted.loan_id, *self.names)]


def read_accepted(path: Path) -> tuple[Row, ...]:
    """The rows of a file of accepted points (columns of the dictionary's table ``accept``).

    Raises InputError with everything that is wrong with it; a point accepted twice is said once.
    """
    read = read_side_table(path, TABLE)
    if read.findings.count("error"):
        raise InputError(read.findings)
    out: dict[tuple[str, str], Row] = {}
    for row in read.frame.to_dict("records"):
        one = Accepted(*(_text(row[name]) for name in ("loan_id", "code", "reason", "by")))
        found = _plain(_text(row["found"]))
        at = Row(one, _text(row["file"]), int(row["row"]), found=(found,) if found else ())
        out.setdefault((one.loan_id, one.code), at)
    return tuple(out.values())


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """A text as it can be compared: as it was before it was put into a cell, widths and blanks evened out."""
    return " ".join(unicodedata.normalize("NFKC", unescape(text)).split())


def accepted_points(points: pd.DataFrame, accepted: Sequence[Row], told: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """The open points with columns ``reason`` and ``by``: empty where nobody accepts them, or nobody can.

    A row that says what was found accepts that and nothing else; ``told`` are the same points with what was found in
    words of a language.
    """
    reason, by = (pd.array([""], points["code"].dtype).repeat(len(points)) for _ in range(2))
    given = {key: one for one in accepted for key in one.keys}
    if given:
        may = points["loan_id"].isin([loan for loan, _ in given]) & ~points["kind"].isin(UNACCEPTABLE)
        for i in np.flatnonzero(may.to_numpy(dtype=bool)).tolist():
            one = given.get((points["loan_id"].iat[i], points["code"].iat[i]))
            seen = {_plain(str(frame["found"].iat[i])) for frame in (points, *told)}
            if one is not None and (not one.found or not seen.isdisjoint(one.found)):
                reason[i], by[i] = one.accepted.reason, one.accepted.by
    return points.assign(reason=reason, by=by)


def accepted_nothing(points: pd.DataFrame, accepted: Sequence[Row]) -> Findings:
    """A warning for each accepted point that is not open: most likely a slip of the pen."""
    there = set(zip(points["loan_id"].tolist(), points["code"].tolist(), strict=True))
    return Findings.concat(
        Findings.one(
            "accept_not_open",
            file=r.file,
            row=r.row,
            loan=r.accepted.loan_id,
            column="code",
            found=r.accepted.code,
        )
        for r in accepted
        if there.isdisjoint(r.keys)
    )


def accepted_other(points: pd.DataFrame, accepted: Sequence[Row]) -> Findings:
    """A warning for each accepted point that is open with something else found than what was accepted."""
    rest = still_open(points)
    columns = zip(*(rest[name].tolist() for name in ("loan_id", "code", "kind", "found")), strict=True)
    left = {(loan, code): found for loan, code, kind, found in columns if kind not in UNACCEPTABLE}
    some = [(r, left[key]) for r in accepted if r.found for key in r.keys if key in left]
    return Findings.concat(
        Findings.one(
            "accept_other",
            file=r.file,
            row=r.row,
            loan=r.accepted.loan_id,
            column="found",
            found=r.found[0],
            expected=now,
        )
        for r, now in some
    )


def acceptable(points: pd.DataFrame) -> pd.DataFrame:
    """The points that somebody can accept."""
    return points[~points["kind"].isin(UNACCEPTABLE).to_numpy(dtype=bool)]


def still_open(points: pd.DataFrame) -> pd.DataFrame:
    """The points that nobody has accepted."""
    return points[points["by"].eq("").to_numpy(dtype=bool)]


def reasons_of(points: pd.DataFrame) -> tuple[Reason, ...]:
    """Why a statement is a draft: the points still open, by kind, each with the number of its loans."""
    loans: Mapping[str, int] = points.groupby("kind")["loan_id"].nunique().to_dict()
    return tuple(Reason(kind, int(loans[kind])) for kind in KINDS if kind in loans)


def accepted_of(points: pd.DataFrame) -> tuple[Accepted, ...]:
    """What was accepted of the points, for whoever keeps or tells it."""
    some = points[points["by"].ne("").to_numpy(dtype=bool)]
    return tuple(
        Accepted(*row) for row in zip(*(some[n].tolist() for n in ("loan_id", "code", "reason", "by")), strict=True)
    )
