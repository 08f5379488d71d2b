"""A run with its loans, borrowers and projects as keyed hashes: tables, findings, record and scenario file.

What hides a value is :mod:`relending.lineage.redaction`; here it meets the parts of a run that are no tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from relending.lineage.known import Known
from relending.lineage.redaction import Redactor, declared
from relending.scenario.problems import toml_text

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context
    from relending.runfolder.memory import Run
    from relending.runfolder.read import OpenedRun

_TOML_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def redacted(run: Run, key: bytes | Redactor) -> Run:
    """The same run with every value hashed that could name a loan, a borrower or a project; figures stay as they are.

    Findings come in the order of their hashed values, as any findings do; the record says under which key.
    """
    redactor = key if isinstance(key, Redactor) else Redactor(key)
    if "redacted" in run.manifest:
        raise ValueError("the run is redacted already")
    known = redactor.known(run.tables)
    findings = redactor.findings(run.all_findings, known)
    tables = redactor.tables({n: t for n, t in run.tables.items() if n != "findings"}, known)
    tables = {name: findings.frame() if name == "findings" else tables[name] for name in run.tables}
    scenario = replace(
        run.scenario,
        title={lang: redactor.guard("text", text, known) for lang, text in run.scenario.title.items()},
        description=redactor.guard("text", run.scenario.description, known),
        description_zh=redactor.guard("text", run.scenario.description_zh, known),
        toml=redacted_toml(run.scenario.toml, redactor, known),
    )
    record = redacted_record(run.manifest, redactor, known)
    return replace(run, scenario=scenario, tables=tables, manifest=record, all_findings=findings, unredacted=run)


class RedactedRun:
    """A saved run as it may be shown to others: its tables and record redacted, its rules as they are.

    ``known`` are the values that are hidden, to be looked for in what is said beside it.
    """

    def __init__(self, run: OpenedRun, redactor: Redactor) -> None:
        self._run = run
        self.known = redactor.known(run.tables)
        self.tables: Mapping[str, pd.DataFrame] = redactor.tables(run.tables, self.known)
        self.manifest: Mapping[str, Any] = redacted_record(run.manifest, redactor, self.known)

    def context(self) -> Context:
        """The rules of the run."""
        return self._run.context()


def redacted_record(record: Mapping[str, Any], redactor: Redactor, known: Known) -> dict[str, Any]:
    """A run's record with the texts of its scenario and the names of its inputs guarded, and the key's fingerprint."""
    parts = {name: _guarded(record[name], "", redactor, known) for name in ("scenario", "inputs")}
    return {**record, **parts, "redacted": redactor.fingerprint}


def _guarded(value: Any, key: str, redactor: Redactor, known: Known) -> Any:
    """A value of a record; ``key`` is the guarded key above it, below which the names of keys are texts too."""
    if isinstance(value, Mapping):
        return {
            redactor.guard("text", name, known) if key else name: _guarded(one, key or _key(name), redactor, known)
            for name, one in value.items()
        }
    if isinstance(value, str):
        return _text(value, key, redactor, known) if key else value
    return [_guarded(one, key, redactor, known) for one in value] if isinstance(value, list | tuple) else value


def _key(name: str) -> str:
    return name if name in declared()["scenario"]["guarded"] else ""


def _text(value: str, key: str, redactor: Redactor, known: Known) -> str:
    if key in declared()["scenario"]["sentences"]:
        return redactor.guard("text", value, known)
    return "/".join(redactor.guard("file", part, known) for part in value.split("/"))  # folder/file: each by itself


def redacted_toml(text: str, redactor: Redactor, known: Known) -> str:
    """A scenario file with its texts guarded as those of the record are, line by line."""
    return "\n".join(_toml_line(line, redactor, known) for line in text.split("\n"))


def _toml_line(line: str, redactor: Redactor, known: Known) -> str:
    if line.startswith("#"):  # it names the workbook
        return f"# {redactor.text('text', line)}" if known.holds(line) else line
    key = _key(line.partition("=")[0].strip())
    return _TOML_TEXT.sub(lambda m: toml_text(_text(json.loads(m[0]), key, redactor, known)), line) if key else line
