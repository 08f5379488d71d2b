"""A call of the product that can be carried out and shown: what stands on the page is what was computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments: other calls, lists, whole numbers, or figures as texts, taken exactly.

    >>> from relending.engine import costing
    >>> call = Call(costing.subsidy_rate, ("0.6", "0.0175", "0.0295"))
    >>> call.text, call.value
    ('costing.subsidy_rate(0.6, 0.0175, 0.0295)', Fraction(9, 1250))
    """

    function: Callable[..., Any]
    given: tuple[Any, ...]

    @property
    def value(self) -> Any:
        """What the call gives."""
        return self.function(*(_value(g) for g in self.given))

    @property
    def told(self) -> str:
        """The call as code of Markdown."""
        return f"`{self.text}`"

    @property
    def text(self) -> str:
        """The call as it would be written; the module is one of ``relending`` or ``relending.engine``, or a package
        there that offers what its modules hold."""
        home, _, module = self.function.__module__.rpartition(".")
        if home not in ("relending", "relending.engine"):
            module = home.rpartition(".")[2]
        return f"{module}.{self.function.__name__}({', '.join(map(_text, self.given))})"


def call(function: Callable[..., Any], *given: Any) -> Call:
    """A call of ``function`` with the arguments given."""
    return Call(function, given)


class Word(str):
    """An argument that is a word, not a figure."""


def _value(given: Any) -> Any:
    if isinstance(given, Call):
        return given.value
    if isinstance(given, list):
        return [_value(g) for g in given]
    return Fraction(given) if isinstance(given, str) and not isinstance(given, Word) else given


def _text(given: Any) -> str:
    if isinstance(given, Call):
        return given.text
    if isinstance(given, list):
        return f"[{', '.join(map(_text, given))}]"
    return f'"{given}"' if isinstance(given, Word) else str(given)
