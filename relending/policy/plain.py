"""Policy as plain JSON-ready values, and back: a run's manifest keeps the policy it used, ``explain`` rebuilds it.

The shape is that of the data files: dates as ISO text, rates and ratios as exact decimal text (fractions), amounts as
exact decimal text (yuan), LPR as percent text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from relending.policy.fixings import PPM_PER_PERCENT, Fixing, Lpr, percent_to_ppm
from relending.policy.names import Lender
from relending.policy.parameters import PARAMETERS
from relending.policy.parse import BP, FEN, PPM, Reader
from relending.policy.read import build
from relending.policy.values import DatedValue, Facility, Membership, Pool, Quota, SectorListing, Window


def fixed(value: int, scale: int) -> str:
    """``value / scale`` as decimal text with as many decimals as the scale has zeros, from integers only.

    >>> fixed(6000, 10_000), fixed(17500, 1_000_000), fixed(5, 1)
    ('0.6000', '0.017500', '5')
    """
    decimals = len(str(scale)) - 1
    whole, part = divmod(value, scale)
    return f"{whole}.{part:0{decimals}d}" if decimals else str(whole)


def _value(kind: str, value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Window):
        return {"first": value.first.isoformat(), "last": value.last.isoformat()}
    if isinstance(value, Quota):
        if not value.pools:
            return {"kind": value.kind}
        return {"kind": value.kind, "pools": [_pool(p) for p in value.pools]}
    if isinstance(value, Mapping):
        return {str(term): fixed(ppm, PPM) for term, ppm in value.items()}
    if isinstance(value, tuple):
        return list(value)
    if kind == "ratio":
        return fixed(value, BP)
    if kind in ("rate", "rate_table", "ratio_ppm"):
        return fixed(value, PPM)
    return value


def _pool(pool: Pool) -> dict[str, Any]:
    return {"id": pool.id, "amount": fixed(pool.amount_fen, FEN), "sectors": list(pool.sectors)}


def _meta(entry: DatedValue | Membership | SectorListing | Fixing | Lender) -> dict[str, Any]:
    return {
        "source": entry.source,
        **({"source_zh": entry.source_zh} if entry.source_zh else {}),
        "status": entry.status,
        "checked": entry.checked.isoformat() if entry.checked else None,
    }


def to_plain(facility: Facility) -> dict[str, Any]:
    """A facility as plain values, in the shape of its file.

    >>> from relending.policy import facility
    >>> to_plain(facility("cerf"))["ratio"][0]["value"]
    '0.6000'
    """
    out: dict[str, Any] = {"id": facility.id, "name": dict(facility.name)}
    for name, dated in facility.parameters.items():
        out[name] = [
            {"from": v.start.isoformat(), "value": _value(PARAMETERS[name].kind, v.value), **_meta(v)}
            for v in dated.values
        ]
    out["lenders"] = [
        {"from": m.start.isoformat(), "ids": list(m.ids), "classes": list(m.classes), **_meta(m)}
        for m in facility.lenders
    ]
    out["sectors"] = [{"from": s.start.isoformat(), "codes": list(s.codes), **_meta(s)} for s in facility.sectors]
    if facility.caps:
        out["caps"] = {period: fixed(fen, FEN) for period, fen in facility.caps.items()}
    return out


def _number(kind: str, value: Any) -> Any:
    """Decimal text back to numbers, where the kind of value has them."""
    if kind in ("ratio", "rate", "ratio_ppm") or (kind == "rate_table" and isinstance(value, str)):
        return Decimal(value)
    if kind == "rate_table":
        return {term: Decimal(rate) for term, rate in value.items()}
    if kind == "quota" and "pools" in value:
        return {**value, "pools": [{**p, "amount": Decimal(p["amount"])} for p in value["pools"]]}
    return value


def from_plain(plain: Mapping[str, Any]) -> Facility:
    """The facility that :func:`to_plain` wrote; ValueError with every problem if it is damaged.

    >>> from relending.policy import facility
    >>> from_plain(to_plain(facility("cerf"))) == facility("cerf")
    True
    """
    raw = dict(plain)
    try:
        for name in PARAMETERS:
            if name in raw:
                raw[name] = [{**v, "value": _number(PARAMETERS[name].kind, v["value"])} for v in raw[name]]
        raw["caps"] = {period: int(Decimal(yuan) * FEN) for period, yuan in raw.get("caps", {}).items()}
        codes = [c for s in raw["sectors"] for c in s["codes"]]
        codes += [c for v in raw["quota"] for p in v["value"].get("pools", ()) for c in p["sectors"]]
        reader = Reader(codes=tuple(dict.fromkeys(codes)))
        found = build(reader, raw, str(raw["id"]))
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"this is no facility as a run keeps it: {error!r}") from error
    if reader.problems:
        raise ValueError("\n".join(map(str, reader.problems)))
    return found


def lender_to_plain(lender: Lender) -> dict[str, Any]:
    """A lender as plain values."""
    return {
        "id": lender.id,
        "class": lender.cls,
        "full_name": dict(lender.full_name),
        "short_name": dict(lender.short_name),
        "names": list(lender.names),
        **_meta(lender),
    }


def lender_from_plain(plain: Mapping[str, Any]) -> Lender:
    """The lender that :func:`lender_to_plain` wrote.

    >>> from relending.policy import lenders
    >>> lender_from_plain(lender_to_plain(lenders()["boc"])) == lenders()["boc"]
    True
    """
    return Lender(
        plain["id"],
        plain["class"],
        dict(plain["full_name"]),
        dict(plain["short_name"]),
        tuple(plain["names"]),
        plain["source"],
        plain["status"],
        _date(plain["checked"]),
        plain.get("source_zh", ""),
    )


def lpr_to_plain(lpr: Lpr) -> list[dict[str, Any]]:
    """LPR fixings as plain values, rates in percent as published (4 decimals)."""
    return [
        {
            "date": f.date.isoformat(),
            "lpr_1y": fixed(f.lpr_1y_ppm, PPM_PER_PERCENT),
            "lpr_5y": fixed(f.lpr_5y_ppm, PPM_PER_PERCENT),
            **_meta(f),
        }
        for f in lpr.fixings
    ]


def lpr_from_plain(plain: list[dict[str, Any]]) -> Lpr:
    """The LPR that :func:`lpr_to_plain` wrote.

    >>> from relending.policy import lpr
    >>> lpr_from_plain(lpr_to_plain(lpr())) == lpr()
    True
    """
    return Lpr(
        tuple(
            Fixing(
                dt.date.fromisoformat(r["date"]),
                percent_to_ppm(r["lpr_1y"]),
                percent_to_ppm(r["lpr_5y"]),
                r["source"],
                r["status"],
                _date(r["checked"]),
                r.get("source_zh", ""),
            )
            for r in plain
        )
    )


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
