"""What keys of a scenario and their values are called 参数名称: in Chinese as the rules and the files name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from relending.policy import PARAMETERS, facilities, facility
from relending.policy.words import option_name, said
from relending.scenario.model import DisclosureTable, LenderTable, MarketTable, ScenarioTable
from relending.scenario.problems import path_text
from relending.scenario.read import KeyPath
from relending.scenario.table import Table

RATES = ("own_rate", "reference_rate", "collateral_cost")
"""Keys of a market or a lender whose value is a rate."""
_TABLES: Mapping[str, type[Table]] = {
    "scenario": ScenarioTable,
    "market": MarketTable,
    "disclosure": DisclosureTable,
    "lenders": LenderTable,
}
_END = re.compile("[（，；：]")
_NOT_PARAMETERS = {"caps": "本期上限"}


def key_name(key: KeyPath, lang: str) -> str:
    """The name of a key without its facility: in English as in the file, in Chinese by name.

    >>> key_name(("facility", "cerf", "rollover_base"), "zh"), key_name(("market", "own_rate"), "zh")
    ('展期基数', '自有资金成本')
    >>> key_name(("lenders", "demo", "own_rate"), "en"), key_name(("lenders", "demo", "class"), "zh")
    ('lenders.demo.own_rate', '机构设置 lenders.demo')
    """
    table, last = key[0], key[-1]
    if table == "lenders":
        own = last == "own_rate"
        name = path_text(key if own else key[:2])
        return name if lang == "en" else f"{_of_model(table, last)} {path_text(key[:2])}" if own else f"机构设置 {name}"
    if lang == "en":
        return last
    if table != "facility":
        return _of_model(table, last)
    name = key[2] if len(key) > 2 else last
    if name in PARAMETERS:
        return PARAMETERS[name].zh
    return _NOT_PARAMETERS.get(name) or said("word", lang).get(name, name)


def _of_model(table: str, name: str) -> str:
    """The first words of what a key of a file means."""
    field = _TABLES[table].model_fields.get(name)
    extra = field.json_schema_extra if field is not None else None
    zh = _END.split(str(extra["zh"]))[0] if isinstance(extra, dict) else ""
    return zh if zh and not zh.startswith("与") else name


def facility_name(ident: str, lang: str) -> str:
    """A facility in a few characters: in English its id, in Chinese its short name.

    >>> facility_name("cerf", "zh"), facility_name("cerf", "en")
    ('碳减排支持工具', 'cerf')
    """
    return facility(ident).short_name("zh") if lang == "zh" and ident in facilities() else ident


def value_name(key: KeyPath, text: str, lang: str) -> str:
    """A value as people read it: a rate in per cent, in Chinese basis points with their unit and an option by its name.

    >>> value_name(("market", "own_rate"), "0.0175", "en"), value_name(("market", "lpr_shift_bp"), "-50", "zh")
    ('1.75%', '-50基点')
    >>> value_name(("facility", "cerf", "rollover_base"), "outstanding", "zh")
    '贷款余额 outstanding'
    """
    name = key[-1]
    if name.endswith("_bp"):
        return f"{text}基点" if lang == "zh" else text
    parameter = PARAMETERS.get(name) if key[0] == "facility" else None
    if name in RATES or (parameter is not None and parameter.kind in ("rate", "rate_table")):
        return per_cent(text)
    return option_name(name, text, lang) if parameter is not None else text


def per_cent(text: str) -> str:
    """A fraction in per cent, with every digit and two decimals at least; what is no number as it is.

    >>> per_cent("0.03"), per_cent("0.01755"), per_cent("rates.csv")
    ('3.00%', '1.755%', 'rates.csv')
    """
    try:
        shown = Decimal(text).scaleb(2)
    except InvalidOperation:
        return text
    return f"{shown:.2f}%" if shown == round(shown, 2) else f"{shown.normalize():f}%"
