"""What all parts of a recipe have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of all recipe parts: immutable, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
