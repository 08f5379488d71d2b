"""``--side NAME=FILE``: tables beside the loans of a plain book, by their English or Chinese name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Any)


def side_option(command: _F) -> _F:
    """``--side NAME=FILE``, as often as there are tables and files."""
    option = click.option(
        "--side",
        "beside",
        multiple=True,
        metavar="NAME=FILE",
        callback=_named,
        help="A table beside the loans, such as applications=FILE or balances=FILE; files of one name are joined.",
    )
    decorated: _F = option(command)
    return decorated


def _named(context: click.Context, _: click.Parameter, given: Sequence[str]) -> dict[str, tuple[Path, ...]]:
    """Files by table; wrong usage where a word has no = or names no table."""
    if not given:
        return {}
    from relending.book.columns import SIDE_TABLES
    from relending.book.headers import plain
    from relending.book.sidesheets import SIDE_SHEETS
    from relending.policy import nearest

    zh = context.params.get("lang") == "zh"
    out: dict[str, tuple[Path, ...]] = {}
    for word in given:
        name, _equals, file = word.partition("=")
        table = SIDE_SHEETS.get(plain(name))
        if table is None:
            near = nearest(name, SIDE_TABLES) or ", ".join(SIDE_TABLES)
            raise click.BadParameter(
                f"没有附表 {name!r}；最接近：{near}" if zh else f"no table {name!r}; nearest: {near}"
            )
        if not file:
            raise click.BadParameter(f"{word}：应写作 名称=文件" if zh else f"{word}: write NAME=FILE")
        out[table] = (*out.get(table, ()), Path(file))
    return out
