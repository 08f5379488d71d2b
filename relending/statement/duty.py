"""Who must disclose 披露义务: the facilities whose lenders publish statements, by their rules."""

from __future__ import annotations

from relending.engine.context import Context
from relending.policy import Facility

REQUIRED = "disclosure_required"


def must_disclose(rules: Facility) -> bool:
    """Whether lenders of a facility must publish statements.

    >>> from relending.policy import facility
    >>> must_disclose(facility("cerf")), must_disclose(facility("clean_coal"))
    (True, False)
    """
    return REQUIRED in rules and bool(rules[REQUIRED].latest().value)


def disclosing(context: Context) -> list[Facility]:
    """The facilities of a run whose lenders must disclose."""
    return [rules for rules in context.facilities if must_disclose(rules)]
