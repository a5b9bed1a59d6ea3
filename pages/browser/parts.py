"""What a browser component is made of. Imports next to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_PAGES = Path(__file__).parents[1]


class Part(NamedTuple):
    """A component: its name, what stands in it before its script ran, its style sheets in their order, and the module whose
    default export mounts it; all files are below `pages`."""

    name: str
    html: str
    styles: tuple[str, ...]
    module: str

    @property
    def css(self) -> str:
        """The rules of all its style sheets."""
        return "".join((_PAGES / name).read_text(encoding="utf-8") for name in self.styles)
