"""Another's Word file 文档 before anything is made of it: which parts are read, left out, or reason to refuse it.

A file is taken apart by its relationships, and only kinds of parts that are known here are kept: text, styles, fonts,
pictures. What tells of people or computers (properties, thumbnails, the path of the template it was made from) is left
out; what could run, reach outside the file or show what was not meant to be shown (macros, embedded objects, linked
pictures, comments) is refused.
"""

from __future__ import annotations

import io
import posixpath
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from relending.statement.docxparts import R
from relending.statement.sandbox import TemplateProblem

MOST_BYTES, MOST_PARTS, MOST_TEXT = 64 << 20, 1_000, 4 << 20
"""Bytes of a file unpacked, its parts, and bytes of one part that is XML."""
FILLED = ("document", "header", "footer", "footnotes", "endnotes")
"""Parts in which fields are filled in."""
LINKS = ("http://", "https://", "mailto:")
_PLACES = ("/embeddings/", "/activex/", "vbaproject", "vbadata", "customui", "_xmlsignatures/")


@cache
def known() -> Mapping[str, Any]:
    """What is known of Word files: relationships, elements, fields and pictures that are kept, left out or refused."""
    return tomllib.loads(resources.files("relending.statement").joinpath("docx.toml").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Template:
    """A Word file taken apart.

    ``kinds``: kept parts by name, with their kind; ``trees``: those that are XML; ``images``: the bytes of the others;
    ``links``: relationships of a part (id, type, target, whether outside).
    """

    main: str
    kinds: dict[str, str] = field(default_factory=dict)
    trees: dict[str, Any] = field(default_factory=dict)
    images: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, list[tuple[str, str, str, bool]]] = field(default_factory=dict)
    dropped: dict[str, set[str]] = field(default_factory=dict)
    """Ids of the relationships of a part that are left out."""


def open_template(path: Path) -> Template:
    """Take a Word file apart. Raises TemplateProblem (unreadable, too large, not allowed); OSError of the disk."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)  # at once: what fails from here on is the content's fault
    if len(content) > MOST_BYTES:
        raise TemplateProblem("template_too_large", f"> {MOST_BYTES:,} bytes", f"<= {MOST_BYTES:,} bytes")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise TemplateProblem("template_unreadable", f"{path.name}: OLE (.doc / password? 加密?)", ".docx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return _taken_apart(packed, path.name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise TemplateProblem("template_unreadable", f"{path.name}: {str(error)[:100]}", ".docx") from None


def _taken_apart(packed: zipfile.ZipFile, name: str) -> Template:
    sizes = _checked(packed, name)

    def tree(part: str) -> Any:
        if part not in sizes:
            raise TemplateProblem("template_unreadable", f"{name}: {part}?", ".docx")
        if sizes[part] > MOST_TEXT:
            raise TemplateProblem("template_too_large", f"{part}: {sizes[part]:,} bytes", f"<= {MOST_TEXT:,} bytes")
        return parse(packed.read(part), part)

    listed = tree("[Content_Types].xml")
    types = {one.get("PartName", "").lower().lstrip("/"): one.get("ContentType", "") for one in listed}
    for kind in (one.get("ContentType", "") for one in listed):
        if any(bad in kind.lower() for bad in ("macroenabled", "vbaproject", "oleobject", "activex")):
            raise TemplateProblem("template_not_allowed", f"macros, objects 宏、对象: {kind}", ".docx")
    roots = [one for one in _relationships(tree("_rels/.rels"), "") if one[1] == "officeDocument"]
    if len(roots) != 1 or roots[0][3]:
        raise TemplateProblem("template_unreadable", f"{name}: officeDocument?", ".docx")
    main = roots[0][2]
    if not types.get(main.lower(), "").endswith("wordprocessingml.document.main+xml"):
        raise TemplateProblem("template_unreadable", f"{name}: {types.get(main.lower(), '?')}", ".docx")
    out = Template(main, {main: "document"})
    waiting = [main]
    while waiting:
        part = waiting.pop()
        if out.kinds[part] == "image":
            out.images[part] = packed.read(part)
            continue
        out.trees[part] = tree(part)
        rels = posixpath.join(posixpath.dirname(part), "_rels", posixpath.basename(part) + ".rels")
        if rels in sizes:
            waiting += _followed(out, part, tree(rels), sizes)
    return out


def _checked(packed: zipfile.ZipFile, name: str) -> dict[str, int]:
    """Bytes of the entries by name, of which none is what it should not be; only the directory is read."""
    entries = packed.infolist()
    if len(entries) > MOST_PARTS:
        raise TemplateProblem("template_too_large", f"{len(entries):,} parts", f"<= {MOST_PARTS:,} parts")
    size = sum(one.file_size for one in entries)
    if size > MOST_BYTES:
        raise TemplateProblem("template_too_large", f"{size:,} bytes", f"<= {MOST_BYTES:,} bytes")
    seen: set[str] = set()
    for one in entries:
        key = one.orig_filename
        odd = key.startswith("/") or "\\" in key or ":" in key or "\0" in key or ".." in key.split("/")
        if odd or one.filename.lower() in seen:
            raise TemplateProblem("template_unreadable", f"{name}: {key!a}", ".docx")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise TemplateProblem("template_unreadable", f"{name}: zip {one.compress_type}", ".docx")
        if one.flag_bits & 1:
            raise TemplateProblem("template_unreadable", f"{name}: encrypted 加密", ".docx")
        if any(place in "/" + key.lower() for place in _PLACES):
            raise TemplateProblem("template_not_allowed", f"macros, objects 宏、对象: {key}", ".docx")
        seen.add(one.filename.lower())
    return {one.filename: one.file_size for one in entries}


def parse(data: bytes | str, part: str) -> Any:
    """The tree of a part; TemplateProblem where it is no XML or brings declarations of its own."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True)
    try:
        root = etree.fromstring(data.encode() if isinstance(data, str) else data, parser)
    except etree.XMLSyntaxError as error:
        raise TemplateProblem("template_unreadable", f"{part}: {str(error)[:120]}", "XML") from None
    if root.getroottree().docinfo.doctype:
        raise TemplateProblem("template_unreadable", f"{part}: DOCTYPE", "XML")
    return root


def _relationships(tree: Any, folder: str) -> Iterator[tuple[str, str, str, bool]]:
    """Id, kind (the last word of its type), target (of a part: its name in the file) and whether it lies outside."""
    for one in tree:
        kind, target = one.get("Type", "").rpartition("/")[2], one.get("Target", "")
        outside = one.get("TargetMode", "Internal") != "Internal"
        if not outside and not target.startswith("#"):
            target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
        yield one.get("Id", ""), kind, target, outside


def _followed(out: Template, part: str, tree: Any, sizes: dict[str, int]) -> list[str]:
    """Note the relationships of a part; the parts they lead to that are not known yet."""
    new: list[str] = []
    folder, kept = posixpath.dirname(part), known()["relationships"]["kept"]
    for key, kind, target, outside in _relationships(tree, folder):
        svg = kind == "image" and not outside and target.lower().endswith(".svg")  # beside it stands a picture of dots
        if kind in known()["relationships"]["left_out"] or svg:
            out.dropped.setdefault(part, set()).add(key)
            continue
        if kind == "hyperlink" and target.lower().startswith(LINKS if outside else "#"):
            out.links.setdefault(part, []).append((key, kind, target, outside))
            continue
        image = kind == "image" and posixpath.splitext(target)[1].lower().lstrip(".") in known()["images"]
        if outside or not (kind in kept or image):
            raise TemplateProblem(
                "template_not_allowed", f"{kind}: {target}"[:200], ", ".join((*kept, *known()["images"]))
            )
        if target not in sizes:
            raise TemplateProblem("template_unreadable", f"{target}?", ".docx")
        if target not in out.kinds:
            out.kinds[target] = kind
            new.append(target)
        elif out.kinds[target] != kind:
            raise TemplateProblem("template_unreadable", f"{target}: {kind}", ".docx")
        out.links.setdefault(part, []).append((key, kind, f"/{target}", False))
    return new


def ids(element: Any) -> set[str]:
    """The relationships an element names."""
    return {value for name, value in element.attrib.items() if name.startswith(f"{{{R}}}")}
