"""The statements that come with a run: of each lender that must disclose, its last quarter with new loans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from relending.dates import quarter_of
from relending.engine.context import Context, launch_day
from relending.filenames import LONGEST, unfit_id
from relending.findings import Findings
from relending.lineage.disclosed import Disclosures
from relending.lineage.open_points import open_points
from relending.lineage.whynot import Saved
from relending.policy import Facility
from relending.statement.accept import accepted_points, reasons_of
from relending.statement.duty import disclosing
from relending.statement.files import write_statement
from relending.statement.printed import options_of
from relending.statement.statement import Statement, make_statement

LANGS = ("zh", "en")
MOST = 100
"""Lenders a run writes statements of; of a run with more, as of a whole country, ``disclose`` writes the one wanted."""


def last_statements(run: Saved) -> Iterator[Statement]:
    """The statement of each lender's last quarter with new loans, drafts marked; none of a facility of too many.

    None either of a lender whose id cannot name a file: a made-up name would be nobody's, and two lenders might have
    the same. The run says of which (:func:`unnamed_lenders`).
    """
    disclosures, options = Disclosures(run), options_of(run.manifest)
    for rules in disclosing(run.context()):
        lenders = disclosures.lenders(rules.id)
        if len(lenders) > MOST:
            continue  # said by whoever knows left_out
        for lender in lenders:
            if unfit_id(lender):
                continue
            quarter = disclosures.last_quarter(lender, rules.id)
            if quarter is None or quarter < int(quarter_of(launch_day(rules))):
                continue
            found = disclosures.of(lender, rules.id, quarter)
            reasons = reasons_of(accepted_points(open_points(run, found), ()))
            yield make_statement(run, found, options, reasons=reasons)


def left_out(run: Saved) -> list[tuple[Facility, int]]:
    """The facilities of which a run writes no statements because too many lenders would have one, and how many."""
    if run.tables["disclosure"]["lender"].nunique() <= MOST:
        return []
    disclosures = Disclosures(run)
    many = [(rules, len(disclosures.lenders(rules.id))) for rules in disclosing(run.context())]
    return [(rules, n) for rules, n in many if n > MOST]


def unnamed_lenders(attribution: pd.DataFrame, context: Context) -> Findings:
    """The lenders with supported loans of whom no statement can be written, since their id cannot name a file.

    ``attribution`` is the run's table. Only a lender that nobody knows, and that is called as the book calls it, can be
    one.
    """
    due = [rules.id for rules in disclosing(context)]
    some = attribution[attribution["supported"] & attribution["facility"].isin(due).fillna(False)]
    odd = [name for name in sorted(some["lender"].dropna().unique().tolist()) if unfit_id(name)]
    shown = [f"{name[:LONGEST]}…" if len(name) > LONGEST else name for name in odd]
    faults = [f"≠ {unfit_id(name)}" for name in odd]
    return Findings.of("statement_unnamed", len(odd), column="lender", found=shown, expected=faults)


def write_statements(statements: Sequence[Statement], folder: Path) -> list[Path]:
    """Write statements in both languages into a folder; the files written."""
    return [path for one in statements for lang in LANGS for path in write_statement(one, lang, folder)]
