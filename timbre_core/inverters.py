"""Inverters by name: presets of the classical one, to be opened for a recipe's features and called.

Nothing here imports torch until an inverter is called: a page lists the names.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.errors import TimbreError
from timbre_core.features.settings import FeatureSettings
from timbre_core.recipes.schema import InversionSettings

if TYPE_CHECKING:
    import torch

PRESETS = {
    "fast": InversionSettings(),
    "best": InversionSettings(iterations=100, mel_iterations=100),
}
"""Settings of the classical inverter that have a name: fast enough to play live, and as good as it gets."""


@dataclass(frozen=True)
class Inverter:
    """Frames to audio, with fixed settings for fixed features. Thread-safe."""

    name: str
    features: FeatureSettings
    settings: InversionSettings
    device: torch.device

    def __call__(
        self,
        frames: np.ndarray,
        ref_db: float | np.ndarray,
        pitch: float | np.ndarray | None = None,
        n_samples: int | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Audio (n_samples,) or (batch, n_samples) of frames (n_bins, n_frames) or (batch, n_bins, n_frames).

        The contract of `timbre_core.inversion.invert`.
        """
        import torch

        from timbre_core.inversion import invert

        values = torch.as_tensor(frames).to(self.device)
        return invert(values, ref_db, self.features, self.settings, seed=seed, n_samples=n_samples, pitch=pitch)

    def stream(
        self,
        frames: np.ndarray | Iterable[np.ndarray],
        ref_db: float,
        pitch: float | None = None,
        n_samples: int | None = None,
        seed: int = 0,
    ) -> Iterator[np.ndarray]:
        """One note's audio in consecutive blocks (n,) float32, each as soon as its frames are known.

        Args:
            frames: (n_bins, n_frames), or an iterable of consecutive (n_bins, n) blocks of them.
            ref_db, pitch, n_samples, seed: as in a call.

        Raises TimbreError as a call does, for a block when its turn comes.
        """
        whole = frames if isinstance(frames, np.ndarray) else np.concatenate(list(frames), axis=1)
        yield self(whole, ref_db, pitch, n_samples, seed)


def inverter_names(features: FeatureSettings) -> list[str]:
    """Names that `open_inverter` knows for these features."""
    return list(PRESETS)


def open_inverter(
    name: str | InversionSettings | None, features: FeatureSettings, device: torch.device | str = "cpu"
) -> Inverter:
    """The inverter of a name (see `inverter_names`) or of a recipe's settings; None gives the default settings.

    Raises TimbreError for a name that is not known, with the nearest that is.
    """
    import torch

    settings = InversionSettings() if name is None else name
    if isinstance(settings, str):
        settings = _preset(settings, features)
    title = next((known for known, preset in PRESETS.items() if preset == settings), settings.kind)
    return Inverter(title, features, settings, torch.device(device))


def _preset(name: str, features: FeatureSettings) -> InversionSettings:
    if name not in PRESETS:
        names = inverter_names(features)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
        raise TimbreError(f"no inverter {name!r}: {hint}")
    return PRESETS[name]
