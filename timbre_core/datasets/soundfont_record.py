"""What a folder of renders remembers: of which SoundFont and settings it is, and which notes were left out, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from timbre_core.datasets.soundfont_plan import RenderSettings
from timbre_core.errors import TimbreError, os_errors
from timbre_core.files import parse_json, read_json, write_json, write_text

_RECORD, _LEFT_OUT = "render.json", "left_out.jsonl"


def claim_folder(sf2: Path, out_dir: Path, settings: RenderSettings) -> None:
    """Make `out_dir` and note in it what is rendered there, so that two different renders are never mixed."""
    with os_errors(out_dir, writing=True):
        (out_dir / "audio").mkdir(parents=True, exist_ok=True)
    label = {"soundfont": sf2.name, "soundfont_bytes": sf2.stat().st_size, "settings": asdict(settings)}
    label = json.loads(json.dumps(label))
    record = out_dir / _RECORD
    if record.exists():
        if read_json(record) != label:
            raise TimbreError(
                f"{out_dir} holds a render of another SoundFont or other settings: choose an empty folder."
            )
    elif any((out_dir / "audio").iterdir()) or (out_dir / "examples.json").exists():
        raise TimbreError(f"{out_dir} already holds notes of another origin: choose an empty folder.")
    else:
        write_json(record, label)
    for leftover in (out_dir / "audio").glob(".*.tmp"):  # of a render that was killed
        leftover.unlink(missing_ok=True)


class LeftOut:
    """Notes of a plan that are not there, by id: "silent", or the id of the note whose recording they are.

    Kept in `left_out.jsonl`, a line a note: [id, reason].
    """

    def __init__(self, out_dir: Path) -> None:
        self._path = out_dir / _LEFT_OUT
        self._reasons: dict[str, str] = {}
        if self._path.is_file():
            with os_errors(self._path):
                lines = self._path.read_text(encoding="utf-8").splitlines()
            for line in lines:
                try:
                    name, reason = parse_json(line)
                except (TypeError, ValueError):
                    continue  # cut off when a render was killed: that note is rendered again
                self._reasons[str(name)] = str(reason)

    def __contains__(self, note_id: str) -> bool:
        return note_id in self._reasons

    def __len__(self) -> int:
        return len(self._reasons)

    def count(self, reason: str) -> int:
        """How many notes were left out for this reason."""
        return sum(why == reason for why in self._reasons.values())

    def add(self, reasons: Mapping[str, str]) -> None:
        """Remember more notes, on disk at once."""
        self._reasons.update(reasons)
        with os_errors(self._path), open(self._path, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(item) + "\n" for item in reasons.items())

    def sort(self) -> None:
        """Write the whole list anew in the order of the ids."""
        write_text(self._path, "".join(json.dumps(item) + "\n" for item in sorted(self._reasons.items())))
