"""``relending explain``: one loan's story."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from relending.cli.people import STOPPED, errors_for_people, lang_option


@click.command("explain", epilog="Example: relending explain runs/demo DEMO-0001")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("loan")
@lang_option
def command(run: Path, loan: str, lang: str) -> None:
    """Tell the story of LOAN from the run folder RUN alone.

    Its source row, each screening rule with the values compared and their source, its draw, rollovers and dates, its
    share and reduction with the arithmetic written out.
    """
    from relending.lineage import explain
    from relending.runfolder import RunFolderError, open_run

    try:
        with errors_for_people(lang):
            stories = explain(open_run(run), loan, lang)
    except RunFolderError as error:
        click.echo(error.text(lang), err=True)
        sys.exit(STOPPED)
    except LookupError:
        click.echo(_unknown(run, loan, lang), err=True)
        sys.exit(STOPPED)
    click.echo("\n\n".join(story.text() for story in stories))


def _unknown(run: Path, loan: str, lang: str) -> str:
    from difflib import get_close_matches

    from relending.runfolder import open_run

    ids = open_run(run).tables["loans"]["loan_id"].dropna()
    near = get_close_matches(loan, ids.head(100_000).tolist(), 1)
    text = f"{run} 中没有借据 {loan}" if lang == "zh" else f"{run} has no loan {loan}"
    if near:
        text += f"；最接近：{near[0]}" if lang == "zh" else f"; nearest: {near[0]}"
    return text
