"""What of ``relending disclose`` is wrong usage, told before any work: where it may write, what goes together."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from relending.cli.people import STOPPED, say


@contextmanager
def disk_told(places: Sequence[Path], lang: str) -> Iterator[None]:
    """Where the disk refuses to write into one of these places, that and why; what is in between has no name."""
    from relending.outfile import reason as why

    try:
        yield
    except OSError as error:
        en, zh = why(error)
        name = Path(os.path.realpath(str(error.filename or "")))
        where = next((p for p in places if Path(os.path.realpath(p)) in (name, *name.parents)), places[0])
        say(f"{where}：无法写入，未作改动：{zh}" if lang == "zh" else f"{where}: not written: {en}", err=True)
        sys.exit(STOPPED)


def may_list(path: Path | None, apart: Sequence[Path], lang: str) -> None:
    """Wrong usage, before any work, where the list of open points cannot be written or would replace something."""
    if path is None:
        return
    zh, target = lang == "zh", path.resolve()
    if path.suffix.lower() not in (".csv", ".xlsx"):
        said = f"{path}：应为 .csv 或 .xlsx 文件" if zh else f"{path}: give a .csv or .xlsx file"
    elif not target.parent.is_dir():
        said = f"{path}：文件夹不存在" if zh else f"{path}: the folder does not exist"
    elif any(place.resolve() in target.parents for place in apart):
        said = (
            f"{path}：请写到运行文件夹、输出文件夹和存档之外"
            if zh
            else f"{path}: write it outside the run folder, the folder of --out and the archive"
        )
    elif os.path.lexists(path):  # it may hold reasons that someone filled in
        said = (
            f"{path} 已存在，未作改动；请换一个名称"
            if zh
            else f"{path} exists already and is left as it is; choose another name"
        )
    else:
        return
    raise click.BadParameter(said, param_hint="'--to-accept'")


def may_write(run: Path, out: Path, published: Path | None, lang: str) -> None:
    """Wrong usage, before any work, where a folder lies inside another that never changes."""
    zh = lang == "zh"
    inside, target = run.resolve(), out.resolve()
    if target == inside or inside in target.parents or target in inside.parents:
        raise click.UsageError(
            f"{out}：运行文件夹不应修改，请写到其他位置"
            if zh
            else f"{out}: a run folder never changes; write elsewhere"
        )
    if published is not None:
        kept = published.resolve()
        if any(os.path.lexists(above) and not above.is_dir() for above in (kept, *kept.parents)):
            raise click.BadParameter(
                f"{published}：不是文件夹" if zh else f"{published}: is no folder", param_hint="'--published'"
            )
        if kept in (target, inside, *target.parents) or target in kept.parents or inside in kept.parents:
            raise click.UsageError(
                f"{published}：已公布信息披露的文件夹须与 {out} 和运行文件夹分开"
                if zh
                else f"{published}: keep published statements apart from {out} and from the run folder"
            )


def together(final: bool, amend: bool, and_later: bool, reason: str, published: Path | None, lang: str) -> None:
    """Wrong usage where options do not go together."""
    zh = lang == "zh"
    wrong = [
        (amend and published is None, "--amend 须同时给出 --published", "--amend needs --published"),
        (amend and not reason.strip(), "--amend 须用 --reason 说明更正原因", "--amend needs --reason TEXT"),
        (and_later and not amend, "--and-later 须与 --amend 一并使用", "--and-later goes with --amend"),
        (bool(reason) and not amend, "--reason 须与 --amend 一并使用", "--reason goes with --amend"),
    ]
    said = [chinese if zh else english for when, chinese, english in wrong if when]
    if said:
        raise click.UsageError(("；" if zh else "; ").join(said))


def free(out: Path, force: bool, lang: str) -> None:
    """Wrong usage where the folder is there already, and is not one of this command's to be replaced."""
    zh = lang == "zh"
    if not os.path.lexists(out) or (out.is_dir() and not any(out.iterdir())):
        return
    if not force:
        raise click.UsageError(
            f"{out} 已存在，未作改动；请换一个名称，或用 --force 替换"
            if zh
            else f"{out} exists already and is left as it is; choose another name, or replace it with --force"
        )
    if not _ours(out):
        raise click.UsageError(
            f"{out}：不是本命令写出的文件夹，--force 不会替换它；请换一个名称"
            if zh
            else f"{out}: was not written by this command, so --force does not replace it; choose another name"
        )


OWN = re.compile(r"\w[\w.-]*_\d{4}Q[1-4](_v\d+)?(_[a-z-]+)?_(zh|en)\.(docx|xlsx|html|md)")
"""Names of the files that this command writes."""


def _ours(out: Path) -> bool:
    """Whether a folder holds what this command wrote and nothing else; what an archive keeps is no such folder."""
    if not out.is_dir() or {p.name for p in out.iterdir()} - {"statements", "internal"}:
        return False
    return all(OWN.fullmatch(p.name) for folder in out.iterdir() for p in folder.iterdir())


def three_decimals(given: str | None, lang: str) -> dict[str, int]:
    """Decimals of amounts, rates and reductions; wrong usage for anything but three small numbers."""
    if given is None:
        return {}
    parts = given.replace("，", ",").split(",")
    most = (6, 4, 6)
    if len(parts) != len(most) or not all(
        p.strip().isdecimal() and int(p) <= m for p, m in zip(parts, most, strict=True)
    ):
        raise click.BadParameter(
            "应为三个整数：金额（0-6）、利率（0-4）、减排量（0-6），如 2,2,2"
            if lang == "zh"
            else "give three whole numbers: amounts (0-6), rates (0-4), reductions (0-6), e.g. 2,2,2",
            param_hint="'--decimals'",
        )
    return dict(zip(("amount", "rate", "reduction"), (int(p) for p in parts), strict=True))
