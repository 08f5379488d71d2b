"""The pictures of ``relending plot`` drawn and written: all files or none, and nothing into a saved run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from relending.cli.people import STOPPED, WRONG_USAGE, Progress, say
from relending.cli.plot_words import WORDS

if TYPE_CHECKING:
    from relending.cli.plotting import Item, Options

TOLD = 5
"""Pictures not drawn that are told one by one."""
Made = list[tuple[Path, str, bytes]]
"""Files to be written: path, title of the picture, bytes."""


def drawn(
    groups: Sequence[tuple[str, list[Item]]],
    kinds: Sequence[str],
    options: Options,
    folder: Path,
    force: bool,
    lang: str,
    progress: Progress,
) -> tuple[Made, list[tuple[str, str]], Any]:
    """The bytes of every picture, those that could not be drawn with the reason, and findings.

    Of each word at least one picture must be drawn, else what was raised of the first is raised.
    """
    from relending.cli.plotting import file_stem, restricted
    from relending.findings import Findings, InputError
    from relending.report.pictures.files import picture_bytes

    made: Made = []
    left: dict[str, str] = {}
    said: list[Findings] = []
    done: set[str] = set()
    every = sum(len(some) for _, some in groups)
    for _, some in groups:
        first: InputError | None = None
        for item in some:
            if item.name in done or item.name in left:
                continue
            stem = file_stem(item.name, lang, restricted(options, item))
            paths = [folder / f"{stem}.{kind}" for kind in kinds]
            _refuse(paths, force, lang)
            progress(f"{len(done) + len(left) + 1}/{every}")
            try:
                picture = _drawn(item, options, lang)
            except InputError as error:
                if not lacking(error):
                    raise
                first = first or error
                left[item.name] = why(error, lang)
                continue
            done.add(item.name)
            said.append(picture.findings)
            made += [(p, picture.title, picture_bytes(picture.figure, k)) for p, k in zip(paths, kinds, strict=True)]
        if first is not None and not any(item.name in done for item in some):
            raise first if len(some) == 1 else _nothing([(i.name, left[i.name]) for i in some if i.name in left], first)
    unique = {tuple(f.frame().astype(str).to_numpy().ravel()): f for f in said if f}
    return made, list(left.items()), Findings.concat(list(unique.values()))


def _drawn(item: Item, options: Options, lang: str) -> Any:
    from dataclasses import replace

    from relending.report.pictures.untitled import untitled

    if options.title:
        return item.draw(lang, options)
    return untitled(lambda size: item.draw(lang, replace(options, size=size)), options.size)


def _nothing(left: Sequence[tuple[str, str]], first: Any) -> Exception:
    """What is said where none of several pictures can be drawn: the reason of each of the first."""
    from relending.cli.plotting import SourceError

    lines = [f"{name}: {why}" for name, why in left[:TOLD]]
    more = len(left) - TOLD
    en, zh = (WORDS[lang]["more"].format(n=more) if more > 0 else "" for lang in ("en", "zh"))
    error = SourceError("\n".join([*lines, *filter(None, [en])]), "\n".join([*lines, *filter(None, [zh])]))
    error.__cause__ = first
    return error


def lacking(error: Any) -> bool:
    """Whether an error says that the source lacks what a picture shows, not that something is wrong."""
    return set(error.findings.codes()) <= {"nothing_to_plot"}


def why(error: Any, lang: str) -> str:
    """The reason in one language, of whoever said it."""
    said = str(getattr(error, lang, "")) or str(error.findings.frame()["expected"].iloc[0])
    return said.rstrip(".。")


def _refuse(paths: Sequence[Path], force: bool, lang: str) -> None:
    w = WORDS[lang]
    for path in paths:
        if path.is_dir():
            say(w["folder"].format(path=path), err=True)
            sys.exit(WRONG_USAGE)
        if os.path.lexists(path) and not force:
            say(w["exists"].format(path=path), err=True)
            sys.exit(WRONG_USAGE)


def writable(folder: Path, w: dict[str, str], lang: str) -> None:
    """Stop before any work where nothing may be written in the end."""
    from relending.runfolder.manifest import MANIFEST

    place = Path(os.path.realpath(folder))
    for one in (place, *place.parents):
        if (one / MANIFEST).is_file():
            say(w["inside"].format(path=folder), err=True)
            sys.exit(WRONG_USAGE)
    there = next(p for p in (place, *place.parents) if os.path.lexists(p))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = ("不是文件夹，或没有权限", "is no folder, or there is no permission")[lang != "zh"]
        say(w["refused"].format(path=there, why=why), err=True)
        sys.exit(STOPPED)


def write(made: Made, folder: Path, w: dict[str, str], lang: str) -> None:
    """Write the files, all of them or none; exit 1 with what the disk says, and no folder made for nothing."""
    from relending.outfile import whole_files

    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_files(*(path for path, _, _ in made)) as rooms:
            for room, (_, _, data) in zip(rooms, made, strict=True):
                room.write_bytes(data)
    except OSError as error:
        for one in missing:
            try:
                one.rmdir()
            except OSError:  # not made, or someone else's by now
                break
        _refused(Path(error.filename or folder), error, w, lang)


def _refused(path: Path, error: OSError, w: dict[str, str], lang: str) -> NoReturn:
    from relending.outfile import reason

    en, zh = reason(error)
    say(w["refused"].format(path=path, why=zh if lang == "zh" else en), err=True)
    sys.exit(STOPPED)
