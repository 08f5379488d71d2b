"""The parts of a Word file that no document changes: styles, fonts, settings, and who it says made it.

Every style names its fonts for Latin and for Chinese, so that no program puts a font of its own choice there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from relending.spreadsheet import CREATED
from relending.statement.xmltext import escaped

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TYPES = {
    "document": f"{_WORD}.document.main+xml",
    "styles": f"{_WORD}.styles+xml",
    "settings": f"{_WORD}.settings+xml",
    "fontTable": f"{_WORD}.fontTable+xml",
    "numbering": f"{_WORD}.numbering+xml",
    "header": f"{_WORD}.header+xml",
    "footer": f"{_WORD}.footer+xml",
    "footnotes": f"{_WORD}.footnotes+xml",
    "endnotes": f"{_WORD}.endnotes+xml",
    "theme": "application/vnd.openxmlformats-officedocument.theme+xml",
    "core": "application/vnd.openxmlformats-package.core-properties+xml",
    "app": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
}
"""Content types of the parts that are written."""

LATIN, SONG, HEI = "Times New Roman", "宋体", "黑体"
LANGUAGE = {"zh": "zh-CN", "en": "en-US"}
BODY_SIZE = {"zh": 24, "en": 22}
"""Half-points of the text: 小四 in Chinese."""
TITLE_SIZE = {"zh": 36, "en": 32}
LEAST = "atLeast"
"""Of lines: as high as is said, whatever room a font takes above and below its signs, and higher for what is larger."""


def fonts(east: str = SONG) -> str:
    """The fonts of a style: one for Latin, one for Chinese."""
    return f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{east}" w:cs="{LATIN}"/>'


def _style(
    kind: str, key: str, name: str, run: str = "", paragraph: str = "", table: str = "", east: str = SONG, of: str = ""
) -> str:
    default = ' w:default="1"' if key in ("Normal", "DefaultParagraphFont", "TableNormal") else ""
    custom = ' w:customStyle="1"' if key in _CUSTOM else ""
    based = f'<w:basedOn w:val="{of}"/>' if of else ""
    spacing = f"<w:pPr>{paragraph}</w:pPr>" if paragraph else ""
    return (
        f'<w:style w:type="{kind}"{default}{custom} w:styleId="{key}"><w:name w:val="{name}"/>{based}<w:qFormat/>'
        f"{spacing}<w:rPr>{fonts(east)}{run}</w:rPr>{table}</w:style>"
    )


_CUSTOM = ("Mark", "Sign", "Note", "TableText", "TableFigure", "TableHead", "TableCaption", "Statement", "Thin")


def _size(half_points: int, bold: bool = False, color: str = "") -> str:
    """Run properties in the order the schema wants."""
    return (
        ("<w:b/><w:bCs/>" if bold else "")
        + (f'<w:color w:val="{color}"/>' if color else "")
        + f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    )


def _spacing(before: int = 0, after: int = 0, line: int = 240, rule: str = "auto") -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="{rule}"/>'


@cache
def styles(lang: str) -> bytes:
    """The styles of a document in a language."""
    zh, size = lang == "zh", BODY_SIZE[lang]
    inset = '<w:ind w:firstLineChars="200" w:firstLine="480"/>' if zh else ""
    body = f'{_spacing(0, 0 if zh else 110, 460 if zh else 295, LEAST)}{inset}<w:jc w:val="both"/>'
    box = "".join(f'<w:{s} w:val="single" w:sz="12" w:space="4" w:color="C00000"/>' for s in _SIDES)
    rules = "".join(f'<w:{s} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for s in (*_SIDES, *_INSIDE))
    margins = (
        '<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="{0}" w:type="dxa"/>'
        '<w:bottom w:w="0" w:type="dxa"/><w:right w:w="{0}" w:type="dxa"/></w:tblCellMar>'
    )
    all_styles = (
        _style("paragraph", "Normal", "Normal", _size(size)),
        _style("character", "DefaultParagraphFont", "Default Paragraph Font"),
        _style("table", "TableNormal", "Normal Table", table=f"<w:tblPr>{margins.format(108)}</w:tblPr>"),
        _style(
            "paragraph",
            "Title",
            "Title",
            _size(TITLE_SIZE[lang], bold=not zh),
            f'<w:keepNext/><w:keepLines/>{_spacing(120, 320, 560 if zh else 440, LEAST)}<w:jc w:val="center"/>',
            east=HEI,
            of="Normal",
        ),
        _style("paragraph", "BodyText", "Body Text", _size(size), body, of="Normal"),
        _style(
            "paragraph",
            "Heading1",
            "heading 1",
            _size(size + 4, bold=not zh),
            f'<w:keepNext/><w:keepLines/>{_spacing(240, 120)}<w:outlineLvl w:val="0"/>',
            east=HEI,
            of="Normal",
        ),
        _style(
            "paragraph",
            "Mark",
            "Mark",
            _size(size - 2, bold=True, color="C00000"),
            f'<w:pBdr>{box}</w:pBdr>{_spacing(0, 200, 340, LEAST)}<w:ind w:left="113" w:right="113"/>'
            '<w:jc w:val="center"/>',
            of="Normal",
        ),
        _style(
            "paragraph",
            "Sign",
            "Sign",
            _size(size),
            f'<w:keepNext/><w:keepLines/>{_spacing(80, 0, 400 if zh else 295, LEAST)}<w:jc w:val="right"/>',
            of="Normal",
        ),
        _style(
            "paragraph",
            "Note",
            "Note",
            _size(18),
            f'{_spacing(40, 0, 270 if zh else 230, LEAST)}<w:jc w:val="both"/>',
            of="Normal",
        ),
        _style("paragraph", "TableText", "Table Text", _size(18), _spacing(20, 20), of="Normal"),
        _style(
            "paragraph",
            "TableFigure",
            "Table Figure",
            _size(18),
            f'{_spacing(20, 20)}<w:jc w:val="right"/>',
            of="Normal",
        ),
        _style(
            "paragraph",
            "TableHead",
            "Table Head",
            _size(18, bold=not zh),
            f'<w:keepNext/>{_spacing(20, 20)}<w:jc w:val="center"/>',
            east=HEI,
            of="Normal",
        ),
        _style(
            "paragraph",
            "TableCaption",
            "Table Caption",
            _size(24, bold=not zh),
            f'<w:keepNext/><w:keepLines/>{_spacing(120, 160)}<w:jc w:val="center"/>',
            east=HEI,
            of="Normal",
        ),
        _style("paragraph", "Thin", "Thin", _size(2), _spacing(0, 0, 20, "exact"), of="Normal"),
        _style("paragraph", "Header", "header", _size(18), f'{_spacing()}<w:jc w:val="center"/>', of="Normal"),
        _style("paragraph", "Footer", "footer", _size(18), _spacing(), of="Normal"),
        _style(
            "table",
            "Statement",
            "Statement",
            table=f"<w:tblPr><w:tblBorders>{rules}</w:tblBorders>{margins.format(45)}</w:tblPr>",
            of="TableNormal",
        ),
    )
    language = f'<w:lang w:val="{LANGUAGE[lang]}" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'
    text = (
        f'{HEAD}<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>{fonts()}{_size(size)}{language}</w:rPr>'
        f"</w:rPrDefault><w:pPrDefault/></w:docDefaults>{''.join(all_styles)}</w:styles>"
    )
    return text.encode()


_SIDES, _INSIDE = ("top", "left", "bottom", "right"), ("insideH", "insideV")


@cache
def settings(lang: str) -> bytes:
    """The settings: the mode of today's Word, Chinese punctuation closed up, the language."""
    text = (
        f'{HEAD}<w:settings xmlns:w="{W}"><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/>'
        '<w:characterSpacingControl w:val="compressPunctuation"/><w:compat><w:compatSetting w:name="compatibilityMode" '
        'w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        f'<w:themeFontLang w:val="{LANGUAGE[lang]}" w:eastAsia="zh-CN"/>'
        '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>'
    )
    return text.encode()


@cache
def font_table() -> bytes:
    """What else a font is called, and of what kind it is, for a computer that has it under no such name."""
    rows = ((LATIN, "", "00", "roman"), (SONG, "SimSun", "86", "auto"), (HEI, "SimHei", "86", "modern"))
    text = ""
    for name, other, charset, family in rows:
        also = f'<w:altName w:val="{other}"/>' if other else ""
        text += (
            f'<w:font w:name="{name}">{also}<w:charset w:val="{charset}"/><w:family w:val="{family}"/>'
            '<w:pitch w:val="variable"/></w:font>'
        )
    return f'{HEAD}<w:fonts xmlns:w="{W}">{text}</w:fonts>'.encode()


def properties(title: str, issuer: str, lang: str = "") -> dict[str, bytes]:
    """The properties of a file: its title, the bank as author, a fixed day; no person, program, company or path."""
    day = CREATED.strftime("%Y-%m-%dT%H:%M:%SZ")
    language = f"<dc:language>{LANGUAGE[lang]}</dc:language>" if lang else ""
    core = (
        f'{HEAD}<cp:coreProperties xmlns:cp="{_CORE}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escaped(title)}</dc:title><dc:creator>{escaped(issuer)}</dc:creator>{language}"
        "<cp:lastModifiedBy></cp:lastModifiedBy><cp:revision>1</cp:revision>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{day}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{day}</dcterms:modified></cp:coreProperties>'
    )
    app = (
        f'{HEAD}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
        "<DocSecurity>0</DocSecurity></Properties>"
    )
    return {"docProps/core.xml": core.encode(), "docProps/app.xml": app.encode()}


def content_types(parts: Mapping[str, str], images: Mapping[str, str] | None = None) -> bytes:
    """The list of parts: content type by name of a part, and by ending of images."""
    endings = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml"}
    defaults = "".join(
        f'<Default Extension="{ending}" ContentType="{kind}"/>'
        for ending, kind in {**endings, **(images or {})}.items()
    )
    known = {"docProps/core.xml": TYPES["core"], "docProps/app.xml": TYPES["app"], **parts}
    listed = "".join(
        f'<Override PartName="/{escaped(name)}" ContentType="{kind}"/>' for name, kind in sorted(known.items())
    )
    return f'{HEAD}<Types xmlns="{_TYPES}">{defaults}{listed}</Types>'.encode()


def relationships(rows: list[tuple[str, str, str, bool]]) -> bytes:
    """Relationships: id, type (its last words, or whole), target, whether it lies outside the file."""
    text = ""
    for key, kind, target, outside in rows:
        of = kind if ":" in kind else f"{R}/{kind}"
        mode = ' TargetMode="External"' if outside else ""
        text += f'<Relationship Id="{escaped(key)}" Type="{escaped(of)}" Target="{escaped(target)}"{mode}/>'
    return f'{HEAD}<Relationships xmlns="{_RELATIONS}">{text}</Relationships>'.encode()


def root_relationships(document: str) -> bytes:
    """Where a reader begins: the document and its properties."""
    core = _CORE.replace("/metadata/", "/relationships/metadata/")
    return relationships(
        [
            ("rId1", "officeDocument", document, False),
            ("rId2", core, "docProps/core.xml", False),
            ("rId3", "extended-properties", "docProps/app.xml", False),
        ]
    )
