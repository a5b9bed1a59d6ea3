#!/usr/bin/env bash
# Some samples of the packages tonejs-instrument-* (npm; from nbrosowsky/tonejs-instruments, CC BY 3.0) sound beside the notes
# that their file names, and the samplers in the packages, say: single notes a semitone off amid notes that are right, and two
# trumpet notes an octave high. Labels by name put them at the wrong pitch; what plays or learns from them is out of tune at
# these keys.
#
# Seen (YIN of librosa 0.11.0, median over the sound): cello A#4 +1 semitone (that is B4), clarinet F#6 -1, nylon guitar D5 +1,
# trumpet C3 and A#3 +12; their neighbours cello A4 and B4, trumpet F3 within a quarter of a semitone. The cello's sampler
# cannot be imported at all: its index.js was written from the file names, of which two hold a space (`import F2 v2 from './F2
# v2.wav'`, a SyntaxError).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for package in cello-wav@1.1.0 clarinet-mp3@1.1.2 guitar-nylon-mp3@1.1.1 trumpet-wav@1.1.0; do
  name=${package%%-mp3*}
  name=${name%%-wav*}
  archive=$(npm pack --silent "tonejs-instrument-$package")
  mkdir "$name"
  tar -xzf "$archive" -C "$name" --strip-components 1
done
if node --input-type=module --check < cello/index.js 2> told; then
  echo "CHANGED: the cello's index.js is JavaScript"
  exit 1
fi
grep -m 1 SyntaxError told
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check librosa==0.11.0 soundfile==0.14.0 numpy==2.3.5
cat > show.py <<'PY'
import sys

import librosa
import numpy as np
import soundfile

SEEN = {
    "cello/A4.wav": 0,
    "cello/As4.wav": 1,
    "cello/B4.wav": 0,
    "clarinet/Fs6.mp3": -1,
    "guitar-nylon/D5.mp3": 1,
    "trumpet/F3.wav": 0,
    "trumpet/As3.wav": 12,
    "trumpet/C3.wav": 12,
}
changed = False
for file, seen in SEEN.items():
    audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    audio = audio.mean(axis=1)
    heard = librosa.hz_to_midi(librosa.yin(audio, fmin=50, fmax=2500, sr=rate, frame_length=4096))
    level = librosa.feature.rms(y=audio, frame_length=4096, hop_length=1024)[0][: len(heard)]
    name = file.split("/")[1].split(".")[0].replace("s", "#")
    off = float(np.median(heard[: len(level)][level > 0.2 * level.max()])) - librosa.note_to_midi(name)
    print(f"{file}: {off:+.2f} semitones from {name}")
    changed |= abs(off - seen) > 0.25
sys.exit(changed)
PY
venv/bin/python show.py || { echo "CHANGED: these are the figures now"; exit 1; }
echo "as seen: five samples are not at the notes they are named by"
