"""Synthetic loan books: any number of plausible loans, the same for the same seed, for trials and benchmarks.

Sizes, terms and the mix of sectors stand in ``synth.toml`` (assumptions, not policy); the LPR, the windows and the
lists of the facilities come from the policy data. Everything is drawn with one seeded generator over whole arrays.
Floats only propose figures: amounts are whole numbers of 10 thousand yuan, rates of a basis point.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from relending import dates

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Ints = Any  # an int64 array; numpy's own alias would say less

WAN_FEN = 1_000_000  # 10 thousand yuan in fen
ISSUE_TYPES = ("new", "refinanced", "restructured", "renewed")
REPAYMENTS = ("equal_principal", "equal_installment", "bullet")
EVIDENCE = ("feasibility_study", "eia", "third_party")
DEFECTS = (
    "negative_principal",
    "no_principal",
    "bare_rate",
    "matures_first",
    "duplicate_id",
    "grace_late",
    "negative_reduction",
)


@cache
def profile() -> dict[str, Any]:
    """The content of ``synth.toml``: technologies, lenders, provinces, shares of spoilt rows.

    >>> profile()["technology"][0]["sector"]
    'solar'
    """
    text = resources.files("relending.book").joinpath("synth.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class _Projects:
    """One entry a project: technology, lender, province and region as indices; amounts in 10 thousand yuan."""

    loans: Ints
    tech: Ints
    lender: Ints
    region: Ints
    start: Ints
    investment_wan: Ints
    share_bp: Ints
    discount_bp: Ints
    study: Ints
    over: Any


def _pick(rng: np.random.Generator, weights: list[int], n: int) -> Ints:
    """n indices drawn with integer weights (no float decides, so every machine draws the same)."""
    edges = np.cumsum(np.asarray(weights, np.int64))
    return np.searchsorted(edges, rng.integers(0, edges[-1], n), side="right")


def _per(rng: np.random.Generator, ten_thousandths: int, n: int) -> NDArray[np.bool_]:
    return rng.integers(0, 10_000, n) < ten_thousandths


def _windows() -> tuple[Ints, Ints]:
    """First and last likely disbursement day of each technology, from the policy files."""
    from relending import policy

    p = profile()
    first, last = dates.to_day(p["first"]), dates.to_day(p["last"])
    lo, hi = [], []
    for t in p["technology"]:
        sector = policy.sectors().get(t["sector"])
        if sector is None:
            lo.append(first)
            hi.append(last)
            continue
        rules = policy.facility(sector.facility)
        window = rules["window"].latest().value
        listed = rules.listed_from(t["sector"])
        begins = max(window.first, listed) if listed is not None else window.first
        lo.append(max(first, dates.to_day(begins)))
        hi.append(min(last, dates.to_day(window.last)))
    return np.array(lo, np.int64), np.array(hi, np.int64)


def _projects(rng: np.random.Generator, loans: int) -> _Projects:
    p = profile()
    techs = p["technology"]
    counts = np.minimum(rng.geometric(0.45, loans), 6).astype(np.int64)
    reached = np.cumsum(counts)
    n = int(np.searchsorted(reached, loans, side="left")) + 1
    counts = counts[:n]
    counts[-1] -= int(reached[n - 1]) - loans
    tech = _pick(rng, [t["weight"] for t in techs], n)
    lender = _pick(rng, [b["weight"] for b in p["lenders"]], n)
    first, last = _windows()
    span = (last - first)[tech]
    start = first[tech] + (rng.random(n) * span).astype(np.int64)
    median = np.array([t["investment"] for t in techs], np.float64)[tech]
    sigma = np.array([float(t["sigma"]) for t in techs])[tech]
    size = median * np.exp(sigma * rng.standard_normal(n))
    investment = np.clip(np.rint(size), 200, 5_000_000).astype(np.int64)
    share_bp = rng.integers(2_000, 7_501, n)
    lent, most = int((investment * share_bp // 10_000).sum()), int(p["most_lent_wan"])
    if lent > most:  # a big book is one of small loans, not one of more money than the country lends
        investment = np.maximum(investment * most // lent, 20)
    over = _per(rng, p["spoilt"]["share_over_one"], n)
    return _Projects(
        counts,
        tech,
        lender,
        rng.integers(0, len(p["provinces"]), n),
        start,
        investment,
        share_bp,
        rng.integers(0, 151, n),
        rng.integers(0, 3, n),
        over,
    )


def _principals(rng: np.random.Generator, projects: _Projects, at: Ints) -> tuple[Ints, Ints]:
    """Principal of each loan and investment of each project, in 10 thousand yuan; lent: at most three quarters."""
    starts = np.cumsum(projects.loans) - projects.loans
    weight = rng.integers(20, 101, len(at))
    whole = np.add.reduceat(weight, starts)
    lent = projects.investment_wan * projects.share_bp // 10_000
    principal = np.maximum(lent[at] * weight // whole[at], 10)
    total = np.add.reduceat(principal, starts)
    investment = np.maximum(projects.investment_wan, -(-total * 4 // 3))
    return principal, np.where(projects.over, np.maximum(total * 9 // 10, 1), investment)


def _ids(prefix: str, numbers: Ints, width: int = 8) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _coded(values: list[str] | tuple[str, ...], index: Ints, empty: Any = None) -> Any:
    import pyarrow as pa

    codes = pa.array(np.asarray(index, np.int32), mask=empty)
    return pa.DictionaryArray.from_arrays(codes, pa.array(list(values), pa.string())).cast(pa.string())


def _decimal(units: Ints, precision: int, scale: int, empty: Any = None) -> Any:
    """Integers in units of 10^-scale as decimal128, by their two limbs: exact and without a copy per value."""
    import pyarrow as pa

    limbs = np.empty((len(units), 2), np.int64)
    limbs[:, 0] = units
    limbs[:, 1] = np.where(np.asarray(units) < 0, -1, 0)
    kind = pa.decimal128(precision, scale)
    whole = pa.Array.from_buffers(kind, len(units), [None, pa.py_buffer(limbs)])
    if empty is None:
        return whole
    import pyarrow.compute as pc

    return pc.if_else(pa.array(empty), pa.scalar(None, kind), whole)


def _date(days: Ints, empty: Any = None) -> Any:
    import pyarrow as pa

    return pa.array(np.asarray(days, np.int32), pa.int32(), mask=empty).cast(pa.date32())


def _rates(rng: np.random.Generator, disbursed: Ints, matures: Ints, discount_bp: Ints, above: Any) -> Ints:
    """Rate of each loan in ppm: the LPR of the day and tenor less 0 to 1.6 points, a few well above it."""
    from relending import policy

    fixings = policy.lpr()
    at = np.maximum(fixings.index(disbursed), 0)
    short = matures <= dates.add_months(disbursed, 12)
    base = np.where(short, np.asarray(fixings.lpr_1y_ppm)[at], np.asarray(fixings.lpr_5y_ppm)[at])
    below = discount_bp + rng.integers(0, 11, len(disbursed))
    extra = rng.integers(60, 131, len(disbursed))
    return base + 100 * np.where(above, extra, -below)


def make_book(loans: int, seed: int, defects: float = 0.0) -> pa.Table:
    """A synthetic loan book in canonical columns: money in yuan, rates as fractions, exact decimals.

    Rows are in the order disbursed. About 2 to 3 % of the loans are ineligible, for every reason that can occur;
    ``defects`` is the share of rows that also carry a data error (0 to 1). Same arguments, same table.

    >>> book = make_book(100, seed=1)
    >>> book.num_rows, book.equals(make_book(100, seed=1)), book.equals(make_book(100, seed=2))
    (100, True, False)
    """
    if loans < 1:
        raise ValueError(f"loans: {loans}; expected at least 1")
    if not 0 <= defects <= 1:
        raise ValueError(f"defects: {defects}; expected a share from 0 to 1")
    rng = np.random.Generator(np.random.PCG64(seed))
    p = profile()
    projects = _projects(rng, loans)
    at = np.repeat(np.arange(len(projects.loans)), projects.loans)
    principal, investment = _principals(rng, projects, at)
    nth = np.arange(loans) - (np.cumsum(projects.loans) - projects.loans)[at]
    _, last = _windows()
    tech = projects.tech[at]
    drawn = projects.start[at] + nth * rng.integers(20, 241, loans)
    drawn = np.minimum(drawn, last[tech] - rng.integers(0, 60, loans))
    first_day = dates.to_day(p["first"])
    outside = _per(rng, p["spoilt"]["outside_window"], loans)
    away = rng.integers(1, 181, loans)
    # before the first window, or after it where it closes early enough (clean coal)
    beyond = np.where(last[tech] < dates.to_day(p["last"]), last[tech] + away, first_day - away)
    drawn = np.where(outside, beyond, np.maximum(drawn, first_day))
    order = np.lexsort((np.arange(loans), drawn))
    at, tech, drawn, principal, nth = at[order], tech[order], drawn[order], principal[order], nth[order]
    columns = _columns(rng, p, projects, at, tech, drawn, principal, investment[at])
    return _table(rng, p, columns, defects)


@dataclass(slots=True)
class _Columns:
    """The loans in integers, in the order of the file; what ``_spoil`` changes for defects."""

    at: Ints
    tech: Ints
    projects: _Projects
    number: Ints
    principal_fen: Ints
    no_principal: Any
    rate_ppm: Ints
    disbursed: Ints
    matures: Ints
    repayment: Ints
    per_year: Ints
    grace: Ints
    no_grace: Any
    investment_wan: Ints
    reduction_e6: Ints
    no_study: Any
    issue: Ints
    working: Any


def _columns(
    rng: np.random.Generator,
    p: dict[str, Any],
    projects: _Projects,
    at: Ints,
    tech: Ints,
    drawn: Ints,
    principal: Ints,
    investment: Ints,
) -> _Columns:
    n = len(at)
    techs = p["technology"]
    lo = np.array([t["months"][0] for t in techs], np.int64)[tech]
    hi = np.array([t["months"][1] for t in techs], np.int64)[tech]
    months = lo + rng.integers(0, 10_000, n) * (hi - lo + 1) // 10_000
    matures = dates.add_months(drawn, months)
    working = np.array([t["months"][1] <= 12 for t in techs])[tech]
    above = _per(rng, p["spoilt"]["rate_above_limit"], n)
    rate = _rates(rng, drawn, matures, projects.discount_bp[at], above)
    repayment = np.where(working, 2, _pick(rng, [70, 20, 10], n))
    per_year = np.array([4, 2, 12, 1], np.int64)[_pick(rng, [70, 15, 10, 5], n)]
    no_grace = (months <= 60) | (rng.integers(0, 10, n) >= 6)
    grace = dates.add_months(drawn, rng.integers(6, 25, n))
    low = np.array([int(t["tonnes"][0] * 1000) for t in techs], np.int64)
    high = np.array([int(t["tonnes"][1] * 1000) for t in techs], np.int64)
    of_project = rng.integers(0, 1_001, len(projects.loans))
    per_wan = low[projects.tech] + (high - low)[projects.tech] * of_project // 1_000
    reduction = investment * per_wan[at] // 1_000 * 1_000_000
    not_new = _per(rng, p["spoilt"]["not_new"], n)
    issue = np.where(not_new, rng.integers(1, 4, n), 0)
    missing = _per(rng, p["spoilt"]["evidence_missing"], n)
    return _Columns(
        at,
        tech,
        projects,
        np.arange(1, n + 1),
        principal * WAN_FEN,
        np.zeros(n, bool),
        rate,
        drawn,
        matures,
        repayment,
        per_year,
        grace,
        no_grace,
        investment,
        reduction,
        missing,
        issue,
        working,
    )


def _spoil(rng: np.random.Generator, c: _Columns, defects: float) -> None:
    """Give a share of the rows one data error each."""
    n = len(c.at)
    rows = np.flatnonzero(rng.integers(0, 1_000_000, n) < round(defects * 1_000_000))
    kind = rng.integers(0, len(DEFECTS), len(rows))
    of = {name: rows[kind == i] for i, name in enumerate(DEFECTS)}
    c.principal_fen[of["negative_principal"]] *= -1
    c.no_principal[of["no_principal"]] = True
    c.rate_ppm[of["bare_rate"]] *= 100
    late = of["matures_first"]
    c.matures[late] = c.disbursed[late] - 30
    twice = of["duplicate_id"]
    c.number[twice] = np.maximum(twice, 1)  # the number of the row before
    late = of["grace_late"]
    c.grace[late] = c.matures[late] + 90
    c.no_grace[late] = False
    negative = of["negative_reduction"]
    c.reduction_e6[negative] = -1_000_000


def _table(rng: np.random.Generator, p: dict[str, Any], c: _Columns, defects: float) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if defects:
        _spoil(rng, c, defects)
    techs = p["technology"]
    at, project = c.at, c.projects
    kw = np.array([t["yuan_per_kw"] for t in techs], np.int64)[c.tech]
    hours = np.array([t["hours"] for t in techs], np.int64)[c.tech]
    capacity_kw = c.investment_wan * 10_000 // np.maximum(kw, 1)
    no_power = kw == 0
    name = _coded([t["name"] for t in techs], c.tech)
    region = _coded(p["provinces"], project.region[at])
    padded = _ids("", at + 1, 7)
    project_name = pc.binary_join_element_wise(region, name, padded, "号项目", "")
    borrower = pc.binary_join_element_wise(region, "能源", padded, "有限公司", "")
    lender_ids = [b["id"] for b in p["lenders"]]
    coal = np.array([t["sector"].startswith(("coal", "civil")) for t in techs])[c.tech]
    lender = np.where(coal & (at % 50 != 0), 0, project.lender[at])  # in coal it is nearly always the first bank
    shared = (at % 25 == 0) & (np.arange(len(at)) % 2 == 1) & ~coal  # projects two banks lend to
    lender = np.where(shared, 1, lender)
    no_old = c.issue == 0
    columns = {
        "loan_id": _ids("SYN", c.number),
        "contract_id": _ids("HT", at + 1),
        "lender": _coded(lender_ids, lender),
        "branch": _coded([f"第{i + 1}支行" for i in range(40)], at % 40),
        "borrower": borrower,
        "project_id": _ids("P", at + 1),
        "project_name": project_name,
        "sector": _coded([t["sector"] for t in techs], c.tech),
        "purpose": _coded(("project", "working_capital"), c.working.astype(np.int64)),
        "issue_type": _coded(ISSUE_TYPES, c.issue),
        "principal": _decimal(c.principal_fen, 18, 2, c.no_principal),
        "rate": _decimal(c.rate_ppm, 9, 6),
        "disbursed": _date(c.disbursed),
        "matures": _date(c.matures),
        "repayment": _coded(REPAYMENTS, c.repayment),
        "payments_per_year": pa.array(c.per_year),
        "grace_until": _date(c.grace, c.no_grace),
        "project_investment": _decimal(c.investment_wan * WAN_FEN, 18, 2),
        "project_reduction": _decimal(c.reduction_e6, 18, 6, c.no_study),
        "evidence": _coded(EVIDENCE, project.study[at], c.no_study),
        "region": region,
        "capacity_mw": _decimal(capacity_kw, 14, 3, no_power),
        "output_mwh": _decimal(capacity_kw * hours, 16, 3, no_power),
        "refinances": _coded(("OLD-0001", "OLD-0002"), np.arange(len(at)) % 2, no_old),
    }
    return pa.table(columns)


def make_prepayments(book: pa.Table, seed: int, share: float = 0.002) -> pa.Table:
    """Part prepayments during the grace period, so never more than is outstanding: loan_id, date, amount (yuan).

    ``share`` is the share of the loans that get one (0 to 1); loans without a month of grace get none.

    >>> make_prepayments(make_book(500, seed=1), seed=1, share=0.5).column_names
    ['loan_id', 'date', 'amount']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    disbursed = book["disbursed"].combine_chunks().cast(pa.int32()).to_numpy().astype(np.int64)
    grace = book["grace_until"].combine_chunks().cast(pa.int32()).fill_null(-1).to_numpy().astype(np.int64)
    matures = book["matures"].combine_chunks().cast(pa.int32()).to_numpy().astype(np.int64)
    ids = book["loan_id"].combine_chunks()
    wan = pc.fill_null(
        pc.cast(pc.floor(pc.divide(book["principal"].combine_chunks().cast(pa.float64()), 10_000.0)), pa.int64()), 0
    ).to_numpy()
    chosen = rng.integers(0, 1_000_000, book.num_rows) < round(share * 1_000_000)
    rows = np.flatnonzero(chosen & (grace > disbursed + 30) & (grace < matures) & (wan > 0))
    once = np.asarray(pc.value_counts(ids.take(pa.array(rows))).field("counts")) if len(rows) else rows
    if len(once) != len(rows):  # a book with duplicate ids spoilt on purpose: keep the first of each
        _, keep = np.unique(np.asarray(ids.take(pa.array(rows)).to_pylist()), return_index=True)
        rows = rows[np.sort(keep)]
    day = disbursed[rows] + 15 + rng.integers(0, 10_000, len(rows)) * (grace[rows] - disbursed[rows] - 16) // 10_000
    tenths = rng.integers(1, 11, len(rows))
    amount = np.maximum(wan[rows] * tenths // 10, 1)
    fen = _decimal(amount * WAN_FEN, 18, 2)
    return pa.table({"loan_id": ids.take(pa.array(rows)), "date": _date(day), "amount": fen})
