"""A block of a synthetic book as a table: in canonical columns, or as a bank exports it.

Both hold the same loans in typed columns; the words that only text can hold come as ``Cells.words``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from relending.book.columns import columns as dictionary
from relending.book.synth_arrow import coded, date, decimal, numbered, replaced
from relending.book.synth_defects import words_at
from relending.book.synth_names import BORROWERS, NAMES, borrowers, branches, projects, trades
from relending.book.synth_profile import Ints, profile
from relending.book.synth_rows import Rows

ISSUE_TYPES = ("new", "refinanced", "restructured", "renewed")
REPAYMENTS = ("equal_principal", "equal_installment", "bullet")
EVIDENCE = ("feasibility_study", "eia", "third_party")
PURPOSES = ("project", "working_capital")
_OLD = ("OLD-0001", "OLD-0002")
_SHIFT = "\x7f"


@dataclass(frozen=True, slots=True)
class Style:
    """How a book is written: the digits of money, rates, capacity and output after the point, what words are called.

    ``headers``: column -> header; ``bank``: whether the table has a title, a unit row and rows below.
    """

    name: str
    headers: Mapping[str, str]
    money: int
    rate: int
    power: int
    bank: bool

    def words(self, column: str, values: tuple[str, ...]) -> tuple[str, ...]:
        """The words of an enumerated column."""
        return tuple(dictionary()[column].values[v][0] for v in values) if self.bank else values


PLAIN = Style("plain", {}, 2, 6, 3, False)
"""Canonical headers, yuan, fractions, MW and MWh, codes."""


def bank_style() -> Style:
    """Chinese headers, 10 thousand yuan (said above the header), per cent, 10 thousand kW and kWh, Chinese words.

    >>> bank_style().headers["rate"], bank_style().headers["principal"]
    ('发放时利率（%）', '贷款金额')
    """
    unit = {
        "rate": "（%）",
        "project_reduction": "（吨）",
        "loan_reduction_reported": "（吨）",
        "capacity_mw": "（万千瓦）",
        "output_mwh": "（万千瓦时）",
    }
    headers = {name: c.zh + unit.get(name, "") for name, c in dictionary().items()}
    return Style("bank", headers, 6, 4, 4, True)


STYLES: Mapping[str, Callable[[], Style]] = {"plain": lambda: PLAIN, "bank": bank_style}


@dataclass(frozen=True, slots=True)
class Cells:
    """A block as written: typed columns under canonical names, and words that stand in some cells instead.

    ``words``: column -> (rows, ascending; texts).
    """

    table: pa.Table
    words: dict[str, tuple[Ints, list[str]]]

    def columns(self) -> Iterator[tuple[str, pa.ChunkedArray]]:
        """The columns with their names."""
        return zip(self.table.column_names, self.table.columns, strict=True)

    def slices(self, rows: int) -> Iterator[Cells]:
        """The same in pieces of so many rows."""
        for start in range(0, self.table.num_rows, rows):
            words = {}
            for name, (at, texts) in self.words.items():
                a, b = np.searchsorted(at, (start, start + rows))
                words[name] = at[a:b] - start, texts[a:b]
            yield Cells(self.table.slice(start, rows), words)


def cells(rows: Rows, style: Style) -> Cells:
    """The block in a style, one column a column of the dictionary."""
    return Cells(pa.table(_columns(rows, style)), _words(rows, style))


def _columns(rows: Rows, style: Style) -> dict[str, pa.Array]:
    p = profile()
    techs, at, project, tech = p["technology"], rows.at, rows.projects, rows.tech
    region = project.region[at].astype(np.int32)
    sites = len(p["provinces"])
    trade = np.array(trades(), np.int32)[tech]
    words = len(p["names"]["branches"])
    branch = (rows.lender * sites + region) * words + at % words
    lenders = [b["zh" if style.bank else "id"] for b in p["lenders"]]
    no_power = project.capacity_kw[at] == 0
    rate = np.where(rows.mask("bare_rate"), _bare(rows.rate_ppm, style), rows.rate_ppm)
    longest = np.array([t["months"][1] for t in techs])[tech]
    ids = numbered("SYN", rows.number, empty=rows.mask("missing_id"))
    hidden = rows.spoilt.get("hidden_character")
    if hidden is not None:
        ids = replaced(ids, hidden, [f"{ids[int(i)].as_py()}{_SHIFT}" for i in hidden])
    return {
        "loan_id": ids,
        "contract_id": numbered("", at + 1, 10),
        "lender": _put(rows, "unknown_lender", coded(lenders, rows.lender)),
        "branch": coded(branches(), branch),
        "borrower": coded(borrowers(), (trade * sites + region) * BORROWERS + project.borrower[at]),
        "project_id": numbered("P", rows.project, empty=rows.mask("missing_project")),
        "project_name": coded(projects(), (tech.astype(np.int32) * sites + region) * NAMES + project.name[at]),
        "sector": _put(rows, "unknown_sector", coded(_sectors(style), tech)),
        "purpose": coded(style.words("purpose", PURPOSES), longest <= 12),
        "issue_type": coded(style.words("issue_type", ISSUE_TYPES), rows.issue),
        "principal": decimal(rows.principal_fen, 18, style.money, rows.mask("no_principal")),
        "rate": decimal(rate, 9, style.rate),
        "disbursed": date(rows.disbursed),
        "matures": date(rows.matures),
        "repayment": _put(rows, "unknown_repayment", coded(style.words("repayment", REPAYMENTS), rows.repayment)),
        "payments_per_year": pa.array(rows.per_year),
        "grace_until": date(rows.grace, rows.no_grace),
        "project_investment": decimal(rows.investment_fen, 18, style.money),
        "project_reduction": decimal(rows.reduction_t, 18, 0, rows.no_study),
        "loan_reduction_reported": decimal(rows.reported, 18, 2, rows.no_reported),
        "evidence": coded(style.words("evidence", EVIDENCE), project.study[at], rows.no_study),
        "region": coded(p["provinces"], region),
        "capacity_mw": decimal(project.capacity_kw[at], 14, style.power, no_power),
        "output_mwh": decimal(project.output_kwh[at], 16, style.power, no_power),
        "refinances": coded(_OLD, np.arange(len(rows)) % 2, rows.issue == 0),
    }


def _bare(rate_ppm: Ints, style: Style) -> Ints:
    """A rate in the other unit than the header says: per cent for a fraction, a fraction for per cent."""
    return rate_ppm // 100 if style.bank else rate_ppm * 100


def _sectors(style: Style) -> list[str]:
    from relending import policy

    known = policy.sectors()
    codes = [t["sector"] for t in profile()["technology"]]
    return [known[code].zh if style.bank and code in known else code for code in codes]


def _put(rows: Rows, defect: str, array: pa.DictionaryArray) -> pa.Array:
    """The column with the words of a defect in its rows."""
    at = rows.spoilt.get(defect)
    return array if at is None else replaced(array, at, words_at(defect, at + rows.start))


def _words(rows: Rows, style: Style) -> dict[str, tuple[Ints, list[str]]]:
    out: dict[str, tuple[Ints, list[str]]] = {}
    amounts: dict[int, str] = {}
    for i in rows.spoilt.get("finer_than_fen", ()):
        whole, part = divmod(int(rows.principal_fen[i]), 10**style.money)
        amounts[int(i)] = f"{whole}.{part:0{style.money}d}5"
    unread = rows.spoilt.get("unreadable_number", np.zeros(0, np.int64))
    amounts.update(zip(unread.tolist(), words_at("unreadable_number", unread + rows.start), strict=True))
    if amounts:
        order = sorted(amounts)
        out["principal"] = np.array(order, np.int64), [amounts[i] for i in order]
    undated = rows.spoilt.get("unreadable_date")
    if undated is not None:
        out["disbursed"] = undated, list(words_at("unreadable_date", undated + rows.start))
    return out


def headers(style: Style, names: list[str]) -> list[str]:
    """The headers of these columns."""
    return [style.headers.get(name, name) for name in names]
