"""Policy data as text a person reads: one block an entry, the source in full on lines of its own, 100 columns wide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from relending.policy.names import lenders, sectors
from relending.policy.parameters import DATING, PARAMETERS, Parameter
from relending.policy.parse import FEN
from relending.policy.plain import fixed
from relending.policy.read import facilities, facility, last_checked
from relending.policy.values import ALWAYS, DatedValue, Facility, Membership, Quota, SectorListing, Window
from relending.policy.words import option_name, said, source_in
from relending.terminal import wrapped

WIDTH = 100
FOREVER = dt.date.max


def fitted(lines: list[str], width: int) -> list[str]:
    """The lines with none wider than so many columns (a longer word has one of its own); nothing is cut off.

    What follows of a line is set in as its beginning.
    """
    out: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        out += [indent + part for part in wrapped(line.lstrip(), width - len(indent))] or [""]
    return out


def fraction(value: int, scale: int, least: int = 4) -> str:
    """A fraction as it is written in a scenario, with at least so many decimals, and in percent.

    >>> fraction(15000, 1_000_000), fraction(6000, 10_000, 2)
    ('0.0150 (1.50 %)', '0.60 (60 %)')
    """
    whole, _, part = fixed(value, scale).partition(".")
    percent, _, rest = fixed(value * 100, scale).partition(".")
    rest = rest.rstrip("0").ljust(least - 2, "0")
    percent += f".{rest}" if rest else ""
    return f"{whole}.{part.rstrip('0').ljust(least, '0')} ({percent} %)"


def quota_text(quota: Quota, lang: str) -> str:
    """A quota in words."""
    words = said("word", lang)
    if not quota.pools:
        return words["none"]
    pools = [
        f"{p.id}{words['colon']}{p.amount_fen // FEN:,} {words['yuan']}"
        + words["behind"].format(words["comma"].join(p.sectors) or words["all"])
        for p in quota.pools
    ]
    kind = words[quota.kind]
    first = f"{kind} {quota.kind}" if lang == "zh" else f"{quota.kind} ({kind})"
    return " · ".join([first, *pools])


def value_text(parameter: Parameter, value: Any, lang: str) -> str:
    """A value in words and units."""
    words = said("word", lang)
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    if isinstance(value, Window):
        end = words["open"] if value.last == FOREVER else f"{words['to']} {value.last}"
        return f"{value.first} {end}"
    if isinstance(value, Quota):
        return quota_text(value, lang)
    if isinstance(value, Mapping):
        return " · ".join(f"{term} {words['months']}: {fraction(ppm, 1_000_000)}" for term, ppm in value.items())
    if isinstance(value, tuple):
        return words["comma"].join(option_name(parameter.name, one, lang) for one in value)
    if parameter.kind == "ratio":
        return fraction(value, 10_000, 2)
    if parameter.kind in ("rate", "rate_table", "ratio_ppm"):
        return fraction(value, 1_000_000)
    return option_name(parameter.name, str(value), lang)


def _entry(entry: DatedValue | Membership | SectorListing, text: str, lang: str, note: str = "") -> list[str]:
    """An entry: value; then date, status and last check; then source."""
    words = said("word", lang)
    since = words["always"] if entry.start == ALWAYS else f"{words['from']} {entry.start}"
    checked = f"{words['checked']} {entry.checked}" if entry.checked else ""
    facts = [fact for fact in (since, said("status", lang)[entry.status], checked, note) if fact]
    origin = f"{words['source']}{words['colon']}{source_in(entry, lang)}"
    return [f"    {text}", f"      {' · '.join(facts)}", f"      {origin}"]


def _title(name: str, lang: str) -> str:
    words, dates = said("word", lang), said("date", lang)
    label = getattr(PARAMETERS[name], lang) if name in PARAMETERS else words[name]
    head = name if label == name else f"{name} · {label}"
    when = dates[DATING[name]]
    if name == "rate":
        when += f"{words['then']}{words['rollover']}{dates[DATING['rate_at_rollover']]}"
    return f"  {head}  {words['when'].format(when)}"


def _parameter(found: Facility, name: str, day: dt.date | None, lang: str) -> list[str]:
    dated, lines = found[name], [_title(name, lang)]
    if day is None:
        entries = dated.values
    elif DATING[name] == "always latest":
        entries = (dated.latest(),)
    else:
        entries = (dated.on(day),)
    for entry in entries:
        note = ""
        if name == "window" and entry is dated.latest() and len(dated.values) > 1:
            note = said("word", lang)["final"]
        elif day is not None and name != "launch" and entry.start > day:
            note = said("word", lang)["later"]
        if name == "launch":
            entry = DatedValue(entry.value, entry.value, entry.source, entry.status, entry.checked, entry.source_zh)
        lines += _entry(entry, value_text(PARAMETERS[name], entry.value, lang), lang, note)
    return lines


def _lenders(found: Facility, day: dt.date | None, lang: str) -> list[str]:
    words, lines = said("word", lang), [_title("lenders", lang)]
    shown = [m for m in found.lenders if day is None or m.start <= day]
    for member in shown:
        parts = list(member.ids)
        for cls in member.classes:
            known = words["comma"].join(x.id for x in lenders().values() if x.cls == cls)
            parts.append(f"{words['class']} {cls}" + (words["behind"].format(known) if known else ""))
        lines += _entry(member, words["then"].join(parts), lang)
    return lines if shown else [*lines, f"    {words['no_list']}"]


def _sectors(found: Facility, day: dt.date | None, lang: str) -> list[str]:
    status, words, lines = said("status", lang), said("word", lang), [_title("sectors", lang)]
    for listing in found.sectors:
        launch = listing is found.sectors[0]
        if day is not None and not launch and listing.start > day:
            continue
        names = []
        for code in listing.codes:
            sector = sectors()[code]
            mark = "" if sector.status == "in_force" else words["behind"].format(status[sector.status])
            names.append(f"{code} {sector.zh if lang == 'zh' else sector.en}{mark}")
        lines += _entry(listing, words["then"].join(names), lang, words["by_list"] if launch else "")
    return lines


def one(found: Facility, day: dt.date | None, lang: str, width: int = WIDTH) -> list[str]:
    """Every rule of a facility: in force on a day, or with its history."""
    words = said("word", lang)
    what = f"{words['on']} {day}" if day else words["history"]
    lines = [f"{found.name[lang]}{words['behind'].format(found.id)} · {what}", ""]
    for name in found.parameters:
        lines += _parameter(found, name, day, lang)
        if name == "window":
            lines += _lenders(found, day, lang)
            if found.sectors:
                lines += _sectors(found, day, lang)
    return fitted(lines, width)


def overview(day: dt.date | None, lang: str, width: int = WIDTH) -> list[str]:
    """One line a facility, with its launch, window and when it was last checked."""
    words, lines = said("word", lang), []
    for name in facilities():
        found = facility(name)
        window = value_text(PARAMETERS["window"], found["window"].latest().value, lang)
        facts = f"{words['launch']} {found['launch'].latest().value} · {getattr(PARAMETERS['window'], lang)} {window}"
        facts += f" · {words['last_checked']} {last_checked(found)}"
        lines += [f"{name}  {found.name[lang]}", f"    {facts}"]
        if day:
            shown = [
                f"{getattr(PARAMETERS[p], lang)} {value_text(PARAMETERS[p], found[p].on(day).value, lang)}"
                for p in ("rate", "ratio")
            ]
            lines.append(f"    {words['on']} {day} · " + " · ".join(shown))
    return fitted(lines, width)
