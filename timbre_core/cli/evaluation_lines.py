"""The parts of an evaluation as lines for people: pairs of a title and a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from timbre_core.wording import counted

Lines = list[tuple[str, str]]
_MANY_PAIRS = 20  # with fewer one pair moves a method's share by more than 5 points in 100


def _reconstruction(part: dict[str, Any]) -> Lines:
    return [
        ("reconstruction", f"L1 {part['l1']:.4f} (mu decoded: {part['l1_mean']:.4f})"),
        ("", f"MSE {part['mse']:.4f}" + _decibels(part["log_mel_mae_db"])),
    ]


def _latent(part: dict[str, Any]) -> Lines:
    fitted = part.get("fitted_on", {})
    return [
        ("KL", f"{part['kl_total']:.2f} nats, {part['active_units']} of {len(part['kl_per_dim'])} units active"),
        *_pitch_probe(part, fitted),
        ("family in z", _probe(part, "family_probe_accuracy", "family_chance")),
        *([("", f"fitted on {fitted['family_probe']}")] if "family_probe" in fitted else []),
        ("", f"silhouette {_number(part['family_silhouette'])}"),
    ]


def _pitch_probe(part: dict[str, Any], fitted: dict[str, str]) -> Lines:
    if part["pitch_probe_accuracy"] is None and part["pitch_probe_r2"] is None:
        return [("pitch in z", "not measured")]
    return [
        ("pitch in z", _probe(part, "pitch_probe_accuracy", "pitch_chance")),
        ("", f"R2 {_number(part['pitch_probe_r2'])}, non-linear {_number(part['pitch_probe_r2_nonlinear'])}"),
        *([("", f"fitted on {fitted['pitch_probe']}")] if "pitch_probe" in fitted else []),
    ]


def _control(part: dict[str, Any]) -> Lines:
    if not part["notes"]:
        return [("control", "not measured")]
    return [
        (
            "control",
            f"{percent(part['within_50_cents'])} of {part['notes']} notes within 50 cents of the pitch asked for",
        ),
        (
            "",
            f"{percent(part['within_octave_error'])} with octave errors forgiven, {percent(part['unvoiced'])} unvoiced",
        ),
        (
            "",
            f"ceilings: {percent(part['inversion_within_50_cents'])} of their frames inverted without the model, "
            f"{percent(part['recording_within_50_cents'])} of the recordings",
        ),
    ]


def _generalisation(part: dict[str, Any]) -> Lines:
    return [
        (
            "unseen families",
            f"{percent(part['family_probe_accuracy'])}{_interval(part['family_probe_interval'], 100)} named by a linear probe "
            f"(balanced {percent(part['family_probe_balanced'])}; MFCC {percent(part['family_probe_accuracy_mfcc'])}, "
            f"commonest {percent(part['family_majority'])})",
        ),
        ("", part["fitted_on"]),
        (
            "same instrument",
            f"MAP {_number(part['retrieval_map'])}{_interval(part['retrieval_map_interval'])} across pitches "
            f"(MFCC {_number(part['retrieval_map_mfcc'])}, chance {_number(part['retrieval_chance'])}); "
            f"the nearest note's {percent(part['retrieval_nearest'])}",
        ),
        (
            "pitch in codes",
            f"{percent(part['pitch_probe_accuracy'])} exact (chance {percent(part['pitch_chance'])}), "
            f"R2 {_number(part['pitch_probe_r2'])}",
        ),
    ]


def _cross_pitch(part: dict[str, Any]) -> Lines:
    if not part["pairs"]:
        return [("other pitches", f"not measured: {part['reason']}")]
    few = "" if part["pairs"] >= _MANY_PAIRS else " (too few to tell methods apart)"
    pairs = counted(part["pairs"], "pair")
    lines = [("other pitches", f"{pairs} of notes of one instrument{few}; log-mel error, loudness matched")]
    for name, method in part["methods"].items():
        apart = ", ".join(f"{steps}: {value:.1f}" for steps, value in method["by_interval"].items())
        text = f"{method['log_mel_db']:5.2f} dB{_interval(method['interval'])}; by semitones {apart}; STFT {method['stft']:.2f}"
        lines.append(("", f"{name:<20}{text}"))
        if "best_share" in method:
            families = f"{method['families_won']} of {counted(part['families'], 'family', 'families')}"
            lines.append(("", f"{'':<20}nearest in {percent(method['best_share'])} of pairs, in {families}"))
    if "reason" in part:
        lines.append(("", f"{'model':<20}{part['reason']}"))
    return lines


SOUND_LINES = (
    ("stft", "multi-resolution STFT", "", 2),
    ("log_mel_db", "log-mel error", " dB", 2),
    ("onset_db", "first 50 ms", " dB", 1),
    ("above_4k_db", "above 4 kHz", " dB", 1),
    ("above_8k_db", "above 8 kHz", " dB", 1),
    ("level_lu", "loudness", " LU", 1),
    ("attack_ms", "attack", " ms", 0),
    ("noise_db", "noise to harmonics", " dB", 1),
    ("vibrato_depth", "vibrato depth, ratio", "", 2),
    ("vibrato_rate", "vibrato rate, ratio", "", 3),
)
"""Measures of `sound`: key, words, unit, digits."""


def _sound(part: dict[str, Any]) -> Lines:
    lines = [
        (
            "sound",
            f"{counted(part['model']['notes'], 'note')}; inverted without the model / through the model (median, 95 % interval)",
        )
    ]
    for key, words, unit, digits in SOUND_LINES:
        texts = [_spread(part[side][key], unit, digits) for side in ("inversion", "model")]
        lines.append(("", f"{words:<22}{texts[0]} / {texts[1]}"))
    kept = [percent(part[side]["vibrato_kept"]) for side in ("inversion", "model")]
    lines.append(
        (
            "",
            f"{'vibrato kept':<22}{kept[0]} / {kept[1]} of {part['model']['vibrato_depth']['notes']} notes that have one",
        )
    )
    return lines


def _listening(part: dict[str, Any]) -> Lines:
    left_out = f", {part['left_out']} left out" if part["left_out"] else ""
    return [
        (
            "listeners",
            f"{_number(part['agreement'])} of triplets ordered as people do ({part['tests']} tests, {part['sounds']} sounds"
            f"{left_out}; distance {part['distance']})",
        ),
        ("", f"MFCC {_number(part['mfcc'])} with time kept, {_number(part['mfcc_averaged'])} averaged; chance 0.500"),
    ]


LINES: dict[str, Callable[[dict[str, Any]], Lines]] = {
    "reconstruction": _reconstruction,
    "latent": _latent,
    "control": _control,
    "generalisation": _generalisation,
    "cross_pitch": _cross_pitch,
    "sound": _sound,
    "listening": _listening,
}


def _probe(latent: dict[str, Any], accuracy: str, chance: str) -> str:
    values = [percent(latent[name]) for name in (accuracy, f"{accuracy}_nonlinear", chance)]
    return "accuracy {}, non-linear {}, chance {}".format(*values)


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _decibels(error: float | None) -> str:
    return "" if error is None else f", log-mel {error:.2f} dB"


def percent(value: float | None) -> str:
    """A share as per cent, or that it was not measured."""
    return "not measured" if value is None else f"{100 * value:.1f} %"


def _interval(interval: list[float] | tuple[float, float] | None, factor: float = 1.0) -> str:
    return "" if interval is None else f" [{interval[0] * factor:.2f}, {interval[1] * factor:.2f}]"


def _spread(figure: dict[str, Any], unit: str, digits: int) -> str:
    """A median with its interval; of a measure with a sign also the median without it."""
    if figure["median"] is None:
        return "not measured"
    signed = figure.get("size") is not None
    text = f"{figure['median']:{'+' if signed else ''}.{digits}f}{unit}"
    if figure["interval"] is not None:
        text += " [{:.{d}f}, {:.{d}f}]".format(*figure["interval"], d=digits)
    return text + (f" (size {figure['size']:.{digits}f})" if signed else "")
