"""Results kept by what they were made from 分阶段缓存: a step asked again with the same values is not done again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from relending.study.traced import Path, Traced, digest, value_at

T = TypeVar("T")


@dataclass(slots=True)
class Stage(Generic[T]):
    """One stage: a step, and the last results of it, each under a hash of what the step has read for it.

    ``most`` results are kept, the least recently used go first: those of a million loans take a lot of memory.
    ``done`` and ``used_again`` count. ``reads`` are the paths the step has ever read.
    """

    name: str
    most: int
    done: int = 0
    used_again: int = 0
    reads: dict[Path, None] = field(default_factory=dict)
    _kept: OrderedDict[str, T] = field(default_factory=OrderedDict)
    _sets: dict[tuple[Path, ...], None] = field(default_factory=dict)

    def get(self, key: str, root: Any, step: Callable[[Any], T]) -> tuple[str, T]:
        """The result of ``step(root)`` with a hash of all it was made from.

        ``key`` is that hash of what ``step`` takes besides ``root`` (results of earlier stages). ``step`` is handed
        ``root`` traced, and may read nothing else that can change. Of a stage within a stage ``root`` may be traced:
        what the inner one reads, the outer one has read.
        """
        outer = root if isinstance(root, Traced) else None
        root = root if outer is None else outer.also(())
        for paths in self._sets:
            name = self._name(key, root, paths)
            if name in self._kept:
                self._kept.move_to_end(name)
                self.used_again += 1
                if outer is not None:
                    outer.also(paths)
                return name, self._kept[name]
        seen: dict[Path, None] = {}
        result = step(Traced(root, seen))
        self.done += 1
        paths = tuple(sorted(seen))
        if outer is not None:
            outer.also(paths)
        self.reads |= dict.fromkeys(paths)
        self._sets[paths] = None
        name = self._name(key, root, paths)
        self._kept[name] = result
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return name, result

    def print(self, root: Any) -> str:
        """A hash of every value the stage has ever read, as it is now."""
        return self._name("", root, tuple(self.reads))

    def _name(self, key: str, root: Any, paths: tuple[Path, ...]) -> str:
        return digest((self.name, key, *((p, value_at(root, p)) for p in paths)))
