"""SFZ: a text file that lays WAV files on keys. https://sfzformat.com, opcodes of version 1, understood by all players."""

from __future__ import annotations

from timbre_core.generation.formats.description import RELEASE_DB, SampledInstrument, Zone
from timbre_core.generation.formats.wav import wav_files

_FOLDER = "samples/"
_FADED_DB = 78.0  # in an `ampeg_release`: nine time constants, as sfizz has it after Cakewalk's players (sfizz, pull request 376)


def write_sfz(instrument: SampledInstrument) -> dict[str, bytes]:
    """`NAME.sfz` and its samples."""
    lines = [
        f"// {instrument.name}: made with Timbre Explorer",
        *(f"// {line}" for line in instrument.note.splitlines()),
    ]
    release = instrument.release * _FADED_DB / RELEASE_DB
    envelope = f"ampeg_attack={instrument.attack:.4g} ampeg_release={release:.4g}"
    # Samples are short: held in memory whole, none is cut off where a player that renders ahead has not read on yet.
    lines += ["<control> hint_ram_based=1", f"<group> {envelope} amp_veltrack=100"]
    lines += [_region(zone, instrument.one_shot) for zone in instrument.zones]
    # No byte order mark: sfizz plays nothing of a file that has one before its first header.
    return {f"{instrument.name}.sfz": ("\n".join(lines) + "\n").encode("utf-8"), **wav_files(instrument, _FOLDER)}


def _region(zone: Zone, one_shot: bool) -> str:
    sample = zone.sample
    loop = "loop_mode=one_shot" if one_shot else "loop_mode=no_loop"
    if sample.loop is not None:
        loop = f"loop_mode=loop_continuous loop_start={sample.loop[0]} loop_end={sample.loop[1] - 1}"
    where = f"lokey={zone.keys[0]} hikey={zone.keys[1]} lovel={zone.velocities[0]} hivel={zone.velocities[1]}"
    pitch = f"pitch_keycenter={sample.root} tune={round(zone.cents)}"
    return f"<region> sample={_FOLDER}{zone.name}.wav {where} {pitch} {loop}"
