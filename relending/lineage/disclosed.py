"""The loans behind every disclosed figure 披露数据与借据: which count in which horizon, and that they add up to it.

What the engine summed while it ran is walked back here from the saved tables alone, loan by loan, and compared: a
figure that is not the sum of its loans (and of what its horizon began with) is a broken identity, never printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import parse_quarter, quarter_end, quarter_of, quarter_text
from relending.engine.block import NEVER, make_block
from relending.engine.claims import FUNDED
from relending.engine.columns import Flags, arrow, codes, frame_of, in_order, ints, whole
from relending.engine.context import Context, launch_day
from relending.engine.disclosure import HORIZONS, rate_of
from relending.engine.ineligible import RESTATED
from relending.engine.opening_totals import SINCE_START, TABLE, TOTAL, YEAR, Totals, groups_of, opening_totals
from relending.engine.repricing import make_pricing, rate_on
from relending.findings import InvariantError
from relending.lineage.case import DamagedRun, facility_of
from relending.lineage.fitting import check_fit
from relending.lineage.whynot import Saved
from relending.policy import Facility, fields, sectors
from relending.units import E8, PPM, Ints, exact_sums, from_limbs, weighted_limbs

Key = tuple[str, str]
"""A horizon and a code (total, a field or a sector)."""
QUARTER = "quarter"
CURRENT = "current"
INPUTS = {
    "investment_fen": "project_investment_fen",
    "project_reduction_g": "project_reduction_g",
    "evidence": "evidence",
    "evidence_doc": "evidence_doc",
}
"""What a loan's reduction is worked out from: column of ``Disclosed.loans`` -> column of the book."""
COUNTED = ("place", "sector", "quarter", "left", "amount_fen", "rate_ppm", "reduction_g")
"""The columns of loans that are only counted."""
NAMED = ("loan_id", "project_id", "field", "principal_fen")
"""What is said besides of loans that are looked at one by one."""
READ = ("loan_id", "lender", "facility", "disbursed", "sector", "principal_fen", "rate_ppm", "reduction_g")
"""What of the attribution counting needs."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Exact figures of a cell: projects, fen, fen x rate scaled 10**8, grams."""

    projects: int = 0
    amount: int = 0
    weighted: int = 0
    reduction: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, n) + getattr(other, n) for n in Figures.__slots__))

    @property
    def rate_e8(self) -> int | None:
        """The weighted average rate as the disclosure table has it; None where there is nothing to weigh."""
        return rate_of(0, self.amount, self.weighted)


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What one lender disclosed of one facility in a quarter.

    ``loans``: every supported loan disclosed by then, in input order, as a step frame: place (in the run's tables),
    loan_id, project_id, field, sector, quarter (a number), principal_fen, amount_fen and reduction_g as they count,
    rate_ppm, left (the quarter from which it counts no more, null for most), in_quarter, in_year, in_since_start, and
    of its project as it counts for the loan investment_fen, project_reduction_g (of a year), evidence, evidence_doc.
    ``cells`` are the figures by horizon and code, ``began`` those among them that the run began with, ``through`` the
    last quarter that these cover, by horizon, and ``known`` the ids of the projects named in these, which no loan adds
    again; ``basis`` is recorded, simulated or mixed.
    """

    lender: str
    facility: Facility
    quarter: int
    loans: pd.DataFrame
    cells: Mapping[Key, Figures]
    began: Mapping[Key, Figures]
    basis: str
    through: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[Key, frozenset[str]] = field(default_factory=dict)

    @property
    def fields(self) -> list[str]:
        """The fields of the facility, in the order of the lists."""
        return fields_of(self.facility)

    def counted(self, horizon: str, code: str = TOTAL) -> Flags:
        """Which loans make up a cell, beside what its horizon began with."""
        kept = self.loans[f"in_{horizon}"].to_numpy(dtype=bool)
        return kept if code == TOTAL else kept & coded(self.loans, code)


def fields_of(rules: Facility) -> list[str]:
    """The fields whose sectors a facility ever lists, in the order of the lists."""
    mine = set(groups_of(rules))
    return [code for code in fields() if code in mine]


def sectors_of(rules: Facility) -> list[str]:
    """The sectors a facility ever lists, in the order of the lists."""
    mine = set(rules.codes())
    return [code for code in sectors() if code in mine]


def coded(loans: pd.DataFrame, code: str) -> Flags:
    """Which loans are of a field or sector."""
    level = "field" if code in fields() else "sector"
    return loans[level].eq(code).fillna(False).to_numpy(dtype=bool)


def disclosed_in(loans: pd.DataFrame, context: Context) -> Ints:
    """The quarter each of these supported loans is disclosed in (rows of ``attribution``)."""
    day, _ = ints(loans, "disbursed")
    launch = {f.id: launch_day(f) for f in context.facilities}
    place, names = codes(loans, "facility")
    first = np.array([launch[str(name)] for name in names], np.int64)
    return quarter_of(np.maximum(day, first[place])) if len(loans) else day


def began_with(tables: Mapping[str, pd.DataFrame], lenders: list[str], context: Context) -> Totals:
    """The opening totals of a run; ``lenders`` gives their positions."""
    if TABLE not in tables:
        return Totals()
    table = tables[TABLE]
    quarters = pd.array([parse_quarter(q) for q in table["through"]], pd.ArrowDtype(pa.int64()))
    return opening_totals({TABLE: table.assign(through=quarters)}, lenders, lenders, context)


def left_in(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """The loans that leave the horizons again (restated), each with the quarter from which it counts no more."""
    if "ineligible" not in tables:
        return {}
    listed = tables["ineligible"]
    gone = listed[listed["treatment"].eq(RESTATED).fillna(False).astype(bool)]
    return dict(zip(gone["loan_id"].tolist(), map(parse_quarter, gone["from_quarter"].tolist()), strict=True))


class Disclosures:
    """The disclosed figures of a run with their loans; what all lenders share is read once.

    DamagedRun where the tables of the run do not fit together.
    """

    def __init__(self, run: Saved) -> None:
        self.run, self.context = run, run.context()
        check_fit(run.tables, run.manifest)
        attribution = run.tables["attribution"]
        self._at = np.flatnonzero(attribution["supported"].to_numpy(dtype=bool))
        rows = attribution[list(READ)].iloc[self._at]
        self._quarter = disclosed_in(rows, self.context)
        amount, reduction = self._claimed(rows)
        left = left_in(run.tables)
        leaves = np.array([left.get(name, NEVER) for name in rows["loan_id"].tolist()] if left else [], np.int64)
        leaves = leaves if left else np.full(len(rows), NEVER)
        self._counts = frame_of(
            {
                "place": whole(self._at),
                **{name: arrow(rows, name) for name in ("lender", "facility", "sector", "rate_ppm")},
                "quarter": whole(self._quarter),
                "amount_fen": whole(amount),
                "reduction_g": whole(reduction),
                "left": whole(leaves, leaves != NEVER),
            }
        )

    def _claimed(self, rows: pd.DataFrame) -> tuple[Ints, Ints]:
        """Amount and reduction of supported loans as they are disclosed: of part-funded ones what is claimed."""
        amount, reduction = ints(rows, "principal_fen")[0].copy(), ints(rows, "reduction_g")[0].copy()
        if "part_funded" in self.run.tables:
            parts = self.run.tables["part_funded"]
            parts = parts[parts["claim"].eq(FUNDED).fillna(False).astype(bool)]
            at = {name: i for i, name in enumerate(rows["loan_id"].tolist())} if len(parts) else {}
            where = np.array([at[name] for name in parts["loan_id"].tolist()], np.int64)
            amount[where] = ints(parts, "claimed_fen")[0]
            reduction[where] = ints(parts, "reduction_claimed_g")[0]
        return amount, reduction

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """The supported loans, with what they are called."""
        named = self.run.tables["attribution"][list(NAMED)].iloc[self._at]
        return pd.concat([self._counts, frame_of({name: arrow(named, name) for name in NAMED})], axis=1)

    @cached_property
    def _inputs(self) -> pd.DataFrame:
        """The columns ``INPUTS`` of the supported loans: by a revision where one counts, else the loan's own."""
        from relending.lineage.balances_views import counted_figures  # which reads what is disclosed

        book = counted_figures(self.run, self._at)
        return frame_of({name: arrow(book, own) for name, own in INPUTS.items()})

    @cached_property
    def _table(self) -> dict[tuple[str, str, str], pd.DataFrame]:
        shown = self.run.tables["disclosure"]
        return dict(iter(shown.groupby(["lender", "facility", "quarter"], sort=False)))

    @cached_property
    def _began(self) -> tuple[dict[str, int], Totals]:
        lenders = sorted(set(self.run.tables["disclosure"]["lender"].unique()))
        return {name: i for i, name in enumerate(lenders)}, began_with(self.run.tables, lenders, self.context)

    @cached_property
    def _groups(self) -> dict[tuple[str, str], Ints]:
        """The supported loans of each lender and facility: places among the rows, in input order."""
        lender, lenders = codes(self._counts, "lender")
        facility, names = codes(self._counts, "facility")
        pair = lender.astype(np.int64) * max(len(names), 1) + facility
        order = in_order(pair)
        cut = np.flatnonzero(np.diff(pair[order])) + 1
        parts = np.split(order, cut) if len(order) else []
        return {(str(lenders[lender[p[0]]]), str(names[facility[p[0]]])): p for p in parts}

    def rules(self, facility: str) -> Facility:
        """The facility of that id among the run's; DamagedRun if it is none of them."""
        return facility_of(self.context, facility)

    def lenders(self, facility: str) -> list[str]:
        """The lenders with supported loans, or with figures the run began with, in code-point order."""
        places, totals = self._began
        index = next(i for i, f in enumerate(self.context.facilities) if f.id == facility)
        began = {name for name, i in places.items() if (i, index, SINCE_START) in totals.through}
        return sorted(began | {lender for lender, f in self._groups if f == facility})

    def last_quarter(self, lender: str, facility: str) -> int | None:
        """The last quarter of the run in which a lender disclosed a new loan; None where it never did."""
        inside = self._quarters(lender, facility)
        return int(inside.max()) if inside.size else None

    def first_quarter(self, lender: str, facility: str) -> int | None:
        """The first such quarter; None where there is none."""
        inside = self._quarters(lender, facility)
        return int(inside.min()) if inside.size else None

    def _quarters(self, lender: str, facility: str) -> Ints:
        mine = self._groups.get((lender, facility))
        quarters = self._quarter[[] if mine is None else mine]
        return quarters[(quarters >= self.context.first_quarter) & (quarters <= self.context.last_quarter)]

    def of(self, lender: str, facility: str, quarter: int) -> Disclosed:
        """What a lender disclosed of a facility in a quarter of the run, each figure compared with its loans.

        Raises DamagedRun where the run has no such lender, facility and quarter, and InvariantError where a figure of
        the disclosure table is not the sum of its loans and of what its horizon began with.
        """
        rules = facility_of(self.context, facility)
        mine = self._groups.get((lender, facility), np.zeros(0, np.int64))
        rows = pd.concat([self._rows.iloc[mine], self._inputs.iloc[mine]], axis=1)
        loans = self._counted(rows, lender, rules, quarter)
        table = self._table.get((lender, facility, quarter_text(quarter)))
        if table is None:
            raise DamagedRun(f"disclosure: no rows of {lender} {facility} {quarter_text(quarter)}")
        began, known = self._beginnings(lender, facility, quarter)
        cells = dict(_cells(loans, rules, began, known))
        _compare(cells, table, f"{facility} {lender} {quarter_text(quarter)}")
        through = self._counted_through(lender, facility, quarter)
        basis = str(table["basis"].iloc[-1])
        return Disclosed(lender, rules, quarter, loans, cells, began, basis, through, known)

    def counted(self, lender: str, facility: str, quarter: int) -> pd.DataFrame:
        """The loans of :meth:`of` by their place, sector and figures (``COUNTED``) and horizons, compared with nothing.

        Where only some of the loans are to be named this takes a fraction of the time: ids are the attribution's.
        """
        mine = self._groups.get((lender, facility), np.zeros(0, np.int64))
        return self._counted(self._counts[list(COUNTED)].iloc[mine], lender, self.rules(facility), quarter)

    def _counted(self, rows: pd.DataFrame, lender: str, rules: Facility, quarter: int) -> pd.DataFrame:
        by_then = rows["quarter"].to_numpy(dtype=np.int64) <= quarter
        rows = (rows if by_then.all() else rows[by_then]).reset_index(drop=True)
        rows = rows.assign(rate_ppm=frame_of({"r": whole(self._rates(rows, rules, quarter))})["r"])
        made = rows.assign(**self._horizons(rows, lender, rules.id, quarter))
        return made.drop(columns=["lender", "facility"], errors="ignore")

    def _rates(self, rows: pd.DataFrame, rules: Facility, quarter: int) -> Ints:
        """The rates that are weighed: at issue, or those of the quarter's last day."""
        at_issue, _ = ints(rows, "rate_ppm")
        if self.context.rate_basis != CURRENT or not len(rows):
            return at_issue
        at = ints(rows, "place")[0]
        block = make_block(self.run.tables["loans"].iloc[at].assign(data_error=False).reset_index(drop=True))
        every = np.arange(len(rows))
        place = next(i for i, f in enumerate(self.context.facilities) if f.id == rules.id)
        pricing, _ = make_pricing(block, np.full(len(rows), place), every, self.context)
        return rate_on(pricing, every, int(quarter_end(quarter)))

    def _through(self, lender: str, facility: str) -> dict[str, int]:
        places, totals = self._began
        index = next(i for i, f in enumerate(self.context.facilities) if f.id == facility)
        return {h: q for (who, f, h), q in totals.through.items() if (who, f) == (places.get(lender), index)}

    def _counted_through(self, lender: str, facility: str, quarter: int) -> dict[str, int]:
        """The last quarter in the figures that each horizon begins with, of the horizons of this quarter that do."""
        return {
            horizon: last
            for horizon, last in self._through(lender, facility).items()
            if quarter > last and (horizon != YEAR or last // 4 == quarter // 4)
        }

    def _beginnings(
        self, lender: str, facility: str, quarter: int
    ) -> tuple[dict[Key, Figures], dict[Key, frozenset[str]]]:
        """What each horizon began with, by code, and the projects known to be in it."""
        places, totals = self._began
        index = next(i for i, f in enumerate(self.context.facilities) if f.id == facility)
        began: dict[Key, Figures] = {}
        known: dict[Key, frozenset[str]] = {}
        for horizon in self._counted_through(lender, facility, quarter):
            for code, one in totals.figures[places[lender], index, horizon].items():
                began[horizon, code] = Figures(one.projects, one.amount, one.weighted, one.reduction)
                known[horizon, code] = one.ids or frozenset()
        return began, known

    def _horizons(self, rows: pd.DataFrame, lender: str, facility: str, quarter: int) -> dict[str, pd.Series]:
        """In which horizons each loan counts."""
        disclosed, _ = ints(rows, "quarter")
        left, leaves = ints(rows, "left")
        stays = ~leaves | (left > quarter)
        since = {QUARTER: disclosed == quarter, YEAR: disclosed >= quarter // 4 * 4, SINCE_START: stays}
        for horizon, last in self._through(lender, facility).items():
            if quarter > last:
                since[horizon] = since[horizon] & (disclosed > last)
        columns = {f"in_{h}": pa.array(since[h] & stays, pa.bool_()) for h in HORIZONS}
        made = frame_of(columns)
        return {name: made[name] for name in columns}


def _cells(
    loans: pd.DataFrame, rules: Facility, began: Mapping[Key, Figures], known: Mapping[Key, frozenset[str]]
) -> Iterator[tuple[Key, Figures]]:
    amount, rate, reduction = (ints(loans, n)[0] for n in ("amount_fen", "rate_ppm", "reduction_g"))
    project, ids = codes(loans, "project_id")
    groups = [(TOTAL, np.ones(len(loans), bool))]
    groups += [(code, coded(loans, code)) for code in (*fields_of(rules), *sectors_of(rules))]
    for horizon in HORIZONS:
        inside = loans[f"in_{horizon}"].to_numpy(dtype=bool)
        for code, some in groups:
            at = np.flatnonzero(inside & some)
            counted = {ids[i] for i in np.unique(project[at]).tolist()} - known.get((horizon, code), frozenset())
            one = np.zeros(at.size, np.int64)
            own = Figures(
                len(counted),
                exact_sums(amount[at], one, 1)[0],
                from_limbs(weighted_limbs(amount[at], rate[at], one, 1))[0] * (E8 // PPM),
                exact_sums(reduction[at], one, 1)[0],
            )
            yield (horizon, code), own + began.get((horizon, code), Figures())


def _compare(cells: Mapping[Key, Figures], table: pd.DataFrame, where: str) -> None:
    """InvariantError that names every cell whose figures are not those of its loans."""
    wrong = []
    for row in table.to_dict("records"):
        found = cells.get((row["horizon"], row["code"]))
        rate = None if pd.isna(row["weighted_rate_e8"]) else int(row["weighted_rate_e8"])
        shown = (int(row["projects"]), int(row["amount_fen"]), rate, int(row["reduction_g"]))
        if found is None or (found.projects, found.amount, found.rate_e8, found.reduction) != shown:
            wrong.append(f"{row['horizon']}/{row['code']}: {shown}, loans {found}")
    if wrong:
        raise InvariantError(f"disclosure {where}: " + "; ".join(wrong))
