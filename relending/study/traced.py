"""What a step reads 所读参数: objects that note each of their values that is read, so that results can be kept by it.

A step is a pure function of what it reads. If every value that a former call has read is the same now, the step would
go the same way again and give the same: its result may be used once more. So what a result depends on is never written
down by hand, where a list would go stale; it is seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any

from relending.policy import Facility

Path = tuple[str, ...]
"""Where a value stands: ``("own_rate",)``, ``("facilities", "<id>", "parameters", "ratio")``."""

FACILITIES = "facilities"
PARAMETERS = "parameters"
NESTED = ("scenario", "context")
"""Attributes that are objects to trace themselves."""
MISSING = object()


class Traced:
    """An object that notes in ``seen`` the path of each data attribute read; methods and properties run on it too.

    ``facilities`` come back traced one by one, their ``parameters`` by name. Reading goes to the object behind it;
    nothing can be set.
    """

    __slots__ = ("_at", "_inner", "_seen")

    def __init__(self, inner: Any, seen: dict[Path, None], at: Path = ()) -> None:
        object.__setattr__(self, "_inner", inner)
        object.__setattr__(self, "_seen", seen)
        object.__setattr__(self, "_at", at)

    def __getattr__(self, name: str) -> Any:
        inner, seen, at = self._inner, self._seen, self._at
        found = getattr(type(inner), name, None)
        if isinstance(found, FunctionType):
            return MethodType(found, self)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        path = (*at, name)
        value = getattr(inner, name)
        if name in NESTED:
            return Traced(value, seen, path)
        if name == FACILITIES:
            seen[path] = None
            return tuple(Traced(f, seen, (*path, f.id)) for f in value)
        if name == PARAMETERS and isinstance(inner, Facility):
            return TracedTable(value, seen, path)
        seen[path] = None
        return value

    def also(self, paths: Iterable[Path]) -> Any:
        """Note these paths as read too; the object itself, untraced: for a step within a step."""
        self._seen.update(dict.fromkeys((*self._at, *path) for path in paths))
        return self._inner

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} of a traced object cannot be set")

    def __getitem__(self, name: str) -> Any:
        return type(self._inner).__getitem__(self, name)

    def __contains__(self, name: str) -> bool:
        return bool(type(self._inner).__contains__(self, name))


class TracedTable(Mapping[str, Any]):
    """A table of values that notes which are looked up; whoever goes through all of it has read all of it."""

    def __init__(self, inner: Mapping[str, Any], seen: dict[Path, None], at: Path) -> None:
        self._inner, self._seen, self._at = inner, seen, at

    def __getitem__(self, name: str) -> Any:
        self._seen[(*self._at, name)] = None
        return self._inner[name]

    def __contains__(self, name: object) -> bool:
        self._seen[(*self._at, str(name))] = None
        return name in self._inner

    def __iter__(self) -> Iterator[str]:
        self._seen[self._at] = None
        return iter(self._inner)

    def __len__(self) -> int:
        self._seen[self._at] = None
        return len(self._inner)


def value_at(root: Any, path: Path) -> Any:
    """The value a path leads to, ``MISSING`` where it leads nowhere; of the facilities themselves only which they are.

    >>> import relending as rl
    >>> context = rl.load_scenario("demo").context()
    >>> value_at(context, ("facilities",)), value_at(context, ("lpr_shift_bp",))
    (('cerf', 'clean_coal'), 0)
    """
    node = root
    parts = iter(path)
    for part in parts:
        node = node.get(part, MISSING) if isinstance(node, Mapping) else getattr(node, part, MISSING)
        if part == FACILITIES and node is not MISSING:
            one = next(parts, None)
            if one is None:
                return tuple(f.id for f in node)
            node = next((f for f in node if f.id == one), MISSING)
        if node is MISSING:
            break
    return node


def digest(values: Any) -> str:
    """A hash of values by what they print: all of them are frozen data of integers, texts and dates.

    >>> digest((1, "a")) == digest((1, "a")), digest((1, "a")) == digest((1, "b"))
    (True, False)
    """
    return hashlib.blake2b(repr(values).encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
