"""The one exception that is meant for people.

Whatever a user can cause (a bad file, a misspelt setting, a full disk) is raised as `TimbreError` with one sentence
that names the file or field and the cure. Commands print that sentence and exit with 1; pages show it. Any other
exception is a bug in this project.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TimbreError(Exception):
    """Something the user can mend, told in one sentence.

    Examples
    --------
    >>> import timbre_core
    >>> try:
    ...     timbre_core.load_recipe("nsynth-cvea")
    ... except timbre_core.TimbreError as error:
    ...     print(error)
    no recipe 'nsynth-cvea': did you mean 'nsynth-cvae'? A recipe file of your own ends in .yaml.
    """


_OS_CURES = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again",
    errno.EDQUOT: "your disk quota is used up: free some space and run the same command again",
    errno.EACCES: "no permission: choose another folder or change its permissions",
    errno.EPERM: "no permission: choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.ENOENT: "it does not exist: check the path",
    errno.ENOTDIR: "a part of the path is a file, not a folder: check the path",
    errno.EISDIR: "it is a folder, a file was expected: check the path",
    errno.EFBIG: "the file would be larger than the file system allows: choose another disk",
}
_KINDS = (
    (FileNotFoundError, errno.ENOENT),
    (PermissionError, errno.EACCES),
    (IsADirectoryError, errno.EISDIR),
    (NotADirectoryError, errno.ENOTDIR),
)


def is_damage(error: Exception) -> bool:
    """Whether an OSError tells of what is in a file and of nothing that the operating system did, as pyarrow's do."""
    return type(error) is OSError and not error.errno


def explain_os_error(error: OSError, path: Path | str | None = None, writing: bool = False) -> str:
    """One sentence for an operating system error, naming the file and the cure.

    writing: the file, or a folder for it, was to be made. That it does not exist is no explanation then.
    """
    where = path if path is not None else error.filename
    number = error.errno or next((number for kind, number in _KINDS if isinstance(error, kind)), 0)
    cure = _OS_CURES.get(number, error.strerror or "".join(str(error).splitlines()[:1]).rstrip("."))
    if is_damage(error) and not writing:
        cure = f"it is damaged or cut short ({cure}): get it again"
    if writing and number == errno.ENOENT:
        cure = "it cannot be written: choose another place"
    return f"{where}: {cure}." if where is not None else f"{cure[0].upper()}{cure[1:]}."


@contextmanager
def os_errors(path: Path | str, writing: bool = False) -> Iterator[None]:
    """Turn an OSError raised inside the block into a TimbreError about `path`; see `explain_os_error`."""
    try:
        yield
    except OSError as error:
        raise TimbreError(explain_os_error(error, path, writing)) from error
