"""What every table of a scenario file has in common: keys that say what they hold, numbers that stay exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

TAG = "~"  # marks a union's branch in an error's location, so that it can be taken out again


def key(kind: str, en: str, zh: str, default: str = "", *, required: bool = False, **limits: Any) -> Any:
    """A key of the file: what it holds (kind), what it means in both languages, and its default in words."""
    words: dict[str, Any] = {"kind": kind, "zh": zh, "default": default, "required": required}
    return Field(default=None, description=en, json_schema_extra=words, **limits)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("number_type", "0.0295")
    return Decimal(value)


Number = Annotated[Decimal, BeforeValidator(_number)]


class Table(BaseModel):
    """A table of the file: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
