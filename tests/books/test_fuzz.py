"""A short run of the fuzz, always the same cases; ``python -m tests.books.fuzz --minutes 5`` is the long one."""

from __future__ import annotations

from pathlib import Path

from tests.books import fuzz
from tests.books.make import FILES


def test_a_spoilt_book_is_read_or_refused_and_nothing_else() -> None:
    counts, failures = fuzz.run(iter(range(150)), seed=20261125)
    assert not failures, "\n\n".join(f"case {one.case} ({one.name}): {one.what}" for one in failures)
    assert counts["reads"] > 20 and counts["stops"] > 20


def test_a_case_is_the_same_whenever_it_is_made() -> None:
    one, other = fuzz.cases(3), fuzz.cases(3)
    assert [one(n) for n in range(20)] == [other(n) for n in reversed(range(20))][::-1]


def test_a_process_that_ends_is_noticed_and_another_takes_its_place(tmp_path: Path) -> None:
    reader = fuzz._Reader(fuzz.SECONDS, 64 << 20)  # too little to begin with
    try:
        wrong, outcome = reader(FILES / "utf8.csv")
        assert wrong and not outcome
        reader._memory = fuzz.MEMORY
        reader.stop()
        reader._start()
        assert reader(FILES / "utf8.csv") == ("", "reads")
    finally:
        reader.stop()
