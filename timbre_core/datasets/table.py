"""A folder's table of labels: `metadata.csv` (or .tsv, .jsonl), a line for each sound."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from json import JSONDecodeError
from pathlib import Path

from timbre_core.datasets.column_checks import cell_text, match_checked
from timbre_core.datasets.columns import PARTS, Columns, match_columns, plain_name
from timbre_core.datasets.csv_cells import as_meant
from timbre_core.datasets.files_by_name import FilesByName
from timbre_core.datasets.heard import pitches_agree
from timbre_core.datasets.pitch_columns import settle_pitches
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import parse_json
from timbre_core.wording import counted

FIELDS = ("file", "instrument", "family", "source", "pitch", "velocity", "split", "transpose", *PARTS)
_OWN = {"note_id", "pitch_estimated"}
"""Columns of the tables that `prepare folder` writes that are no labels."""
_ENDINGS = (".csv", ".tsv", ".txt", ".jsonl")
_OTHERS = (".csv", ".tsv", ".jsonl", ".json", ".xls", ".xlsx", ".ods", ".dspreset")
_IS_TABLE = re.compile(r"metadata(?:\.csv|\.tsv)?", re.IGNORECASE)  # Windows hides the first of two endings
_QUOTED = re.compile(r'"[^"]*"')

Skipped = list[tuple[str, str]]


@dataclass
class Table:
    """Labels by file (path below the root): texts by field, fields without a text left out; what was left out, and said."""

    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: Skipped = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)


def find_tables(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of the files (posix paths) of a folder, those that are its tables, one in a folder, and other tables: CSV and the like."""
    named: dict[str, list[str]] = {}
    others = []
    for name in names:
        folder, _, file = name.rpartition("/")
        stem, dot, ending = file.rpartition(".")
        if _IS_TABLE.fullmatch(stem.strip()) and (dot + ending).lower() in _ENDINGS:
            named.setdefault(folder, []).append(name)
        elif (dot + ending).lower() in _OTHERS:
            others.append(name)
    chosen = []
    for there in named.values():
        there.sort(key=lambda name: _ENDINGS.index("." + name.rpartition(".")[2].lower()))
        chosen.append(there[0])
        others += there[1:]
    return sorted(chosen), sorted(others)


def read_table(root: Path, name: str, files: Sequence[str]) -> Table:
    """The labels in the table `name` (posix path) below `root`, for `files` (posix paths below `root`).

    Raises TimbreError when it cannot be understood as a whole; single lines that cannot be used are in `skipped`.
    """
    path = root / name
    content = _text(path)
    rows = _json_lines(content, path) if name.lower().endswith(".jsonl") else _csv_rows(content, path)
    columns, listed = _columns(rows, path)
    found = FilesByName(files, name.rpartition("/")[0])
    table = Table(fields=set(columns.of) - {"file"})
    loose = 0
    for line, row in listed:
        where = f"{path}, line {line}"
        if None in row:
            table.skipped.append((where, "it has more cells than the first line has columns: put quotes around commas"))
            continue
        text = cell_text(row.get(columns.of["file"]))
        file, reason = found.find(text)
        if file is None:
            table.skipped.append((where, reason))
        elif file in table.labels:
            table.skipped.append((where, f"{text!r} is listed a second time: delete the line"))
        else:
            loose += not found.is_exact(text)
            given = {name: cell_text(row.get(column)) for name, column in columns.of.items() if name != "file"}
            table.labels[file] = {name: value for name, value in given.items() if value}
    _settle_pitches(table, path, columns, root)
    _tell(table, path, columns, loose)
    _scale_velocities(table, path)
    return table


def _settle_pitches(table: Table, path: Path, columns: Columns, root: Path) -> None:
    """Make pitches of what the table says in Hz or in parts; tells it, and which of these columns are of no use."""
    named, agree = list(table.labels), pitches_agree(root)
    said, unused = settle_pitches(
        list(table.labels.values()),
        columns.of,
        lambda places, pitches: agree([named[place] for place in places], pitches),
    )
    table.said += [f"{path}: {sentence}" for sentence in said]
    columns.unused.extend(unused)
    table.fields -= set(PARTS)
    table.fields |= {"pitch"} if said else set()


def _scale_velocities(table: Table, path: Path) -> None:
    """Make velocities of a table in which all are shares of the loudest, from 0 to 1, those of MIDI; tells it."""
    given = [labels for labels in table.labels.values() if labels.get("velocity")]
    shares = []
    for labels in given:
        with contextlib.suppress(ValueError):
            shares.append(float(labels["velocity"].replace(",", ".")))
    if len(shares) < len(given) or not shares or min(shares) < 0 or max(shares) > 1 or set(shares) <= {0, 1}:
        return
    for labels, share in zip(given, shares, strict=True):
        labels["velocity"] = str(max(1, round(127 * share)))
    table.said.append(f"{path}: velocities from 0 to 1 are shares of 127")


def _tell(table: Table, path: Path, columns: Columns, loose: int) -> None:
    if columns.renamed:
        table.said.append(f"{path}: {', '.join(columns.renamed)}")
    unused = [name for name in columns.unused if plain_name(name) not in _OWN]
    if unused:
        table.said.append(f"{path}: not used: column{'s' * (len(unused) > 1)} {', '.join(map(repr, unused))}")
    if loose:
        table.said.append(
            f"{path}: {counted(loose, 'file')} found by name alone, written in another way than the file is"
        )
    for name in sorted(table.fields & {"instrument", "family", "velocity", "pitch"}):
        blank = sum(name not in given for given in table.labels.values())
        if 0 < blank < len(table.labels):
            table.said.append(f"{path}: column {name!r} is empty in {blank} of {len(table.labels)} lines")


def _text(path: Path) -> str:
    with os_errors(path):
        content = path.read_bytes()
    if content[:4] == b"PK\x03\x04":
        raise TimbreError(f"{path}: a spreadsheet, not text: save it as CSV UTF-8.")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
        if "\0" in text:
            raise TimbreError(f"{path}: not a table but bytes without text: save it as CSV UTF-8.")
        return text
    except UnicodeDecodeError as error:
        raise TimbreError(f"{path}: not a table in UTF-8 ({error}): save it as CSV UTF-8.") from error


Rows = Iterator[tuple[int, dict[str | None, str]]]


def _csv_rows(content: str, path: Path) -> Rows:
    lines = content.splitlines()
    skip = next((number for number, line in enumerate(lines) if not _is_before_header(line)), 0)
    header = _QUOTED.sub("", lines[skip] if lines else "")
    # Spreadsheets of countries with a decimal comma write semicolons.
    delimiter = max(",;\t|", key=header.count)
    if delimiter not in header and "  " in header.strip():  # columns that blanks align
        content, delimiter = re.sub(" {2,}", "\t", content), "\t"
    stream = io.StringIO(content, newline="")
    for _ in range(skip):
        stream.readline()
    reader = csv.DictReader(stream, delimiter=delimiter, skipinitialspace=True)
    try:
        _check_header(reader.fieldnames or [], path)
        yield 0, dict.fromkeys(reader.fieldnames or [], "")
        for row in reader:
            if any(isinstance(cell, str) and cell.strip() for cell in row.values()):
                if any("\n" in cell for cell in row.values() if isinstance(cell, str)):
                    raise TimbreError(
                        f"{path}, line {reader.line_num + skip}: a quote before it is not closed: close or delete it."
                    )
                extra = row.pop(None, None)
                more = any(cell.strip() for cell in extra or ())
                meant = {name: as_meant(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
                yield reader.line_num + skip, {**meant, **({None: ""} if more else {})}
    except csv.Error as error:
        raise TimbreError(f"{path}: not a table in UTF-8 ({error}): save it as CSV UTF-8.") from error


def _is_before_header(line: str) -> bool:
    """Whether a line is blank, a comment, or what Excel writes before some tables (`sep=;`)."""
    text = line.strip().strip(",;\t|")
    comment = text.startswith("#") and "file" not in match_columns(re.split("[,;\t|]", text), ["file"]).of
    return not text or comment or re.fullmatch(r"sep=.?", text, re.IGNORECASE) is not None


def _check_header(names: Sequence[str], path: Path) -> None:
    """Raises TimbreError for a column that is there twice: only one of them could be read."""
    plain = [name.strip().casefold() for name in names if name and name.strip()]
    twice = next((name for name in plain if plain.count(name) > 1), None)
    if twice is not None:
        raise TimbreError(f"{path}: it has two columns {twice!r}: rename or delete one of them.")


def _json_lines(content: str, path: Path) -> Rows:
    rows: list[tuple[int, dict[str | None, str]]] = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = parse_json(line)
        except JSONDecodeError as error:
            raise TimbreError(f"{path}, line {number}: not valid JSON ({error.msg}): correct it.") from error
        if not isinstance(row, dict):
            raise TimbreError(f"{path}, line {number}: no JSON object: write one for each file.")
        rows.append((number, {name: "" if value is None else str(value) for name, value in row.items()}))
    yield 0, {name: "" for _, row in rows for name in row}
    yield from rows


def _columns(rows: Rows, path: Path) -> tuple[Columns, list[tuple[int, dict[str | None, str]]]]:
    """Which column is what, and the lines."""
    _, names = next(rows)
    listed = list(rows)
    given = [name for name in names if name is not None]
    columns = match_checked(given, FIELDS, lambda name: [cell_text(row.get(name)) for _, row in listed])
    if "file" not in columns.of:
        have = ", ".join(map(repr, filter(None, given))) or "none"
        raise TimbreError(
            f"{path}: no column 'file' in its first line (it has {have}): add it, with paths below the folder."
        )
    return columns, listed
