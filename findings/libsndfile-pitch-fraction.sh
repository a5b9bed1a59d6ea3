#!/usr/bin/env bash
# libsndfile 1.2.2 tells the pitch fraction of a WAV file's chunk `smpl` upside down: a quarter of a semitone (0x40000000 of 2^32) is
# logged as 2.0, three quarters as 0.667, that is 0x80000000 divided by the value. Its log is the only place where it tells the chunk's
# root at all, so what reads a sample's tuning from there is wrong by more than a semitone.
#
# Seen (soundfile 0.14.0, libsndfile 1.2.2, valid files): 0.25 is told as 2.0, 0.5 as 1.0, 0.75 as 0.666667.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.14.0 numpy==2.3.5
cat > "$folder/show.py" <<'PY'
import io
import struct
import sys
import wave

import soundfile

print("libsndfile", soundfile.__libsndfile_version__)
told = {}
for fraction in (0.25, 0.5, 0.75):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(bytes(200))
    wav = bytearray(buffer.getvalue())
    # manufacturer, product, period in ns, root, fraction in 2^-32 semitones, SMPTE format, offset, loops, further data
    wav += b"smpl" + struct.pack("<10I", 36, 0, 0, 22676, 60, round(fraction * 2**32), 0, 0, 0, 0)
    wav[4:8] = struct.pack("<I", len(wav) - 8)
    with soundfile.SoundFile(io.BytesIO(bytes(wav))) as file:
        (line,) = [line for line in file.extra_info.splitlines() if "Pitch Fract" in line]
    told[fraction] = float(line.split(":")[1])
    print(f"fraction {fraction} of a semitone is told as {told[fraction]}")
sys.exit(0 if all(abs(value - 0.5 / fraction) < 1e-3 for fraction, value in told.items()) else 1)
PY
"$folder/venv/bin/python" "$folder/show.py" || { echo "CHANGED: the fraction is told as it is"; exit 1; }
echo "as seen: the fraction's reciprocal is told"
