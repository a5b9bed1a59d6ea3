"""Renders that are the same recording as another one: two presets that play the same samples."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from timbre_core.datasets.duplicates import find_duplicates, linked_instruments
from timbre_core.datasets.library import Library
from timbre_core.datasets.linked import write_linked
from timbre_core.datasets.notes import note_table
from timbre_core.datasets.soundfont_plan import PlannedNote
from timbre_core.datasets.soundfont_record import LeftOut

_NAMED = 20  # pairs of instruments that are named


def leave_out_doubles(out_dir: Path, notes: Sequence[PlannedNote], left_out: LeftOut, progress: bool = True) -> None:
    """Delete rendered notes that are the same recording as one before them, tell of which instruments they were, and write
    which instruments belong together."""
    table = note_table(
        {
            "note_id": [note.note_id for note in notes],
            "instrument": [note.instrument for note in notes],
            "audio": [f"audio/{note.note_id}.wav" for note in notes],
        }
    )
    twins = find_duplicates(Library([str(out_dir)], table), progress=progress)
    left_out.add({notes[second].note_id: notes[first].note_id for first, second, _ in twins})
    for _, second, _ in twins:
        (out_dir / "audio" / f"{notes[second].note_id}.wav").unlink(missing_ok=True)
    write_linked(out_dir, linked_instruments(table, twins))
    pairs = Counter((notes[second].instrument, notes[first].instrument) for first, second, _ in twins)
    total = Counter(note.instrument for note in notes)
    names = {note.instrument: note.program_name for note in notes}
    for (double, one), count in pairs.most_common(_NAMED):
        if double != one:
            print(
                f"{double} ({names[double]}): {count} of its {total[double]} notes are those of {one} ({names[one]}): left "
                "out (--keep-doubles keeps them).",
                file=sys.stderr,
            )
