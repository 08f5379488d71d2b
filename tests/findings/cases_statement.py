"""The smallest input of each finding about statements: what keeps one from being written, its template, its archive.

Each runs a scenario over the plain book into the folder ``out`` and returns a ``disclose`` of it; where an archive is
needed, statements are first made final into the folder ``kept``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.books.make import LENDER, SECTOR, book, text
from tests.findings.cases_ledger import FUNDED, FUNDED2, applied

Make = Callable[[], list[str]]

Q1, Q2 = ("--quarter", "2022Q1"), ("--quarter", "2022Q2")
KEPT = ("--published", "kept")
YEAR = "2022-12-31"
ACCEPT = "loan_id,code,reason,by"
KEY = "0123456789abcdef0123456789abcdef"


def typed(*words: str) -> None:
    """Do what is typed; it must succeed."""
    from click.testing import CliRunner

    from relending.cli import main

    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output


def plain(**options: Any) -> Make:
    """The plain scenario; its receipts are simulated."""

    def make() -> list[str]:
        from tests.findings.cases import scenario

        return scenario(**{"end": YEAR, **options})

    return make


RECEIVED = applied(FUNDED, FUNDED2, end=YEAR)
"""What was received for the loans of the first quarter: nothing is open of its statement."""


def disclosing(run: Make, *words: str, files: dict[str, str] | None = None) -> Make:
    """A ``disclose`` of a run, with files beside it."""

    def make() -> list[str]:
        typed(*run(), "--quiet")
        for name, content in (files or {}).items():
            Path(name).write_text(content, encoding="utf-8")
        return ["disclose", "out", *words, "--out", "new"]

    return make


def templated(content: str, name: str = "own.txt") -> Make:
    """A template of the bank's own."""
    return disclosing(plain(), *Q1, "--template", name, files={name: content})


def kept(*words: str, change: Callable[[], None] = lambda: None, first: Sequence[str] = ()) -> Make:
    """A ``disclose`` after the statement of the first quarter was published, and something changed since."""

    def make() -> list[str]:
        Path("key.txt").write_text(KEY, encoding="utf-8")
        typed(*RECEIVED(), "--quiet")
        typed("disclose", "out", *Q1, "--final", *KEPT, *first, "--out", "2022Q1")
        change()
        return ["disclose", "out", *words, "--out", "new"]

    return make


def _other_format() -> None:
    record = Path("kept/icbc/cerf/2022Q1/v1/internal/record.json")
    record.write_text(json.dumps(json.loads(record.read_text(encoding="utf-8")) | {"format": 2}), encoding="utf-8")


def _edited() -> None:
    Path("kept/icbc/cerf/2022Q1/v1/statements/icbc_cerf_2022Q1_en.md").write_text("better", encoding="utf-8")


def _run_again() -> None:
    """The same scenario over a book in which a rate was corrected."""
    content = Path("book.csv").read_text(encoding="utf-8")
    assert "3.85" in content
    Path("book.csv").write_text(content.replace("3.85", "3.80"), encoding="utf-8")
    typed("run", "s.toml", "--out", "out", "--force", "--quiet")


def _nameless() -> list[str]:
    """A lender of whom the scenario says no name and the policy file knows none."""
    from tests.findings.cases import scenario

    words = scenario(
        end=YEAR,
        rows=text([row[:LENDER] + row[LENDER + 1 :] for row in book()]),
        more='[lenders.mybank]\nadmitted = { cerf = 2021-07-01 }\nshort_name = { zh = "本行", en = "My Bank" }',
    )
    content = Path("s.toml").read_text(encoding="utf-8")
    Path("s.toml").write_text(content.replace('lender = "icbc"', 'lender = "mybank"'), encoding="utf-8")
    return words


def _unknown_field() -> list[str]:
    """Money arrived for a loan whose sector no list names."""
    words = RECEIVED()
    content = Path("book.csv").read_text(encoding="utf-8")
    first = next(line for line in content.splitlines() if line.startswith("JJ001,"))
    sector = first.split(",")[SECTOR]
    Path("book.csv").write_text(content.replace(first, first.replace(f",{sector},", ",储能电站类,")), encoding="utf-8")
    return words


def _without_jj002() -> None:
    """The same scenario over a book in which a loan is no more."""
    for name in ("book.csv", "applications.csv"):
        lines = Path(name).read_text(encoding="utf-8").splitlines(keepends=True)
        Path(name).write_text("".join(line for line in lines if not line.startswith("JJ002")), encoding="utf-8")
    typed("run", "s.toml", "--out", "out", "--force", "--quiet")


def later_kept(*words: str, change: Callable[[], None] = lambda: None) -> Make:
    """A ``disclose`` of a quarter after the next one was published, and something changed since."""

    def make() -> list[str]:
        typed(*RECEIVED(), "--quiet")
        typed("disclose", "out", *Q2, "--final", *KEPT, "--out", "2022Q2")
        change()
        return ["disclose", "out", *words, "--out", "new"]

    return make


def redacted_run() -> list[str]:
    """A run that is redacted when it is made."""
    Path("key.txt").write_text(KEY, encoding="utf-8")
    return [*RECEIVED(), "--redact", "key.txt"]


def lender_with_a_path() -> list[str]:
    """Money arrived for a loan of a lender whose name in the book leads out of a folder."""
    words = RECEIVED()
    content = Path("book.csv").read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(content) if line.startswith("JJ001,"))
    row = content[at].split(",")
    row[LENDER] = "../bank"
    content[at] = ",".join(row)
    Path("book.csv").write_text("\n".join(content) + "\n", encoding="utf-8")
    return words


STATEMENT: dict[str, Make] = {
    "statement_redacted_run": disclosing(redacted_run, *Q1, "--final"),
    "statement_lender_unfit": disclosing(lender_with_a_path, *Q1, "--lender", "../bank"),
    "statement_unnamed": lender_with_a_path,
    "statement_name_unconfirmed": disclosing(plain(), *Q1),
    "statement_open_points": disclosing(plain(), *Q1, "--final"),
    "accept_not_open": disclosing(
        plain(), *Q1, "--accept", "accept.csv", files={"accept.csv": f"{ACCEPT}\nJJ009,simulated_receipt,paid,Li\n"}
    ),
    "accept_other": disclosing(
        plain(),
        *Q1,
        *("--accept", "accept.csv"),
        files={"accept.csv": "loan_id,code,found,reason,by\nJJ001,simulated_receipt,repaid,paid,Li\n"},
    ),
    "statement_reason_names": kept(*Q1, *KEPT, "--amend", "--reason", "JJ001 was entered twice", change=_run_again),
    "statement_unclaimed": disclosing(applied(FUNDED.replace("6000000", "5000000"), FUNDED2, end=YEAR), *Q1, "--final"),
    "statement_parts": disclosing(_unknown_field, *Q1, "--final"),
    "statement_date": disclosing(plain(), *Q1, "--date", "2022-03-01"),
    "published_none_before": disclosing(RECEIVED, *Q2, *KEPT),
    "published_gap": kept("--quarter", "2022Q3", *KEPT),
    "published_after": later_kept(*Q1, *KEPT),
    "published_after_differs": later_kept(*Q1, *KEPT, "--final", change=_without_jj002),
    "statement_bank_name": disclosing(_nameless, *Q1, "--final"),
    "statement_quarter": disclosing(plain(), "--quarter", "2030Q1"),
    "statement_facility": disclosing(plain(), *Q1, "--facility", "cref"),
    "statement_no_duty": disclosing(plain(facilities='"cerf", "clean_coal"'), *Q1, "--facility", "clean_coal"),
    "statement_nothing_new": disclosing(plain(start="2021-07-01"), "--quarter", "2021Q4"),
    "statement_lender": disclosing(plain(), *Q1, "--lender", "boc"),
    "template_field": templated("{{ title }}\n\n{{ bnk }}披露如下。\n"),
    "template_not_allowed": templated("{{ title }}\n\n{% include '/etc/passwd' %}\n"),
    "template_syntax": templated("{{ title }}\n\n{{ bank }披露如下。\n"),
    "template_too_large": templated("{{ title }}\n\n" + "支" * 200_001),
    "template_empty": templated("{{ title }}\n"),
    "template_unreadable": templated("{{ title }}\n\n{{ bank }}\n", "own.doc"),
    "published_exists": kept(*Q1, "--final", *KEPT),
    "published_nothing": disclosing(RECEIVED, *Q1, *KEPT, "--amend", "--reason", "typo"),
    "published_same": kept(*Q1, *KEPT, "--amend", "--reason", "typo"),
    "published_damaged": kept(*Q2, *KEPT, change=_edited),
    "published_format": kept(*Q2, *KEPT, change=_other_format),
    "published_key": kept(*Q2, *KEPT, first=("--redact", "key.txt")),
    "published_loan_differs": kept(*Q2, *KEPT, "--final", change=_run_again),
}
"""The case of each code about statements."""
