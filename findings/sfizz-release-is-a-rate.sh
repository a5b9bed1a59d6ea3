#!/usr/bin/env bash
# SFZ's `ampeg_release` is called the time that a released note takes to end (https://sfzformat.com/opcodes/ampeg_release/). sfizz
# (pysfizz 0.1.3) fades by 78 dB in it: at a third of the time 26 dB are gone, at half of it 39. A SoundFont's release of as many
# seconds fades by 96 to 100 dB, and an exponential of five time constants by 43, so the same seconds written to two formats, or
# taken over from an envelope of one's own, die away up to twice as fast.
#
# Seen: with ampeg_release=1 the level falls evenly, by 75 to 81 dB in a second.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysfizz==0.1.3 numpy==2.3.5
cat > "$folder/show.py" <<'PY'
import sys
import wave
from pathlib import Path

import numpy as np
from pysfizz import Synth

folder, rate = Path(sys.argv[1]), 44100
tone = (20000 * np.sin(2 * np.pi * 261.6256 * np.arange(4 * rate) / rate)).astype("<i2")
with wave.open(str(folder / "tone.wav"), "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(rate)
    file.writeframes(tone.tobytes())
(folder / "tone.sfz").write_text(
    "<control> hint_ram_based=1\n<region> sample=tone.wav pitch_keycenter=60 ampeg_release=1\n"
)
synth = Synth(rate, 64)
synth.load_sfz_file(folder / "tone.sfz")
audio = synth.render_note(60, 127, 1.0, 2.0).mean(axis=0)


def level(seconds):
    part = audio[round((seconds - 0.02) * rate) : round((seconds + 0.02) * rate)]
    return 10 * np.log10(np.mean(part**2))


first, second = (level(at) - level(at + 0.3) for at in (1.1, 1.4))
print(f"in a second {first / 0.3:.0f} dB, then {second / 0.3:.0f} dB")
sys.exit(0 if all(75 < each / 0.3 < 81 for each in (first, second)) else 1)
PY
"$folder/venv/bin/python" "$folder/show.py" "$folder" || { echo "CHANGED: a release fades by another amount"; exit 1; }
echo "as seen: 78 dB in the time that is called its release"
