"""``--lender`` and ``--facility`` of verbs that read a run folder: which of several is meant."""

from __future__ import annotations

from typing import Any, TypeVar

import click

from relending.cli.complete import facilities, lenders

_F = TypeVar("_F", bound=Any)


def choice_options(command: _F) -> _F:
    """``--lender L`` and ``--facility F``, each by id or name."""
    lender = click.option(
        "--lender",
        metavar="L",
        shell_complete=lenders,
        help="Lender, by id or name; needed where the run has several.",
    )
    facility = click.option(
        "--facility",
        metavar="F",
        shell_complete=facilities,
        help="Facility, by id or name; needed where several can be meant.",
    )
    decorated: _F = lender(facility(command))
    return decorated
