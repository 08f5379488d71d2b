"""What the columns of every study's tables are called 列名: sweeps, comparisons and Monte Carlo have the same words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from relending.labelled import Label
from relending.policy import PARAMETERS
from relending.scenario.model import TABLES
from relending.scenario.read import parse_key

COLUMNS: Mapping[str, Label] = {
    "scenario": Label("情景", "scenario"),
    "quarter": Label("季度", "quarter"),
    "lender": Label("金融机构", "lender"),
    "facility": Label("工具", "facility"),
    "measure": Label("指标", "measure"),
    "unit": Label("单位", "unit"),
    "value": Label("数值", "value, in the unit of its row"),
    # comparisons
    "base": Label("对照情景", "scenario it is held against, or a variant of"),
    "base_value": Label("对照情景数值", "value in the base, in the unit of its row"),
    "absolute": Label("差额", "value less base value, in the unit of its row"),
    "relative": Label("变动率", "absolute over base value", "fraction"),
    "contribution": Label("贡献", "share of the quarter's difference over lenders and facilities", "fraction"),
    "cause": Label("原因", "keys that differ"),
    "base_given": Label("对照情景取值", "what the base gives for them"),
    "given": Label("情景取值", "what the scenario gives for them"),
    "method": Label("方法", "shapley, alone or together"),
    "effect": Label("影响", "effect of the change, in the unit of its row"),
    "share": Label("占差额的比例", "effect over the difference", "fraction"),
    # Monte Carlo
    "statistic": Label("统计量", "statistic"),
    "path": Label("路径", "path"),
    "paths": Label("路径数", "paths", "count"),
    "mean": Label("均值", "mean, in the unit of its row"),
    "standard_error": Label("标准误", "standard error, in the unit of its row"),
    "relative_error": Label("相对误差", "standard error over mean", "fraction"),
    "precise": Label("足够精确", "whether the relative error is small enough", "true/false"),
    # a row a scenario
    "since": Label("取值起始日", "day from which the values count", "date"),
    "title_zh": Label("名称（中文）", "title in Chinese"),
    "title_en": Label("名称（英文）", "title in English"),
    "lender_names": Label("金融机构简称", "short names of the lenders"),
    "description": Label("说明", "description"),
    "changed": Label("变动的参数", "keys that differ from the base"),
    "start": Label("起始日", "first day", "date"),
    "end": Label("终止日", "last day", "date"),
    "lenders": Label("金融机构", "lenders"),
    "facilities": Label("工具", "facilities"),
    "loans": Label("读取借据", "loans read", "count"),
    "set_aside": Label("暂不计入", "loans set aside", "count"),
    "supported": Label("获支持", "loans supported", "count"),
    "errors": Label("错误", "findings: errors", "count"),
    "warnings": Label("警告", "findings: warnings", "count"),
    "notes": Label("提示", "findings: notes", "count"),
    "books": Label("台账文件", "files of the book"),
    "sha256": Label("校验值", "their sha256"),
    "inputs": Label("读取的文件及校验值", "files read, with sha256"),
    "policy_checked": Label("政策核对日", "day the policy was last checked", "date"),
    "relending": Label("relending 版本", "version of relending"),
    "key_sha256": Label("情景校验值", "sha256 of the scenario as resolved"),
}


FRACTIONS = ("ratio", "rate", "rate_table", "ratio_ppm")


def labels_of(columns: Iterable[object]) -> dict[str, Label]:
    """The labels of a table's columns; a column that is none of ours is a key of a scenario.

    >>> labels_of(["facility.cerf.ratio"])["facility.cerf.ratio"].text("en")
    'cerf: share of principal funded [fraction]'
    """
    return {str(name): COLUMNS.get(str(name)) or key_label(str(name)) for name in columns}


def key_label(key: str) -> Label:
    """What a key of a scenario is called, in the words of its rule or of the scenario file; else itself."""
    path = parse_key(key)
    if len(path) == 3 and path[0] == "facility" and path[2] in PARAMETERS:
        rule = PARAMETERS[path[2]]
        unit = "fraction" if rule.kind in FRACTIONS else ""
        return Label(f"{path[1]}：{rule.zh}", f"{path[1]}: {rule.en}", unit)
    model = TABLES.get(path[0]) if len(path) == 2 else None
    field = model.model_fields.get(path[1]) if model is not None else None
    if field is None or not isinstance(field.json_schema_extra, dict):
        return Label(key, key)
    return Label(str(field.json_schema_extra["zh"]), field.description or key)
