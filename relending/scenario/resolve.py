"""From the tables of a scenario to the ``Scenario``: what is needed, what is allowed, what it refers to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from relending import policy
from relending.dates import quarter_end, quarter_start, to_date, whole_quarters
from relending.filenames import LONGEST, beside, unfit
from relending.findings import InputError
from relending.policy import PARAMETERS, Dated, DatedValue, Facility
from relending.policy.parse import scaled
from relending.scenario.lenders import Lender, both, find_lender, lender_hint, scenario_lenders
from relending.scenario.model import DisclosureTable, File, LenderTable, MarketTable, ScenarioTable, Words
from relending.scenario.paths import inside, leads_outside, parts_outside
from relending.scenario.places import is_shipped
from relending.scenario.problems import Problems, choices, path_text, quoted, toml_text
from relending.scenario.random_paths import RandomModel, random_model
from relending.scenario.rates import own_rate
from relending.scenario.read import SET, KeyPath, Layers
from relending.scenario.scenario import SIDE_FILES, Scenario
from relending.terminal import visible
from relending.units import FEN

EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)  # beyond these a date is a slip of the pen
USUAL_DECIMALS = 2
USUAL_PROJECTS = 3
MOST_ASSETS = Decimal("1e15")  # yuan; no bank has more


HAIRCUT = "collateral_haircut"


class Resolver:
    """One scenario being resolved: its tables, its sources, the problems met so far."""

    def __init__(
        self,
        path: Path,
        file: File,
        layers: Layers,
        broken: set[KeyPath],
        problems: Problems,
        allow_outside: bool = False,
    ) -> None:
        self.path, self.layers, self.broken, self.problems = path, layers, broken, problems
        self.scenario = file.scenario or ScenarioTable()
        self.market = file.market or MarketTable()
        self.disclosure = file.disclosure or DisclosureTable()
        self.lender_tables: Mapping[str, LenderTable] = file.lenders or {}
        self.overrides: Mapping[str, Mapping[str, Any]] = file.facility or {}
        self.later = {"sweep": file.sweep}
        self.random = file.monte_carlo
        self.notes = Problems(places=problems.places)
        self.files = list(layers.files)
        self.allow_outside = allow_outside

    def add(self, code: str, column: str, found: Any = "", expected: str = "") -> None:
        """Note a problem of a key of plain names."""
        self.problems.add(
            code, file=self.layers.origin(column.split(".")).label, column=column, found=found, expected=expected
        )

    def note(self, code: str, column: str, found: Any = "", expected: str = "") -> None:
        """Note a warning or a remark on a key: it does not stop the run."""
        self.notes.add(
            code, file=self.layers.origin(column.split(".")).label, column=column, found=found, expected=expected
        )

    def is_broken(self, *path: str) -> bool:
        """Whether this key, or a table above it, was already found wrong."""
        return any(path[:n] in self.broken for n in range(1, len(path) + 1))

    def need(self, table: str, key: str, value: Any) -> bool:
        """Whether a required key is there; noted if it was simply left out."""
        if value is None and not self.is_broken(table, key) and not self.layers.incomplete:
            self.problems.add(
                "scenario_missing_key", file=self.layers.origin((table,)).label, column=f"{table}.{key}", expected=key
            )
        return value is not None

    def run(self) -> Scenario:
        """The scenario, or an InputError with every problem."""
        for name, tables in self.later.items():
            if tables:
                self.note("table_not_used", name, ", ".join(tables))
        name = self.name()
        book = self.book()
        plan, prepayments, published = (
            self.one_file(key, getattr(self.scenario, key)) for key in ("plan", "prepayments", "published")
        )
        side = self.side_files()
        span = self.span()
        lenders = scenario_lenders(
            self.lender_tables,
            self.layers,
            self.problems,
            frozenset(p[1] for p in self.broken if len(p) > 1 and p[0] == "lenders"),
        )
        lender = self.lender(lenders)
        facilities = self.facilities()
        rates = self.own_rates(lender, span)
        reference, collateral = (self.other_rates(key, span) for key in ("reference_rate", "collateral_cost"))
        assets = self.earning_assets()
        lpr = policy.lpr()
        sweep, since = self.sweep()
        last_fixing = to_date(int(lpr.days[-1]))
        paths = self.monte_carlo(self.market.lpr_shift_from or last_fixing)
        if self.problems or span is None:
            raise InputError(self.problems.findings())
        self.notes.more += self.problems.more
        self.unchecked(facilities, span[1])
        market = self.market
        basis = self.disclosure.rate_basis or "issue"
        loan_rates = market.loan_rates or basis
        for key, value in (("lpr_shift_bp", market.lpr_shift_bp), ("lpr_shift_from", market.lpr_shift_from)):
            if value and plan is None and "current" not in (basis, loan_rates):
                # a shift of nothing is what happens anyway
                self.note("key_not_used", f"market.{key}", value, "scenario.plan, market.loan_rates")
        if self.scenario.simulate_from and "applications" not in side and not book:
            self.note("key_not_used", "scenario.simulate_from", self.scenario.simulate_from, "scenario.applications")
        for facility, given in self.overrides.items():
            if HAIRCUT in given and not collateral:
                self.note("key_not_used", f"facility.{facility}.{HAIRCUT}", given[HAIRCUT], "market.collateral_cost")
        return Scenario(
            name=name,
            title=both(self.title(), {"zh": name, "en": name}),
            description=self.description("description"),
            description_zh=self.description("description_zh"),
            path=self.path,
            book=book,
            sheet=tuple([sheet] if isinstance(sheet := self.scenario.sheet or (), str) else sheet),
            plan=plan,
            prepayments=prepayments,
            side=side,
            simulate_from=self.scenario.simulate_from,
            published=published,
            lender=lender,
            start=span[0],
            end=span[1],
            facilities=facilities,
            lenders=lenders,
            own_rate=rates,
            lpr=lpr,
            lpr_shift_bp=market.lpr_shift_bp or 0,
            lpr_shift_from=market.lpr_shift_from or last_fixing,
            reference_rate=reference,
            collateral_cost=collateral,
            earning_assets=assets,
            loan_rates=loan_rates,
            rate_basis=basis,
            ineligible=self.disclosure.ineligible or "listed",
            claim=self.disclosure.claim or "",
            decimals=self.decimals(),
            print=self.print(),
            overrides={f: dict(v) for f, v in self.overrides.items()},
            sources={
                key: at
                for key, at in self.layers.leaves().items()
                if key.split(".")[0] not in (*self.later, "monte_carlo")
            },
            files=tuple(dict.fromkeys(self.files)),
            findings=self.notes.findings(),
            sweep=sweep,
            sweep_from=since,
            given=self.layers,
            monte_carlo=paths,
        )

    def sweep(self) -> tuple[dict[str, tuple[Any, ...]], dt.date | None]:
        """The values of the [sweep] table by key, a list each, and the day from which they count."""
        out: dict[str, tuple[Any, ...]] = {}
        since = None
        for key, values in flat(self.later["sweep"] or {}).items():
            if key == "from":
                since = values if isinstance(values, dt.date) else None
                if since is None:
                    self.add("scenario_wrong_type", "sweep.from", toml_text(values), "YYYY-MM-DD")
            elif isinstance(values, list) and values:
                out[key] = tuple(values)
            else:
                self.add("sweep_values", f"sweep.{quoted(key)}", toml_text(values), "[0.4, 0.6, 0.8]")
        return out, since

    def monte_carlo(self, shift_from: dt.date) -> RandomModel | None:
        """The model of random paths; None where the file has none, or what is wrong with it was noted."""
        if self.random is None or not self.random.model_fields_set:
            return None
        return random_model(self.random, shift_from, self.add)

    def decimals(self) -> dict[str, int]:
        """Decimals of a statement, two unless the scenario says otherwise."""
        given = self.disclosure.decimals
        out = {}
        for key in ("amount", "rate", "reduction"):
            value = getattr(given, key) if given else None
            out[key] = USUAL_DECIMALS if value is None else value
        return out

    def print(self) -> dict[str, str | int]:
        """How a statement is printed beyond its decimals."""
        given = self.disclosure
        return {
            "amount_unit": given.amount_unit or "wan_yuan",
            "reduction_unit": given.reduction_unit or "t",
            "projects": USUAL_PROJECTS if given.projects is None else given.projects,
            "year_text": given.year_text or "not_in_q1",
        }

    def name(self) -> str:
        """The name: it becomes the name of a folder, on Windows too."""
        name = self.scenario.name if self.scenario.name is not None else self.path.stem
        wrong = unfit(name, LONGEST) or (visible(name) if visible(name) != name else "")
        if wrong:
            self.add("name_not_a_folder", "scenario.name", name, f"≠ {wrong}")
        return name

    def title(self) -> Words | None:
        """The title, without what comes from a file further up than the one that gives the name: it is of another.

        A name that was set is not of a file, and leaves the title as it is.
        """
        title = self.scenario.title
        if title is None or self.scenario.name is None:
            return title
        named = self.depth("scenario", "name")
        given = {lang: getattr(title, lang) for lang in ("zh", "en") if self.depth("scenario", "title", lang) <= named}
        return title if named < 0 else Words(**given)

    def description(self, key: str) -> str:
        """The description, or the Chinese one, on the same terms as the title.

        The Chinese one of a file further up than the description is of another one, and is left out.
        """
        named = self.depth("scenario", "name")
        of_another = self.scenario.name is not None and 0 <= named < self.depth("scenario", key)
        translated = key != "description" and self.scenario.description is not None
        stale = translated and self.depth("scenario", "description") < self.depth("scenario", key)
        return "" if of_another or stale else getattr(self.scenario, key) or ""

    def depth(self, *path: str) -> int:
        """How far up the chain of files a key was given: 0 in the scenario's own file, -1 where it was set."""
        origin = self.layers.origin(path)
        files = [Path(file) for file in self.layers.files]
        place = (origin.folder / origin.label).resolve()
        return files.index(place) if place in files else -1

    def place(self, column: str, given: str) -> Path | None:
        """A file or folder named by the scenario, from the folder of the file that names it."""
        origin = self.layers.origin(column.split("."))
        # an override is the user's own, and a shipped scenario may be extended: its files lie beside one another
        trusted = self.allow_outside or origin.label == SET or is_shipped(origin.folder / origin.label)
        try:
            place = beside(origin.folder, given)
            outside = None if trusted else leads_outside(given, origin.folder)
            if outside is not None:
                self.add("path_unsafe", column, outside, inside(given))
                return None
            if place.exists():
                parts = [] if trusted else parts_outside(place, origin.folder)
                for part in parts:
                    self.add("path_unsafe", column, part, f"{inside(given)}/*.parquet")
                return None if parts else place
        except (OSError, ValueError):
            pass
        self.add("file_not_found", column, given)
        return None

    def one_file(self, key: str, given: str | None) -> Path | None:
        """A file named by a key of [scenario]."""
        return None if given is None else self.place(f"scenario.{key}", given)

    def book(self) -> tuple[Path, ...]:
        """The files of the book, in the order given."""
        table = self.scenario
        if table.plan is None and not self.is_broken("scenario", "plan"):
            self.need("scenario", "book", table.book)
        given = [table.book] if isinstance(table.book, str) else table.book or []
        if table.book == []:
            self.add("scenario_bad_value", "scenario.book", "[]", '["loans.xlsx"]')
        for twice in sorted({name for name in given if given.count(name) > 1}):
            self.add("scenario_bad_value", "scenario.book", twice, "once")
        return tuple(p for p in (self.place("scenario.book", name) for name in given) if p is not None)

    def side_files(self) -> dict[str, tuple[Path, ...]]:
        """The files of the tables beside the loans, by table."""
        out = {}
        for key in SIDE_FILES:
            value = getattr(self.scenario, key)
            if value is None:
                continue
            given = [value] if isinstance(value, str) else value
            if not given:
                self.add("scenario_bad_value", f"scenario.{key}", "[]", f'["{key}.csv"]')
            for twice in sorted({name for name in given if given.count(name) > 1}):
                self.add("scenario_bad_value", f"scenario.{key}", twice, "once")
            out[key] = tuple(p for p in (self.place(f"scenario.{key}", name) for name in given) if p is not None)
        return out

    def span(self) -> tuple[dt.date, dt.date] | None:
        """First and last day, widened to whole quarters (noted)."""
        start, end = self.scenario.start, self.scenario.end
        good = [self.need("scenario", "start", start), self.need("scenario", "end", end)]
        for key, day in (("start", start), ("end", end)):
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add("scenario_bad_value", f"scenario.{key}", day, f"{EARLIEST} … {LATEST}")
                good.append(False)
        if start is None or end is None or not all(good):
            return None
        if start > end:
            self.add("scenario_bad_value", "scenario.start", start, f"<= {end} (scenario.end)")
            return None
        first, last = whole_quarters(start, end)
        wide = to_date(int(quarter_start(first))), to_date(int(quarter_end(last)))
        for key, day, to in (("start", start, wide[0]), ("end", end, wide[1])):
            if day != to:
                self.note("horizon_widened", f"scenario.{key}", day, to.isoformat())
        return wide

    def lender(self, lenders: Mapping[str, Lender]) -> str | None:
        """The id of the lender of rows that name none."""
        text = self.scenario.lender
        if text is None:
            return None
        found = find_lender(text, lenders)
        if found is None and not self.is_broken("lenders", text) and not self.layers.incomplete:
            self.add("scenario_bad_value", "scenario.lender", text, lender_hint(text, lenders))
        return found

    def facilities(self) -> tuple[Facility, ...]:
        """The facilities of the run, overrides applied."""
        known, wanted = policy.facilities(), self.scenario.facilities
        self.need("scenario", "facilities", wanted)
        if wanted == []:
            self.add("scenario_bad_value", "scenario.facilities", "[]", choices("", known))
        for n, name in enumerate(wanted or []):
            if name not in known:
                self.add("unknown_facility", "scenario.facilities", name, choices(name, known))
            elif name in (wanted or [])[:n]:
                self.add("scenario_bad_value", "scenario.facilities", name, "once")
        for name, given in self.overrides.items():
            if name not in known:
                self.add("unknown_facility", path_text(("facility", name)), name, choices(name, known))
                continue
            self.check_override(name, given)
            self.first_dates(name, given)
            if wanted is not None and name not in wanted:
                self.notes.add(
                    "override_not_used",
                    file=self.layers.origin(("facility", name)).label,
                    column=f"facility.{name}",
                    found=", ".join(given),
                    expected=", ".join(wanted),
                )
        if self.problems:
            return ()
        return tuple(policy.facility(name, self.overrides.get(name) or None) for name in wanted or [])

    def first_dates(self, name: str, given: Mapping[str, Any]) -> None:
        """Warn of dated values that begin after the facility: the first of them counts before its date too."""
        rules = policy.facility(name)
        for key, value in given.items():
            dates = [step.get("from") for step in value if isinstance(step, Mapping)] if isinstance(value, list) else []
            days = [day for day in dates if isinstance(day, dt.date)]
            if key not in rules or not days or len(days) < len(dates):
                continue
            launch = rules["launch"].latest().value
            if min(days) > launch:
                column = f"facility.{name}.{key}"
                self.note("first_value_before_its_date", column, f"from = {min(days)}", f"from <= {launch}")

    def check_override(self, name: str, given: Mapping[str, Any]) -> None:
        """Note what the policy finds wrong with the overrides of one facility."""
        top = f"facility.{name}"
        for bad in policy.check_overrides(name, given):
            column = bad.path if bad.path.startswith(top) else f"{top}.{bad.path}"
            code = override_code(column.removeprefix(top).lstrip("."), given)
            said = dict.fromkeys((bad.expected, bad.expected_zh or bad.expected))
            hint = "; ".join((*([f"nearest: {bad.nearest}"] if bad.nearest else []), *said))
            origin = self.layers.origin((*top.split("."), *re.split(r"[.\[]", column.removeprefix(top + "."))))
            self.problems.add(
                code,
                file=origin.label,
                column=column,
                expected=hint,
                found=bad.found if code == "scenario_wrong_type" else unquoted(bad.found),
            )

    def own_rates(self, lender: str | None, span: tuple[dt.date, dt.date] | None) -> dict[str, Dated]:
        """Cost of funds by lender; each must reach back to the first day of the run."""
        given = {"": ("market.own_rate", self.market.own_rate)}
        given |= {
            ident: (f"lenders.{ident}.own_rate", table.own_rate)
            for ident, table in self.lender_tables.items()
            if table.own_rate is not None
        }
        rates: dict[str, Dated] = {}
        for ident, (column, value) in given.items():
            if value is None:
                known = self.layers.incomplete or self.is_broken(*column.split("."))
                if (lender is None or lender not in given) and not known:
                    self.problems.add(
                        "own_rate_missing",
                        file=self.layers.origin(("market",)).label,
                        column=column,
                        expected="0.0295",
                    )
                continue
            origin = self.layers.origin(column.split("."))
            trusted = self.allow_outside or origin.label == SET
            rate = own_rate(value, column, origin, self.problems, self.files, trusted)
            if rate is None:
                continue
            rates[ident] = rate
            first = rate.values[0].start
            if span is not None and first > span[0]:
                self.add("own_rate_missing", column, f"from = {first}", f"from <= {span[0]}")
        return rates

    def other_rates(self, key: str, span: tuple[dt.date, dt.date] | None) -> dict[str, Dated]:
        """A rate of [market] that may be left out; it must reach back to the first day of the run."""
        value, column = getattr(self.market, key), f"market.{key}"
        if value is None:
            return {}
        origin = self.layers.origin(column.split("."))
        rate = own_rate(value, column, origin, self.problems, self.files, self.allow_outside or origin.label == SET)
        if rate is None:
            return {}
        first = rate.values[0].start
        if span is not None and first > span[0]:
            self.add("scenario_bad_value", column, f"from = {first}", f"from <= {span[0]}")
        return {"": rate}

    def earning_assets(self) -> Dated | None:
        """Interest-earning assets as dated fen."""
        value, column = self.market.earning_assets, "market.earning_assets"
        if value is None:
            return None
        origin = self.layers.origin(column.split("."))
        steps = [(step.start, step.value) for step in value] if isinstance(value, list) else [(dt.date.min, value)]
        good = bool(steps)
        if not steps:
            self.add("scenario_bad_value", column, "[]", "[{ from = 2024-01-01, value = 2.5e13 }]")
        for day, amount in steps:
            if scaled(amount, FEN, Decimal(0), MOST_ASSETS) in (None, 0) or [d for d, _ in steps].count(day) > 1:
                self.add("scenario_bad_value", column, amount, f"0 < yuan <= {MOST_ASSETS:.0e}; from: once")
                good = False
        if not good:
            return None
        values = [DatedValue(day, int(amount * FEN), origin.short, "assumption", None) for day, amount in sorted(steps)]
        return Dated("earning_assets", tuple(values))

    def unchecked(self, facilities: tuple[Facility, ...], end: dt.date) -> None:
        """Warn when the run goes on after the day the policy data was last checked."""
        newest = max((day for day in map(policy.last_checked, facilities) if day is not None), default=None)
        if newest is not None and end > newest:
            self.note("policy_not_checked", "scenario.end", end, f"<= {newest}")


def flat(tables: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A nest of tables as dotted keys: keys may be written either way.

    >>> flat({"facility": {"cerf": {"ratio": [1]}}, "market.own_rate": [2]})
    {'facility.cerf.ratio': [1], 'market.own_rate': [2]}
    """
    out: dict[str, Any] = {}
    for name, value in tables.items():
        key = f"{above}.{name}" if above else name
        out |= flat(value, key) if isinstance(value, Mapping) else {key: value}
    return out


def unquoted(text: str) -> str:
    """A text shown without the quotes of TOML; anything else as it is.

    >>> unquoted('"orignal"'), unquoted("[1, 2]")
    ('orignal', '[1, 2]')
    """
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def override_code(key: str, given: Mapping[str, Any]) -> str:
    """Which finding a problem of an override is: the key is unknown, its type is wrong, or its value is not allowed."""
    name = re.split(r"[.\[]", key)[0]
    if name not in PARAMETERS and name not in ("lenders", "sectors", "caps"):
        return "scenario_unknown_key"
    value = given.get(name)
    flag = name in PARAMETERS and PARAMETERS[name].kind == "flag"
    text = name in PARAMETERS and PARAMETERS[name].kind == "option"
    numeric = name in PARAMETERS and PARAMETERS[name].kind in ("ratio", "rate", "count", "positive", "ratio_ppm")
    wrong = (flag and not isinstance(value, bool | list)) or (text and not isinstance(value, str | list))
    wrong = wrong or (numeric and (isinstance(value, bool) or not isinstance(value, int | Decimal | list)))
    return "scenario_wrong_type" if wrong else "scenario_bad_value"
