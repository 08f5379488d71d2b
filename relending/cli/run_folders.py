"""What verbs that read a run folder share: opened only as it was written, whose it is, everything wrong at once."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from relending.findings import Findings
    from relending.policy import Facility
    from relending.runfolder import OpenedRun

T = TypeVar("T")
LONGEST_LINE = 200
"""Characters of what failed."""
NAMED = 20
"""Lenders named where one is to be chosen; of more it is said how many."""


def opened_whole(run: Path, lang: str) -> OpenedRun:
    """The run, if its files are as they were written: what is filed or published must be what was computed.

    Raises RunFolderError that names every file that is not.
    """
    from relending.runfolder import open_run, verify
    from relending.runfolder.parse import damaged

    opened = open_run(run)
    changed = [one for one in verify(run) if one.kind != "unexpected"]
    if changed:
        raise damaged(run, "; ".join(one.text(lang) for one in changed))
    return opened


DEBUG = "RELENDING_DEBUG"
"""The environment variable under which an error that is told as damage of a run is shown as it came up too."""


@contextmanager
def damage_told(run: Path) -> Iterator[None]:
    """Tables of a run that do not fit together are a RunFolderError that names the run and what failed.

    Anyone can change a file of a run and renew its checksum, so no table need be what a run can have written: whatever
    then fails is a matter of the folder, not of the program. It is the cause of the error, and shown under
    ``RELENDING_DEBUG``. What is said of the input, of identities and of figures too large stays what it is.
    """
    from relending.lineage import DamagedRun
    from relending.runfolder.errors import FigureTooLarge
    from relending.runfolder.parse import damaged
    from relending.units import LimitError

    try:
        yield
    except DamagedRun as error:
        raise damaged(run, str(error)) from error
    except (LimitError, FigureTooLarge):
        raise
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        if os.environ.get(DEBUG):
            traceback.print_exception(error)
        raise damaged(run, failed(error)) from error


def failed(error: Exception) -> str:
    """What failed, in one short line.

    >>> failed(KeyError("sector")), failed(ValueError()), failed(ValueError("a\\nb"))
    ("KeyError: 'sector'", 'ValueError', 'ValueError: a')
    """
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0][:LONGEST_LINE]}" if said else type(error).__name__


def tried(wrong: list[Findings], work: Callable[..., T], *given: object) -> T | None:
    """What the work gives; None where it stops, with what is wrong added: all of it is said at once."""
    from relending.findings import InputError

    try:
        return work(*given)
    except InputError as stop:
        wrong.append(stop.findings)
        return None


def lender_among(lenders: Sequence[str], manifest: Mapping[str, Any], given: str | None, code: str) -> str:
    """The lender meant, by id or name; the only one where none is given. InputError (``code``) lists them."""
    from relending.findings import Findings, InputError
    from relending.policy import lender_of, normalised

    more = f" … ({len(lenders):,})" if len(lenders) > NAMED else ""
    expected = ", ".join(lenders[:NAMED]) + more
    if given is None:
        if len(lenders) == 1:
            return lenders[0]
        raise InputError(Findings.one(code, column="--lender", expected=expected))
    table = manifest["scenario"]["lenders"]
    for one in lenders:
        names = {one, *(table.get(one, {}).get("full_name") or {}).values()}
        names |= set((table.get(one, {}).get("short_name") or {}).values())
        if normalised(given) in {normalised(name) for name in names} or lender_of(given) == one:
            return one
    raise InputError(Findings.one(code, column="--lender", found=given, expected=expected))


def facility_among(facilities: Sequence[Facility], given: str | None, code: str) -> str:
    """The facility meant, by id or name; the only one where none is given. InputError (``code``) lists them."""
    from relending.findings import Findings, InputError
    from relending.policy import normalised

    if given is None and len(facilities) == 1:
        return facilities[0].id
    for rules in facilities:
        if given is not None and normalised(given) in {normalised(n) for n in (rules.id, *rules.name.values())}:
            return rules.id
    expected = ", ".join(f.id for f in facilities)
    raise InputError(Findings.one(code, column="--facility", found=given or "", expected=expected))
