"""docs/assumed.md: every value of the policy data that is not certain, why it was taken, what another does to a run.

The values come from the policy files, the words from ``assumed.toml``; the effects are computed here, each by a run of
a shipped scenario with the other value, held against the same run without it.

    python tools/build_docs.py      writes the page again
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import relending as rl
from relending.scenario import load_scenario
from relending.scenario.run import execute
from relending.units import decimal_text, total

TEXTS = Path(__file__).with_name("assumed.toml")
CERTAIN = "in_force"
KINDS = {
    "option": "Ways of funding that no text settles 资金安排中未作规定的选项",
    "value": "Figures, days and lists 数值、日期和名单",
    "data": "Records and names 名称与归类",
}

_EFFECTS = """\
| if instead 如改为 | supported 获支持（笔） | drawn 累计借用 | balance at the end 期末余额 | interest saved 节约利息 |
| --- | ---: | ---: | ---: | ---: |
"""
_VALUES = """\
| facility 工具 | value 取值 | from 起 | status 状态 | source 来源 |
| --- | --- | --- | --- | --- |
"""
_STATUS = {"assumption": "assumption 假设", "unconfirmed": "unconfirmed 未证实"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run comes to: supported loans [count], amounts [fen]."""

    supported: int
    drawn: int
    balance: int
    saved: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A trial: what was changed, on which scenario, and both outcomes."""

    topic: str
    what: Mapping[str, str]
    on: str
    base: Mapping[str, Any]
    before: Outcome
    after: Outcome


@cache
def texts() -> Mapping[str, Any]:
    """The words of the page, as written."""
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def topics() -> Sequence[Mapping[str, Any]]:
    """What is said of each parameter, with its trials."""
    found: Sequence[Mapping[str, Any]] = texts()["topic"]
    return found


def uncertain() -> list[Mapping[str, Any]]:
    """Every row of the policy data that is not in force, one an entry: its parts joined in ``text``."""
    found = rl.data("policy")
    found = found[found["status"] != CERTAIN]
    keys = ["parameter", "facility", "from_date", "status", "source"]
    rows = []
    for key, part in found.groupby(keys, sort=False, dropna=False):
        rows.append(dict(zip(keys, key, strict=True)) | {"text": _value(part)})
    return rows


def _value(part: Any) -> str:
    """The values of one entry as a line."""
    said = []
    for row in part.to_dict("records"):
        text = str(row["text"])
        if row["unit"].startswith("yuan") and row["value"] == row["value"]:
            text += f" {row['value']:,.0f} {row['unit']}"
        said.append(f"{row['key']} {text}" if row["parameter"] in ("window", "rate") and row["key"] else text)
    return ", ".join(dict.fromkeys(said))


def outcome(scenario: str, overrides: Mapping[str, Any]) -> Outcome:
    """Run a shipped scenario with other values."""
    return _outcome(scenario, repr(sorted(overrides.items())), tuple(overrides.items()))


_done: dict[tuple[str, str], Outcome] = {}


def _outcome(scenario: str, key: str, overrides: tuple[tuple[str, Any], ...]) -> Outcome:
    if (scenario, key) not in _done:
        tables = execute(load_scenario(scenario, dict(overrides))).tables
        funding, cost = tables["funding"], tables["cost"]
        last = funding["quarter"] == funding["quarter"].iloc[-1]
        _done[scenario, key] = Outcome(
            supported=int(tables["attribution"]["supported"].sum()),
            drawn=total(tables["draws"]["drawn_fen"].to_numpy(dtype="int64")),
            balance=total(funding.loc[last, "balance_fen"].to_numpy(dtype="int64")),
            saved=total(cost["interest_saved_fen"].to_numpy(dtype="int64")),
        )
    return _done[scenario, key]


def effects() -> list[Effect]:
    """Every trial, carried out."""
    found = []
    for topic in topics():
        for trial in topic.get("trial", ()):
            on, base = trial.get("on", "demo"), trial.get("base", {})
            before, after = outcome(on, base), outcome(on, base | trial["set"])
            found.append(Effect(topic["parameters"][0], trial["what"], on, base, before, after))
    return found


def page() -> str:
    """The page."""
    rows, measured = uncertain(), effects()
    parameters = {row["parameter"] for row in rows}
    parts = [texts()["intro"].format(count=len(rows), parameters=len(parameters)), _largest(measured)]
    for kind, title in KINDS.items():
        parts.append(f"\n## {title}\n")
        for topic in topics():
            if topic["kind"] == kind:
                mine = [row for row in rows if row["parameter"] in topic["parameters"]]
                parts.append(_topic(topic, mine, [e for e in measured if e.topic == topic["parameters"][0]]))
    return "".join(parts)


def _largest(measured: list[Effect]) -> str:
    plain = [e for e in measured if e.on == "demo" and not e.base and e.before.saved != e.after.saved]
    plain.sort(key=lambda e: (-abs(e.after.saved - e.before.saved), e.topic))
    lines = []
    for e in plain:
        change = e.after.saved - e.before.saved
        share = decimal_text(round(change * 10_000 / e.before.saved), 2)
        lines.append(
            f"| {e.what['en']} {e.what['zh']} | [`{e.topic}`](#{_anchor(e.topic)}) | {_yuan(change)} | {share} |\n"
        )
    return "".join(lines)


def _anchor(topic: str) -> str:
    (found,) = [t for t in topics() if t["parameters"][0] == topic]
    return "-".join(found["parameters"])


def _topic(topic: Mapping[str, Any], rows: list[Mapping[str, Any]], measured: list[Effect]) -> str:
    names = " ".join(f"`{name}`" for name in topic["parameters"])
    lines = [f"\n### {names}\n\n"]
    labels = (("says", "The texts", "文件"), ("speaks", "For it", "理由"), ("wrong", "If it is wrong", "如有误"))
    for key, en, zh in labels:
        lines.append(f"- {en}: {topic[key]['en']} {zh}：{topic[key]['zh']}\n")
    lines += ["\n", _VALUES, *_values(rows)]
    if measured:
        lines += ["\n", _EFFECTS]
        for number, e in enumerate(measured):
            if number == 0 or (e.on, e.base) != (measured[number - 1].on, measured[number - 1].base):
                lines.append(_line(_base_words(e), e.before, None))
            lines.append(_line(f"{e.what['en']} {e.what['zh']}", e.after, e.before))
    return "".join(lines)


def _values(rows: list[Mapping[str, Any]]) -> list[str]:
    """A row an entry; entries of several facilities that differ in the first day alone share one."""
    shared: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for row in rows:
        start = "" if row["from_date"] != row["from_date"] else f"`{row['from_date']:%Y-%m-%d}`"
        facility = f"`{row['facility']}`" if row["facility"] else "—"
        key = (row["parameter"], row["text"], _STATUS[row["status"]], row["source"])
        shared.setdefault(key, []).append((facility, start))
    lines = []
    for (_, text, status, source), where in shared.items():
        facilities, starts = ("<br>".join(column) for column in zip(*where, strict=True))
        lines.append(f"| {facilities} | {text} | {starts} | {status} | {source} |\n")
    return lines


def _base_words(e: Effect) -> str:
    given = "; ".join(f"{key} = {_plain(value)}" for key, value in e.base.items())
    return f"as shipped 原取值: `{e.on}`" + (f", {given}" if given else "")


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    return f"{value:,} yuan" if isinstance(value, int) else str(value)


def _line(what: str, now: Outcome, before: Outcome | None) -> str:
    """A row: the outcome itself, or with ``before`` the changes from it."""
    if before is None:
        cells = [str(now.supported), *(_yuan(x, sign=False) for x in (now.drawn, now.balance, now.saved))]
    else:
        loans = now.supported - before.supported
        cells = [f"{loans:+d}" if loans else "=", _yuan(now.drawn - before.drawn)]
        cells += [_yuan(now.balance - before.balance), _yuan(now.saved - before.saved)]
    return f"| {what} | " + " | ".join(cells) + " |\n"


def _yuan(fen: int, sign: bool = True) -> str:
    """Yuan with thousands separators: a change with its sign, or = where there is none."""
    if sign and fen == 0:
        return "="
    text = f"{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
    return ("-" if fen < 0 else "+" if sign else "") + text
