"""The lenders of a run: those of the policy files, with what the scenario adds or changes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from relending import policy
from relending.policy import CLASSES, nearest, normalised
from relending.scenario.model import LenderTable, Words
from relending.scenario.problems import Problems, choices
from relending.scenario.read import Layers


@dataclass(frozen=True, slots=True)
class Lender:
    """A lender a run knows: id, class (decides its admission; None: no class, only ``admitted`` counts) and names.

    ``admitted`` holds the dates a scenario gives, by facility; they stand instead of the policy's. ``source`` is
    ``policy``, or ``scenario`` where the scenario defines the lender or changes it.
    """

    id: str
    cls: str | None
    full_name: Mapping[str, str]
    short_name: Mapping[str, str]
    names: tuple[str, ...]
    admitted: Mapping[str, dt.date] = field(default_factory=dict)
    source: str = "policy"


def both(words: Words | None, otherwise: Mapping[str, str]) -> dict[str, str]:
    """Text in both languages: as given, the other language where one is left out, else as known before."""
    if words is None or not (words.zh or words.en):
        return dict(otherwise)
    return {"zh": words.zh or words.en or "", "en": words.en or words.zh or ""}


def known_lenders() -> dict[str, Lender]:
    """The lenders of the policy files by id."""
    return {
        one.id: Lender(one.id, one.cls, dict(one.full_name), dict(one.short_name), tuple(one.names))
        for one in policy.lenders().values()
    }


def scenario_lenders(
    tables: Mapping[str, LenderTable], layers: Layers, problems: Problems, broken: frozenset[str]
) -> dict[str, Lender]:
    """The policy's lenders and those of ``[lenders.ID]``, in that order.

    ``broken`` names lenders some key of which had a wrong type: for these no missing class is reported.
    """
    lenders = known_lenders()
    facilities = policy.facilities()
    for ident, table in tables.items():
        column = f"lenders.{ident}"
        before = lenders.get(ident)

        def add(code: str, found: Any, expected: str, key: str, ident: str = ident) -> None:
            origin = layers.origin(("lenders", ident, *key.split(".")))
            problems.add(
                code, file=origin.label, column=f"lenders.{ident}.{key}".rstrip("."), found=found, expected=expected
            )

        if not re.fullmatch(r"[a-z0-9_]+", ident):
            add("scenario_bad_value", ident, "[a-z0-9_]+", "")
        if table.cls is not None and table.cls not in CLASSES:
            add("scenario_bad_value", table.cls, choices(table.cls, CLASSES), "class")
        for name in table.admitted or {}:
            if name not in facilities:
                add("unknown_facility", name, choices(name, facilities), f"admitted.{name}")
        if before is None and table.cls is None and not table.admitted and ident not in broken:
            close = nearest(ident, lenders)
            hint = f"a class, one of: {', '.join(CLASSES)}" + (f"; nearest known lender: {close}" if close else "")
            problems.add(
                "scenario_missing_key",
                file=layers.origin(("lenders", ident)).label,
                column=f"{column}.class",
                expected=hint,
            )
        fallback = before or Lender(ident, None, {"zh": ident, "en": ident}, {}, (ident,))
        full = both(table.full_name, fallback.full_name)
        short = both(table.short_name, fallback.short_name or full)
        names = dict.fromkeys([ident, *fallback.names, *full.values(), *short.values()])
        lenders[ident] = replace(
            fallback,
            cls=table.cls or fallback.cls,
            full_name=full,
            short_name=short,
            names=tuple(names),
            admitted=dict(sorted((table.admitted or {}).items())),
            source="scenario",
        )
    for ident in tables:
        others = {normalised(name): one.id for one in lenders.values() if one.id != ident for name in one.names}
        for name in lenders[ident].names:
            if normalised(name) in others:
                problems.add(
                    "scenario_bad_value",
                    file=layers.origin(("lenders", ident)).label,
                    column=f"lenders.{ident}",
                    found=name,
                    expected=f"a name of its own; {others[normalised(name)]} has it already",
                )
    return lenders


def find_lender(text: str, lenders: Mapping[str, Lender]) -> str | None:
    """The id of a lender given by id or any name, of the scenario or the policy; None if nobody has it."""
    wanted = normalised(text)
    if wanted in lenders:
        return wanted
    ours = [one for one in lenders.values() if one.source == "scenario"]
    for one in ours:
        if wanted in {normalised(name) for name in one.names}:
            return one.id
    return policy.lender_of(text)


def lender_hint(text: str, lenders: Mapping[str, Lender]) -> str:
    """What was meant, perhaps, by the name of a lender nobody knows."""
    by_name = {name: one.id for one in lenders.values() for name in (one.id, *one.names)}
    close = nearest(text, by_name)
    return (f"nearest: {by_name[close]}; " if close else "") + "a lender of the policy files, or one of [lenders.ID]"
