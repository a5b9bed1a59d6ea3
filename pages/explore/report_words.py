"""How good a model and its map are: in words that musicians know, and what a researcher's words mean."""

from __future__ import annotations

from typing import Any

from pages.server.words import plain
from timbre_core.checkpoint import Checkpoint
from timbre_core.datasets.vocabulary import Vocabulary

_ORDERED = 0.5  # of notes whose pitch can be told, from which on pitch orders a map, too
_PRIORS = {
    "standard_normal": "one round cloud around 0 in every dimension",
    "mixture": "several clouds, which are learned with the model",
}
_LIKELIHOODS = {
    "l1": "absolute differences count (L1), so that a few loud errors do not outweigh all others",
    "mse": "squared differences count (MSE), so that large errors count most",
    "gaussian": "squared differences count, and how much it may err is learned",
    "bce": "each point of a spectrogram is judged as likely on or off (binary cross-entropy)",
}


def figure(evaluation: dict[str, Any], section: str, name: str) -> float | None:
    """A number of an evaluation, None where it has none."""
    value = (evaluation.get(section) or {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def musicians_sentences(checkpoint: Checkpoint, evaluation: dict[str, Any], words: Vocabulary) -> list[str]:
    """What the evaluation found, in Markdown: how near the model comes to a recording, and what its map is ordered by."""
    said = []
    error = figure(evaluation, "reconstruction", "log_mel_mae_db")
    if error is not None:
        said.append(
            f"**How near it comes:** what it makes of a {words.note} is {error:.1f} dB off the recording, on average over "
            "pitches and time."
        )
    family = figure(evaluation, "latent", "family_probe_accuracy")
    if family is not None:
        said.append(
            f"**What lies together:** for {100 * family:.0f} of 100 the {words.family} can be told by the place."
        )
    pitch = figure(evaluation, "latent", "pitch_probe_accuracy")
    if pitch is not None:
        meaning = "pitch orders the map, too" if pitch >= _ORDERED else "the map is about timbre, not about pitch"
        said.append(f"**Pitch:** it can be told for {100 * pitch:.0f} of 100: {meaning}.")
    return said


def researchers_lines(checkpoint: Checkpoint) -> list[str]:
    """What the model is made of, each part with what it means, in Markdown."""
    model = checkpoint.recipe.model
    prior = "none: it is a plain autoencoder" if not model.sampling else _PRIORS.get(model.prior.kind, "")
    lines = [
        f"**Latents** (`{model.latent_dim}` numbers): all that the model keeps of a stretch of sound; the map flattens them.",
        f"**Prior** (`{plain(model.prior.kind)}`): where latents are expected to lie before a sound is heard; {prior}."
        if prior
        else f"**Prior** (`{plain(model.prior.kind)}`): where latents are expected to lie before a sound is heard.",
    ]
    kind = model.likelihood.kind
    if kind in _LIKELIHOODS:
        lines.append(f"**Likelihood** (`{kind}`): {_LIKELIHOODS[kind]}.")
    told = ", ".join(f"`{plain(condition.kind)}`" for condition in model.conditions)
    if told:
        lines.append(f"**Conditions** ({told}): what it is told beside the sound, and need not keep in its latents.")
    return lines
