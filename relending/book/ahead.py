"""Reading ahead: what comes next is fetched while what came before is worked on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, Full, Queue
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()
_PATIENCE = 0.1  # seconds between two looks at whether anyone still listens


def ahead(items: Iterator[T], most: int) -> Iterator[T]:
    """The same items, fetched by a thread of its own that is at most ``most`` of them ahead.

    An error of the iterator is raised where its item would have come. Whoever stops listening stops the thread; the
    iterator is then closed there, if it can be.

    >>> list(ahead(iter("abc"), 2))
    ['a', 'b', 'c']
    """
    line: Queue[Any] = Queue(most)
    gone = threading.Event()

    def put(item: Any) -> bool:
        while not gone.is_set():
            try:
                line.put(item, timeout=_PATIENCE)
                return True
            except Full:
                continue
        return False

    def fetch() -> None:
        try:
            for item in items:
                if not put((item, None)):
                    break
            else:
                put((_END, None))
        except BaseException as error:  # carried over to whoever listens
            put((_END, error))
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item, error = line.get(timeout=_PATIENCE * 10)
            except Empty:
                continue
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        gone.set()
        thread.join()
