"""What all parts of a recipe have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Part(BaseModel):
    """Base of all recipe parts: immutable, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def kind_or(default: str) -> BeforeValidator:
    """For a part of several kinds: one that names none is of kind `default`, as recipes were written when it had no others."""

    def named(value: Any) -> Any:
        return {"kind": default, **value} if isinstance(value, dict) else value

    return BeforeValidator(named)
