"""Macros: how a sound is shaped, in steps from what it is. A step changes one measured trait by a known amount."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

from timbre_core.errors import TimbreError


@dataclass(frozen=True)
class Macro:
    """What a step of a macro does: `step` of `unit`, added or, where `times`, multiplied; from `low` to `high` steps."""

    low: float
    high: float
    step: float
    unit: str
    says: str
    times: bool = False
    beside: str = ""
    """The macro without which it changes nothing."""
    making: bool = False
    """Whether it decides how a model's sound is made; of a finished sound, such as a recording, it changes nothing."""


MACROS = {
    "brightness": Macro(-6, 6, 2.0, "semitones", "where the middle of the spectrum lies (spectral centroid)"),
    "attack": Macro(-5, 5, 1.5, "of the time", "how long the sound takes to arrive at its level", times=True),
    "decay": Macro(-6, 6, 2.0, "dB", "what the level falls by in the first 0.4 s after the attack"),
    "sustain": Macro(-6, 6, 3.0, "dB", "what is left of that level a second later"),
    "noise": Macro(-6, 6, 3.0, "dB", "breath and noise between the partials, against the partials"),
    "vibrato": Macro(0, 8, 10.0, "cents", "how far the pitch swings to each side"),
    "vibrato_rate": Macro(
        -6,
        6,
        0.5,
        "Hz",
        "how often a vibrato swings: as a note does of itself, or 5.5 Hz, and so much",
        beside="vibrato",
    ),
    "hollow": Macro(-6, 6, 3.0, "dB", "odd partials against even ones: a clarinet is hollow"),
    "inharmonicity": Macro(0, 8, 10.0, "cents", "how far the tenth partial lies too high, as stiff strings have it"),
    "body": Macro(-6, 6, 1.5, "semitones", "where the resonances (formants) lie: a smaller or larger body"),
    "randomness": Macro(0, 8, 3.0, "cents", "how far pitch, and with it the level, wander while a key is held (RMS)"),
    "playing": Macro(
        0,
        8,
        12.5,
        "%",
        "how much it is played as such instruments are: onset, vibrato, breath; not evenly",
        making=True,
    ),
}
"""By name. Release is the ninth on the page Play: seconds, which formats and players know by themselves."""

FINISHING = {name: macro for name, macro in MACROS.items() if not macro.making}
"""Those that shape a finished sound: each moves a trait that is measured in it."""

DECAYED = 0.4
"""Seconds after the attack in which a sound decays; what is left a second later is its sustain."""


@dataclass(frozen=True)
class Shape:
    """Steps of each of `MACROS`; all zero: the sound as it is. Raises TimbreError for steps out of a macro's range."""

    brightness: float = 0.0
    attack: float = 0.0
    decay: float = 0.0
    sustain: float = 0.0
    noise: float = 0.0
    vibrato: float = 0.0
    vibrato_rate: float = 0.0
    hollow: float = 0.0
    inharmonicity: float = 0.0
    body: float = 0.0
    randomness: float = 0.0
    playing: float = 0.0

    def __post_init__(self) -> None:
        """Raises TimbreError for steps that a macro has not."""
        for name, macro in MACROS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and macro.low <= value <= macro.high):
                raise TimbreError(f"{name} {value:g}: choose from {macro.low:g} to {macro.high:g} steps.")

    @property
    def neutral(self) -> bool:
        """Whether it changes nothing."""
        return not any(getattr(self, each.name) for each in fields(self))

    @property
    def made(self) -> Shape:
        """Of it, what decides how a sound is made."""
        return replace(PLAIN, **{name: getattr(self, name) for name, macro in MACROS.items() if macro.making})

    @property
    def finishing(self) -> Shape:
        """Of it, what shapes a finished sound."""
        return replace(self, **{name: 0.0 for name, macro in MACROS.items() if macro.making})

    def amount(self, name: str) -> float:
        """What the steps of a macro come to in its unit: a sum, or a factor where it multiplies."""
        macro, steps = MACROS[name], getattr(self, name)
        return float(macro.step**steps if macro.times else macro.step * steps)

    def steps(self) -> dict[str, float]:
        """The macros that change something, with their steps."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}


PLAIN = Shape()
"""Changes nothing."""


def read_shape(text: str) -> Shape:
    """`brightness=2,noise=-1.5` as a shape. Raises TimbreError for unknown names, for what is no number, and too many steps."""
    told: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        name = name.strip()
        if name not in MACROS:
            raise TimbreError(f"there is no macro {name[:40]!r}: choose from {', '.join(MACROS)}.")
        try:
            told[name] = round(float(value), 3)
        except ValueError:
            equals = ""
        if not equals:
            raise TimbreError(f"macro {part[:60]!r}: give a number of steps, as in {name}=2.")
    return Shape(**told)
