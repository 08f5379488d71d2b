"""What is told of a table once it is read to its end: conversions by column, and totals held against its rows."""

from __future__ import annotations

import numpy as np

from relending.book.block import Counted, Finished
from relending.book.columns import columns
from relending.findings import Findings, InputError
from relending.units import decimal_text, total


class Tally:
    """Adds up blocks in the order of the file; what it tells does not depend on where they are cut."""

    def __init__(self, file: str, sheet: str, table: str) -> None:
        self._file, self._sheet = file, sheet
        amounts = [c for c in columns(table).values() if c.type == "money" and c.required == "always"]
        self._amount = amounts[0] if amounts else None
        self._counted: dict[tuple[str, str], Counted] = {}
        self._all, self._since = 0, 0
        self._sure, self._sure_since = True, True
        self._rows_since = 0
        self._wrong: list[Findings] = []
        self._units: list[tuple[int, str]] = []

    def add(self, done: Finished) -> None:
        """The next block."""
        for one in done.counted:
            key = (one.code, one.column)
            before = self._counted.get(key)
            self._counted[key] = one if before is None else _both(before, one)
        self._units += done.units
        if self._amount is None:
            return
        rows = done.frame["row"].to_numpy(dtype=np.int64)
        held = done.frame[self._amount.frame]
        there = held.notna().to_numpy(dtype=bool)
        fen = held.fillna(0).to_numpy(dtype=np.int64)
        at = 0
        for row, word, amount in sorted(done.totals):
            end = int(np.searchsorted(rows, row))
            self._take(fen[at:end], there[at:end])
            self._hold(row, word, amount)
            at = end
        self._take(fen[at:], there[at:])

    def _take(self, fen: np.ndarray, there: np.ndarray) -> None:
        more, sure = total(fen), bool(there.all())
        self._all, self._since = self._all + more, self._since + more
        self._rows_since += len(fen)
        self._sure, self._sure_since = self._sure and sure, self._sure_since and sure

    def _hold(self, row: int, word: str, amount: int | None) -> None:
        """A total is of all rows above it, or of those since the total before; where one cannot be read, of neither."""
        since = (self._since, self._sure_since and self._rows_since > 0)
        sums = [s for s, sure in (since, (self._all, self._sure)) if sure]
        if amount is not None and sums and amount not in sums and self._amount is not None:
            self._wrong.append(
                Findings.one(
                    "total_differs",
                    file=self._file,
                    sheet=self._sheet,
                    row=row,
                    column=self._amount.name,
                    found=f"{word} {decimal_text(amount, 2)}",
                    expected=" / ".join(decimal_text(s, 2) for s in dict.fromkeys(sums)),
                )
            )
        self._since, self._sure_since, self._rows_since = 0, True, 0

    def stop_at_units(self) -> None:
        """Raise InputError where a row gives the unit of amounts that were read without one: they may all be wrong."""
        if self._units:
            at = {"file": self._file, "sheet": self._sheet}
            raise InputError(
                Findings.concat(Findings.one("unit_row", **at, row=row, found=text) for row, text in self._units)
            )

    def findings(self) -> Findings:
        """Everything there is to tell, at the end of the table."""
        notes = [
            Findings.one(
                one.code,
                file=self._file,
                sheet=self._sheet,
                row=one.row,
                column=one.column,
                found=f"{one.found} ({one.cells:,})",
            )
            for one in self._counted.values()
        ]
        return Findings.concat([*self._wrong, *notes])


def _both(a: Counted, b: Counted) -> Counted:
    return Counted(a.code, a.column, a.cells + b.cells, a.row, a.found)
