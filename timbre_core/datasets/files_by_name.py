"""Files that are named elsewhere, in a table say: found although the name is written in another way."""

from __future__ import annotations

import os
import posixpath
import unicodedata
from collections.abc import Sequence

from timbre_core.features.sound_files import is_audio


class FilesByName:
    """Finds files (posix paths) by their path, however it is written: Unicode composed or not, letters of full width,
    capitals, `\\` for `/`, through `..`, with other folders before it, without its ending, or with that of another format."""

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
        missing = f"there is no audio file {name!r} in the folder: correct the path"
        below, meant = self._folder, name
        if ".." in name.split("/"):
            below, meant = "", posixpath.normpath(self._folder + name)
            if meant.startswith(".."):
                return None, missing
        for written in (meant, os.path.splitext(meant)[0] if is_audio(meant) else ""):
            parts = _plain(written).split("/") if written else []
            for whole in ([_plain(below).rstrip("/"), *parts], *(parts[first:] for first in range(len(parts)))):
                found = self._by_key.get("/".join(filter(None, whole)), []) if parts else []
                if len(found) == 1:
                    return found[0], ""
                if found:
                    return None, f"{name!r} may be {len(found)} files, {found[0]} say: write its whole path"
        return None, missing


def _slashes(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")


def _plain(path: str) -> str:
    return unicodedata.normalize("NFKC", path).casefold()
