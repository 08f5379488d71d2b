"""The workbook template 模板: a book to be filled in, made from the column dictionary.

Sheets: parameters, loans, prepayments, the optional ones of the bank's own ledger, a guide, and a hidden one with the
words of long drop-down lists. A column of ids is formatted as text, amounts, rates and days as what they are; a list of
words can be chosen from; what a column means appears where its cell is selected. The example row of a table is no loan:
readers pass over it and say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relending import policy
from relending.book.columns import Column, columns, example_columns
from relending.book.parameters import Parameter, parameters, template
from relending.book.sheetxml import column_letters
from relending.outfile import whole_file
from relending.spreadsheet import escape, workbook

OPTIONAL = ("applications", "schedule", "balances", "revisions", "other_loans", "opening_tranches", "opening")
"""Tables whose sheet may be left as it is: one without rows is as if it were not there."""
TABLES = ("loans", "prepayments", *OPTIONAL)
_GREY = "#A6A6A6"
_LAST_ROW = 1_048_575
_A4 = 9  # the number spreadsheets have for it
_UNITS = {"money": {"zh": "元", "en": "yuan"}, "rate": {"zh": "%", "en": "%"}, "mass": {"zh": "吨", "en": "t"}}
_UNITS |= {"power": {"zh": "兆瓦", "en": "MW"}, "energy": {"zh": "兆瓦时", "en": "MWh"}}
_UNITS |= {"rate_e8": _UNITS["rate"]}
_UNITS |= {"bp": {"zh": "基点", "en": "bp"}, "months": {"zh": "月", "en": "months"}}
_FORMATS = {
    "money": "#,##0.00",
    "rate": "0.00####",
    "mass": "#,##0.00####",
    "date": "yyyy-mm-dd",
    "id": "@",
    "text": "@",
}
_FORMATS |= {"power": "#,##0.###", "energy": "#,##0.###", "rate_e8": "0.00######", "share": "0.####%"}
_FORMATS |= {"period": "@", "quarter": "@"}
_REQUIRED = {
    "always": {"zh": "必填", "en": "required"},
    "lender": {"zh": "可不填，空则取参数表的金融机构", "en": "may be empty: the lender of the parameter sheet"},
    "facility": {"zh": "部分工具必填", "en": "some facilities ask for it"},
    "no": {"zh": "可不填", "en": "may be empty"},
}
_INLINE = 250  # characters a drop-down list may have inside its cell rule
_TITLE, _MESSAGE = 32, 255  # characters of what appears where a cell is selected


def write_template(path: Path, lang: str = "zh") -> None:
    """Write a workbook to fill in, a loan book and a scenario at once, to ``path`` (.xlsx), in Chinese or English.

    Raises ``OSError`` where the disk refuses; the file is there whole or not at all.

    >>> import tempfile; from relending.book import read_book
    >>> out = Path(tempfile.mkdtemp()) / "template.xlsx"
    >>> write_template(out, "en"); out.stat().st_size > 10_000
    True
    """
    with whole_file(path) as room, workbook(room) as book:
        styles = _styles(book)
        sheets = {name: book.add_worksheet(said[lang]) for name, said in template()["sheets"].items()}
        words = _Lists(sheets["lists"], template()["sheets"]["lists"][lang])
        sheets["lists"].hide()
        _parameters(sheets["parameters"], lang, styles, words)
        for table in TABLES:
            _table(sheets[table], table, lang, styles, words)
        _guide(sheets["guide"], lang, styles)
        for sheet in sheets.values():
            sheet.set_landscape()
            sheet.set_paper(_A4)
            sheet.fit_to_pages(1, 0)
        for table in OPTIONAL:
            sheets[table].set_tab_color(_GREY)
        sheets["parameters"].activate()


def header_of(column: Column, lang: str) -> str:
    """The header of a column in the template, with its unit.

    >>> header_of(columns()["principal"], "zh"), header_of(columns()["rate"], "en")
    ('贷款金额（元）', 'Rate (%)')
    """
    unit = _UNITS.get(column.type, {}).get(lang, "") if column.units else ""
    name = column.zh if lang == "zh" else column.en
    return name if not unit else f"{name}（{unit}）" if lang == "zh" else f"{name} ({unit})"


def choices_of(column: Column, lang: str) -> list[str]:
    """The words that may be chosen in a column; none where anything may be written."""
    if column.type == "sector":
        return [s.zh if lang == "zh" else s.en for s in policy.sectors().values()]
    if column.name == "facility":
        return facility_choices(lang)[1:]
    if column.name == "code":
        known = [(f.zh, f.en) for f in policy.fields().values()] + [(s.zh, s.en) for s in policy.sectors().values()]
        return [template()["total"][lang], *(zh if lang == "zh" else en for zh, en in known)]
    if column.one_of:
        return [str(n) for n in column.one_of]
    return [names[0] if lang == "zh" else value for value, names in column.values.items()]


class _Lists:
    """The hidden sheet of words: a column a list."""

    def __init__(self, sheet: Any, name: str) -> None:
        self._sheet, self._name, self._next = sheet, name, 0

    def rule(self, words: Sequence[str]) -> Any:
        """What a drop-down takes its words from: the words themselves where they are few, else cells of the sheet."""
        if len(",".join(words)) <= _INLINE and not any("," in word for word in words):
            return list(words)
        letters = column_letters(self._next)
        for row, word in enumerate(words):
            self._sheet.write_string(row, self._next, escape(word))
        self._next += 1
        return f"='{self._name}'!${letters}$1:${letters}${len(words)}"


def _styles(book: Any) -> dict[str, Any]:
    head = {"bold": True, "text_wrap": True, "valign": "top", "border": 1}
    return {
        "needed": book.add_format({**head, "bg_color": "#1F4E78", "font_color": "#FFFFFF"}),
        "some": book.add_format({**head, "bg_color": "#BDD7EE"}),
        "free": book.add_format({**head, "bg_color": "#EDEDED"}),
        "note": book.add_format({"text_wrap": True, "valign": "top", "font_color": "#595959"}),
        "about": book.add_format({"text_wrap": True, "valign": "top", "bold": True, "bg_color": "#EDEDED"}),
        "plain": book.add_format({"valign": "top"}),
        "entry": book.add_format({"border": 1, "valign": "top"}),
        "entry_text": book.add_format({"border": 1, "valign": "top", "num_format": "@"}),
        "entry_day": book.add_format({"border": 1, "valign": "top", "num_format": "yyyy-mm-dd"}),
        "entry_rate": book.add_format({"border": 1, "valign": "top", "num_format": "0.00####"}),
        **{kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()},
        **{
            f"example {kind}": book.add_format({"num_format": code, "italic": True, "font_color": "#7F7F7F"})
            for kind, code in {**_FORMATS, "": "General"}.items()
        },
    }


def _parameters(sheet: Any, lang: str, styles: dict[str, Any], words: _Lists) -> None:
    heads = template()["heads"]
    for at, name in enumerate(("parameter", "value", "note")):
        sheet.write_string(0, at, heads[name][lang], styles["needed" if name == "value" else "free"])
    row = 0
    for row, one in enumerate(parameters().values(), 1):
        sheet.write_string(row, 0, one.label[lang], styles["needed" if one.required else "free"])
        kind = {"rate": "entry_rate", "date": "entry_day", "count": "entry"}.get(one.type, "entry_text")
        default = _default(one, lang)
        if isinstance(default, int):
            sheet.write_number(row, 1, default, styles[kind])
        elif default:
            sheet.write_string(row, 1, escape(default), styles[kind])
        else:
            sheet.write_blank(row, 1, None, styles[kind])
        sheet.write_string(row, 2, one.note[lang], styles["note"])
        offered = _offered(one, lang)
        if offered:
            rule = {"validate": "list", "source": words.rule(offered), "error_type": "information"}
            sheet.data_validation(row, 1, row, 1, rule)
    row += 2
    rates = template()["rates"]
    sheet.write_string(row, 0, rates["from"][lang], styles["free"])
    sheet.write_string(row, 1, rates["value"][lang], styles["free"])
    for more in range(row + 1, row + 9):
        sheet.write_blank(more, 0, None, styles["entry_day"])
        sheet.write_blank(more, 1, None, styles["entry_rate"])
    sheet.set_column(0, 0, 34, styles["plain"])
    sheet.set_column(1, 1, 36, styles["plain"])
    sheet.set_column(2, 2, 70, styles["plain"])
    sheet.freeze_panes(1, 0)


def facility_choices(lang: str) -> list[str]:
    """What the template offers as facilities: the two that disclose together, then each alone.

    >>> facility_choices("zh")[1]
    '碳减排支持工具'
    """
    names = [policy.facility(one).name[lang] for one in template()["parameters"]["facilities"]["offered"]]
    return ["; ".join(names), *names]


def _default(one: Parameter, lang: str) -> str | int:
    if one.type == "facilities":
        return facility_choices(lang)[0]
    return one.default if one.default is not None else ""


def _offered(one: Parameter, lang: str) -> list[str]:
    if one.type == "facilities":
        return facility_choices(lang)
    if one.type == "choice":
        return [names[0 if lang == "zh" else 1] for names in one.values.values()]
    if one.name == "lender":
        return [bank.full_name[lang] for bank in policy.lenders().values()]
    return []


def _table(sheet: Any, table: str, lang: str, styles: dict[str, Any], words: _Lists) -> None:
    example = template()["example"][table]
    marker = example_columns(table)[0]
    for at, column in enumerate(columns(table).values()):
        style = {"always": "needed", "facility": "some"}.get(column.required, "free")
        header = header_of(column, lang)
        sheet.write_string(0, at, header, styles[style])
        wide = sum(2 if ord(c) > 0x2E80 else 1 for c in header)
        sheet.set_column(at, at, max(26 if column.name == marker else 12, min(wide + 3, 30)), styles.get(column.type))
        message = column.description[lang]
        if column.checks:
            message += ("；" if lang == "zh" else "; ") + column.checks[lang]
        message += f" [{_REQUIRED[column.required][lang]}]"
        rule: dict[str, Any] = {"validate": "any"}
        offered = choices_of(column, lang)
        if offered:
            rule = {"validate": "list", "source": words.rule(offered), "error_type": "information"}
        rule |= {"input_title": header[:_TITLE], "input_message": message[:_MESSAGE]}
        sheet.data_validation(1, at, _LAST_ROW, at, rule)
        if column.name in example:
            style_of = styles.get(f"example {column.type}", styles["example "])
            _write(sheet, 1, at, _example(column, example[column.name], lang), style_of)
    sheet.set_row(0, 34)
    sheet.freeze_panes(1, 1)


def _example(column: Column, value: Any, lang: str) -> Any:
    """An example in the language of the template: its text, its sector's name, the word of its value, its number."""
    if isinstance(value, dict):
        return value[lang]
    if column.type == "sector":
        sector = policy.sectors()[value]
        return sector.zh if lang == "zh" else sector.en
    if column.values:
        return column.values[value][0] if lang == "zh" else value
    return float(value) if column.type in ("rate", "rate_e8") else value


def _write(sheet: Any, row: int, at: int, value: Any, style: Any) -> None:
    if isinstance(value, dt.date):
        sheet.write_datetime(row, at, dt.datetime.combine(value, dt.time()), style)
    elif isinstance(value, str):
        sheet.write_string(row, at, escape(value), style)
    else:
        sheet.write_number(row, at, value, style)


def _guide(sheet: Any, lang: str, styles: dict[str, Any]) -> None:
    heads = {
        "zh": ("工作表", "列", "列名", "是否必填", "含义", "检查", "可选值"),
        "en": ("Sheet", "Column", "Name", "Required", "Meaning", "Checked", "Values"),
    }[lang]
    for at, text in enumerate(heads):
        sheet.write_string(0, at, text, styles["free"])
    row = 0
    for table in TABLES:
        name = template()["sheets"][table][lang]
        if table in OPTIONAL:
            row += 1
            about = (name, "", "", template()["optional"][lang], template()["about"][table][lang], "", "")
            for at, text in enumerate(about):
                sheet.write_string(row, at, escape(text), styles["about"])
        for column in columns(table).values():
            row += 1
            said = (
                name,
                header_of(column, lang),
                column.name,
                _REQUIRED[column.required][lang],
                column.description[lang],
                column.checks.get(lang, ""),
                "、".join(choices_of(column, lang)) if lang == "zh" else ", ".join(choices_of(column, lang)),
            )
            for at, text in enumerate(said):
                sheet.write_string(row, at, escape(text), styles["note"])
    for at, wide in enumerate((12, 26, 24, 20, 46, 40, 60)):
        sheet.set_column(at, at, wide)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, row, len(heads) - 1)
