"""A run in memory that can be saved: what ``relending.run`` gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.audit import compare, read_published
from relending.dates import quarter_text
from relending.filenames import unfit_id
from relending.findings import Findings
from relending.runfolder.folder import save
from relending.runfolder.manifest import SCENARIO_FILE, input_files, make_manifest
from relending.runfolder.tables import file_name
from relending.runfolder.views import Views
from relending.scenario.record import policy_record
from relending.scenario.run import Executed, execute
from relending.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from relending.engine.context import Context
    from relending.lineage.redaction import Redactor
    from relending.statement.statement import Statement


@dataclass(frozen=True, slots=True, repr=False)
class Run(Views):
    """A run in memory: tables in users' units (``run.disclosure`` …), integer step frames (``run.tables``), the record.

    ``all_findings`` are the findings as collected, ``findings`` the same as a frame; ``unredacted`` is the run behind a
    redacted one, whose statements may name what the book marks as publishable.
    """

    scenario: Scenario
    tables: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any]
    all_findings: Findings
    rules: Context
    unredacted: Run | None = None

    def __repr__(self) -> str:
        table = self.tables["attribution"]
        aside, supported = int(table["state"].eq("set_aside").sum()), int(table["supported"].sum())
        span = f"{quarter_text(self.rules.first_quarter)} to {quarter_text(self.rules.last_quarter)}"
        loans = f"{len(self.tables['loans']):,} loans read, {aside:,} set aside, {supported:,} supported"
        return f"<Run {self.scenario.name}: {loans}; {', '.join(f.id for f in self.rules.facilities)}; {span}>"

    @property
    def texts(self) -> Mapping[str, str]:
        """The scenario file of a workbook that stood for one."""
        return {SCENARIO_FILE: self.scenario.toml} if self.scenario.toml else {}

    def save(
        self,
        folder: Path | str,
        force: bool = False,
        *,
        redact: bytes | Redactor | None = None,
        report: bool = True,
    ) -> Path:
        """Write the run folder (docs/run_folder.md); an existing folder is refused without ``force``.

        ``report``: with ``report.html`` and its pictures, which take a second or two. ``redact`` is the key (see
        :func:`relending.read_key`) under which what is written has loans, borrowers and projects as hashes.
        """
        return save(self if redact is None else self.redacted(redact), folder, force, report=report)

    def redacted(self, key: bytes | Redactor) -> Run:
        """The run with loans, borrowers and projects as hashes under this key; ValueError if it is redacted already."""
        from relending.runfolder.redacted import redacted

        return redacted(self, key)

    def statements(self) -> list[Statement]:
        """The statement of each lender's last quarter with new loans, for the facilities that demand one."""
        from relending.statement.last import last_statements

        return list(last_statements(self.unredacted or self))

    def files(self) -> dict[str, str]:
        """The file name of each table in the run folder."""
        return {name: file_name(name, len(self.tables["loans"])) for name in self.tables}

    def context(self) -> Context:
        """The rules of the run."""
        return self.rules

    def loan_rows(self, table: str, loan_id: str, column: str = "") -> pd.DataFrame:
        """The rows of one loan, as a step frame; ``column`` is another text column in which its id is looked for."""
        frame = self.tables[table]
        key = column or ("loan" if table == "findings" else "loan_id")
        return frame[frame[key].eq(loan_id).fillna(False).astype(bool)]


def run(
    scenario: Scenario | str | Path,
    *,
    strict: bool = False,
    allow_outside: bool = False,
    block_rows: int = 2**20,
    progress: Callable[[str], None] = lambda text: None,
) -> Run:
    """Carry a scenario out: book in, every table out.

    ``scenario`` is a loaded scenario, a file or the name of a shipped one; ``strict`` stops on any error of the book;
    ``allow_outside`` lets a scenario file name files outside its folder (see ``load_scenario``).
    Raises InputError where the input stops the run, InvariantError where an identity fails.
    """
    from relending.scenario import load_scenario

    loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario, allow_outside=allow_outside)
    said = read_published(loaded)  # first: a figure that cannot be compared stops before the work is done
    done = execute(loaded, strict=strict, block_rows=block_rows, progress=progress)
    tables = dict(done.tables)
    findings = done.findings
    if loaded.published is not None:
        tables["published"] = compare(loaded.name, said.figures, tables)
        findings = findings + said.findings
    findings = findings + _unnamed(tables["attribution"], done.context)
    if len(findings) != len(done.findings):
        tables["findings"] = findings.frame()
    return Run(loaded, tables, record(done, said.inputs), findings, done.context)


def _unnamed(attribution: pd.DataFrame, context: Context) -> Findings:
    """What is said of lenders of whom no statement can be written."""
    lenders = attribution["lender"][attribution["supported"]].dropna().unique()
    if not any(map(unfit_id, lenders)):
        return Findings()
    from relending.statement.last import unnamed_lenders  # it knows how files are written, which takes time to load

    return unnamed_lenders(attribution, context)


def record(done: Executed, more: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The manifest of an executed scenario: scenario, inputs (``more`` of them read beside), policy, versions."""
    scenario = done.scenario
    inputs = [entry for path in scenario.files for entry in input_files("scenario", path)]
    inputs += [dict(entry) for entry in (*done.inputs, *more)]
    in_book = sorted(set(done.tables["loans"]["lender"].dropna().unique()))
    resolved = {**scenario.resolved(), "basis": basis_of(done.tables)}
    return make_manifest(resolved, inputs, policy_record(scenario, in_book))


def basis_of(tables: Mapping[str, pd.DataFrame]) -> str:
    """Whether a run's figures are simulated, recorded, or recorded with simulated draws among them (mixed).

    A run with a record of applications is mixed where a loan that is supported is simulated.
    """
    if "applications" not in tables:
        return "simulated"
    attribution = tables["attribution"]
    some = attribution["supported"] & attribution["basis"].eq("simulated")
    return "mixed" if bool(some.any()) else "recorded"
