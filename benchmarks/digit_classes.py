"""What is heard of the digits that a model of spoken digits makes: a support vector machine is the ear.

It learns from the recordings of the speakers that were trained on, and judges, for each checkpoint,

- recordings that nothing was trained on, of those speakers and of the one held out, and their reconstructions;
- digits drawn around a class: `generate --family DIGIT --spread S`, S from 0 (the middle) on, and between its notes (no spread);
- draws from the prior: which digits they are taken for, and how many of them are clear.

    python benchmarks/digit_classes.py checkpoints/fsdd-stft-vae checkpoints/fsdd-stft-gmvae --data path/to/fsdd

A sound is clear when its digit beats each of the nine others by half the margin that the machine was trained to. Draws from the
prior have no right answer: they are the better the more are clear and the more digits those are, 10 of 10 when each is heard as
often as the others (the exponential of the entropy of their shares).
"""

from __future__ import annotations

import argparse
import sys
from itertools import combinations

import numpy as np
import soxr
from scipy.fft import dct
from shared import print_table
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tqdm import tqdm

from timbre_core.checkpoint import open_checkpoint
from timbre_core.datasets.library import Library, recipe_library
from timbre_core.features.frames import note_frames
from timbre_core.features.settings import LogMelSettings
from timbre_core.generation.sounds import generate
from timbre_core.space import TimbreSpace

# The recordings have 8 kHz, so what lies above 4 kHz tells nothing.
_HEARD = LogMelSettings(
    n_fft=512, hop_length=160, n_mels=40, fmin=60.0, fmax=4000.0, top_db=60.0, trim_db=30.0, seconds=None
)
_CEPSTRA, _STEPS = 16, 24  # coefficients, and steps of time that every digit is stretched to
_CLEAR = 0.5

Audio = tuple[np.ndarray, int]


def heard(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """What the ear gets of a sound (n_samples,): mel cepstra stretched to one length, and the length they had; flat."""
    frames, _ = note_frames(soxr.resample(audio, sample_rate, _HEARD.sample_rate), _HEARD)
    cepstra = dct(frames, axis=0, norm="ortho")[1 : _CEPSTRA + 1]
    places = np.linspace(0, cepstra.shape[1] - 1, _STEPS)
    stretched = np.stack([np.interp(places, np.arange(cepstra.shape[1]), row) for row in cepstra])
    return np.append(stretched.ravel(), np.log(cepstra.shape[1]))


class Ear:
    """Tells digits, having learned them from recordings."""

    def __init__(self, sounds: list[Audio], digits: np.ndarray) -> None:
        machine = SVC(C=10.0, decision_function_shape="ovo")
        self._model = make_pipeline(StandardScaler(), machine).fit(self._features(sounds), digits)

    def margins(self, sounds: list[Audio]) -> np.ndarray:
        """(n_sounds, 10): by how much each digit beats the one that it does worst against."""
        duels = self._model.decision_function(self._features(sounds))
        margins = np.full((len(sounds), 10), np.inf)
        for duel, (one, other) in zip(duels.T, combinations(range(10), 2), strict=True):
            margins[:, one] = np.minimum(margins[:, one], duel)
            margins[:, other] = np.minimum(margins[:, other], -duel)
        return margins

    def right(self, sounds: list[Audio], digits: np.ndarray) -> tuple[str, str]:
        """The share that is heard as what it is, and the share that is clear."""
        margins = self.margins(sounds)
        return f"{np.mean(margins.argmax(axis=1) == digits):.2f}", f"{np.mean(margins.max(axis=1) > _CLEAR):.2f}"

    def _features(self, sounds: list[Audio]) -> np.ndarray:
        return np.stack([heard(*sound) for sound in sounds])


def drawn(space: TimbreSpace, count: int, spread: float | None) -> tuple[list[Audio], np.ndarray]:
    """`count` sounds of every digit, and which they should be."""
    digits = np.repeat(np.arange(10), count)
    seeds = np.tile(np.arange(count), 10)
    notes = (
        generate(space, seed=int(seed), family=str(digit), spread=spread)
        for seed, digit in zip(seeds, tqdm(digits, desc=f"spread {spread}", leave=False), strict=True)
    )
    return [(note.audio, note.sample_rate) for note in notes], digits


def from_prior(space: TimbreSpace, count: int) -> list[Audio]:
    """`count` draws from the prior."""
    notes = (generate(space, seed=seed) for seed in tqdm(range(count), desc="prior", leave=False))
    return [(note.audio, note.sample_rate) for note in notes]


def prior_figures(margins: np.ndarray) -> tuple[str, ...]:
    """Clear draws; of how many digits they are (all draws, clear ones); the shares of the digits."""
    answers, clear = margins.argmax(axis=1), margins.max(axis=1) > _CLEAR
    shares = np.bincount(answers, minlength=10) / len(answers)
    percent = " ".join(f"{100 * share:.0f}" for share in shares)
    return f"{clear.mean():.2f}", f"{_effective(answers):.1f}", f"{_effective(answers[clear]):.1f}", percent


def _effective(answers: np.ndarray) -> float:
    """The exponential of the entropy of the digits' shares: 10 when all are as frequent, 1 when it is always the same."""
    if not len(answers):
        return 0.0
    shares = np.bincount(answers, minlength=10) / len(answers)
    return float(np.exp(-np.sum(shares * np.log(np.maximum(shares, 1e-12)))))


def recordings(library: Library, chosen: np.ndarray, sample_rate: int) -> tuple[list[Audio], np.ndarray]:
    """The recordings of some rows (a mask), and their digits."""
    rows = np.flatnonzero(chosen)
    sounds = [(library.load(int(row), sample_rate), sample_rate) for row in tqdm(rows, desc="recordings", leave=False)]
    return sounds, library.notes["family"].to_numpy()[rows].astype(int)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "checkpoints", nargs="+", metavar="CHECKPOINT", help="of spoken digits, with maps, of one recipe's split"
    )
    parser.add_argument("--data", nargs="+", required=True, help="the Free Spoken Digit Dataset")
    parser.add_argument("--count", type=int, default=30, help="sounds drawn of each digit (default: 30)")
    parser.add_argument("--prior", type=int, default=300, help="sounds drawn from the prior (default: 300)")
    parser.add_argument("--spreads", type=float, nargs="+", default=[0.0, 0.5, 1.0], help="(default: 0 0.5 1)")
    args = parser.parse_args()
    spaces = [TimbreSpace(open_checkpoint(folder)) for folder in args.checkpoints]
    data = spaces[0].recipe.data
    library = recipe_library(data.model_copy(update={"roots": args.data}), progress=False)
    if set(library.notes["family"]) != {str(digit) for digit in range(10)}:
        sys.exit(f"--data {' '.join(args.data)}: not the ten spoken digits: name the Free Spoken Digit Dataset")
    split, unseen = library.notes["split"].to_numpy(), library.notes["instrument"].isin(data.split.held_out).to_numpy()
    rate = spaces[0].sample_rate
    ear = Ear(*recordings(library, split == "train", rate))
    rows: list[tuple[str, ...]] = []
    priors: list[tuple[str, ...]] = []
    groups = {"seen speakers": (split == "test") & ~unseen, "unseen speaker": unseen}
    held_out = {name: recordings(library, chosen, rate) for name, chosen in groups.items()}
    for who, (sounds, digits) in held_out.items():
        rows.append((f"recordings, {who}", *ear.right(sounds, digits)))
    for space in spaces:
        name = space.checkpoint.name
        for who, (sounds, digits) in held_out.items():
            through = [
                (space.reconstruct(audio).reconstruction, rate) for audio, _ in tqdm(sounds, desc=name, leave=False)
            ]
            rows.append((f"{name}, reconstructions, {who}", *ear.right(through, digits)))
        for spread in (*args.spreads, None):
            how = "between three notes" if spread is None else f"spread {spread:g}"
            rows.append((f"{name}, {how}", *ear.right(*drawn(space, args.count, spread))))
        if space.recipe.model.sampling:
            priors.append((name, *prior_figures(ear.margins(from_prior(space, args.prior)))))
    print_table(("what", "right digit", "clear"), rows)
    print(f"\n{args.prior} draws from the prior")
    print_table(("what", "clear", "digits of 10", "clear digits of 10", "% taken for 0 to 9"), priors)


if __name__ == "__main__":
    main()
