"""Redaction 脱敏: loans, contracts, borrowers, projects and documents of a run as keyed hashes.

A hash is HMAC-SHA256 under a key that only its owner has, so nobody else can find a value by hashing all there might
be. The same value of the same kind has the same hash in every table and in every run under that key: what could be
joined, counted or followed can be still. ``redaction.toml`` says what is done with every column.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from relending.engine.convert import arrow_column
from relending.engine.opening_totals import split_ids
from relending.findings import WHERE, Findings
from relending.lineage.known import Known, distinct_texts
from relending.policy import fields, sectors

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 16  # hexadecimal digits of a hash: of a million values, two have the same one once in 30 million runs
FINGERPRINT = b"relending redaction key\0"
FINGERPRINT_DIGITS = 12
PLACES = {"file": "file", "sheet": "file", "column": "text"}
BLOCK = hashlib.sha256().block_size
LIST, TRANCHE_NAME = "projects", "tranche_name"
NOT_SOUGHT = (TRANCHE_NAME, "text", "other_lender")
"""Kinds whose values are not looked for in other texts: sentences, and banks, which the policy data name anyway."""
_SIGNS = r"[\s0-9.,:;/%()（）<>=+\-–—~≈≤≥×年月日元万亿吨]*"
FIGURE = rf"^{_SIGNS}(CNY|yuan|bp|h|t|MW|MWh|kW|/)*{_SIGNS}$"
"""Figures and dates with their signs and units, and nothing else."""


@cache
def declared() -> Mapping[str, Any]:
    """The content of ``redaction.toml``."""
    text = resources.files("relending.lineage").joinpath("redaction.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def hidden_columns() -> frozenset[str]:
    """Names of the columns whose values are hashed, in the words of findings; one that the loans have open is not."""
    tables = declared()["tables"]
    names = {name for table in tables.values() for name in table.get("hashed", ())}
    names -= set(tables["loans"]["open"])
    return frozenset(names | {f"{table}.{name}" for table in tables for name in names})


@cache
def _own_words() -> frozenset[str]:
    """Codes of sectors and fields: words of the rules, whatever a project is called."""
    return frozenset({*sectors(), *fields()})


class Redactor:
    """Hashes under one key.

    >>> redactor = Redactor(b"a key of sixteen bytes or more")
    >>> redactor.text("loan", "A1"), redactor.text("loan", "")
    ('L-a4874a89990fccca', '')
    """

    def __init__(self, key: bytes) -> None:
        if not key:
            raise ValueError("a key is needed")
        block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
        # HMAC as RFC 2104 writes it; both ends are computed once and copied, which takes half the time of `hmac`
        self._inner = hashlib.sha256(bytes(b ^ 0x36 for b in block))
        self._outer = hashlib.sha256(bytes(b ^ 0x5C for b in block))
        self._seen: dict[str, tuple[Any, Any]] = {}  # by kind: values and their hashes
        self._last: dict[str, tuple[Any, Any]] = {}  # by kind: a column and its hashes
        self.fingerprint = hashlib.sha256(FINGERPRINT + key).hexdigest()[:FINGERPRINT_DIGITS]

    def __repr__(self) -> str:
        return f"Redactor({self.fingerprint})"

    def text(self, kind: str, value: str) -> str:
        """The hash of one value: the prefix of its kind and 16 hexadecimal digits; an empty text stays empty."""
        return self._hasher(kind)(value) if value else value

    def _hasher(self, kind: str) -> Callable[[str], str]:
        prefix = declared()["prefixes"][kind]
        begun, outer = self._inner.copy(), self._outer
        begun.update(kind.encode() + b"\0")

        def hashed(value: str) -> str:
            inner = begun.copy()
            inner.update(value.encode("utf-8", "surrogatepass"))
            both = outer.copy()
            both.update(inner.digest())
            return f"{prefix}-{both.hexdigest()[:DIGITS]}"

        return hashed

    def array(self, kind: str, values: Any) -> Any:
        """The hashes of an Arrow array of texts; nulls and empty texts stay. Each different value is hashed once."""
        held = values.cast(pa.string())
        last, hashed = self._last.get(kind, (None, None))
        if last is not None and held.equals(last):  # the tables of loans have the same column again and again
            return hashed
        found = held.dictionary_encode()
        hashed = self._hashes(kind, found.dictionary).take(found.indices)
        if last is None or held.null_count <= last.null_count:  # not a column that is nearly empty
            self._last[kind] = held, hashed
        return hashed

    def _hashes(self, kind: str, unique: Any) -> Any:
        """The hashes of different values; those of former calls are not computed again."""
        values, hashes = self._seen.get(kind, (unique[:0], unique[:0]))
        at = pc.index_in(unique, value_set=values) if len(values) else pa.nulls(len(unique), pa.int32())
        new = unique.filter(pc.is_null(at)) if at.null_count else unique[:0]
        if len(new):
            hashed = self._hasher(kind)
            more = pa.array([hashed(v) if v else v for v in new.to_pylist()], pa.string())
            self._seen[kind] = pa.concat_arrays([values, new]), pa.concat_arrays([hashes, more])
            if not len(values):
                return more
            values, hashes = self._seen[kind]
            at = pc.index_in(unique, value_set=values)
        return hashes.take(at)

    def known(self, tables: Mapping[str, pd.DataFrame]) -> Known:
        """The values of the tables that are hashed, to be looked for in other texts."""
        arrays = []
        for name, frame in tables.items():
            for column, kind in declared()["tables"][name].get("hashed", {}).items():
                values = arrow_column(frame[column]).cast(pa.string())
                if kind == LIST:
                    values = pa.array([i for text in distinct_texts(values).to_pylist() for i in split_ids(text)])
                if kind not in NOT_SOUGHT:
                    arrays.append((kind, values))
        # a loan stands in many tables: of each kind every value once
        kinds = dict.fromkeys(kind for kind, _ in arrays)
        return Known(
            (
                pa.chunked_array([distinct_texts(values) for of, values in arrays if of == kind], pa.string())
                for kind in kinds
            ),
            _own_words(),
        )

    def tables(self, tables: Mapping[str, pd.DataFrame], known: Known | None = None) -> dict[str, pd.DataFrame]:
        """Every table of a run, as :meth:`table` does it; ``known`` are the hidden values of the whole run."""
        known = self.known(tables) if known is None else known
        numbers = _numbers(tables)
        return {name: self.table(name, frame, known, numbers) for name, frame in tables.items()}

    def table(
        self, name: str, frame: pd.DataFrame, known: Known | None = None, numbers: Iterable[str] = ()
    ) -> pd.DataFrame:
        """A step frame of the named table with the values hashed that ``redaction.toml`` says.

        ``known`` are the hidden values of the run, those of this frame alone if none are given; of findings alone
        it is not known what their texts hold, so only figures and dates stay. ``numbers`` are the bank's own numbers
        of its tranches, which the names of tranches may end with.
        """
        if name == "findings":
            return self._findings(frame, known)
        rule = declared()["tables"][name]
        known = self.known({name: frame}) if known is None and rule.get("guarded") else known
        new = {column: self._column(kind, frame[column], numbers) for column, kind in rule.get("hashed", {}).items()}
        for column, kind in rule.get("guarded", {}).items():
            assert known is not None
            new[column] = self._guarded(kind, arrow_column(frame[column]), known)
        return frame.assign(**{column: _series(values, frame.index) for column, values in new.items()})

    def findings(self, findings: Findings, known: Known | None = None) -> Findings:
        """Findings with the values hashed; without ``known`` no text of theirs stays but figures and dates."""
        return Findings((self._findings(findings.frame(), known)[["code", *WHERE]],))

    def _column(self, kind: str, column: pd.Series, numbers: Iterable[str]) -> Any:
        values = arrow_column(column).cast(pa.string())
        if kind == LIST:
            return _each(values, lambda text: "; ".join(self.text("project", one) for one in split_ids(text)))
        if kind == TRANCHE_NAME:
            own = frozenset(numbers)
            return _each(values, lambda text: self._tranche_name(text, own))
        return self.array(kind, values)

    def _tranche_name(self, text: str, numbers: frozenset[str]) -> str:
        """A tranche's name: the bank's own number behind the date is hashed; a rate or a counter there is not."""
        stem, day, rest = _name_parts(text)
        if not rest:
            return text
        parts = rest.split("/")
        for n in range(len(parts), 0, -1):  # the number may have strokes in it, and a rate or a counter behind it
            number = "/".join(parts[:n])
            if number in numbers:
                return "/".join([stem, day, self.text("tranche", number), *parts[n:]])
        if all(_rate_or_counter(part) for part in parts):
            return text
        return f"{stem}/{day}/{self.text('tranche', rest)}"

    def _guarded(self, kind: str, values: Any, known: Known) -> Any:
        """Texts of people: one that holds a hidden value of the run is hashed whole, the others stay."""
        held = values.cast(pa.string())
        unique = distinct_texts(held)
        texts = unique.to_pylist()
        own = _own_words()
        marks = [mark and text not in own for mark, text in zip(known.inside(texts), texts, strict=True)]
        if not any(marks):
            return held
        hidden = unique.filter(pa.array(marks))
        return _replaced(held, hidden, self._hashes(kind, hidden))

    def guard(self, kind: str, text: str, known: Known) -> str:
        """One text of a person or the name of a file: hashed if it holds a hidden value of the run."""
        return self.text(kind, text) if text not in _own_words() and known.holds(text) else text

    def _findings(self, frame: pd.DataFrame, known: Known | None) -> pd.DataFrame:
        rule = declared()["findings"]
        held = {c: arrow_column(frame[c]).cast(pa.string()) for c in ("code", *rule_columns("findings"))}
        column = held["column"]
        hidden = pc.and_(
            _among(column, hidden_columns()),
            pc.invert(_among(held["code"], rule["worded"])),
        )
        alone = known is None
        if known is None:  # what the findings themselves tell of the run that there is not
            known = Known([held["loan"], held["found"].filter(hidden)], _own_words())
        new = {"loan": self.array("loan", held["loan"])}
        new |= {c: self._guarded(kind, held[c], known) for c, kind in PLACES.items()}
        quoting = _among(held["code"], rule["quoting"])
        for name in ("found", "expected"):
            values = held[name]
            figure = pc.and_(pc.match_substring_regex(values, FIGURE), pc.not_equal(column, ""))
            strange = pc.invert(figure)
            if not alone:
                strange = pc.and_(strange, quoting if name == "found" else pa.scalar(False))
            whole = pc.or_(hidden, strange)
            kept = self._guarded("text", pc.if_else(pc.or_(whole, figure), "", values), known)
            texts = self.array("text", pc.if_else(whole, values, ""))
            new[name] = pc.case_when(
                pc.make_struct(hidden, whole, figure),
                self._as_cells(column, values, pc.and_(hidden, known.exactly(values)), texts),
                texts,
                values,
                kept,
            )
        return frame.assign(**{name: _series(values, frame.index) for name, values in new.items()})

    def _as_cells(self, column: Any, values: Any, cells: Any, hashed: Any) -> Any:
        """What was found that is a whole cell of a hidden column, hashed as the cell is, so that it can be joined."""
        for name, kind in declared()["tables"]["loans"]["hashed"].items():
            mine = pc.and_(cells, pc.equal(column, name))
            if pc.any(mine).as_py():
                hashed = pc.if_else(mine, self.array(kind, pc.if_else(mine, values, "")), hashed)
        return hashed


def rule_columns(table: str) -> list[str]:
    """The columns of a table that are hashed or guarded."""
    rule = declared()["tables"][table]
    return [*rule.get("hashed", ()), *rule.get("guarded", ())]


def _among(values: Any, some: Iterable[str]) -> Any:
    return pc.is_in(values, value_set=pa.array(sorted(some), pa.string()))


def _numbers(tables: Mapping[str, pd.DataFrame]) -> frozenset[str]:
    """The bank's own numbers of its tranches."""
    held = [tables[name]["tranche"] for name in ("applications", "opening_tranches") if name in tables]
    return frozenset(text for column in held for text in distinct_texts(arrow_column(column)).to_pylist())


def _name_parts(text: str) -> tuple[str, str, str]:
    """Facility and lender, draw date, and what stands behind."""
    parts = text.split("/")
    at = next((i for i, part in enumerate(parts) if len(part) == 10 and part[4] == part[7] == "-"), None)
    if at is None:
        return "", "", text
    return "/".join(parts[:at]), parts[at], "/".join(parts[at + 1 :])


def _rate_or_counter(part: str) -> bool:
    whole, _, decimals = part.partition(".")
    return whole.isdecimal() and (len(decimals) == 6 if decimals else len(whole) < 3)


def _each(values: Any, change: Callable[[str], str]) -> Any:
    unique = distinct_texts(values)
    return _replaced(values, unique, pa.array([change(text) for text in unique.to_pylist()], pa.string()))


def _replaced(values: Any, old: Any, new: Any) -> Any:
    """The values with each of ``old`` replaced by the one of ``new`` in its place; others stay."""
    if not len(old):
        return values
    return pc.coalesce(new.take(pc.index_in(values, value_set=old)), values)


def _series(values: Any, index: Any) -> Any:
    import pandas as pd

    return pd.Series(pd.arrays.ArrowExtensionArray(values), index=index)
