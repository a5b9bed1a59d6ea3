"""Which inverters a command uses or compares, as its options name them."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from timbre_core.errors import TimbreError
from timbre_core.features.settings import as_log_mel

if TYPE_CHECKING:
    import torch

    from timbre_core.analysis.inversion_speed import Candidate
    from timbre_core.checkpoint import Checkpoint

FLAT = "fast-flat"
"""The preset `fast` without being told the pitch: what its harmonic prior is worth."""

EMPHASISED = "emphasis"
"""`fast` with 50 iterations of Griffin-Lim and magnitudes to the power of 1.2, as spectra of speech are often inverted."""

_LIBROSA_BATCH = 4  # librosa works through a batch note by note: more of them only take longer
NOTES_WITH_LIBROSA, NOTES_WITHOUT = 60, 300


def add_inverter_argument(parser: argparse.ArgumentParser) -> None:
    """--inverter NAME for a command that makes sound."""
    parser.add_argument(
        "--inverter",
        metavar="NAME",
        help="how frames become sound: fast, best, or the name or path of a trained inverter's checkpoint "
        "(default: the checkpoint's own)",
    )


def candidates(names: list[str], checkpoint: Checkpoint, device: torch.device) -> dict[str, Candidate]:
    """Inverters to measure, by name: those asked for, or all there are.

    All are: `fast` without being told the pitch (fast-flat), the presets, the trained inverters that fit the checkpoint's
    features, and librosa with 32 and with 100 iterations (librosa-32, librosa-100). By its name only: `emphasis`, 50
    iterations with emphasised magnitudes.
    Raises TimbreError for a name that is none, with the nearest.
    """
    from timbre_core.analysis.inversion_speed import Candidate
    from timbre_core.analysis.librosa_inverter import ITERATIONS, LibrosaInverter
    from timbre_core.inversion.settings import InversionSettings
    from timbre_core.inverters import inverter_names, open_inverter

    features = as_log_mel(checkpoint.recipe.features)
    known = [*ITERATIONS, FLAT, *inverter_names(features)]
    found = {}
    emphasised = InversionSettings(iterations=50, emphasis=1.2)
    for name in names or known:
        if name == EMPHASISED:
            found[name] = Candidate(open_inverter(emphasised, features, device), told_pitch=False)
            continue
        if name not in known and not Path(name).is_dir():
            near = difflib.get_close_matches(name, known, n=1, cutoff=0)
            raise TimbreError(f"no inverter {name!r}: did you mean {near[0]!r}? There are {', '.join(known)}.")
        if name in ITERATIONS:
            found[name] = Candidate(LibrosaInverter(features, ITERATIONS[name]), told_pitch=False, batch=_LIBROSA_BATCH)
        elif name == FLAT:
            found[name] = Candidate(open_inverter("fast", features, device), told_pitch=False)
        else:
            found[name] = Candidate(open_inverter(name, features, device), trained_on=_trained_on(name))
    return found


def _trained_on(name: str) -> frozenset[str]:
    """The instruments that a trained inverter heard; none for a preset."""
    from timbre_core.checkpoint import open_checkpoint
    from timbre_core.inverters import PRESETS

    if name in PRESETS:
        return frozenset()
    trained = open_checkpoint(name).recipe.provenance.get("train_instruments", ())
    return frozenset(str(instrument) for instrument in trained)


def default_notes(names: dict[str, Candidate]) -> int:
    """How many notes to measure on unless told: fewer where librosa takes part, which needs seconds for each note."""
    from timbre_core.analysis.librosa_inverter import ITERATIONS

    return NOTES_WITH_LIBROSA if set(ITERATIONS) & set(names) else NOTES_WITHOUT
