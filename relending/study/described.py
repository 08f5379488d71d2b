"""One row of metadata a run: what was run, on what, under which rules, and what came of the book."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from relending.policy import facilities as policy_facilities
from relending.policy import facility, lenders
from relending.scenario import Scenario, differing_keys, given_keys
from relending.scenario.problems import path_text
from relending.scenario.read import KeyPath
from relending.study.changes import MISSING, value_texts

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "scenario",
    "title_zh",
    "title_en",
    "description",
    "base",
    "changed",
    "start",
    "end",
    "lenders",
    "facilities",
    "loans",
    "set_aside",
    "supported",
    "errors",
    "warnings",
    "notes",
    "books",
    "sha256",
    "policy_checked",
    "relending",
    "key_sha256",
)
"""The columns of the metadata, in their order."""
COUNTS = ("loans", "set_aside", "supported", "errors", "warnings", "notes")
RATES = ("own_rate", "reference_rate", "collateral_cost")
"""Keys whose text is the name of a file."""
HIDDEN = "…"
_JOIN = "; "


class Comparable(Protocol):
    """A run, in memory or opened: step frames by name, and its record."""

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Step frames, among them ``funding``, ``cost`` and ``disclosure``."""
        ...

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The record, with the scenario as resolved."""
        ...


def name_of(run: Comparable) -> str:
    """The name of the scenario that was run."""
    return str(run.manifest["scenario"]["name"])


def legend_of(runs: Sequence[Comparable]) -> dict[str, dict[str, str]]:
    """The short names of the lenders and facilities of runs by id, in both languages; of what has none its id."""
    out: dict[str, dict[str, str]] = {}
    known, facilities = lenders(), policy_facilities()
    for run in runs:
        said = run.manifest["scenario"]
        for one in dict.fromkeys(run.tables["funding"]["lender"]):
            given = said["lenders"].get(one, {}).get("short_name") or (known[one].short_name if one in known else {})
            out.setdefault(str(one), {lang: given.get(lang) or str(one) for lang in ("zh", "en")})
        for one in said["facilities"]:
            out.setdefault(one, dict(facility(one).name) if one in facilities else {"zh": one, "en": one})
    return out


def scenario_of(run: Comparable) -> Scenario | None:
    """The scenario behind a run, as long as it is known what its files gave: not of one opened from a folder."""
    scenario = getattr(run, "scenario", None)
    return scenario if isinstance(scenario, Scenario) and scenario.given is not None else None


def parameters(runs: Sequence[Comparable]) -> dict[str, list[str]]:
    """What differs between runs: each key path that can change a figure, and what each run gives for it, "" for none.

    Of runs in memory these are the values as given; of those opened from a folder what their records hold of facilities
    and markets. A redacted run says of the name of a file what its record says.
    """
    scenarios = [scenario for run in runs if (scenario := scenario_of(run)) is not None]
    if len(scenarios) < len(runs):
        return _recorded(runs)
    keys: dict[KeyPath, None] = {}
    for a in scenarios[1:]:
        keys |= dict.fromkeys(differing_keys(scenarios[0], a))
    out: dict[str, list[str]] = {}
    for key in keys:
        texts = value_texts([given_keys(one).get(key, MISSING) for one in scenarios])
        out[path_text(key)] = [_shown(run, one, key, t) for run, one, t in zip(runs, scenarios, texts, strict=True)]
    return out


def _shown(run: Comparable, scenario: Scenario, key: KeyPath, text: str) -> str:
    """What is told of a key that a scenario may give; of a redacted run what its record tells of the name of a file."""
    value, recorded = given_keys(scenario).get(key, MISSING), run.manifest["scenario"]
    if value is MISSING or "redacted" not in run.manifest:
        return text
    if key[0] == "scenario" and key[-1] in recorded:
        return _plain(recorded[key[-1]])
    return HIDDEN if key[-1] in RATES and isinstance(value, str) else text


def _recorded(runs: Sequence[Comparable]) -> dict[str, list[str]]:
    flat = []
    for run in runs:
        said = run.manifest["scenario"]
        values = {f"facility.{f}.{k}": _plain(v) for f, given in said["facility"].items() for k, v in given.items()}
        values |= {f"market.{k}": _plain(v) for k, v in said["market"].items()}
        files = ("book", "plan", "prepayments")
        flat.append(values | {f"scenario.{k}": _plain(said[k]) for k in files})
    names = dict.fromkeys(name for values in flat for name in values)
    out = {name: [values.get(name, "") for values in flat] for name in names}
    return {name: values for name, values in out.items() if len(set(values)) > 1}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return _JOIN.join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def described(run: Comparable, base: str, given: Mapping[str, str], standard: Mapping[str, str]) -> dict[str, Any]:
    """The row of a run: texts, and counts as integers.

    ``given`` is what it gives for the keys that differ, ``standard`` what the base gives.
    """
    said, tables = run.manifest["scenario"], run.tables
    attribution, severity = tables["attribution"], tables["findings"]["severity"]
    read = [entry for entry in run.manifest["inputs"] if entry.get("role", "book") != "scenario"]
    books = dict.fromkeys((entry["file"], entry["sha256"]) for entry in read)  # a workbook may hold several tables
    changed = [f"{key} = {given[key]}" for key in given if given[key] != standard[key]]
    resolved = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {
        "scenario": said["name"],
        "title_zh": said["title"].get("zh", ""),
        "title_en": said["title"].get("en", ""),
        "description": said["description"],
        "base": base,
        "changed": _JOIN.join(changed),
        "start": said["start"],
        "end": said["end"],
        "lenders": _JOIN.join(dict.fromkeys(tables["funding"]["lender"])),
        "facilities": _JOIN.join(said["facilities"]),
        "loans": len(attribution),
        "set_aside": int((attribution["state"] == "set_aside").sum()),
        "supported": int(attribution["supported"].sum()),
        **{f"{one}s": int((severity == one).sum()) for one in ("error", "warning", "note")},
        "books": _JOIN.join(file for file, _ in books),
        "sha256": _JOIN.join(digest for _, digest in books),
        "policy_checked": max(_days(run.manifest["policy"]), default=""),
        "relending": run.manifest["versions"]["relending"],
        "key_sha256": hashlib.sha256(resolved.encode("utf-8", "backslashreplace")).hexdigest(),
    }


def _days(value: Any) -> list[str]:
    """Every day on which a value of the policy was last checked."""
    if isinstance(value, Mapping):
        own = value.get("checked")
        return [*([own] if isinstance(own, str) else []), *(d for one in value.values() for d in _days(one))]
    return [d for one in value for d in _days(one)] if isinstance(value, list | tuple) else []
