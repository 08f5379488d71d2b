"""The tables of a run in users' units: yuan, tonnes, fractions; the same names for a run in memory and a saved one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from relending.engine.convert import to_user

if TYPE_CHECKING:
    import pandas as pd


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

    @property
    def published(self) -> pd.DataFrame:
        """Published figures beside the run's, as texts at the digits printed; no rows if the scenario names none."""
        from relending.runfolder.tables import empty_frame

        return to_user(self.tables["published"] if "published" in self.tables else empty_frame("published"))

    @property
    def findings(self) -> pd.DataFrame:
        """Every problem found in the input."""
        return to_user(self.tables["findings"])
