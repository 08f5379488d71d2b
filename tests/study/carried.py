"""A run made of an engine's tables, without a folder: what the studies of cost read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from relending.engine.context import Context
from relending.engine.steps import Funded, attribute, cost, fund, screen
from tests.engine.bridge import context, loan_frame, side_frames
from tests.oracle import engine as slow
from tests.oracle.model import Loan, Prepayment, Scenario


@dataclass(frozen=True)
class Made:
    """Tables and rules; ``funded`` is what the engine kept of its loans."""

    tables: Mapping[str, pd.DataFrame]
    rules: Context
    funded: Funded
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def context(self) -> Context:
        return self.rules

    def holds(self) -> dict[str, int]:
        """Fen each loan holds at the end of the run, as the engine kept it."""
        out: dict[str, int] = {}
        ids = self.funded.work.block.loan_id.to_pylist()
        for side in self.funded.work.funding:
            for cohort in side.cohorts.values():
                for i in np.flatnonzero(cohort.held).tolist():
                    name = ids[int(cohort.loan[i])]
                    out[name] = out.get(name, 0) + int(cohort.held[i])
        return out


KNOWN_TO_THE_BOOK = ("row", "grace_after_maturity", "extension_not_later", "reduction_reported_differs")
"""Errors of a row that its reader finds; every other one the engine finds itself."""


def made(loans: Sequence[Loan], prepayments: Sequence[Prepayment], scenario: Scenario, side: Any = None) -> Made:
    """A case of the slow engine carried out by the fast one, step by step."""
    expected = slow.run(loans, prepayments, scenario, *([] if side is None else [side]))
    wrong = [i for i, why in expected.errors.items() if why in KNOWN_TO_THE_BOOK]
    frame, rules, beside = loan_frame(loans, wrong), context(scenario), side_frames(prepayments, side)
    screening = screen(frame, rules, beside)
    funded = fund(frame, screening, rules, beside)
    tables = {
        "loans": frame.drop(columns="data_error"),
        "screening": screening,
        "attribution": attribute(funded, rules),
        "draws": funded.draws,
        "ledger": funded.ledger,
        "cost": cost(funded, rules),
        "findings": funded.findings.frame(),
        **beside,
    }
    return Made(tables, rules, funded)
