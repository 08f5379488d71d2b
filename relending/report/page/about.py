"""What was run: the scenario as resolved, key by key, with the file that gave it; the inputs with their checksums."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from relending.report.page.context import Subject
from relending.report.page.tables import Table
from relending.report.page.words import Both, both, said, shown, texts

LONGEST_VALUE = 300
MOST_LENDERS, MOST_KEYS, MOST_INPUTS = 6, 300, 100


def what(subject: Subject) -> dict[str, Any]:
    """Title, scenario, lenders, period, what the draws rest on, and the version of the package."""
    scenario, manifest = subject.scenario, subject.run.manifest
    lenders = subject.tables["cost"]["lender"].drop_duplicates().tolist()
    first = [subject.lender(str(one)) for one in lenders[:MOST_LENDERS]]
    basis = str(scenario.get("basis", "simulated"))
    return {
        "title": both(scenario["title"]) if scenario.get("title") else Both(*[shown(scenario["name"])] * 2),
        "name": shown(scenario["name"]),
        "description": _description(scenario),
        "lenders": first,
        "more_lenders": len(lenders) - len(first),
        "facilities": [subject.full(one.id) for one in subject.rules],
        "start": scenario["start"],
        "end": scenario["end"],
        "basis": said(f"basis_{basis}"),
        "basis_name": basis,
        "notes": [said("note_redacted" if manifest.get("redacted") else "note_internal"), said(f"note_{basis}")],
        "version": shown(manifest["versions"].get("relending", "")),
        "versions": {shown(name): shown(one) for name, one in sorted(manifest["versions"].items())},
        "redacted": shown(manifest.get("redacted")),
        "planned": int(subject.tables["loans"]["planned"].sum()),
        "loans": subject.loans,
        "certifies": [both(one) for one in manifest["does_not_certify"]],
    }


def _description(scenario: Mapping[str, Any]) -> Both | None:
    """What the scenario shows, in the language it was written in where there is no other."""
    en, zh = (shown(scenario.get(name), 400) for name in ("description", "description_zh"))
    return Both(zh or en, en or zh) if zh or en else None


def settings(subject: Subject) -> Table:
    """The keys that the scenario gives, each with its value and the file or option it came from."""
    sources: Mapping[str, Any] = subject.scenario.get("sources", {})
    rows = tuple(
        {"key": shown(key), "value": _value(subject.scenario, key), "source": shown(source)}
        for key, source in list(sources.items())[:MOST_KEYS]
    )
    cut = None
    if len(sources) > len(rows):
        cut = said("cut_rows").fill(n=len(rows), more=f"{len(sources) - len(rows):,}", file="manifest.json")
    return Table(rows, cut)


def _value(scenario: Mapping[str, Any], key: str) -> str:
    """The value of a dotted key; ``scenario.`` is the top of the record."""
    found: Any = scenario
    for part in key.removeprefix("scenario.").split("."):
        if not isinstance(found, Mapping) or part not in found:
            return "—"
        found = found[part]
    if isinstance(found, str):
        return shown(found, LONGEST_VALUE)
    return shown(json.dumps(_short(found), ensure_ascii=False, default=str), LONGEST_VALUE)


def _short(value: Any) -> Any:
    """Dated values without the source, which stands in a column of its own."""
    if isinstance(value, Mapping):
        return {name: _short(one) for name, one in value.items() if name not in ("source", "source_zh")}
    return [_short(one) for one in value] if isinstance(value, list | tuple) else value


def _role(role: Any) -> Both:
    """What a file was read for; its own word where this page has none for it."""
    name = f"role_{role or 'book'}"
    return said(name) if name in texts() else Both(shown(role), shown(role))


def inputs(subject: Subject) -> Table:
    """The files that were read, by name, with their checksums."""
    entries = subject.run.manifest["inputs"]
    rows = tuple(
        {
            "role": _role(one.get("role")),
            "file": shown(one.get("file")),
            "sheet": shown(one.get("sheet")),
            "rows": f"{one['rows']:,}" if isinstance(one.get("rows"), int) else "",
            "sha256": shown(one.get("sha256")),
        }
        for one in entries[:MOST_INPUTS]
    )
    cut = None
    if len(entries) > len(rows):
        cut = said("cut_rows").fill(n=len(rows), more=f"{len(entries) - len(rows):,}", file="manifest.json")
    return Table(rows, cut)
