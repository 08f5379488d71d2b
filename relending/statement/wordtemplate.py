"""A bank's own Word file 自有模板 filled in: its layout and words, our figures.

Fields stand in it as in a text template, and paragraphs and table rows repeat or fall away in docxtpl's way:
``{%p if with_year %}``, ``{%tr for row in rows %}`` … ``{%tr endfor %}``, each in a paragraph or row of its own. Of
docxtpl only the reading of these forms is used; the filling in is done by the one sandbox of this package, once for the
text, the headers and footers, and the notes, so that nothing that was filled in is ever read as a template again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from relending.statement import docxparts as parts
from relending.statement.docxclean import check_fields, cleaned
from relending.statement.docxopen import FILLED, Template, known, open_template, parse
from relending.statement.sandbox import TemplateProblem, checked, environment, guarded
from relending.statement.wordstarter import write_starter as write_starter
from relending.statement.xmltext import escaped, plain
from relending.statement.zipped import write_zip

MOST_FILLED = 8 << 20
"""Characters of XML that a part may become."""
LONGEST_TAG = 1_000
_W = f"{{{parts.W}}}"
_TEXT, _PARAGRAPH = f"{_W}t", f"{_W}p"
_OPEN = re.compile(r"\{\{|\{%|\{#")
_CLOSE = {"{{": "}}", "{%": "%}", "{#": "#}"}


def write_from_template(fields: Mapping[str, Any], template: Path, path: Path, issuer: str, title: str) -> None:
    """Fill in a Word template and write what comes of it.

    ``fields``: what a template may name (``wording.fields_of``), texts of anyone. The file's properties are those of
    :func:`relending.statement.word.write_word`. Where ``fields`` say that it is a draft and the template does not print
    the mark, the mark stands above its text. Raises TemplateProblem where the template cannot be used and OSError where
    the disk refuses; then nothing is written.
    """
    file = open_template(template)
    cleaned(file)
    given = _plain(fields)
    for part, kind in file.kinds.items():
        if kind in FILLED:
            file.trees[part] = _guarded(file.trees[part], part, given)
        elif part in file.trees:
            _refuse_tags(file.trees[part], part)
    _marked(file, given)
    write_zip(path, _packed(file, issuer, title))


def check_word(template: Path, known: Iterable[str]) -> None:
    """TemplateProblem for what is wrong with a Word template whatever the figures are; ``known``: what it may name."""
    file, names = open_template(template), tuple(known)
    cleaned(file)
    for part, kind in file.kinds.items():
        if kind in FILLED:
            ready = _ready(file.trees[part], part)
            try:
                checked(ready, names, escape=True)
            except TemplateProblem as problem:
                problem.line = None
                raise
        elif part in file.trees:
            _refuse_tags(file.trees[part], part)


def _guarded(tree: Any, part: str, fields: Mapping[str, Any]) -> Any:
    try:
        return guarded(lambda: _filled(tree, part, fields), fields)
    except TemplateProblem as problem:
        problem.line = None  # a line of the XML: of no use to who sees pages
        raise


def _plain(value: Any) -> Any:
    """Fields without a character that XML or a line of print does not hold."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _filled(tree: Any, part: str, fields: Mapping[str, Any]) -> Any:
    """The tree of a part with its fields filled in."""
    from docxtpl import DocxTemplate
    from lxml import etree

    source, ready = etree.tostring(tree, encoding="unicode"), _ready(tree, part)
    out, size = [], 0
    for piece in environment(escape=True).from_string(ready).generate(dict(fields)):
        size += len(piece)
        if size > MOST_FILLED:
            raise TemplateProblem("template_too_large", f"{part}: > {MOST_FILLED:,}", f"<= {MOST_FILLED:,}")
        out.append(piece)
    text = "".join(out)
    try:
        made = parse(text, part)
    except TemplateProblem as problem:  # a condition that begins in one paragraph or cell and ends in another
        raise TemplateProblem("template_syntax", problem.found, "{%p … %}, {%tr … %}") from None
    if "{%tc" in source:
        made = DocxTemplate("").fix_tables(text)
    check_fields(made, part)
    return made


def _ready(tree: Any, part: str) -> str:
    """A part as the template it is: docxtpl's forms resolved, its runs joined where a field is cut in two."""
    from docxtpl import DocxTemplate
    from lxml import etree

    if tree.prefix != "w" or not tree.tag.startswith(_W):
        raise TemplateProblem("template_unreadable", f"{part}: {tree.tag}"[:120], "w:")
    _check_tags(tree, part)
    ready: str = DocxTemplate("").patch_xml(etree.tostring(tree, encoding="unicode"))
    return ready


def _check_tags(tree: Any, part: str) -> None:
    """Every tag ends in the paragraph in which it begins, and soon: what reads them looks ahead for the end of each."""
    for paragraph in tree.iter(_PARAGRAPH):
        text, at = "".join(one.text or "" for one in paragraph.iter(_TEXT)), 0
        while found := _OPEN.search(text, at):
            end = text.find(_CLOSE[found[0]], found.end(), found.end() + LONGEST_TAG)
            if end < 0:
                raise TemplateProblem("template_syntax", f"{part}: {text[found.start() :][:60]}", _CLOSE[found[0]])
            at = end + 2


def _refuse_tags(tree: Any, part: str) -> None:
    """Fields in a part in which none are filled in would be printed as they stand."""
    if found := _OPEN.search("".join(tree.itertext())):
        raise TemplateProblem("template_syntax", f"{part}: {found[0]}", ", ".join(FILLED))


def _marked(file: Template, fields: Mapping[str, Any]) -> None:
    """Put the mark above the text, whatever the template does with it: no form of anyone's makes a draft look final."""
    mark = fields.get("mark") or ""
    tree = file.trees[file.main]
    body = tree.find(f"{_W}body")
    if body is None:
        raise TemplateProblem("template_unreadable", f"{file.main}: w:body?", ".docx")
    if mark:
        body.insert(0, parse(_MARK.format(w=parts.W, fonts=parts.fonts(), text=escaped(mark)), file.main))


_SIDES = "".join(
    f'<w:{side} w:val="single" w:sz="12" w:space="4" w:color="C00000"/>' for side in ("top", "left", "bottom", "right")
)
_MARK = (
    f'<w:p xmlns:w="{{w}}"><w:pPr><w:pBdr>{_SIDES}</w:pBdr><w:jc w:val="center"/></w:pPr><w:r><w:rPr>{{fonts}}<w:b/>'
    '<w:color w:val="C00000"/></w:rPr><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
)


def _packed(file: Template, issuer: str, title: str) -> dict[str, bytes]:
    """The parts of the file to write: those kept, with lists and properties of our own."""
    from lxml import etree

    out = {
        name: etree.tostring(tree, encoding="UTF-8", xml_declaration=True, standalone=True)
        for name, tree in file.trees.items()
    }
    for name, links in file.links.items():
        folder, _, last = name.rpartition("/")
        out[f"{folder}/_rels/{last}.rels".lstrip("/")] = parts.relationships(links)
    return {
        **out,
        **file.images,
        **parts.properties(title, issuer),
        "_rels/.rels": parts.root_relationships(file.main),
        "[Content_Types].xml": parts.content_types(
            {n: parts.TYPES[file.kinds[n]] for n in file.trees}, known()["images"]
        ),
    }
