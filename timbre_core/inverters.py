"""Inverters by name: presets of the classical one, and trained networks, to be opened for a recipe's features and called.

Nothing here imports torch until an inverter is called: a page lists the names.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from timbre_core.checkpoint import (
    RECIPE,
    Checkpoint,
    default_checkpoints_folder,
    list_checkpoints,
    open_checkpoint,
)
from timbre_core.companions import opened_network
from timbre_core.errors import TimbreError
from timbre_core.features.kinds.image import NO_SOUND, NoSound
from timbre_core.features.settings import FeatureSettings, as_log_mel
from timbre_core.freed_memory import WORK, keep_freed_memory
from timbre_core.inversion.settings import InversionSettings
from timbre_core.models.tasks import MelToMagnitudeTask
from timbre_core.recipes.recipe_files import read_recipe

if TYPE_CHECKING:
    import torch
    from torch import nn

    from timbre_core.features.performance import Performance
    from timbre_core.inversion.contract import How

PRESETS = {
    "fast": InversionSettings(),
    "best": InversionSettings(phase="pghi", iterations=32, mel_iterations=30),
    "excited": InversionSettings(kind="excited", mel_iterations=2),
}
"""Settings that have a name, for spectra: fast enough to play live; as good as phases get; a source and a filter."""


@dataclass(frozen=True)
class Inverter:
    """Frames to audio, with fixed settings for fixed features. Thread-safe."""

    name: str
    features: FeatureSettings
    settings: InversionSettings
    device: torch.device
    network: nn.Module | None = None

    def __call__(
        self,
        frames: np.ndarray | torch.Tensor,
        ref_db: float | np.ndarray,
        pitch: float | np.ndarray | None = None,
        n_samples: int | None = None,
        seed: int = 0,
        in_tune: bool = False,
    ) -> np.ndarray:
        """Audio (n_samples,) or (batch, n_samples) of frames (n_bins, n_frames) or (batch, n_bins, n_frames).

        pitch: MIDI, or a contour, a pitch for each frame. in_tune: it is what the sound is to have, and not a label that may
        be cents off. The contract of `timbre_core.inversion.contract.Invert`.
        """
        from timbre_core.inversion.any_kind import invert
        from timbre_core.inversion.learned import invert_learned
        from timbre_core.inversion.request import check_request, frames_given

        values = frames_given(frames).to(self.device)
        if values.ndim == 3 and not len(values):
            raise TimbreError(f"frames of shape {tuple(values.shape)}: there is no note in them.")
        check_request(ref_db, n_samples, seed, len(values) if values.ndim == 3 else 1)
        how: How = {"seed": seed, "n_samples": n_samples, "pitch": pitch, "in_tune": in_tune}
        if self.network is not None:
            return invert_learned(self.network, values, ref_db, as_log_mel(self.features), self.settings, **how)
        return invert(values, ref_db, self.features, self.settings, **how)

    @property
    def performs(self) -> bool:
        """Whether it plays performances: pitch, noise and level over time as they are told."""
        return self.settings.kind == "excited"

    def perform(
        self,
        frames: np.ndarray,
        ref_db: float,
        performance: Performance,
        n_samples: int,
        seed: int = 0,
        in_tune: bool = False,
        same_note: bool = False,
    ) -> np.ndarray:
        """Frames (n_bins, n_frames) -> audio (n_samples,), played as `performance` says. For one that `performs`.

        same_note: the frames are of the note whose performance it is.
        """
        from timbre_core.inversion.excited import perform
        from timbre_core.inversion.request import check_performance, check_request, frames_given

        check_request(ref_db, n_samples, seed)
        check_performance(performance)
        frames = frames_given(frames).numpy()
        return perform(frames, ref_db, performance, self.features, self.settings, n_samples, seed, in_tune, same_note)

    def stream(
        self,
        frames: np.ndarray | Iterable[np.ndarray],
        ref_db: float,
        pitch: float | np.ndarray | None = None,
        n_samples: int | None = None,
        seed: int = 0,
        in_tune: bool = False,
    ) -> Iterator[np.ndarray]:
        """One note's audio in consecutive blocks (n,) float32, each as soon as its frames are known.

        Args:
            frames: (n_bins, n_frames), or an iterable of consecutive (n_bins, n) blocks of them.
            ref_db, pitch, n_samples, seed, in_tune: as in a call.

        As `timbre_core.inversion.streaming.stream`; a network gives one block, of the whole note. Raises TimbreError
        as a call does, for a block when its turn comes.
        """
        from timbre_core.inversion.any_kind import stream
        from timbre_core.inversion.request import check_request
        from timbre_core.inversion.streaming import all_frames

        shape = getattr(frames, "shape", (0, 0) if isinstance(frames, Iterable) else ())
        if len(shape) != 2:
            raise TimbreError(f"frames of shape {tuple(shape)}: (n_bins, n_frames) or blocks of them were expected.")
        check_request(ref_db, n_samples, seed)
        if self.network is None:
            how: How = {"seed": seed, "n_samples": n_samples, "pitch": pitch, "in_tune": in_tune}
            yield from stream(frames, ref_db, self.features, self.settings, self.device, **how)
        else:
            yield self(all_frames(frames), ref_db, pitch, n_samples, seed, in_tune)


def presets(features: FeatureSettings) -> dict[str, InversionSettings]:
    """Inverters without a network that suit these features, by name; the first one is fast enough to play live."""
    kind = next(iter(features.inversions), "griffin_lim")
    if kind == "griffin_lim":
        return {name: settings for name, settings in PRESETS.items() if settings.kind in features.inversions}
    return {kind: InversionSettings.model_validate({"kind": kind})}


def inverter_names(features: FeatureSettings, folder: Path | None = None) -> list[str]:
    """Names that `open_inverter` knows for these features: presets, then trained inverters among the checkpoints.

    folder: of the checkpoints, by default where they live.
    """
    trained = []
    for path in list_checkpoints(folder):
        try:
            recipe = read_recipe(path / RECIPE)
        except TimbreError:
            continue  # the checkpoint pages tell what is wrong with it
        if recipe.makes_an_inverter and _difference(recipe.features, features) is None:
            trained.append(path.name)
    return [*presets(features), *trained]


def open_inverter(
    name: str | InversionSettings | None,
    features: FeatureSettings,
    device: torch.device | str = "cpu",
    folder: Path | None = None,
) -> Inverter:
    """The inverter of a name (see `inverter_names`), of a trained inverter's path, or of a recipe's settings.

    None gives the default settings. Raises TimbreError for a name that is not known, with the nearest that is, for a
    network that was trained for other features, with the setting that differs, and for features of pictures.
    """
    import torch

    keep_freed_memory(WORK)
    device = torch.device(device)
    if not features.inversions:
        raise NoSound(NO_SOUND)
    if name is None or isinstance(name, InversionSettings):
        settings = name or next(iter(presets(features).values()))
        if settings.network is not None:
            return _open_trained(open_checkpoint(settings.network, folder), features, device, settings)
    elif name in presets(features):
        settings = presets(features)[name]
    else:
        return _open_trained(_trained(name, features, folder), features, device)
    title = next((known for known, preset in presets(features).items() if preset == settings), settings.kind)
    return Inverter(title, features, settings, device)


def _trained(name: str, features: FeatureSettings, folder: Path | None) -> Checkpoint:
    inside = (folder or default_checkpoints_folder()) / name
    if Path(name).is_dir() or (Path(name).name == name and inside.is_dir()):
        return open_checkpoint(name, folder)
    names = inverter_names(features, folder)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
    raise TimbreError(f"no inverter {name!r}: {hint}")


def _open_trained(
    checkpoint: Checkpoint, features: FeatureSettings, device: torch.device, settings: InversionSettings | None = None
) -> Inverter:
    """A checkpoint's network as an inverter; without settings, with those of the preset `fast` after it."""
    task = checkpoint.recipe.task
    if not checkpoint.recipe.makes_an_inverter:
        raise TimbreError(f"{checkpoint.path} is no inverter but makes {task.kind}: choose another checkpoint.")
    field = _difference(checkpoint.recipe.features, features)
    if field is not None:
        trained, given = (getattr(each, field) for each in (checkpoint.recipe.features, features))
        raise TimbreError(
            f"{checkpoint.path.name} was trained for features.{field} {trained}, these features have {given}: "
            "choose another inverter."
        )
    if settings is None:
        own = {"kind": "learned", "network": checkpoint.path.name, "mel_iterations": 1}
        if isinstance(task, MelToMagnitudeTask):
            own |= {"mel_iterations": max(1, task.mel_iterations), "emphasis": task.emphasis}
        settings = PRESETS["fast"].model_copy(update=own)
    network, _ = opened_network(checkpoint.path, device)
    return Inverter(checkpoint.path.name, features, settings, device, network)


def _difference(trained: FeatureSettings, given: FeatureSettings) -> str | None:
    """The first setting in which features differ from those a network was trained for.

    Not how long a note is: networks see one frame like another.
    """
    if trained.kind != given.kind:
        return "kind"
    fields = (field for field in type(given).model_fields if field not in ("seconds", "trim_db"))
    return next((field for field in fields if getattr(trained, field) != getattr(given, field)), None)
