"""Which notes of a SoundFont are rendered, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from timbre_core.datasets.families import family_of
from timbre_core.datasets.general_midi import PROGRAMS, Program
from timbre_core.datasets.notes import UNKNOWN
from timbre_core.datasets.soundfont_file import DRUMS, Preset
from timbre_core.errors import TimbreError
from timbre_core.wording import counted

SAMPLE_RATE = 44_100
LOWEST, HIGHEST = 21, 108  # a piano's keys
_OCTAVE = 12
_FEWEST_KEYS = 12  # of a range; where the natural one has fewer, the recordings' own is taken
_SOFT, _LOUD = 30, 110  # velocities that are tried in any case
_MOST_LAYERS = 6  # velocities that are tried
_NAMED = 8  # presets that an error names
_MT32 = 127  # the bank that by convention holds the programs of the MT-32, which are not General MIDI's


@dataclass(frozen=True)
class RenderSettings:
    """Which notes of a SoundFont are rendered, and how.

    programs: MIDI programs, None for all pitched ones. banks: None for bank 0 of a General MIDI font, for all of any other
    (and of one that has no bank 0); variations are often in 8 and 16. pitch_low, pitch_high: keys for all instruments
    instead of their natural ranges. pitch_step: semitones between neighbouring keys. velocities: None for one of each
    velocity layer that an instrument has. velocities_per_pitch: take so many of them in turn at each key (an instrument
    still gets all of them), None for all at every key. keep_doubles: keep notes that are the same recording as another one,
    level aside. octave: "keys" labels notes with their keys, "auto" with the pitch at which an instrument's keys sound.
    hold, release: seconds. ring: seconds, at most, that the key of a sound is held that dies away by itself. fade: seconds
    at the end that are faded out.
    """

    programs: tuple[int, ...] | None = None
    banks: tuple[int, ...] | None = None
    pitch_low: int | None = None
    pitch_high: int | None = None
    pitch_step: int = 1
    velocities: tuple[int, ...] | None = None
    velocities_per_pitch: int | None = None
    keep_doubles: bool = False
    octave: str = "keys"
    hold: float = 3.0
    release: float = 1.0
    ring: float = 4.0
    fade: float = 0.02
    sample_rate: int = SAMPLE_RATE

    def __post_init__(self) -> None:
        def check(ok: bool, field: str, want: str) -> None:
            if not ok:
                raise TimbreError(f"{field} is {getattr(self, field)!r}: give {want}.")

        check(self.programs is None or all(0 <= p <= 127 for p in self.programs), "programs", "numbers from 0 to 127")
        check(
            self.banks is None or (bool(self.banks) and all(0 <= b < 2**14 and b != DRUMS for b in self.banks)),
            "banks",
            "numbers from 0 to 16383 (but bank 128 holds drum kits, which have no pitch)",
        )
        for field in ("pitch_low", "pitch_high"):
            check(getattr(self, field) is None or 0 <= getattr(self, field) <= 127, field, "a MIDI key from 0 to 127")
        if self.pitch_low is not None and self.pitch_high is not None and self.pitch_low > self.pitch_high:
            raise TimbreError(f"pitch_low {self.pitch_low} is above pitch_high {self.pitch_high}: swap them.")
        check(1 <= self.pitch_step <= 127, "pitch_step", "semitones from 1 to 127")
        velocities = self.velocities
        check(
            velocities is None or (bool(velocities) and all(1 <= v <= 127 for v in velocities)),
            "velocities",
            "numbers from 1 to 127",
        )
        most = _MOST_LAYERS if velocities is None else len(velocities)
        per_pitch = self.velocities_per_pitch
        check(per_pitch is None or 1 <= per_pitch <= most, "velocities_per_pitch", f"a number from 1 to {most}")
        check(self.octave in ("keys", "auto"), "octave", "'keys' or 'auto'")
        check(0 < self.hold <= 60, "hold", "seconds above 0, at most 60")
        check(0 <= self.release <= 60, "release", "seconds from 0 to 60")
        check(0 < self.ring <= 60, "ring", "seconds above 0, at most 60")
        check(0 <= self.fade <= 1, "fade", "seconds from 0 to 1")
        check(8000 <= self.sample_rate <= 96_000, "sample_rate", "a rate from 8000 to 96000 Hz")


@dataclass(frozen=True)
class PlannedNote:
    """One note to render: of which preset, which key and velocity; rings: it is held until it has died away."""

    bank: int
    program: int
    instrument: str
    family: str
    source: str
    program_name: str
    pitch: int
    velocity: int
    rings: bool

    @property
    def note_id(self) -> str:
        """Name of the note, such as brass_acoustic_gm056-060-100."""
        return f"{self.instrument}-{self.pitch:03d}-{self.velocity:03d}"


def is_general_midi(presets: Sequence[Preset]) -> bool:
    """Whether a font's programs are those of General MIDI.

    They are where the presets' own names say what the General MIDI programs at their places are, or where all of a bank is
    there and its names say nothing.
    """
    pitched = [preset for preset in presets if preset.bank != DRUMS]
    for bank in {preset.bank for preset in pitched}:
        there = [preset for preset in pitched if preset.bank == bank]
        if len(there) == 128 and _as_places(there) is not False:
            return True
    return bool(_as_places(pitched))


def _as_places(presets: Sequence[Preset]) -> bool | None:
    """Whether most presets whose names say a family say that of the General MIDI program at their place; None: none says one."""
    told = [(family_of(preset.name), PROGRAMS.get(preset.program)) for preset in presets]
    agree = [program is not None and kind[0] == program.family for kind, program in told if kind]
    return sum(agree) > 0.6 * len(agree) if agree else None


def plan_notes(presets: Sequence[Preset], settings: RenderSettings) -> list[PlannedNote]:
    """All notes that `settings` asks for and the font has, in order of instrument and pitch, loud before soft.

    Raises TimbreError, naming what there is, when it has none.
    """
    general = is_general_midi(presets)
    if general:
        for number in settings.programs or ():
            if number not in PROGRAMS:
                raise TimbreError(
                    f"General MIDI program {number} has no pitch (an effect or a drum): leave it out of programs."
                )
    chosen = [preset for preset in _in_banks(presets, settings, general) if _wanted(preset, settings, general)]
    names = _names(chosen, general)
    plan: list[PlannedNote] = []
    for preset, (instrument, family, source) in zip(chosen, names, strict=True):
        rings = all(zone.rings for zone in preset.zones)
        for pitch, velocity in _keys(preset, settings, general):
            plan.append(
                PlannedNote(
                    preset.bank, preset.program, instrument, family, source, preset.name, pitch, velocity, rings
                )
            )
    if not plan:
        raise TimbreError(f"The SoundFont has none of the notes that were asked for. It has {what_is_there(presets)}.")
    return plan


def what_is_there(presets: Sequence[Preset]) -> str:
    """In a sentence, the presets of a font: a few by bank, program and name, of others how many there are."""
    pitched = [preset for preset in presets if preset.bank != DRUMS]
    shown = ", ".join(f"{preset.bank}:{preset.program} {preset.name}" for preset in pitched[:_NAMED])
    more = f" and {len(pitched) - _NAMED} more" if len(pitched) > _NAMED else ""
    drums = len(presets) - len(pitched)
    kits = f"{' and ' if shown else ''}{drums} drum kit{'s' * (drums != 1)}" if drums else ""
    if drums and not shown:
        named = [f"{preset.bank}:{preset.program} {preset.name}" for preset in presets[:_NAMED]]
        kits += f" ({', '.join(named)}{', ...' * (drums > _NAMED)}), whose keys are sounds of their own and are not rendered"
    head = f"{len(pitched)} preset{'s' * (len(pitched) != 1)} (bank:program name): " if shown else ""
    return f"{head}{shown}{more}{kits}" or "no presets"


def _in_banks(presets: Sequence[Preset], settings: RenderSettings, general: bool) -> list[Preset]:
    pitched = [preset for preset in presets if preset.bank != DRUMS and preset.zones]
    banks = settings.banks
    if banks is None and general and any(preset.bank == 0 for preset in pitched):
        banks = (0,)
    return [preset for preset in pitched if banks is None or preset.bank in banks]


def _wanted(preset: Preset, settings: RenderSettings, general: bool) -> bool:
    if settings.programs is not None:
        return preset.program in settings.programs
    return not general or preset.program in PROGRAMS


def _names(presets: Sequence[Preset], general: bool) -> list[tuple[str, str, str]]:
    """Instrument, family and source of each preset: by its place in a General MIDI font, else by its own name.

    brass_acoustic_gm056 in the first: "gm" keeps it apart from NSynth's own brass_acoustic_056. Banks are 128 apart.
    """
    kinds = [_kind(preset, general) for preset in presets]
    if general:
        return [
            (f"{family}_{source}_gm{preset.bank * 128 + preset.program:03d}", family, source)
            for preset, (family, source) in zip(presets, kinds, strict=True)
        ]
    slugs = [slug(preset.name) for preset in presets]
    named = [
        one if slugs.count(one) == 1 else f"{one}-{preset.bank}-{preset.program}"
        for one, preset in zip(slugs, presets, strict=True)
    ]
    return [
        (name if family == UNKNOWN else f"{family}_{source}_{name}", family, source)
        for name, (family, source) in zip(named, kinds, strict=True)
    ]


def slug(name: str) -> str:
    """A preset's name as a part of file names: `Violins 2 (slow)` -> `violins-2-slow`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "preset"


def _kind(preset: Preset, general: bool) -> tuple[str, str]:
    """Family and source: of its place, where its name does not say another family."""
    place = _place(preset, general)
    return (place.family, place.source) if place else family_of(preset.name) or (UNKNOWN, UNKNOWN)


def _place(preset: Preset, general: bool) -> Program | None:
    """The General MIDI program that a preset is; None for one that is another by its name: a trumpet where pianos are."""
    told = family_of(preset.name)
    place = PROGRAMS.get(preset.program) if general and preset.bank != _MT32 else None
    return place if place is not None and (told is None or told[0] == place.family) else None


def _keys(preset: Preset, settings: RenderSettings, general: bool) -> Iterator[tuple[int, int]]:
    if settings.pitch_low is None and settings.pitch_high is None:
        keys = natural_keys(preset, _place(preset, general))
    else:
        low = LOWEST if settings.pitch_low is None else settings.pitch_low
        high = HIGHEST if settings.pitch_high is None else settings.pitch_high
        keys = [key for key in preset.keys if low <= key <= high]
    velocities = settings.velocities or layers(preset)
    per_pitch = min(settings.velocities_per_pitch or len(velocities), len(velocities))
    for i, pitch in enumerate(keys[:: settings.pitch_step]):
        turn = {velocities[(i * per_pitch + j) % len(velocities)] for j in range(per_pitch)}
        for velocity in sorted(turn, reverse=True):
            yield pitch, velocity


def natural_keys(preset: Preset, program: Program | None = None) -> list[int]:
    """The keys of a preset at which its instrument is itself: not more than an octave from a recording, on a piano's keys.

    Two octaves, where one leaves less than that. Fonts stretch their outermost recordings over all keys that are left, up
    to five octaves: of those that a General MIDI `program` is naturally played in, the others are left out.
    """
    for octaves in (1, 2, 9):
        keys = [
            key
            for key in range(LOWEST, HIGHEST + 1)
            if any(zone.low <= key <= zone.high and abs(key - zone.root) <= _OCTAVE * octaves for zone in preset.zones)
        ]
        if len(keys) >= 2 * _OCTAVE:
            break
    natural = [key for key in keys if program is not None and program.low <= key <= program.high]
    return natural if len(natural) >= _FEWEST_KEYS else keys


def layers(preset: Preset) -> list[int]:
    """A velocity from the middle of each of a preset's velocity layers, loud ones first; a loud and a soft one in any case.

    At most six: which of them sound different is heard when they are rendered.
    """
    edges = sorted({zone.softest for zone in preset.zones} | {zone.loudest + 1 for zone in preset.zones} | {1, 128})
    middles = {max(_SOFT, (low + high - 1) // 2) for low, high in pairwise(edges) if low >= 1}
    found = sorted({v for v in middles if 1 <= v <= 127} | {_SOFT, _LOUD}, reverse=True)
    if len(found) <= _MOST_LAYERS:
        return found
    return [found[round(i * (len(found) - 1) / (_MOST_LAYERS - 1))] for i in range(_MOST_LAYERS)]


def preset_table(presets: Sequence[Preset]) -> str:
    """A line for each preset: bank, program, name, family, the keys it is rendered at, velocity layers, recordings."""
    general = is_general_midi(presets)
    lines = ["bank program  keys     layers recordings  family      name"]
    for preset in presets:
        if preset.bank == DRUMS:
            keys, family = "-", "drum kit"
        else:
            natural = natural_keys(preset, _place(preset, general))
            keys = f"{natural[0]}-{natural[-1]}" if natural else "-"
            family = "no pitch" if general and preset.program not in PROGRAMS else _kind(preset, general)[0]
        count = len({zone.sample for zone in preset.zones})
        layered = len({(zone.softest, zone.loudest) for zone in preset.zones})
        lines.append(
            f"{preset.bank:>4} {preset.program:>7}  {keys:<8} {layered:>6} {count:>10}  {family:<11} {preset.name}"
        )
    kind = (
        "the programs of General MIDI" if general else "programs of its own: families are read from the presets' names"
    )
    return "\n".join([*lines, f"{counted(len(presets), 'preset')}; {kind}."])
