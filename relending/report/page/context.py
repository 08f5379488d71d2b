"""What every part of the page reads of a run: its record, its names and its tables, each column taken out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from relending.policy import Facility, fields, from_plain, lenders, sectors
from relending.report.page.words import LANGS, Both, both, said, shown

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context


class Reported(Protocol):
    """What a page is made of: a run in memory, a saved one, or a redacted one."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Step frames by table name."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The record."""
        ...

    def context(self) -> Context:
        """The rules of the run."""
        ...


@dataclass(frozen=True)
class Subject:
    """A run, the file in which its folder has each table, and what its ids are called."""

    run: Reported
    files: Mapping[str, str]

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The scenario as resolved."""
        return dict(self.run.manifest["scenario"])

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The step frames of the run."""
        return self.run.tables

    @cached_property
    def loans(self) -> int:
        """How many loans were read."""
        return len(self.run.tables["attribution"])

    @cached_property
    def rules(self) -> tuple[Facility, ...]:
        """The facilities of the run by its record, in the scenario's order."""
        return tuple(from_plain(one) for one in self.run.manifest["policy"]["facilities"])

    @cached_property
    def facility_names(self) -> dict[str, Both]:
        """Each facility's name."""
        return {one.id: both(one.name) for one in self.rules}

    def facility(self, name: str) -> Both:
        """What a facility is called."""
        return self.facility_names.get(name) or Both(shown(name), shown(name))

    @cached_property
    def short_names(self) -> dict[str, Both]:
        """Each facility's name where there is little room."""
        return {one.id: Both(*(shown(one.short_name(lang)) for lang in LANGS)) for one in self.rules}

    def short(self, name: str) -> Both:
        """What a facility is called in a narrow column."""
        return self.short_names.get(name) or self.facility(name)

    def full(self, name: str) -> Both:
        """A facility's name with the short one behind it, so that a reader can tell what the short one means."""
        long, brief = self.facility(name), self.short(name)
        return Both(
            *(
                one if one == other else said("long_short").fill(long=one, short=other)[lang]
                for lang, one, other in ((lang, long[lang], brief[lang]) for lang in LANGS)
            )
        )

    def lender(self, name: str) -> Both:
        """What a lender is called: by the scenario, the policy data, or its id."""
        own = self.scenario.get("lenders", {}).get(name, {})
        given = own.get("short_name") or own.get("full_name")
        if given:
            return both(given)
        known = lenders().get(name)
        return both(known.short_name) if known else Both(shown(name), shown(name))

    def code(self, name: str) -> Both:
        """What a field, a sector or the total is called."""
        if name == "total":
            return said("total")
        known = fields().get(name) or sectors().get(name)
        return Both(known.zh, known.en) if known else Both(shown(name), shown(name))

    def file(self, table: str) -> str:
        """The file of the run folder that has a table whole."""
        return self.files[table]
