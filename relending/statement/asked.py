"""A quarter's statement in Python 按季度取信息披露: its table, words, loans and files, and what keeps it a draft."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from relending.dates import quarter_text
from relending.engine.convert import to_user
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import TOTAL
from relending.findings import Findings, InputError
from relending.lineage.disclosed import QUARTER, Disclosures
from relending.lineage.whynot import Saved
from relending.statement.accept import acceptable, read_accepted, still_open
from relending.statement.archive import Archive
from relending.statement.compose import compose
from relending.statement.document import Paragraph
from relending.statement.duty import disclosing
from relending.statement.issue import Issue, Wanted, make_issue, quarter_among
from relending.statement.printed import MEASURES, options_of
from relending.statement.publish import points_in_words, write_issues, write_points
from relending.statement.record import run_digest
from relending.statement.words import word

if TYPE_CHECKING:
    import pandas as pd

LOANS = ("loan_id", "project_id", "field", "sector", "amount_fen", "rate_ppm", "reduction_g")
"""What is shown of a loan of a cell."""


@dataclass(frozen=True, slots=True, repr=False)
class QuarterStatement:
    """The statement of a lender, a facility and a quarter, as :func:`quarter_statement` gives it."""

    run: Saved
    issue: Issue
    archive: Archive | None = None

    def __repr__(self) -> str:
        one = self.issue.statement
        status = "draft" if self.draft else "final" if self.issue.final else "nothing open"
        return f"QuarterStatement({one.lender} {one.facility.id} {quarter_text(one.quarter)}: {status})"

    @property
    def draft(self) -> bool:
        """Whether anything is open that keeps it from being final."""
        return bool(self.issue.statement.reasons)

    def reasons(self, lang: str = "en") -> list[str]:
        """Why it is a draft, in words; none of a statement with nothing open."""
        return [one.text(lang) for one in self.issue.statement.reasons]

    @property
    def rounding_shows(self) -> bool:
        """Whether a printed total differs from the sum of its printed rows, by rounding alone."""
        return self.issue.statement.rounding_shows()

    def text(self, lang: str = "en") -> str:
        """The text as published: title, paragraphs, footnotes, with an empty line between them."""
        document = compose(self.issue.statement, lang)
        return "\n\n".join([document.title, *(b.text for b in document.blocks if isinstance(b, Paragraph))])

    def table(self, lang: str = "en") -> pd.DataFrame:
        """The table as printed, texts: a row a field and the total, columns (horizon, measure with its unit)."""
        import pandas as pd

        one = self.issue.statement
        columns = [(word(f"table.{h}", lang), one.options.heading(m, lang)) for h in HORIZONS for m in MEASURES]
        rows = [[one.printed(row, h).text(m, lang) for h in HORIZONS for m in MEASURES] for row in one.rows]
        names = pd.Index([row.name[lang] for row in one.rows], name=word("table.field", lang))
        return pd.DataFrame(rows, index=names, columns=pd.MultiIndex.from_tuples(columns))

    def loans(self, code: str = TOTAL, horizon: str = QUARTER) -> pd.DataFrame:
        """The loans of a cell: loan_id, project_id, field, sector, amount [yuan], rate [1/a], reduction [t/a].

        ``code`` is ``total``, a field or a sector, ``horizon`` quarter, year or since_start. What a horizon began with
        (opening totals of an earlier statement) has no loans here: :meth:`checks` counts it. Raises ValueError for
        another code or horizon.
        """
        found = self.issue.found
        if (horizon, code) not in found.cells:
            known = ", ".join(dict.fromkeys(c for _, c in found.cells))
            raise ValueError(f"{horizon}/{code}: a horizon of {', '.join(HORIZONS)} and a code of {known}")
        return to_user(found.loans.loc[found.counted(horizon, code), list(LOANS)].reset_index(drop=True))

    def checks(self) -> pd.DataFrame:
        """Each amount of the table, added up again from its loans: a row a horizon and field, and the total.

        Columns: horizon, code, disclosed [yuan], began [yuan] (opening totals), loans (how many), of_loans [yuan],
        of_fields [yuan] (in rows of the total, what the fields add up to), difference [yuan], of whichever is larger:
        0.00 in a statement whose totals are those of its loans. Added up in whole fen.
        """
        import pandas as pd

        found, rows = self.issue.found, []
        fen = found.loans["amount_fen"]
        for horizon in HORIZONS:
            cells = {code: found.cells[horizon, code].amount for code in (*found.fields, TOTAL)}
            for code, amount in cells.items():
                some = found.counted(horizon, code)
                began = found.began[horizon, code].amount if (horizon, code) in found.began else 0
                own = sum(map(int, fen[some].tolist()))
                fields = sum(cells[one] for one in found.fields) if code == TOTAL else amount
                apart = max(amount - began - own, amount - fields, key=abs)
                rows.append((horizon, code, amount, began, int(some.sum()), own, fields, apart))
        names = ["horizon", "code", "disclosed", "began", "loans", "of_loans", "of_fields", "difference"]
        frame = pd.DataFrame(rows, columns=names)
        money = [name for name in names[2:] if name != "loans"]
        return to_user(frame.rename(columns={name: f"{name}_fen" for name in money}))

    def open_points(self, lang: str = "en") -> pd.DataFrame:
        """What is still open: loan_id, code, found, a row a loan and point."""
        points = still_open(points_in_words(self.issue, lang))
        return to_user(points[["loan_id", "code", "found"]].reset_index(drop=True))

    def list_open(self, path: Path | str, lang: str = "zh") -> Path:
        """Write what is open and may be accepted, a list to fill in with reason 理由 and by 认可人 (.xlsx or .csv).

        Given back as ``accept``, each point filled in is accepted by whom it names. A file that is there is replaced.
        """
        write_points(acceptable(still_open(points_in_words(self.issue, lang))), Path(path), lang)
        return Path(path)

    def save(self, folder: Path | str, lang: str = "zh", *, also: str | None = None) -> list[Path]:
        """Write ``statements/`` (Word, Excel, HTML, Markdown; may be published) and ``internal/`` (the work paper).

        ``also``: a second language. A final statement asked for with ``published`` is kept there too. Returns the
        files. Raises FileExistsError where the folder is there, InputError where the archive refuses.
        """
        out = Path(folder)
        if out.exists():
            raise FileExistsError(f"{out} is there: give another folder, or remove it")
        kept = self.archive if self.issue.final else None
        (written,) = write_issues(self.run, [self.issue], lang, out, None, kept, also)
        return [*written.public, *written.internal]


def quarter_statement(
    run: Saved,
    quarter: str,
    *,
    lender: str | None = None,
    facility: str | None = None,
    final: bool = False,
    accept: Path | str | None = None,
    published: Path | str | None = None,
    dated: dt.date | None = None,
) -> QuarterStatement:
    """The statement 信息披露 of a quarter of a run, in memory or opened: what ``relending disclose`` writes.

    ``quarter`` as "2024Q2"; ``lender`` and ``facility`` are ids, needed where several disclose. ``accept`` is a file of
    open points accepted one by one, ``published`` the folder of statements published before, which it is compared
    with; ``dated`` the day under the text. ``final``: refused, with everything that is open, unless nothing is.

    Raises InputError for what is not there, and for a final statement with anything open; InvariantError where a
    figure is not that of its loans.

    >>> import relending as rl
    >>> made = rl.quarter_statement(rl.run("demo"), "2024Q2", lender="demo")
    >>> made, made.table().iloc[-1, 8:10].tolist()
    (QuarterStatement(demo cerf 2024Q2: draft), ['26', '1,255,146.00'])
    >>> float(made.checks()["difference"].abs().max())
    0.0
    """
    disclosures, context = Disclosures(run), run.context()
    ids = [rules.id for rules in disclosing(context)]
    rules = disclosures.rules(_among(ids, facility, "statement_facility", "facility"))
    who = _among(disclosures.lenders(rules.id), lender, "statement_lender", "lender")
    archive = None if published is None else Archive(Path(published))
    accepted = () if accept is None else read_accepted(Path(accept))
    number, digest = quarter_among(context, rules, quarter), run_digest(run.manifest)
    wanted = Wanted(who, rules.id, number, options_of(run.manifest), final, dated=dated, run=digest)
    return QuarterStatement(run, make_issue(run, disclosures, wanted, accepted, archive), archive)


def _among(known: Sequence[str], given: str | None, code: str, column: str) -> str:
    """The one given, or the only one; InputError that lists them."""
    if given is None and len(known) == 1:
        return known[0]
    if given in known:
        return str(given)
    raise InputError(Findings.one(code, column=column, found=given or "", expected=", ".join(known[:20])))
