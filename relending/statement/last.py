"""The statements that come with a run: of each lender that must disclose, its last quarter with new loans."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from relending.dates import quarter_end, quarter_of, to_date
from relending.engine.context import launch_day
from relending.lineage.disclosed import Disclosures
from relending.lineage.open_points import open_points
from relending.lineage.whynot import Saved
from relending.policy import Facility
from relending.statement.accept import accepted_points, reasons_of
from relending.statement.files import write_statement
from relending.statement.printed import options_of
from relending.statement.statement import Statement, make_statement

LANGS = ("zh", "en")
MOST = 100
"""Lenders a run writes statements of; of a run with more, as of a whole country, ``disclose`` writes the one wanted."""


def must_disclose(rules: Facility, quarter: int) -> bool:
    """Whether lenders of a facility must publish statements, by its rules at the end of a quarter.

    >>> from relending.policy import facility
    >>> must_disclose(facility("cerf"), 2024 * 4), must_disclose(facility("clean_coal"), 2024 * 4)
    (True, False)
    """
    name = "disclosure_required"
    return name in rules and bool(rules[name].on(to_date(int(quarter_end(quarter)))).value)


def last_statements(run: Saved) -> Iterator[Statement]:
    """The statement of each lender's last quarter with new loans, drafts marked; none of a facility of too many."""
    disclosures, options = Disclosures(run), options_of(run.manifest)
    for rules in run.context().facilities:
        lenders = disclosures.lenders(rules.id)
        if len(lenders) > MOST:
            continue
        for lender in lenders:
            quarter = disclosures.last_quarter(lender, rules.id)
            if quarter is None or quarter < int(quarter_of(launch_day(rules))) or not must_disclose(rules, quarter):
                continue
            found = disclosures.of(lender, rules.id, quarter)
            reasons = reasons_of(accepted_points(open_points(run, found), ()))
            yield make_statement(run, found, options, reasons=reasons)


def write_last_statements(run: Saved, folder: Path) -> list[Path]:
    """Write them in both languages into a folder, which is made if there is any; the files written."""
    out: list[Path] = []
    for statement in last_statements(run):
        folder.mkdir(exist_ok=True)
        for lang in LANGS:
            out += write_statement(statement, lang, folder)
    return out
