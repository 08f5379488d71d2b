"""The text of another's Word file: refused where it holds what must not be published, without what tells of people."""

from __future__ import annotations

import re
from typing import Any

from relending.statement.docxopen import LINKS, Template, ids, known
from relending.statement.docxparts import W
from relending.statement.sandbox import TemplateProblem

_W = f"{{{W}}}"
_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\|file:", re.IGNORECASE)
_TAG = re.compile(r"\{\{|\{%|\{#")


def cleaned(template: Template) -> None:
    """Check every part that is XML and take out what does not belong in print. Raises TemplateProblem."""
    elements = {name: frozenset(those) for name, those in known()["elements"].items()}
    for part, tree in template.trees.items():
        linked = {link[0] for link in template.links.get(part, [])}
        dropped = template.dropped.get(part, set())
        for element in list(tree.iter("*")):
            name = element.tag.rpartition("}")[2]
            if name in elements["tracked"] and element.tag.startswith(_W):
                raise TemplateProblem("template_not_allowed", f"tracked changes 修订: {part} w:{name}", "—")
            if name in elements["comments"]:
                raise TemplateProblem("template_not_allowed", f"comments 批注: {part}", "—")
            if name in elements["forbidden"]:
                raise TemplateProblem("template_not_allowed", f"{part}: {name}", "—")
            if name in elements["gone"] or ids(element) & dropped:
                _take_out(element)
                continue
            if lost := ids(element) - linked:
                raise TemplateProblem("template_unreadable", f"{part}: {', '.join(sorted(lost))}?", ".docx")
            for key, value in element.attrib.items():
                _check_address(key.rpartition("}")[2], value, part)
                if key.startswith(f"{_W}rsid"):
                    del element.attrib[key]
                elif _PATH.match(value):  # where a picture came from
                    element.set(key, "")
                elif _TAG.search(value):
                    raise TemplateProblem("template_not_allowed", f"{part}: {value[:80]}", "w:t")
        check_fields(tree, part)


def _check_address(name: str, value: str, part: str) -> None:
    """Old drawings name pictures and links without a relationship."""
    if (name == "src" and value) or (name == "href" and not value.lower().startswith((*LINKS, "#"))):
        raise TemplateProblem("template_not_allowed", f"{part}: {name} {value[:80]}", ", ".join(LINKS))


def _take_out(element: Any) -> None:
    above = element.getparent()
    if above is not None:
        above.remove(element)


def check_fields(tree: Any, part: str) -> None:
    """Refuse fields of Word that read files, ask for data or name people; also those our own fields would go into."""
    said: list[list[str]] = []
    for element in tree.iter(f"{_W}fldSimple", f"{_W}fldChar", f"{_W}instrText"):
        name = element.tag.removeprefix(_W)
        if name == "fldSimple":
            _check_field(element.get(f"{_W}instr", ""), part)
        elif name == "instrText":
            if not said:
                said.append([])
            said[-1].append(element.text or "")
        elif element.get(f"{_W}fldCharType") == "begin":
            said.append([])
        elif element.get(f"{_W}fldCharType") == "end" and said:
            _check_field("".join(said.pop()), part)
    for left in said:
        _check_field("".join(left), part)


def _check_field(text: str, part: str) -> None:
    words = text.split()
    name = words[0].upper() if words else ""
    name = "=" if name.startswith("=") else name
    links = [word.strip('"“”').lower() for word in words[1:] if not word.startswith("\\")]
    away = name == "HYPERLINK" and "\\l" not in words and not (links and links[0].startswith(LINKS))
    allowed = known()["fields"]["allowed"]
    if name not in allowed or away or _TAG.search(text):
        raise TemplateProblem("template_not_allowed", f"{part}: {text.strip()[:80]}", ", ".join(allowed))
