"""What a checkpoint's sounds were made from, and under which licences: the note that goes with exported instruments."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from timbre_core.checkpoint import Checkpoint, companion, open_checkpoint
from timbre_core.errors import TimbreError
from timbre_core.generation.note_at import NOTE_SHIFT

_KNOWN = {
    "nsynth": "NSynth dataset, Google LLC (https://magenta.tensorflow.org/datasets/nsynth), CC BY 4.0: name it",
    "fluidr3": "FluidR3 GM, Frank Wen, MIT licence",
    "starter": "FluidR3 GM, Frank Wen, and MuseScore General, S. Christian Collins, MIT licence",
    "musescore": "MuseScore General, S. Christian Collins, MIT licence",
    "known-factors": "tones computed by Timbre Explorer",
    "fsdd": "Free Spoken Digit Dataset (https://github.com/Jakobovski/free-spoken-digit-dataset), CC BY-SA 4.0",
}


def licence_note(
    checkpoint: Checkpoint, nearest: str | None = None, layered: bool = False, recordings: Sequence[str] = ()
) -> str:
    """Lines of text: what made the sounds, the data it was made from, and what is known of its licences.

    nearest: the map note that lent its course over time. layered: whether velocity layers were made, by another network.
    recordings: what the sounds are recordings of, by name; without any the checkpoint's model made them.
    """
    helpers = []
    if layered or recordings:
        with suppress(TimbreError):  # without it the sounds could not be made: whoever samples is told
            helpers = [open_checkpoint(companion(NOTE_SHIFT, checkpoint.path.parent))]
    if recordings:
        lines = ["Made with Timbre Explorer from recordings, which a network moved to other keys. The recordings:"]
        lines += [f"- {_source(_printable(name))}" for name in recordings]
    else:
        lines = ["Made with Timbre Explorer: every sample was synthesized by a trained model, none is a recording."]
    for each in helpers if recordings else [checkpoint, *helpers]:
        lines.append(f"Model: {_printable(each.name)} ({each.recipe.title}), trained on:")
        lines += [f"- {told}" for told in _trained_on(each)]
    if nearest and not recordings:
        lines.append(f"Course over time: that of the note {_printable(nearest)}.")
    return "\n".join(lines)


def _trained_on(checkpoint: Checkpoint) -> list[str]:
    """What a model was trained on: as its provenance says it, where that names its data, else the data of its recipe."""
    named = checkpoint.recipe.provenance.get("data")
    if not isinstance(named, str):
        return [_source(Path(root).name) for root in checkpoint.recipe.data.roots] or ["data that it does not name"]
    return [_printable(named), *(told for known, told in _KNOWN.items() if known in named.lower())]


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _source(root: str) -> str:
    told = next((told for known, told in _KNOWN.items() if root.lower().startswith(known)), None)
    return f"{root}: {told}" if told else f"{root}: ask whoever made it under which licence its recordings are"
