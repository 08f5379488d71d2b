"""``relending explain``: one loan's story."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from relending.cli.helping import verb
from relending.cli.people import STOPPED, errors_for_people, lang_option, say, say_prose
from relending.terminal import visible


@verb("explain")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("loan")
@lang_option
def command(run: Path, loan: str, lang: str) -> None:
    """Tell the story of LOAN from the run folder RUN alone.

    LOAN is a loan id, or FILE:ROW for a row without one (book.csv:7, the row as a spreadsheet counts it).

    Its source row, each screening rule with the values compared and their source, its draw, rollovers and dates, its
    share and reduction with the arithmetic written out.
    """
    from relending.lineage import DamagedRun, UnknownLoan, explain
    from relending.runfolder import RunFolderError, open_run
    from relending.runfolder.parse import damaged

    try:
        with errors_for_people(lang), _damage_told(run, lang):
            # what the shell could not read as text is the id of no loan
            stories = explain(open_run(run), loan.encode("utf-8", "backslashreplace").decode("utf-8"), lang)
    except RunFolderError as error:
        say(error.text(lang), err=True)
        sys.exit(STOPPED)
    except DamagedRun as error:
        say(damaged(run, str(error)).text(lang), err=True)
        sys.exit(STOPPED)
    except UnknownLoan:
        say(visible(_unknown(run, loan, lang)), err=True)
        sys.exit(STOPPED)
    say_prose("\n\n".join(story.text() for story in stories))


@contextmanager
def _damage_told(run: Path, lang: str) -> Iterator[None]:
    """Whatever fails over files that are not as they were written is their fault: a RunFolderError that names them.

    Over files that are, it is a bug and shows itself.
    """
    from relending.lineage import DamagedRun, UnknownLoan
    from relending.runfolder import RunFolderError, verify
    from relending.runfolder.parse import damaged

    try:
        yield
    except (RunFolderError, DamagedRun, UnknownLoan):
        raise
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        changed = verify(run)
        if not changed:
            raise
        raise damaged(run, "; ".join(difference.text(lang) for difference in changed)) from error


def _unknown(run: Path, loan: str, lang: str) -> str:
    from difflib import get_close_matches

    from relending.runfolder import open_run

    ids = open_run(run).tables["loans"]["loan_id"].dropna()
    near = get_close_matches(loan, ids.head(100_000).tolist(), 1)
    if lang == "zh":
        text = f"{run} 中没有借据 {loan}" + (f"；最接近：{near[0]}" if near else "")
        return text + "；没有编号的借据可写作 文件:行号，如 book.csv:7"
    text = f"{run} has no loan {loan}" + (f"; nearest: {near[0]}" if near else "")
    return text + "; a row without an id is FILE:ROW, e.g. book.csv:7"
