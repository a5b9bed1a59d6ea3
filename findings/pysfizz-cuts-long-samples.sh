#!/usr/bin/env bash
# pysfizz 0.1.3 (sfizz) renders ahead of its own disk: a sample longer than what is preloaded is read by a thread, and where rendering
# is faster than that thread the note ends early, without an error, at another place each time. `hint_ram_based=1` in <control> has
# samples held in memory whole, and the same note sounds to its end.
#
# Seen: a sample of 20 s held for 20 s ends after less than half of that without the hint, and lasts with it.
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
tone = (10000 * np.sin(2 * np.pi * 261.6256 * np.arange(20 * rate) / rate)).astype("<i2")
with wave.open(str(folder / "tone.wav"), "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(rate)
    file.writeframes(tone.tobytes())


def seconds(control):
    (folder / "tone.sfz").write_text(control + "<region> sample=tone.wav pitch_keycenter=60\n")
    synth = Synth(rate, 1024)
    synth.load_sfz_file(folder / "tone.sfz")
    audio = synth.render_note(60, 127, 20.0, 20.0).mean(axis=0)
    return np.flatnonzero(np.abs(audio) > 1e-3)[-1] / rate


without = min(seconds("") for _ in range(3))
with_hint = min(seconds("<control> hint_ram_based=1\n") for _ in range(3))
print(f"held for 20 s: sounds {without:.1f} s without the hint (shortest of three), {with_hint:.1f} s with it")
sys.exit(0 if without < 19 < with_hint else 1)
PY
"$folder/venv/bin/python" "$folder/show.py" "$folder" || { echo "CHANGED: notes are whole either way, or in neither"; exit 1; }
echo "as seen: cut without the hint"
