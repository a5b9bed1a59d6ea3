"""The README's first figure: what a listener would notice of one note, as spectrograms.

    python benchmarks/heard_picture.py [--data path/to/nsynth] [--note reed_acoustic_037-061-127] [--from 54]

Above: a recording of an instrument that no shipped map was trained on, and what `nsynth-cvae` and `timbre-space` make of it.
Below: the same note made from another one of the instrument: pitch_shift, `note_at`, and the decoders of the two.
Written to .github/screenshots/heard.png.
"""

from __future__ import annotations

import argparse
import io

import numpy as np
import soxr
from PIL import Image
from shared import NSYNTH, ROOT
from system_pictures import Tile, sheet, spectrogram

from timbre_core.analysis.yardsticks.shifters import shifters
from timbre_core.datasets.library import open_library
from timbre_core.files import atomic_write
from timbre_core.generation.note_at import note_at
from timbre_core.generation.timbre_code import decoded_at
from timbre_core.space import TimbreSpace, open_space

FILE = ROOT / ".github" / "screenshots" / "heard.png"
_TOP = 8000.0  # Hz: the recordings have no more
_SECONDS = 3.6
_SIZE = (230, 150)


def tile(text: str, audio: np.ndarray, space: TimbreSpace) -> Tile:
    """A sound (n_samples,) at the space's rate as a captioned picture, up to 8 kHz."""
    frames, _ = space.analyse(audio[: round(_SECONDS * space.sample_rate)])
    bands = frames[space.recipe.features.frequencies() < _TOP]
    return text, spectrogram(bands, _SIZE[1]).resize(_SIZE, Image.Resampling.BILINEAR)


def at_rate(audio: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    return np.asarray(soxr.resample(audio, rate, wanted), dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(NSYNTH))
    parser.add_argument("--note", default="reed_acoustic_037-061-127", help="the recording, INSTRUMENT-PITCH-VELOCITY")
    parser.add_argument(
        "--from", dest="source", type=int, default=54, help="MIDI pitch of the note it is made from below"
    )
    args = parser.parse_args()
    library = open_library([args.data], progress=False)
    space, baseline = open_space("timbre-space"), open_space("nsynth-cvae")
    instrument, pitch, velocity = args.note.rsplit("-", 2)
    rate, key = space.sample_rate, float(pitch)
    audio = library.load(library.find(args.note), rate)
    other = library.load(library.find(f"{instrument}-{args.source:03d}-{velocity}"), rate)
    heard, heard_other = (at_rate(each, rate, baseline.sample_rate) for each in (audio, other))
    through = at_rate(baseline.reconstruct(heard, key).reconstruction, baseline.sample_rate, rate)
    decoded = at_rate(decoded_at(baseline, heard_other, args.source, key), baseline.sample_rate, rate)
    semitones = f"{abs(key - args.source):g} semitones"
    rows = [
        [
            tile("the recording", audio, space),
            tile("through nsynth-cvae", through, space),
            tile("through timbre-space", space.reconstruct(audio, key).reconstruction, space),
        ],
        [
            tile(
                f"from {semitones} away: pitch_shift",
                shifters()["pitch_shift"](other, rate, args.source, key),
                space,
            ),
            tile("nsynth-cvae, from there", decoded, space),
            tile("note_at, from there", note_at(space, other, args.source, key), space),
        ],
    ]
    file = io.BytesIO()
    sheet(rows).quantize(64, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    with atomic_write(FILE) as temporary:
        temporary.write_bytes(file.getvalue())
    print(f"{FILE.relative_to(ROOT)}: {len(file.getvalue()) / 1000:.0f} KB")


if __name__ == "__main__":
    main()
