"""The tables of a run in users' units: yuan, tonnes, fractions; the same names for a run in memory and a saved one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from relending.engine.convert import to_user

if TYPE_CHECKING:
    import pandas as pd


def _optional(table: str, meaning: str) -> property:
    """A table that a run may be without: then it has no rows."""

    def view(self: Views) -> pd.DataFrame:
        from relending.runfolder.tables import empty_frame

        return to_user(self.tables[table] if table in self.tables else empty_frame(table))

    view.__doc__ = f"{meaning} No rows where the run has no such table."
    return property(view)


class Views:
    """Properties over ``tables`` (integer step frames); columns are described in docs/run_folder.md."""

    __slots__ = ()
    tables: Mapping[str, pd.DataFrame]

    @property
    def loans(self) -> pd.DataFrame:
        """Every row read, in input order."""
        return to_user(self.tables["loans"])

    @property
    def screening(self) -> pd.DataFrame:
        """What was decided about every loan, in input order."""
        return to_user(self.tables["screening"])

    @property
    def attribution(self) -> pd.DataFrame:
        """Share, reduction and state of every loan, in input order."""
        return to_user(self.tables["attribution"])

    @property
    def draws(self) -> pd.DataFrame:
        """What was drawn and continued for every supported loan."""
        return to_user(self.tables["draws"])

    @property
    def prepayments(self) -> pd.DataFrame:
        """Prepayments read."""
        return to_user(self.tables["prepayments"])

    @property
    def ledger(self) -> pd.DataFrame:
        """Every event of every tranche, by date."""
        return to_user(self.tables["ledger"])

    @property
    def funding(self) -> pd.DataFrame:
        """Drawn, rolled, repaid, balance, interest by quarter, lender and facility."""
        return to_user(self.tables["funding"])

    @property
    def disclosure(self) -> pd.DataFrame:
        """Projects, amount, weighted rate, reduction by quarter, horizon, field and sector."""
        return to_user(self.tables["disclosure"])

    @property
    def cost(self) -> pd.DataFrame:
        """Blended cost, margin, interest saved, cost per tonne by quarter, lender and facility."""
        return to_user(self.tables["cost"])

    published = _optional("published", "Published figures beside the run's, as texts at the digits printed.")
    reconciliation = _optional("reconciliation", "Asked for and received, by application period and result.")
    ineligible = _optional("ineligible", "Supported loans that no longer meet the conditions.")
    part_funded = _optional("part_funded", "Supported loans drawn for in part, and what of them may be claimed.")
    batches = _optional("batches", "Asked for and received, loan by loan and period by period, as filed.")
    restatement = _optional(
        "restatement", "Loans of revised projects by the latest figures, beside those they were made with."
    )
    applications = _optional("applications", "What was applied for and what arrived, as read.")
    opening_tranches = _optional("opening_tranches", "The facility balance on the first day of the run, as read.")
    opening = _optional("opening", "Totals of the last statement before the run, as read.")
    schedule = _optional("schedule", "Repayment schedules given, as read.")
    balances = _optional("balances", "Balances of loans given, as read.")
    revisions = _optional("revisions", "Revised figures of projects, as read.")
    other_loans = _optional("other_loans", "Loans of other lenders to the same projects, as read.")

    @property
    def findings(self) -> pd.DataFrame:
        """Every problem found in the input."""
        return to_user(self.tables["findings"])
