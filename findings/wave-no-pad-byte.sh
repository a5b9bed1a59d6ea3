#!/usr/bin/env bash
# Python's `wave` writes no pad byte behind an odd number of bytes of samples. RIFF wants chunks to begin at even offsets, so a chunk
# that is appended to such a file (24-bit mono with an odd count of samples: loops in `smpl`, say) is not where readers look for it:
# libsndfile loses the loop, without an error, and the sound itself is read.
#
# Seen with Python 3.11 and soundfile 0.13.1: of two files that differ by one sample, the even one has its loop, the odd one an unknown
# marker "mpl<".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.13.1 numpy==2.3.5
cat > "$folder/show.py" <<'PY'
import io
import struct
import sys
import wave

import soundfile


def with_loop(samples):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(44100)
        file.writeframes(b"\1\2\3" * samples)
    body = struct.pack("<9I", 0, 0, 22676, 60, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 0, 10, 90, 0, 0)
    data = buffer.getvalue() + b"smpl" + struct.pack("<I", len(body)) + body
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


print("Python", sys.version.split()[0], "soundfile", soundfile.__version__, soundfile.__libsndfile_version__)
seen = []
for samples in (100, 101):
    with soundfile.SoundFile(io.BytesIO(with_loop(samples))) as file:
        seen.append("Loop Count" in file.extra_info)
        print(samples, "samples:", file.frames, "read, the loop is", "there" if seen[-1] else "lost")
sys.exit(0 if seen == [True, False] else 1)
PY
"$folder/venv/bin/python" "$folder/show.py" || { echo "CHANGED: the pad byte is written, or found without it"; exit 1; }
echo "as seen: one sample more, and the loop is lost"
