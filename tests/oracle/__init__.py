"""An independent, slow, plain-Python engine that random books are compared with.

It was written from the design contract alone and shares no code with the package. Everything is an integer
(fen, grams a year, parts per million) or a `fractions.Fraction`; nothing is a float.
"""

from __future__ import annotations

from .engine import run
from .model import UNITS, Loan, Prepayment, Result, Scenario

__all__ = ["UNITS", "Loan", "Prepayment", "Result", "Scenario", "run"]
