"""Files that are named elsewhere, in a table say: found although the name is written in another way."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


class FilesByName:
    """Finds files (posix paths) by their path, however it is written: Unicode composed or not, letters of full width,
    capitals, `\\` for `/`, with other folders before it, or without its ending."""

    def __init__(self, files: Sequence[str], folder: str = "") -> None:
        """folder: what names are given below, of the paths `files`."""
        self._folder = f"{folder}/" if folder else ""
        self._files = set(files)
        self._by_key: dict[str, list[str]] = {}
        for file in files:
            parts = _plain(file).split("/")
            stem = parts[-1].rpartition(".")[0]
            for first in range(len(parts)):
                self._by_key.setdefault("/".join(parts[first:]), []).append(file)
                self._by_key.setdefault("/".join([*parts[first:-1], stem]), []).append(file)

    def is_exact(self, name: str) -> bool:
        """Whether a file has this very name."""
        return self._folder + _slashes(name) in self._files

    def find(self, name: str) -> tuple[str | None, str]:
        """The file that `name` means, or None and the reason."""
        name = _slashes(name)
        for exact in (self._folder + name, name):
            if exact in self._files:
                return exact, ""
        if ".." in name.split("/"):
            return None, f"there is no audio file {name!r} in the folder: correct the path"
        parts = _plain(name).split("/")
        for whole in ([_plain(self._folder).rstrip("/"), *parts], *(parts[first:] for first in range(len(parts)))):
            found = self._by_key.get("/".join(filter(None, whole)), [])
            if len(found) == 1:
                return found[0], ""
            if found:
                return None, f"{name!r} may be {len(found)} files, {found[0]} say: write its whole path"
        return None, f"there is no audio file {name!r} in the folder: correct the path"


def _slashes(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")


def _plain(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
