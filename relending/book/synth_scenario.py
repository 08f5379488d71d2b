"""The scenario file beside a synthetic book: lenders, facilities, horizon, an assumed path of own_rate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from relending.book.synth_profile import profile


def scenario_text(book: Path, prepayments: Path, loans: int, seed: int, rows: Mapping[str, int]) -> str:
    """The text of the scenario; ``rows``: how many rows have each defect."""
    p = profile()
    own = ",\n".join(f"    {{ from = {x['from']}, value = {x['value']} }}" for x in p["own_rate"])
    spoilt = f", {sum(rows.values())} rows with a defect" if rows else ""
    lines = [
        "# Written by `relending synth`: an invented book of invented banks. own_rate is an assumption.",
        *(f"# defect {name}: {n} rows" for name, n in rows.items()),
        "",
        "[scenario]",
        f"name = {_quoted('synth-' + book.stem)}",
        f'title = {{ zh = "合成借据簿，{loans} 笔", en = "Synthetic book, {loans} loans" }}',
        f'description = "{loans} invented loans, seed {seed}{spoilt}"',
        f'description_zh = "{loans}笔虚构借据，种子{seed}"',
        f"book = {_quoted(book.name)}",
        f"prepayments = {_quoted(prepayments.name)}",
        f'lender = "{p["lenders"][0]["id"]}"',
        f"start = {p['first']}",
        f"end = {p['end']}",
        f"facilities = {json.dumps(_facilities())}",
        "",
    ]
    for bank in p["lenders"]:
        lines += [
            f"[lenders.{bank['id']}]",
            f'class = "{bank["class"]}"',
            f'full_name = {{ zh = "{bank["zh"]}股份有限公司", en = "{bank["en"]}" }}',
            f'short_name = {{ zh = "{bank["zh"]}", en = "{bank["en"]}" }}',
        ]
        if "admitted" in bank:
            lines += [f"admitted = {{ {bank['admitted']} = {_launch(bank['admitted'])} }}"]
        lines.append("")
    return "\n".join([*lines, "[market]", "own_rate = [", own + ",", "]", ""])


def _facilities() -> list[str]:
    """The facilities whose lists name the technologies of the profile, in their order."""
    from relending import policy

    named = [policy.sectors()[t["sector"]].facility for t in profile()["technology"] if t["sector"] in policy.sectors()]
    return list(dict.fromkeys(named))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _launch(facility: str) -> str:
    from relending import policy

    return str(policy.facility(facility)["launch"].latest().value)
