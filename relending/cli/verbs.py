"""The table of verbs, by who uses them: one line adds a verb, whose help in Chinese and examples are help/VERB.toml."""

from __future__ import annotations

from typing import NamedTuple


class Listed(NamedTuple):
    """A verb as the list of verbs shows it: the group it stands in, and one line in each language."""

    group: str
    en: str
    zh: str


GROUPS = {
    "everyone": {"en": "Everyone", "zh": "常用"},
    "officers": {"en": "Disclosure officers", "zh": "信息披露与申报"},
    "analysts": {"en": "Analysts and researchers", "zh": "测算与研究"},
    "data": {"en": "Rules and data", "zh": "政策与数据"},
    "setup": {"en": "Setting up", "zh": "准备"},
}
"""The groups in the order they are listed."""

VERBS = {
    "run": Listed("everyone", "Run a scenario: loan book in, run folder out.", "运行情景：读入台账，写出运行文件夹"),
    "check": Listed(
        "everyone", "Check a loan book: what is wrong, what is eligible.", "检查台账：有何问题、哪些符合条件"
    ),
    "explain": Listed("everyone", "Tell one loan's story from a run folder.", "说明一笔借据：筛选、借用、展期与减排量"),
    "disclose": Listed(
        "officers", "Write the statement of a quarter, and its work paper.", "生成季度信息披露及工作底稿"
    ),
    "apply": Listed("officers", "Write the list of loans to apply for in a quarter.", "生成季度再贷款申请清单"),
    "sweep": Listed(
        "analysts", "Run a scenario under every combination of some values.", "参数扫描：逐一测算各种取值组合"
    ),
    "monte-carlo": Listed(
        "analysts", "Draw random paths of rates, rollovers and volumes.", "蒙特卡洛模拟：利率、展期与投放量随机变动"
    ),
    "plot": Listed(
        "analysts", "Draw pictures of a run or a study: SVG, PNG, PDF.", "将运行或研究结果画成图：SVG、PNG、PDF"
    ),
    "policy": Listed("data", "Show the rules of a facility, dated and sourced.", "查看工具的政策参数及出处"),
    "data": Listed("data", "Show or write shipped data: CSV, Parquet, Excel, Stata.", "查看或导出随附数据"),
    "template": Listed("setup", "Write a workbook or a statement template to fill in.", "生成台账模板或信息披露模板"),
    "synth": Listed("setup", "Write a synthetic loan book to try things on.", "生成虚构台账，供试用和测试"),
    "key": Listed("setup", "Make a key to hide names and ids with (--redact).", "生成脱敏密钥（用于 --redact）"),
}
"""Every verb in the order it is listed. Its file is ``cli/VERB.py``, its texts are ``cli/help/VERB.toml``."""
