"""The book room 台账: columns, reading and checking of loan books; synthetic books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relending.book.book import Book as Book
    from relending.book.book import iter_blocks as iter_blocks
    from relending.book.book import read_book as read_book
    from relending.book.book import read_prepayments as read_prepayments
    from relending.book.book import read_side_table as read_side_table

__all__ = ["Book", "iter_blocks", "read_book", "read_prepayments", "read_side_table"]


def __getattr__(name: str) -> Any:
    # reading needs numpy, pandas and pyarrow: loaded when first asked for
    if name in __all__:
        from relending.book import book

        return getattr(book, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
