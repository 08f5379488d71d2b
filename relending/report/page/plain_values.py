"""Policy values as a director reads them: rates in per cent, options and sectors by their names, no ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relending.policy import sectors
from relending.policy.parameters import Parameter
from relending.policy.show import fraction, value_text
from relending.policy.values import Quota
from relending.policy.words import option_name
from relending.policy.words import said as policy_said
from relending.report.page.figures import money
from relending.report.page.words import Both, said, texts

_PPM, _BP = 1_000_000, 10_000


def plain_value(parameter: Parameter, value: Any, lang: str) -> str:
    """A value without the ids that a scenario would write it with.

    >>> from relending.policy.parameters import PARAMETERS
    >>> [plain_value(PARAMETERS[name], value, "zh") for name, value in (("rate", 17_500), ("ratio", 6_000))]
    ['1.75%', '60%']
    >>> plain_value(PARAMETERS["rollover_base"], "original", "zh")
    '原贷款本金'
    """
    if isinstance(value, bool):
        return said("yes" if value else "no")[lang]
    if isinstance(value, Quota):
        return _quota(value, lang)
    if isinstance(value, Mapping):
        return " · ".join(said("months_n").fill(n=term, value=_percent(ppm, _PPM))[lang] for term, ppm in value.items())
    if isinstance(value, tuple):
        return said("comma")[lang].join(_option(parameter.name, str(one), lang) for one in value)
    if parameter.kind == "ratio":
        return _percent(value, _BP, 2)
    if parameter.kind in ("rate", "rate_table", "ratio_ppm"):
        return _percent(value, _PPM)
    if isinstance(value, str):
        return _option(parameter.name, value, lang)
    return value_text(parameter, value, lang)


def _percent(value: int, scale: int, least: int = 4) -> str:
    return fraction(value, scale, least).partition("(")[2].rstrip(")").replace(" ", "")


def _option(parameter: str, option: str, lang: str) -> str:
    name = option_name(parameter, option, lang)
    return name.removesuffix(f" {option}") if lang == "zh" else name.replace("_", " ")


def _quota(quota: Quota, lang: str) -> str:
    """The kind of a quota, and each of its pools: how much, for which sectors."""
    if not quota.pools:
        return said("none")[lang]
    comma = said("comma")[lang]
    pools = [
        said("pool").fill(
            amount=money(pool.amount_fen),
            sectors=comma.join(getattr(sectors()[code], lang) for code in pool.sectors) or said("all_sectors")[lang],
        )[lang]
        for pool in quota.pools
    ]
    return said("quota").fill(kind=policy_said("word", lang)[quota.kind], pools=said("then")[lang].join(pools))[lang]


def class_name(name: str) -> Both:
    """What a class of lenders is called; its id where this page has no name for it."""
    return texts().get(f"class_{name}") or Both(name, name)
