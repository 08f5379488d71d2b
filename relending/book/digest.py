"""One pass over a file's bytes: its SHA-256, and for text its encoding."""

from __future__ import annotations

import codecs
import hashlib
from pathlib import Path

_STEP = 1 << 22


def fingerprint(path: Path, *, text: bool = False) -> tuple[str, str]:
    """SHA-256 of a file and, where ``text``, its encoding: ``utf-8``, ``utf-8-sig``, ``gb18030``, or "" if none fits;
    ``utf-16`` where its mark says so, which nothing here reads.

    GBK is read as GB18030, which holds it. A file that is valid UTF-8 is never taken for anything else; of one that is
    not, only the beginning is tried as GB18030: whoever reads it meets what is wrong further down.
    """
    digest = hashlib.sha256()
    utf8 = codecs.getincrementaldecoder("utf-8")("strict") if text else None
    bom = False
    with path.open("rb") as f:
        first = True
        while step := f.read(_STEP):
            digest.update(step)
            if first:
                bom = step.startswith(codecs.BOM_UTF8)
                if text and step.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    return "", "utf-16"  # its bytes might pass for GB18030
                first = False
            if utf8 is not None:
                try:
                    utf8.decode(step)
                except UnicodeDecodeError:
                    utf8 = None
    encoding = ""
    if text:
        whole = utf8 is not None
        if utf8 is not None:
            try:
                utf8.decode(b"", True)
            except UnicodeDecodeError:
                whole = False
        encoding = ("utf-8-sig" if bom else "utf-8") if whole else _gb18030(path)
    return digest.hexdigest(), encoding


def _gb18030(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    try:
        with path.open("rb") as f:
            decoder.decode(f.read(_STEP), final=path.stat().st_size <= _STEP)
    except UnicodeDecodeError:
        return ""
    return "gb18030"
