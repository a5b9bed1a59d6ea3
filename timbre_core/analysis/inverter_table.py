"""The figures of `measure_inverters` as a table for people. Imports no torch: a page shows it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from timbre_core.wording import counted

INPUT_TITLES = {"clean": "The recordings' own frames", "reconstruction": "The checkpoint's reconstructions"}


@dataclass(frozen=True)
class Column:
    """A measure: its key, title and number format, a factor (100 for per cent), and whether more is better."""

    key: str
    title: str
    form: str
    factor: float = 1.0
    more_is_better: bool = False


COLUMNS = (
    Column("milliseconds", "ms/note", ".1f"),
    Column("log_mel_mae_nats", "log-mel MAE, nats", ".3f"),
    Column("log_mel_mae_db", "dB", ".2f"),
    Column("stft_distance", "multi-res. STFT", ".3f"),
    Column("within_50_cents", "right pitch, %", ".1f", 100, True),
    Column("median_cents", "cents off", ".1f"),
    Column("within_50_cents_all", "right pitch, all, %", ".1f", 100, True),
    Column("level_error_db", "level error, dB", ".2f"),
    Column("clicking", "notes that click, %", ".1f", 100),
    Column("embedding_frechet_distance", "embedding Fréchet", ".3f"),
)
"""What the table shows; the JSON holds more."""


def figure(entry: dict[str, Any], kind: str, key: str) -> float | None:
    """A figure of one inverter: of an input ("clean", "reconstruction"), or its time, which is the same for both."""
    value = entry.get(key) if key == "milliseconds" else (entry.get(kind) or {}).get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def shown_columns(result: dict[str, Any], kind: str) -> list[Column]:
    """Those of COLUMNS that at least one inverter has a figure for."""
    entries = list(result["by_name"].values())
    return [column for column in COLUMNS if any(figure(entry, kind, column.key) is not None for entry in entries)]


def text_tables(result: dict[str, Any]) -> str:
    """Both inputs' tables and the real-time factors as aligned text, with what was measured and what was not."""
    names = list(result["by_name"])
    lines = [
        f"inverters: {counted(result['notes'], 'note')} of {counted(result['instruments'], 'instrument')}, "
        f"{result['harmonic_notes']} of them sound at their label (for the right pitch)"
    ]
    for kind, title in INPUT_TITLES.items():
        columns = shown_columns(result, kind)
        rows = [[name, *(_text(figure(result["by_name"][name], kind, c.key), c) for c in columns)] for name in names]
        lines += ["", f"{title}:", *aligned([["", *(c.title for c in columns)], *rows])]
    lines += ["", "Seconds of sound per second of work (real-time factor):", *aligned(_speeds(result["by_name"]))]
    embedding = result.get("embedding")
    if embedding:
        shrunk = f", covariances shrunk by {embedding['shrinkage']:.2f}" if embedding["shrinkage"] else ""
        lines += ["", f"Fréchet distance on {embedding['checkpoint']} ({embedding['fingerprint'][:12]}){shrunk}"]
    heard = [name for name in names if result["by_name"][name]["instruments_trained_on"]]
    if heard:
        lines += ["", f"not unseen: {', '.join(heard)} heard some of these instruments in training"]
    lines += [f"not measured: {key}: {reason}" for key, reason in result["notes_on"].items()]
    return "\n".join(lines)


def aligned(rows: list[list[str]]) -> list[str]:
    """Rows of cells as lines, the first column to the left and the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def _speeds(by_name: dict[str, dict[str, Any]]) -> list[list[str]]:
    counts = list(next(iter(by_name.values()))["real_time_factor"]["one_note"])
    threads = [f"{count} thread{'s' if count != '1' else ''}" for count in counts]
    rows = [["", *(f"one note, {each}" for each in threads), *(f"batch, {each}" for each in threads), "batch of"]]
    for name, entry in by_name.items():
        factors = entry["real_time_factor"]
        cells = [f"{factors[kind][count]:.1f}" for kind in ("one_note", "batch") for count in counts]
        rows.append([name, *cells, str(factors["batch_notes"])])
    return rows


def _text(value: float | None, column: Column) -> str:
    return "-" if value is None else f"{column.factor * value:{column.form}}"
