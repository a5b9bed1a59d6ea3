"""The General MIDI programs as instruments of NSynth's eleven families, with the keys each is naturally played in.

The ranges follow those that the General MIDI 2 guidelines recommend to composers. A program that is left out has no
pitch of its own: sound effects, unpitched percussion, orchestra hits, and synthesizer effects that play chords or noise.
"""

from __future__ import annotations

from dataclasses import dataclass

# NSynth numbers families, sources and qualities by their place in these lists (Engel et al. 2017, arXiv:1704.01279).
FAMILIES = (
    "bass",
    "brass",
    "flute",
    "guitar",
    "keyboard",
    "mallet",
    "organ",
    "reed",
    "string",
    "synth_lead",
    "vocal",
)
SOURCES = ("acoustic", "electronic", "synthetic")
QUALITIES = (
    "bright",
    "dark",
    "distortion",
    "fast_decay",
    "long_release",
    "multiphonic",
    "nonlinear_env",
    "percussive",
    "reverb",
    "tempo-synced",
)


@dataclass(frozen=True)
class Program:
    """A General MIDI program: its number 0-127, NSynth family and source, lowest and highest natural key (MIDI)."""

    number: int
    family: str
    source: str
    low: int
    high: int


_TABLE = """
  0 keyboard   acoustic    21 108
  1 keyboard   acoustic    21 108
  2 keyboard   electronic  21 108
  3 keyboard   acoustic    21 108
  4 keyboard   electronic  28 103
  5 keyboard   electronic  28 103
  6 keyboard   acoustic    29  89
  7 keyboard   electronic  29  96
  8 mallet     acoustic    60 108
  9 mallet     acoustic    72 108
 10 mallet     acoustic    60  96
 11 mallet     electronic  53  89
 12 mallet     acoustic    45  96
 13 mallet     acoustic    65  96
 14 mallet     acoustic    60  77
 15 mallet     acoustic    48  84
 16 organ      electronic  36  96
 17 organ      electronic  36  96
 18 organ      electronic  36  96
 19 organ      acoustic    21 108
 20 organ      acoustic    36  96
 21 reed       acoustic    53  89
 22 reed       acoustic    60  84
 23 reed       acoustic    53  89
 24 guitar     acoustic    40  84
 25 guitar     acoustic    40  84
 26 guitar     electronic  40  86
 27 guitar     electronic  40  86
 28 guitar     electronic  40  86
 29 guitar     electronic  40  86
 30 guitar     electronic  40  86
 31 guitar     electronic  40  86
 32 bass       acoustic    28  55
 33 bass       electronic  28  60
 34 bass       electronic  28  60
 35 bass       electronic  28  60
 36 bass       electronic  28  60
 37 bass       electronic  28  60
 38 bass       synthetic   24  72
 39 bass       synthetic   24  72
 40 string     acoustic    55  96
 41 string     acoustic    48  84
 42 string     acoustic    36  72
 43 string     acoustic    28  55
 44 string     acoustic    28  96
 45 string     acoustic    28  96
 46 string     acoustic    23 103
 47 mallet     acoustic    36  57
 48 string     acoustic    28  96
 49 string     acoustic    28  96
 50 string     synthetic   36  96
 51 string     synthetic   36  96
 52 vocal      acoustic    48  79
 53 vocal      acoustic    48  79
 54 vocal      synthetic   48  84
 56 brass      acoustic    58  94
 57 brass      acoustic    34  75
 58 brass      acoustic    29  55
 59 brass      acoustic    58  82
 60 brass      acoustic    41  77
 61 brass      acoustic    36  96
 62 brass      synthetic   36  96
 63 brass      synthetic   36  96
 64 reed       acoustic    54  87
 65 reed       acoustic    49  80
 66 reed       acoustic    42  75
 67 reed       acoustic    37  68
 68 reed       acoustic    58  91
 69 reed       acoustic    52  81
 70 reed       acoustic    34  72
 71 reed       acoustic    50  91
 72 flute      acoustic    74 108
 73 flute      acoustic    60  96
 74 flute      acoustic    60  96
 75 flute      acoustic    60  96
 76 flute      acoustic    60  96
 77 flute      acoustic    55  84
 78 flute      acoustic    60  96
 79 flute      acoustic    60  84
 80 synth_lead synthetic   21 108
 81 synth_lead synthetic   21 108
 82 synth_lead synthetic   36  96
 83 synth_lead synthetic   36  96
 84 synth_lead synthetic   36  96
 85 vocal      synthetic   36  96
 86 synth_lead synthetic   36  96
 87 synth_lead synthetic   21 108
 88 synth_lead synthetic   36  96
 89 synth_lead synthetic   36  96
 90 synth_lead synthetic   36  96
 91 vocal      synthetic   36  96
 92 synth_lead synthetic   36  96
 93 synth_lead synthetic   36  96
 94 synth_lead synthetic   36  96
 95 synth_lead synthetic   36  96
 98 mallet     synthetic   36  96
 99 synth_lead synthetic   36  96
100 synth_lead synthetic   36  96
104 guitar     acoustic    48  77
105 guitar     acoustic    48  84
106 guitar     acoustic    50  79
107 string     acoustic    55  84
108 mallet     acoustic    48  79
109 reed       acoustic    36  77
110 string     acoustic    55  96
111 reed       acoustic    48  72
112 mallet     acoustic    72  84
114 mallet     acoustic    52  76
"""


def _parse(line: str) -> Program:
    number, family, source, low, high = line.split()
    return Program(int(number), family, source, int(low), int(high))


PROGRAMS: dict[int, Program] = {p.number: p for p in map(_parse, _TABLE.strip().splitlines())}
