"""Workbooks written byte by byte, so that they can hold what no program lets one write: .xlsx, .ods and .xls."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True)
class Formula:
    """A formula and the value it was last computed to; None where no program ever computed it."""

    text: str
    value: Any = None


@dataclass(frozen=True)
class Error:
    """A cell that shows an error."""

    text: str = "#N/A"


@dataclass(frozen=True)
class Percent:
    """A number that the spreadsheet shows in per cent: 0.0385 is shown as 3.85%."""

    value: float


@dataclass(frozen=True)
class Raw:
    """The XML of a cell as it is, with {ref} for its place."""

    xml: str


@dataclass
class Page:
    """One sheet: rows of cells, and what else there is to it."""

    name: str
    rows: Sequence[Sequence[Any]]
    merged: Sequence[str] = ()
    state: str = "visible"
    hidden_rows: Sequence[int] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    filtered: str = ""


def letters(column: int) -> str:
    out, n = "", column + 1
    while n:
        n, rest = divmod(n - 1, 26)
        out = chr(65 + rest) + out
    return out


def serial(day: dt.date, first_1904: bool = False) -> int:
    return (day - (dt.date(1904, 1, 1) if first_1904 else dt.date(1899, 12, 30))).days


def _cell(ref: str, value: Any, first_1904: bool) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Raw):
        return value.xml.replace("{ref}", ref)
    if isinstance(value, Error):
        return f'<c r="{ref}" t="e"><v>{value.text}</v></c>'
    if isinstance(value, Formula):
        f = f"<f>{escape(value.text)}</f>"
        if value.value is None:
            return f'<c r="{ref}">{f}</c>'
        if isinstance(value.value, Error):
            return f'<c r="{ref}" t="e">{f}<v>{value.value.text}</v></c>'
        if isinstance(value.value, str):
            return f'<c r="{ref}" t="str">{f}<v>{escape(value.value)}</v></c>'
        return f'<c r="{ref}">{f}<v>{value.value}</v></c>'
    if isinstance(value, bool):
        return f'<c r="{ref}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, Percent):
        return f'<c r="{ref}" s="2"><v>{value.value!r}</v></c>'
    if isinstance(value, dt.date):
        return f'<c r="{ref}" s="1"><v>{serial(value, first_1904)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{ref}"><v>{value!r}</v></c>'
    return f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet_xml(page: Page, first_1904: bool = False) -> str:
    out = [HEAD, f'<worksheet xmlns="{MAIN}"><sheetData>']
    for i, row in enumerate(page.rows, 1):
        cells = "".join(_cell(f"{letters(j)}{i}", value, first_1904) for j, value in enumerate(row))
        hidden = ' hidden="1"' if i in page.hidden_rows else ""
        if cells:
            out.append(f'<row r="{i}"{hidden}>{cells}</row>')
    for ref, value in page.extra.items():
        row = "".join(c for c in ref if c.isdigit())
        out.append(f'<row r="{row}">{_cell(ref, value, first_1904)}</row>')
    out.append("</sheetData>")
    if page.filtered:
        out.append(f'<autoFilter ref="{page.filtered}"/>')
    if page.merged:
        inner = "".join(f'<mergeCell ref="{ref}"/>' for ref in page.merged)
        out.append(f'<mergeCells count="{len(page.merged)}">{inner}</mergeCells>')
    out.append("</worksheet>")
    return "".join(out)


STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="2"><fill/><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" xfId="0"/><xf numFmtId="14" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="10" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
CHART = f'{HEAD}<chartsheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"/></sheetViews></chartsheet>'


def xlsx(
    pages: Iterable[Page],
    *,
    first_1904: bool = False,
    compute_on_load: bool = False,
    charts: Sequence[str] = (),
    parts: Mapping[str, str] | None = None,
) -> bytes:
    """An .xlsx of these sheets; ``charts`` names sheets that are only charts, ``parts`` replaces whole parts."""
    pages = list(pages)
    book, links, types, files = [], [], [], {}
    for n, page in enumerate(pages, 1):
        state = "" if page.state == "visible" else f' state="{page.state}"'
        book.append(f'<sheet name={quoteattr(page.name)} sheetId="{n}"{state} r:id="rId{n}"/>')
        links.append(f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>')
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
        types.append(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}"/>')
        files[f"xl/worksheets/sheet{n}.xml"] = sheet_xml(page, first_1904)
    for n, name in enumerate(charts, len(pages) + 1):
        book.append(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>')
        links.append(f'<Relationship Id="rId{n}" Type="{OFFICE}/chartsheet" Target="chartsheets/sheet{n}.xml"/>')
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.chartsheet+xml"
        types.append(f'<Override PartName="/xl/chartsheets/sheet{n}.xml" ContentType="{kind}"/>')
        files[f"xl/chartsheets/sheet{n}.xml"] = CHART
    links.append(f'<Relationship Id="rIdS" Type="{OFFICE}/styles" Target="styles.xml"/>')
    epoch = '<workbookPr date1904="1"/>' if first_1904 else ""
    calc = '<calcPr fullCalcOnLoad="1"/>' if compute_on_load else ""
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    whole = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kinds}.styles+xml"/>{"".join(types)}</Types>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{epoch}<sheets>{"".join(book)}</sheets>'
        f"{calc}</workbook>",
        "xl/_rels/workbook.xml.rels": f'{HEAD}<Relationships xmlns="{package}/relationships">{"".join(links)}'
        "</Relationships>",
        "xl/styles.xml": STYLES,
        **files,
    }
    return zipped({**whole, **(parts or {})})


def zipped(parts: Mapping[str, str | bytes], stored: Sequence[str] = ()) -> bytes:
    """A zip of these parts, every date the first a zip knows."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            info.create_system = 0
            z.writestr(info, content)
    return out.getvalue()


def ods(pages: Iterable[Page]) -> bytes:
    """An .ods of these sheets: texts, numbers, dates and percentages."""
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    tables = []
    for page in pages:
        rows = []
        for row in page.rows:
            cells = []
            for value in row:
                if value is None or value == "":
                    cells.append("<table:table-cell/>")
                elif isinstance(value, Percent):
                    cells.append(
                        f'<table:table-cell office:value-type="percentage" office:value="{value.value!r}">'
                        f"<text:p>{value.value:.2%}</text:p></table:table-cell>"
                    )
                elif isinstance(value, dt.date):
                    cells.append(
                        f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value}'
                        "</text:p></table:table-cell>"
                    )
                elif isinstance(value, int | float):
                    cells.append(
                        f'<table:table-cell office:value-type="float" office:value="{value!r}"><text:p>{value}'
                        "</text:p></table:table-cell>"
                    )
                else:
                    cells.append(
                        '<table:table-cell office:value-type="string">'
                        f"<text:p>{escape(value)}</text:p></table:table-cell>"
                    )
            rows.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
        tables.append(f"<table:table table:name={quoteattr(page.name)}>{''.join(rows)}</table:table>")
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    content = (
        f'{HEAD}<office:document-content xmlns:office="{space}office:1.0" xmlns:table="{space}table:1.0" '
        f'xmlns:text="{space}text:1.0" office:version="1.2"><office:body><office:spreadsheet>{"".join(tables)}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        f'{HEAD}<manifest:manifest xmlns:manifest="{space}manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest}, ["mimetype"])


def xls(page: Page) -> bytes:
    """An .xls (BIFF8 in a compound file) of one sheet: texts and numbers."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")

    cells = b""
    for i, row in enumerate(page.rows):
        for j, value in enumerate(row):
            if isinstance(value, str) and value:
                cells += record(0x0204, struct.pack("<HHH", i, j, 0) + text(value))
            elif isinstance(value, int | float):
                cells += record(0x0203, struct.pack("<HHHd", i, j, 0, value))
    wide = max(map(len, page.rows))
    body = (
        record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6))
        + record(0x0200, struct.pack("<IIHHH", 0, len(page.rows), 0, wide, 0))
        + cells
        + record(0x000A, b"")
    )
    name = struct.pack("<BB", len(page.name), 1) + page.name.encode("utf-16-le")

    def head(offset: int) -> bytes:
        return (
            record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
            + record(0x0042, struct.pack("<H", 1200))
            + record(0x0085, struct.pack("<IBB", offset, 0, 0) + name)
            + record(0x000A, b"")
        )

    return compound({"Workbook": head(len(head(0))) + body})


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file (OLE) of these streams, each padded to the size from which streams have sectors of their own."""
    size, free, end, table = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    chains, data, entries = [], b"", []
    for name, content in streams.items():
        content = content.ljust(4096, b"\0")
        sectors = -(-len(content) // size)
        entries.append((name, 2, len(chains), len(content)))
        chains += [*range(len(chains) + 1, len(chains) + sectors), end]
        data += content.ljust(sectors * size, b"\0")
    directory = len(chains)
    rows = [("Root Entry", 5, end, 0), *entries]
    folder = b""
    for n, (name, kind, first, length) in enumerate(rows):
        utf16 = name.encode("utf-16-le") + b"\0\0"
        right = n + 1 if 0 < n < len(rows) - 1 else free
        child = 1 if n == 0 else free
        folder += utf16.ljust(64, b"\0") + struct.pack("<HBBIII", len(utf16), kind, 1, free, right, child)
        folder += b"\0" * 36 + struct.pack("<IQ", first, length)
    count = -(-len(folder) // size)
    folder = folder.ljust(count * size, b"\0")
    chains += [*range(directory + 1, directory + count), end]
    fat = len(chains)
    chains.append(table)
    assert len(chains) <= size // 4
    chains += [free] * (size // 4 - len(chains))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory, 0, 4096, end, 0, end, 0)
    header += struct.pack("<I", fat) + struct.pack("<I", free) * 108
    return header + data + folder + struct.pack(f"<{size // 4}I", *chains)
