"""Makes the font of the pictures again: a subset of Noto Sans CJK SC with what their labels need.

The source is the font of the distribution's package ``fonts-noto-cjk``; what is kept is every character of GB 2312 (as
Python's own codec has them), ASCII, Latin-1, the Greek and Cyrillic that come with GB 2312, general punctuation and the
signs of the labels. Tables that say how to lay out lines of text are left out: matplotlib does not read them. The bytes
depend on the source font and the version of fontTools alone.

    python tools/build_font.py                       # writes relending/report/pictures/fonts/
    python tools/build_font.py FONT.ttc COPYRIGHT    # from another place
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
COPYRIGHT = Path("/usr/share/doc/fonts-noto-cjk/copyright")
FACE = "Noto Sans CJK SC"
FAMILY = "Relending Sans SC"
"""The subset's own name, so that no font of the machine is taken for it, nor it for one."""
HOME = Path(__file__).resolve().parents[1] / "relending" / "report" / "pictures" / "fonts"
FONT, LICENCE = "RelendingSansSC-Regular.otf", "OFL.txt"
LATIN = (*range(0x20, 0x7F), *range(0xA0, 0x100))
PUNCTUATION = range(0x2010, 0x2060)
SIGNS = "₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹€₩−×÷±≤≥≠≈∞√∑→←↑↓△▲▽▼○●□■◇◆☆★〓…‰℃№™ŒœŠšŸŽžƒˆ˜￥＄"
LICENCE_IS = "License: SIL-1.1"
"""The paragraph of the package's copyright file that holds the text of the Open Font License."""
SUBSCRIPTS, SUPERSCRIPTS = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"
SMALLER, SUNK, RAISED = 0.62, 140, 300
"""Size of a digit below or above the line, and how far it is moved [thousandths of an em]."""
KEPT_NAMES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
KEPT_TABLES = ("CFF ", "OS/2", "cmap", "head", "hhea", "hmtx", "maxp", "name", "post")
ENGLISH = (3, 1, 0x409)  # platform, encoding and language of the names kept


def gb2312() -> Iterator[str]:
    """Every character of GB 2312, in the order of its rows and cells.

    >>> sum(1 for _ in gb2312()), "".join(gb2312())[682:686]
    (7445, '啊阿埃挨')
    """
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                yield bytes((row, cell)).decode("gb2312")
            except UnicodeDecodeError:
                continue


def wanted() -> list[int]:
    """The code points of the subset that the source must have or may lack, ascending."""
    return sorted({*LATIN, *PUNCTUATION, *map(ord, SIGNS), *map(ord, gb2312())})


def subset(source: Path) -> bytes:
    """The font file; the same source gives the same bytes.

    Raises ``LookupError`` where the source has no face of that name or lacks a character of GB 2312.
    """
    with TTCollection(source, lazy=True) as collection:
        faces = [font for font in collection.fonts if font["name"].getDebugName(4) == FACE]
        if not faces:
            raise LookupError(f"{source}: no face {FACE}")
        font = faces[0]
        missing = [c for c in gb2312() if ord(c) not in font.getBestCmap()]
        if missing:
            raise LookupError(f"{source}: lacks {''.join(missing)}")
        options = Options()
        options.layout_features = []
        options.hinting = False
        options.name_IDs = list(KEPT_NAMES)
        options.name_languages = [ENGLISH[2]]
        options.notdef_outline = True
        options.recalc_timestamp = False
        options.drop_tables = [tag for tag in font.keys() if tag not in (*KEPT_TABLES, "GlyphOrder")]  # noqa: SIM118
        options.desubroutinize = False
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=wanted())
        subsetter.subset(font)
        _add_small_digits(font)
        _rename(font)
        font.recalcTimestamp = False
        out = BytesIO()
        font.save(out, reorderTables=True)
        return out.getvalue()


def _add_small_digits(font: TTFont) -> None:
    """Digits below and above the line, which the source has in part, from its own digits: smaller, and moved."""
    from fontTools.misc.transform import Transform
    from fontTools.pens.t2CharStringPen import T2CharStringPen
    from fontTools.pens.transformPen import TransformPen

    glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
    top = font["CFF "].cff.topDictIndex[0]
    strings, order = top.CharStrings, list(font.getGlyphOrder())
    number = max(int(name[3:]) for name in order if name.startswith("cid"))
    for digits, up in ((SUBSCRIPTS, -SUNK), (SUPERSCRIPTS, RAISED)):
        for k, sign in enumerate(digits):
            if ord(sign) in cmap:
                continue
            base = cmap[ord("0") + k]
            width = round(font["hmtx"][base][0] * SMALLER)
            pen = T2CharStringPen(width, glyphs)
            glyphs[base].draw(TransformPen(pen, Transform(SMALLER, 0, 0, SMALLER, 0, up)))
            part = top.FDSelect[font.getGlyphID(base)]
            made = pen.getCharString(private=top.FDArray[part].Private, globalSubrs=strings.globalSubrs)
            number += 1
            name = f"cid{number:05d}"
            strings.charStringsIndex.append(made)
            strings.charStrings[name] = len(strings.charStringsIndex) - 1
            top.charset.append(name)
            top.FDSelect.append(part)
            order.append(name)
            font["hmtx"][name] = (width, round(font["hmtx"][base][1] * SMALLER))
            for table in font["cmap"].tables:
                if table.isUnicode():
                    table.cmap[ord(sign)] = name
    font.setGlyphOrder(order)
    top.CIDCount = number + 1
    font["maxp"].numGlyphs = len(order)


def _rename(font: TTFont) -> None:
    names = font["name"]
    ps = FAMILY.replace(" ", "") + "-Regular"
    names.names = [r for r in names.names if (r.platformID, r.platEncID, r.langID) == ENGLISH]
    version = names.getDebugName(5)
    said = {1: FAMILY, 3: f"{version.split(';')[0]};{ps}", 4: FAMILY, 6: ps}
    for number, text in said.items():
        names.setName(text, number, *ENGLISH)
    description = f"Subset of {FACE} ({version}), made by tools/build_font.py of relending: renamed, characters removed"
    names.setName(description, 10, *ENGLISH)
    cff = font["CFF "].cff
    cff.fontNames[0] = ps
    cff.topDictIndex[0].FullName = FAMILY
    cff.topDictIndex[0].FamilyName = FAMILY


def licence(copyright_file: Path, source: Path = SOURCE) -> str:
    """The Open Font License as the package's copyright file has it, behind the copyright line of the font."""
    lines = copyright_file.read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line == LICENCE_IS and lines[i + 1].startswith(" "))
    text = []
    for line in lines[first + 1 :]:
        if line and not line.startswith(" "):
            break
        text.append("" if line.strip() in (".", "") else line[1:])
    with TTCollection(source, lazy=True) as collection:
        owner = collection.fonts[0]["name"].getDebugName(0)
    head = [owner, "", "This Font Software is licensed under the SIL Open Font License, Version 1.1.", ""]
    return "\n".join([*head, *text]).rstrip() + "\n"


def main() -> None:
    """Write the font and its licence."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    said = Path(sys.argv[2]) if len(sys.argv) > 2 else COPYRIGHT
    made = subset(source)
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / FONT).write_bytes(made)
    (HOME / LICENCE).write_text(licence(said, source), encoding="utf-8", newline="\n")
    print(f"{FONT}: {len(made):,} bytes, sha256 {hashlib.sha256(made).hexdigest()}")
    print(f"source: sha256 {hashlib.sha256(source.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
