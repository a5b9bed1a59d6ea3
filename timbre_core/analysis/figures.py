"""The figures of an evaluation that are set side by side: where each is, what it means, which values are good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """A figure of an evaluation: where it is, what it means in plain words, and which values are good.

    name: with a dot for each part within the section. form: how it is written, after multiplication with `scale`. chance: the
    figure beside it that guessing would reach. beside: words and figures of the same section to set beside it. fitted: which
    probe it is of, whose `fitted_on` is told.
    """

    section: str
    name: str
    title: str
    meaning: str
    better: Literal["lower", "higher", ""]
    form: str = "{:.4f}"
    scale: float = 1.0
    chance: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    fitted: str = ""


FIGURES = (
    Figure(
        "reconstruction",
        "l1",
        "Reconstruction L1",
        "Mean difference between a note's spectrogram and what the model makes of it, one latent drawn; 2 is the whole range.",
        "lower",
    ),
    Figure("reconstruction", "l1_mean", "L1 of the mean", "The same when the model's best guess is decoded.", "lower"),
    Figure(
        "reconstruction", "mse", "Reconstruction MSE", "Large differences count more than in L1.", "lower", "{:#.3g}"
    ),
    Figure(
        "reconstruction",
        "log_mel_mae_db",
        "Error as heard",
        "How many decibels a whole note's bands are off on average.",
        "lower",
        "{:.2f} dB",
    ),
    Figure("latent", "kl_total", "Information (KL)", "How much the latents say about a note.", "", "{:.1f} nats"),
    Figure("latent", "active_units", "Active dimensions", "Latent dimensions that tell notes apart.", "", "{:.0f}"),
    Figure(
        "latent",
        "family_probe_accuracy",
        "Family found",
        "How often a simple classifier names the instrument family from the latents.",
        "higher",
        "{:.1f} %",
        100,
        "family_chance",
        fitted="family_probe",
    ),
    Figure(
        "latent",
        "family_silhouette",
        "Family silhouette",
        "How clearly families form clusters of their own, from -1 to 1.",
        "higher",
        "{:.3f}",
    ),
    Figure(
        "latent",
        "pitch_probe_accuracy",
        "Pitch found",
        "How often a simple classifier names the exact pitch from the latents. Near chance, the space is about timbre.",
        "lower",
        "{:.1f} %",
        100,
        "pitch_chance",
        fitted="pitch_probe",
    ),
    Figure(
        "latent",
        "pitch_probe_r2",
        "Pitch explained (R²)",
        "How much of the pitch a straight line reads from the latents: 1 is all of it, 0 or less none.",
        "lower",
        "{:.2f}",
    ),
    Figure(
        "control",
        "within_50_cents",
        "Plays the pitch asked for",
        "Generated notes whose measured pitch is within half a semitone of the one asked for.",
        "higher",
        "{:.0f} %",
        100,
    ),
    Figure(
        "control",
        "unvoiced",
        "Without a pitch",
        "Generated notes in which no pitch can be heard.",
        "lower",
        "{:.0f} %",
        100,
    ),
    Figure(
        "generalisation",
        "family_probe_accuracy",
        "Family of unseen instruments",
        "How often a linear classifier names the family of instruments that it was not fitted on.",
        "higher",
        "{:.1f} %",
        100,
        beside=(("commonest", "family_majority"), ("MFCC", "family_probe_accuracy_mfcc")),
    ),
    Figure(
        "generalisation",
        "retrieval_map",
        "Same instrument found at other pitches",
        "How high, among all notes at other pitches, those of a note's own instrument rank by nearness: 1 is all of them first.",
        "higher",
        "{:.2f}",
        chance="retrieval_chance",
        beside=(("MFCC", "retrieval_map_mfcc"),),
    ),
    Figure(
        "listening",
        "agreement",
        "Agrees with listeners",
        "Of two sounds, how often the one that people in listening tests call more similar to a third is the nearer one.",
        "higher",
        "{:.1f} %",
        100,
        beside=(("MFCC", "mfcc"),),
    ),
    Figure(
        "cross_pitch",
        "log_mel_db",
        "At other pitches, error as heard",
        "One note decoded at 2 to 24 semitones from it, against the instrument's own recording there.",
        "lower",
        "{:.1f} dB",
        beside=(("best pitch shifter", "best_other_db"),),
    ),
    Figure(
        "cross_pitch",
        "best_share",
        "Nearer than pitch shifting",
        "Notes at other pitches for which the model is nearer to the recording than a sampler and all pitch shifters.",
        "higher",
        "{:.0f} %",
        100,
    ),
    Figure(
        "sound",
        "model.stft.median",
        "Spectral distance of the sound",
        "Reconstruction against recording, sound against sound (multi-resolution STFT); 0 is the same.",
        "lower",
        "{:.2f}",
        beside=(("without the model", "inversion.stft.median"),),
    ),
    Figure(
        "sound",
        "model.onset_db.size",
        "First 50 ms",
        "How far the level of a note's beginning is off.",
        "lower",
        "{:.1f} dB",
        beside=(("without the model", "inversion.onset_db.size"),),
    ),
    Figure(
        "sound",
        "model.above_4k_db.size",
        "Above 4 kHz",
        "How far the energy of a note's high frequencies is off.",
        "lower",
        "{:.1f} dB",
        beside=(("without the model", "inversion.above_4k_db.size"),),
    ),
    Figure(
        "sound",
        "model.level_lu.size",
        "Loudness",
        "How far the loudness of a note is off.",
        "lower",
        "{:.1f} LU",
        beside=(("without the model", "inversion.level_lu.size"),),
    ),
    Figure(
        "sound",
        "model.vibrato_depth.median",
        "Vibrato kept",
        "Depth of the vibrato that is left, of notes that have one: 100 % is all of it.",
        "higher",
        "{:.0f} %",
        100,
        beside=(("without the model", "inversion.vibrato_depth.median"),),
    ),
)
