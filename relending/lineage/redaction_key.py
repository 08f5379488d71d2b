"""The key of a redaction: a file that its owner makes once, keeps secret and gives to every run to be joined."""

from __future__ import annotations

import codecs
import secrets
from pathlib import Path

from relending.findings import Findings, InputError
from relending.outfile import reason

LEAST, MOST = 16, 4096
"""Bytes of a key, line ends left out. More is another file, a loan book say, named by mistake."""
NEW_KEY = "relending key key.txt"
"""What is typed to make a key."""


def new_key() -> str:
    """A new key as text, to be kept in a file: 256 random bits.

    >>> len(new_key()), new_key() == new_key()
    (64, False)
    """
    return secrets.token_hex(32)


def read_key(path: Path | str) -> bytes:
    """The key in a file: its bytes without the line ends behind them.

    Parameters
    ----------
    path
        A small file that holds the key alone [bytes]; ``new_key`` makes one.

    Raises InputError if the file is not there, cannot be read, is no file, or holds fewer than 16 or more than 4,096
    bytes. Nothing is ever made in its place. A text written as UTF-16, as older PowerShells do, is the same key.
    """
    file = Path(path)
    if not file.exists():
        raise InputError(Findings.one("key_not_found", file=str(path)))
    if not file.is_file():  # a folder, or a pipe that might never end
        raise InputError(Findings.one("key_unreadable", file=str(path), expected=f"{LEAST}-{MOST:,} bytes"))
    try:
        with file.open("rb") as held:
            content = held.read(MOST * 4)
    except OSError as error:
        raise InputError(Findings.one("key_unreadable", file=str(path), found=reason(error)[0])) from None
    key = _plain(content).rstrip(b"\r\n")
    if len(key) > MOST:
        raise InputError(Findings.one("key_unreadable", file=str(path), expected=f"{LEAST}-{MOST:,} bytes"))
    if len(key) < LEAST:
        found, expected = f"{len(key)} bytes", f">= {LEAST} bytes"
        raise InputError(Findings.one("key_too_short", file=str(path), found=found, expected=expected))
    return key


def _plain(content: bytes) -> bytes:
    for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            try:
                return content.removeprefix(mark).decode(name).encode("utf-8")
            except UnicodeError:
                return content
    return content.removeprefix(codecs.BOM_UTF8)
