"""The policy values that a run rests on 政策取值: those that held in its time, how sure each is, and from where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from relending.policy import ALWAYS, Facility, Lpr, lender_from_plain, lenders, lpr_from_plain, sectors, source_in
from relending.policy.parameters import DATING, LATEST, PARAMETERS
from relending.policy.values import DatedValue
from relending.policy.words import said as policy_said
from relending.report.page.context import Subject
from relending.report.page.plain_values import class_name, plain_value
from relending.report.page.words import LANGS, Both, both, joined, said, shown

SURE, UNCONFIRMED = "in_force", "unconfirmed"
LPR = "lpr"
LONGEST_SOURCE = 400


@dataclass(frozen=True, slots=True)
class Value:
    """A policy value that held at some time of the run: what it is, from when, how sure, from where."""

    facility: str
    name: Both
    text: Both
    since: str
    status: str
    source: Both
    checked: str

    @property
    def sure(self) -> bool:
        """Whether it is in force by a source, neither assumed nor unconfirmed."""
        return self.status == SURE


def values_used(subject: Subject) -> list[Value]:
    """Every policy value that could decide anything between the first loan and the end of the run.

    Of a dated parameter those in force on any of these days; of lists of lenders the entries that admit a lender of
    the run; of sectors those marked that the run has loans of; the base rates by their fixings.
    """
    days = _days(subject)
    out = [value for rules in subject.rules for value in _of(rules, subject, days)]
    return out + list(_base_rate(lpr_from_plain(subject.run.manifest["policy"][LPR]), days))


def _days(subject: Subject) -> tuple[dt.date, dt.date]:
    """The first day a loan was made, or the run begins, and the last of the run."""
    first = subject.tables["attribution"]["disbursed"].dropna()
    start, end = (dt.date.fromisoformat(str(subject.scenario[name])) for name in ("start", "end"))
    return min([start, *([first.min()] if len(first) else [])]), end


def _pair(make: Callable[[str], str]) -> Both:
    return Both(*(shown(make(lang), LONGEST_SOURCE) for lang in LANGS))


def _entry(facility: str, name: Both, text: Both, entry: Any, since: dt.date) -> Value:
    checked = entry.checked.isoformat() if entry.checked else ""
    began = "" if since == ALWAYS else since.isoformat()
    return Value(facility, name, text, began, entry.status, _pair(partial(source_in, entry)), checked)


def _of(rules: Facility, subject: Subject, days: tuple[dt.date, dt.date]) -> Iterator[Value]:
    for name, dated in rules.parameters.items():
        parameter = PARAMETERS[name]
        entries = [dated.latest()] if DATING[name] == LATEST else list(_held(dated.values, days))
        for one in entries:
            text = _pair(partial(plain_value, parameter, one.value))
            yield _entry(rules.id, Both(parameter.zh, parameter.en), text, one, one.start)
    named = {one.id: one.cls for one in map(lender_from_plain, subject.run.manifest["policy"]["lenders"])}
    named |= {who: entry["class"] for who, entry in subject.scenario.get("lenders", {}).items()}
    admitting = [rules.membership(who, cls) for who, cls in named.items()]
    for member in rules.lenders:
        if member in admitting:
            yield _entry(rules.id, _word("lenders"), _members(member), member, member.start)
    used = set(subject.tables["attribution"]["sector"].dropna().unique())
    for code in rules.codes():
        sector = sectors()[code]
        if code in used and sector.status != SURE:
            yield _entry(rules.id, _word("sectors"), Both(sector.zh, sector.en), sector, ALWAYS)


def _word(name: str) -> Both:
    return Both(*(policy_said("word", lang)[name] for lang in LANGS))


def _members(member: Any) -> Both:
    known = lenders()
    named = [both(known[one].short_name) if one in known else Both(one, one) for one in member.ids]
    return joined([*named, *map(class_name, member.classes)])


def _held(values: tuple[DatedValue, ...], days: tuple[dt.date, dt.date]) -> Iterator[DatedValue]:
    """The values in force on any of the days; before the first it is the first."""
    first, last = days
    for i, one in enumerate(values):
        ends = values[i + 1].start if i + 1 < len(values) else dt.date.max
        if (one.start <= last or i == 0) and ends > first:
            yield one


def _base_rate(fixings: Lpr, days: tuple[dt.date, dt.date]) -> Iterator[Value]:
    """The loan prime rates as one entry a status and day of checking: there are too many to name each."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for one in fixings.fixings:
        if days[0] <= one.date <= days[1]:
            groups.setdefault((one.status, one.checked.isoformat() if one.checked else ""), []).append(one)
    for some in groups.values():
        text = said("lpr_fixings").fill(n=len(some), first=some[0].date, last=some[-1].date)
        yield _entry("", said("lpr"), text, some[-1], some[0].date)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Values that are not sure, of one facility, from one source: what they are."""

    facility: str
    status: str
    names: Both
    count: int
    source: Both
    checked: str


def doubts(values: list[Value]) -> list[Doubt]:
    """The values that are assumed or unconfirmed, those of one source together; unconfirmed first."""
    groups: dict[tuple[str, str, str, str], list[Value]] = {}
    for one in values:
        if not one.sure:
            groups.setdefault((one.facility, one.status, one.source.en, one.checked), []).append(one)
    out = [
        Doubt(facility, status, joined([_with_value(v) for v in some]), len(some), some[0].source, checked)
        for (facility, status, _, checked), some in groups.items()
    ]
    return sorted(out, key=lambda one: one.status != UNCONFIRMED)


def _with_value(value: Value) -> Both:
    return Both(f"{value.name.zh}：{value.text.zh}", f"{value.name.en}: {value.text.en}")


def status_name(status: str) -> Both:
    """A status in words, without the mark that a screen puts in front."""
    return Both(*(policy_said("status", lang)[status].lstrip("！! ").capitalize() for lang in LANGS))
