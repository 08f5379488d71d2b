"""Reading ahead gives what was there, where it was, and leaves no thread behind."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.book.ahead import ahead


@given(st.lists(st.integers()), st.integers(1, 5))
def test_everything_comes_in_order(items, most):
    assert list(ahead(iter(items), most)) == items


def test_an_error_comes_where_its_item_would_have():
    def broken():
        yield 1
        raise UnicodeDecodeError("gb18030", b"\xff", 0, 1, "no")

    got = ahead(broken(), 3)
    assert next(got) == 1
    with pytest.raises(UnicodeDecodeError):
        next(got)


def test_whoever_stops_listening_stops_the_thread_and_closes_the_source():
    closed = []

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    before = threading.active_count()
    got = ahead(endless(), 2)
    assert next(got) == 1
    got.close()
    assert threading.active_count() == before and closed == [True]
