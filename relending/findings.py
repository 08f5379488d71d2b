"""Findings 检查事项: every problem of the input as a row, all of them at once.

A finding is a row of a table, never a sentence built in the middle of a computation: where it was seen (file, sheet,
row, loan, column), what was found and what was expected. What the code means and what to do about it stands once,
in both languages, in ``messages.toml``; its severity too. So a million findings are a few arrays.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from relending.terminal import visible

if TYPE_CHECKING:
    import pandas as pd

SEVERITIES = ("error", "warning", "note")
WHERE = ("file", "sheet", "row", "loan", "column", "found", "expected")
_ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060-\u2064]")
COLUMNS = ("severity", "code", *WHERE, "message", "fix", "message_zh", "fix_zh")


@dataclass(frozen=True, slots=True)
class Message:
    """What one finding code means: severity, message and fix in English and Chinese.

    ``table``: the table its columns are of, where that is not the loans.
    """

    code: str
    severity: str
    message: Mapping[str, str]
    fix: Mapping[str, str]
    table: str = ""


@cache
def messages() -> Mapping[str, Message]:
    """Every finding code, in the order of ``messages.toml``.

    >>> messages()["duplicate_loan_id"].severity
    'error'
    """
    raw = tomllib.loads(resources.files("relending").joinpath("messages.toml").read_text(encoding="utf-8"))
    return {
        code: Message(
            code,
            entry["severity"],
            {"en": entry["en"], "zh": entry["zh"]},
            {"en": entry["fix_en"], "zh": entry["fix_zh"]},
            entry.get("table", ""),
        )
        for code, entry in raw.items()
    }


def _text(value: Any) -> Any:
    return "" if value is None else str(value)


class Findings:
    """A collection of findings, kept as columns; adding two gives a third.

    >>> f = Findings.one("duplicate_loan_id", file="book.csv", row=7, loan="A1", column="loan_id", found="A1")
    >>> len(f + f), f.count("error"), f.codes()
    (2, 1, {'duplicate_loan_id': 1})
    """

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[pd.DataFrame] = ()) -> None:
        self._parts = tuple(p for p in parts if len(p))

    @classmethod
    def one(
        cls,
        code: str,
        *,
        file: str = "",
        sheet: str = "",
        row: int | None = None,
        loan: str = "",
        column: str = "",
        found: Any = "",
        expected: Any = "",
    ) -> Findings:
        """One finding; ``code`` must stand in ``messages.toml``."""
        return cls.of(
            code,
            1,
            file=file,
            sheet=sheet,
            row=row,
            loan=loan,
            column=column,
            found=_text(found),
            expected=_text(expected),
        )

    @classmethod
    def of(cls, code: str, n: int, **where: Any) -> Findings:
        """``n`` findings of one code; each place (file, sheet, row, loan, column, found, expected) one value or n."""
        import pandas as pd
        import pyarrow as pa

        messages()[code]
        unknown = set(where) - set(WHERE)
        if unknown:
            raise TypeError(f"not a place of a finding: {sorted(unknown)}")
        if n == 0:
            return cls()
        columns: dict[str, Any] = {"code": _column(code, n, pa.string())}
        for name in WHERE:
            columns[name] = _column(where.get(name), n, pa.int64() if name == "row" else pa.string())
        return cls((pd.DataFrame(columns),))

    @classmethod
    def concat(cls, many: Iterable[Findings]) -> Findings:
        """All of them, in order."""
        return cls([p for f in many for p in f._parts])

    def __add__(self, other: Findings) -> Findings:
        return Findings((*self._parts, *other._parts))

    def __len__(self) -> int:
        return sum(len(p) for p in self._parts)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def codes(self) -> dict[str, int]:
        """Number of findings by code, in the order of ``messages.toml``."""
        seen: dict[str, int] = {}
        for p in self._parts:
            for code, n in p["code"].value_counts().items():
                seen[str(code)] = seen.get(str(code), 0) + int(n)
        return {code: seen[code] for code in messages() if code in seen}

    def count(self, severity: str) -> int:
        """How many findings have this severity (error, warning, note)."""
        return sum(n for code, n in self.codes().items() if messages()[code].severity == severity)

    def only(self, *codes: str) -> Findings:
        """The findings of these codes."""
        return Findings([p[p["code"].isin(codes)] for p in self._parts])

    def frame(self) -> pd.DataFrame:
        """The findings as a frame (columns ``COLUMNS``): errors first, then by file, row, code and column."""
        import pandas as pd
        import pyarrow as pa

        if not self._parts:
            text = pd.ArrowDtype(pa.string())
            empty = pd.DataFrame({c: pd.array([], dtype=text) for c in COLUMNS})
            empty["row"] = pd.array([], dtype=pd.ArrowDtype(pa.int64()))
            return empty
        frame = pd.concat(self._parts, ignore_index=True)
        by_code = {
            "severity": {m.code: m.severity for m in messages().values()},
            "message": {m.code: m.message["en"] for m in messages().values()},
            "fix": {m.code: m.fix["en"] for m in messages().values()},
            "message_zh": {m.code: m.message["zh"] for m in messages().values()},
            "fix_zh": {m.code: m.fix["zh"] for m in messages().values()},
        }
        for name, mapping in by_code.items():
            frame[name] = frame["code"].map(mapping).astype(pd.ArrowDtype(pa.string()))
        rank = frame["severity"].map({s: i for i, s in enumerate(SEVERITIES)}).astype("int64")
        place = {m: i for i, m in enumerate(messages())}
        order = pd.DataFrame(
            {
                "rank": rank,
                "file": frame["file"],
                "sheet": frame["sheet"],
                "row": frame["row"].fillna(0),
                "code": frame["code"].map(place).astype("int64"),
                "column": frame["column"],
                "loan": frame["loan"],
                "found": frame["found"],
                "expected": frame["expected"],
            }
        ).sort_values(["rank", "file", "sheet", "row", "code", "column", "loan", "found", "expected"], kind="stable")
        return frame.loc[order.index, list(COLUMNS)].reset_index(drop=True)

    def lines(
        self, lang: str = "en", most_per_code: int | None = None, labels: Mapping[str, str] | None = None
    ) -> list[str]:
        """The findings as lines for a person: what, where, found, expected, what to do.

        With ``most_per_code`` only the first of each code, then how many more there are; ``labels`` say what people
        call a column.
        """
        frame = self.frame()
        totals = self.codes()
        if most_per_code is not None:
            frame = frame[frame.groupby("code", sort=False).cumcount() < most_per_code]
        suffix = "_zh" if lang == "zh" else ""
        shown: dict[str, int] = {}
        out: list[str] = []
        for r in frame.itertuples(index=False):
            out.append(_line(r, getattr(r, "message" + suffix), getattr(r, "fix" + suffix), lang, labels or {}))
            shown[r.code] = shown.get(r.code, 0) + 1
            more = totals[r.code] - shown[r.code]
            if shown[r.code] == most_per_code and more:
                out.append(f"    … 另有 {more:,} 条 {r.code}" if lang == "zh" else f"    … and {more:,} more {r.code}")
        return out

    def digest(self, lang: str = "en", labels: Mapping[str, str] | None = None) -> list[str]:
        """One screen of it: for each code how often it comes, what it means, its first place and what to do.

        Errors first, then warnings and notes, each in the order of ``messages.toml``; ``labels`` as in :meth:`lines`.

        >>> print(*Findings.one("value_missing", file="book.csv", row=7, column="rate").digest(), sep="\\n")
        1 × error value_missing: a cell that is always needed is empty
            book.csv, row 7, column rate
            fix: fill in the cell
        """
        frame, counts, told = self.frame(), self.codes(), messages()
        first = frame[~frame.duplicated("code")].set_index("code", drop=False)
        order = sorted(counts, key=lambda code: SEVERITIES.index(told[code].severity))
        rows = [next(first.loc[[code]].itertuples(index=False)) for code in order]
        others = {code: _other_words(frame[frame["code"] == code]) for code in order if counts[code] > 1}
        return [x for r in rows for x in _of_code(r, counts[r.code], lang, labels or {}, others.get(r.code, []))]

    def many(self, most: int) -> list[str]:
        """Codes that come more than ``most`` times over the rows of a table: nobody reads them one by one.

        What is said of a header, a sheet, a file or a key stands in one row of each sheet or in none, however much it
        is, and each asks for something else.

        >>> rows = Findings.of("value_missing", 9, file="book.csv", row=list(range(2, 11)), column="rate")
        >>> (rows + Findings.of("missing_column", 9, file="book.csv", row=1)).many(8)
        ['value_missing']
        """
        often = [code for code, n in self.codes().items() if n > most]
        frame = self.only(*often).frame()[["code", "file", "sheet", "row"]].drop_duplicates()
        of_rows = set(frame.loc[frame.duplicated(["code", "file", "sheet"]), "code"])
        return [code for code in often if code in of_rows]


WORDS = {
    "en": {
        "error": "error",
        "warning": "warning",
        "note": "note",
        "row": "row {}",
        "sheet": "sheet {}",
        "loan": "loan {}",
        "column": "column {}",
        "option": "option {}",
        "found": "found",
        "expected": "expected",
        "nearest": "nearest: ",
        "fix": "fix",
        "first": "first",
        "also": "also",
        "nothing": "none needed",
    },
    "zh": {
        "error": "错误",
        "warning": "警告",
        "note": "提示",
        "row": "第 {} 行",
        "sheet": "工作表“{}”",
        "loan": "借据 {}",
        "column": "列“{}”",
        "option": "选项 {}",
        "found": "实际",
        "expected": "应为",
        "nearest": "最接近：",
        "fix": "处理",
        "first": "首例",
        "also": "另有",
        "nothing": "无需处理",
    },
}


NEAREST = "nearest: "
"""How what is expected begins where a name is meant that is close to the one found."""


def _given(value: Any) -> str:
    import pandas as pd

    return "" if value is None or value is pd.NA or value == "" else str(value)


def _on_one_line(text: str) -> str:
    """A cell may hold line breaks and characters nobody sees; what is said of it is one line that shows them."""
    return visible(_ZERO_WIDTH.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _where(r: Any, lang: str, labels: Mapping[str, str]) -> str:
    w = WORDS[lang]
    where = [_given(r.file)]
    for name in ("sheet", "row", "loan", "column"):
        value = _given(getattr(r, name))
        if value:
            if name == "column":
                table = getattr(messages().get(_given(getattr(r, "code", ""))), "table", "")
                value = labels.get(f"{table}.{value}", labels.get(value, value))
            said = "option" if name == "column" and value.startswith("--") else name
            where.append(w[said].format(value))
    return _on_one_line((", " if lang == "en" else "，").join(x for x in where if x))


def _seen(r: Any, lang: str) -> list[str]:
    w = WORDS[lang]
    seen = []
    if _given(r.found):
        text = _given(r.found)
        seen.append(f"{w['found']} {text!r}" if lang == "en" else f"{w['found']}「{_on_one_line(text)}」")
    if _given(r.expected):
        expected = _on_one_line(_given(r.expected))
        near = expected.removeprefix(NEAREST) if lang == "zh" else expected
        seen.append(f"{w['nearest']}{near}" if near != expected else f"{w['expected']} {expected}")
    return seen


def _line(r: Any, message: str, fix: str, lang: str, labels: Mapping[str, str]) -> str:
    w, where = WORDS[lang], _where(r, lang, labels)
    parts = [f"{w[r.severity]} {r.code}: " + (f"{where}: " if where else "") + message, *_seen(r, lang)]
    return "; ".join([*parts, f"{w['fix']}: {fix}"]) if lang == "en" else "；".join([*parts, f"{w['fix']}：{fix}"])


WORDY = frozenset(
    {
        "unknown_sector",
        "unknown_value",
        "unknown_lender",
        "subfield_not_given",
        "repayment_is_frequency",
        "other_currency",
    }
)
"""Codes whose found is a word that comes again and again: each different one is worth a look."""
MOST_WORDS = 12


def _other_words(some: Any) -> list[tuple[str, int]]:
    """What else was found under a code, and how often: different words, or different columns of one header row."""
    code = str(some["code"].iloc[0])
    if code not in WORDY and (len(some) > MOST_WORDS * 4 or len(some[["file", "sheet", "row"]].drop_duplicates()) > 1):
        return []
    counts = some["found"].value_counts()
    seen = [str(text) for text in some["found"].drop_duplicates() if text]
    return sorted(((text, int(counts[text])) for text in seen[1:]), key=lambda one: -one[1])


def _of_code(r: Any, n: int, lang: str, labels: Mapping[str, str], others: Sequence[tuple[str, int]]) -> list[str]:
    """A code, how often, what it means; the first place and what else was found; what to do, where there is a thing."""
    w, told = WORDS[lang], messages()[r.code]
    colon, comma = (": ", "; ") if lang == "en" else ("：", "；")
    out = [f"{n:,} × {w[told.severity]} {r.code}{colon}{told.message[lang]}"]
    place = comma.join(x for x in (_where(r, lang, labels), *_seen(r, lang)) if x)
    if place:
        out.append(f"    {w['first'] + colon if n > 1 else ''}{place}")
    if others:
        quoted = "'{}'" if lang == "en" else "「{}」"
        words = [quoted.format(_on_one_line(t)) + (f" × {k:,}" if k > 1 else "") for t, k in others[:MOST_WORDS]]
        rest = [f"… (+{len(others) - MOST_WORDS:,})"] if len(others) > MOST_WORDS else []
        out.append(f"    {w['also']}{colon}{(', ' if lang == 'en' else '、').join([*words, *rest])}")
    if told.fix[lang] != w["nothing"]:
        out.append(f"    {w['fix']}{colon}{told.fix[lang]}")
    return out


def _column(value: Any, n: int, kind: Any) -> Any:
    import pandas as pd
    import pyarrow as pa

    if value is None or isinstance(value, str | int):
        fill = value if value is not None else (None if kind == pa.int64() else "")
        if isinstance(fill, str):  # a file's name need not be text on every system
            fill = fill.encode("utf-8", "backslashreplace").decode("utf-8")
        return pd.array(pa.repeat(pa.scalar(fill, kind), n), dtype=pd.ArrowDtype(kind))
    array = pa.array(value) if not isinstance(value, pa.Array | pa.ChunkedArray) else value
    array = array.cast(kind)
    if kind == pa.string():
        array = array.fill_null("")
    if len(array) != n:
        raise ValueError(f"expected {n} values, got {len(array)}")
    return pd.Series(array, dtype=pd.ArrowDtype(kind)).array


class InputError(Exception):
    """The input stops the work: every reason is a finding; nothing was written (exit code 1)."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        return "\n".join(self.findings.lines("en", most_per_code=20))


class InvariantError(Exception):
    """An identity that always holds does not (exit code 3); the message names the tranche."""
