"""A note inverted block by block, so that its sound begins before all of its frames are inverted, or even known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Unpack

import numpy as np
import torch
from torch import Tensor

from timbre_core.features.settings import SpectralFeatures
from timbre_core.inversion.classical import (
    analysed_length,
    check_classical,
    checked,
    frames_to_magnitude,
    integrates_phase,
    invert,
    known_source,
)
from timbre_core.inversion.comb import Source
from timbre_core.inversion.contract import How, Values
from timbre_core.inversion.griffin_lim import griffin_lim
from timbre_core.inversion.level import emphasised, fade_ends, limit, restore_level
from timbre_core.inversion.phase import sinusoidal_spectra
from timbre_core.inversion.settings import InversionSettings
from timbre_core.inversion.stft import open_stft

_FIRST_SECONDS = 0.25  # of the first block; each one after it is twice as long as the one before
_LONGEST_SECONDS = 2.0
_CONTEXT_WINDOWS = 4  # on each side that a block is inverted with: as far as a few Griffin-Lim iterations reach


def stream(
    frames: Values | Iterable[np.ndarray],
    ref_db: float,
    features: SpectralFeatures,
    inversion: InversionSettings,
    device: torch.device | str = "cpu",
    **how: Unpack[How],
) -> Iterator[np.ndarray]:
    """One note's audio in consecutive blocks (n,) float32: a quarter of a second, then longer ones.

    Args:
        frames: (n_bins, n_frames), or an iterable of consecutive (n_bins, n) blocks, of which no more are taken than the
            next block of audio needs.
        ref_db, features, inversion, how: as for `invert`.

    With phases "spsi" and few iterations the blocks together are what `invert` gives, to -40 dB and better. With "pghi"
    each block goes on from the phases of the one before, and is cross-faded with it. Where the partials lie is decided
    on all frames of an array, and on the first ones of an iterable. Features with pre-emphasis, and a pitch that is a
    contour, give one block.

    Raises TimbreError as `invert` does, for a block when its turn comes.
    """
    check_classical(inversion)
    pitch, n_samples = how.get("pitch"), how.get("n_samples")
    if features.pre_emphasis or isinstance(pitch, np.ndarray):
        # The inverse of a pre-emphasis remembers all that was before, and the level over time is only right after it.
        yield invert(torch.as_tensor(all_frames(frames)).to(device), ref_db, features, inversion, **how)
        return
    device = torch.device(device)
    size = max(1, round(_FIRST_SECONDS * features.frame_rate)) + _context(features)
    if isinstance(frames, np.ndarray | Tensor):
        notes = checked(frames, ref_db, features, n_samples, pitch)
        blocks = iter(notes.frames.to(device).split(size, dim=2))
        known, told = notes.frames.to(device), notes.pitch
    else:
        blocks = (checked(part, ref_db, features, n_samples, pitch).frames.to(device) for part in frames)
        first = _enough(blocks, size)
        blocks, known = chain([first], blocks), first
        told = checked(first, ref_db, features, n_samples, pitch).pitch
    source = known_source(known, told, features, how.get("in_tune", False))
    magnitudes = (frames_to_magnitude(block, features, inversion, source) for block in blocks)
    gain, seed = 10 ** (float(ref_db) / 20), how.get("seed", 0)
    yield from stream_magnitudes(magnitudes, gain, features, inversion, seed, n_samples, source)


def all_frames(frames: Values | Iterable[np.ndarray]) -> Values:
    """Frames (n_bins, n_frames), from an array as it is or from consecutive blocks (n_bins, n) of them."""
    return frames if isinstance(frames, np.ndarray | Tensor) else np.concatenate(list(frames), axis=1)


def _enough(blocks: Iterator[Tensor], n_frames: int) -> Tensor:
    """The first blocks (1, n_bins, n) together: `n_frames` frames, if there are so many."""
    parts = [next(blocks, torch.empty(0))]
    while sum(part.shape[-1] for part in parts) < n_frames and (more := list(islice(blocks, 1))):
        parts += more
    return torch.cat(parts, dim=-1)


def _context(features: SpectralFeatures) -> int:
    return _CONTEXT_WINDOWS * -(-features.window_length // features.hop_length)


@torch.no_grad()
def stream_magnitudes(
    magnitudes: Iterator[Tensor],
    gain: float,
    features: SpectralFeatures,
    inversion: InversionSettings,
    seed: int = 0,
    n_samples: int | None = None,
    source: Source | None = None,
) -> Iterator[np.ndarray]:
    """`gain` times the audio of blocks (1, n, n_bins) of STFT magnitudes, in consecutive blocks (n,) float32."""
    hop, context = features.hop_length, _context(features)
    size, longest = (max(1, round(seconds * features.frame_rate)) for seconds in (_FIRST_SECONDS, _LONGEST_SECONDS))
    held: list[Tensor] = []  # magnitudes from frame `first` on
    first = start = sent = 0  # the block begins at frame `start`, its context at frame `first`
    memory: Tensor | None = None  # of the phases before it
    tail: Tensor | None = None
    last = False
    while not last and (n_samples is None or sent < n_samples):
        wanted = start + size + context - first
        while not last and sum(part.shape[1] for part in held) < wanted:
            more = next(magnitudes, None)
            last = more is None
            held += [] if more is None else [more]
        magnitude = torch.cat(held, dim=1)
        last = last and magnitude.shape[1] <= wanted
        stop = first + magnitude.shape[1] if last else start + size
        if not last:
            magnitude = magnitude[:, :wanted]
        length = max(1, (magnitude.shape[1] - 1) * hop + features.n_fft % 2)
        if last and n_samples is not None:
            length = max(1, analysed_length(stop, features, n_samples) - first * hop)
        following = max(0, stop - context)
        kept = slice(following - first, stop - first)
        audio, memory = _block(magnitude, length, features, inversion, seed, source, memory, kept)
        audio = fade_ends(limit(audio * gain, features.sample_rate), features.sample_rate, start == 0, last)[0]
        begin, end = (start - first) * hop, length if last else (stop - first) * hop
        if tail is not None:
            ramp = torch.sin(torch.arange(len(tail), device=audio.device) * (torch.pi / 2 / len(tail))).square()
            overlap = audio[begin : begin + len(tail)]
            overlap.copy_(torch.lerp(tail[: len(overlap)], overlap, ramp[: len(overlap)]))
        tail = audio[end : end + hop].clone()
        block = audio[begin:end] if n_samples is None else audio[begin : min(end, begin + n_samples - sent)]
        sent += len(block)
        yield block.cpu().numpy()
        held = [torch.cat(held, dim=1)[:, following - first :]]
        first, start, size = following, stop, min(2 * size, longest)
    if n_samples is not None and sent < n_samples:
        yield np.zeros(n_samples - sent, np.float32)


def _block(
    magnitude: Tensor,
    length: int,
    features: SpectralFeatures,
    inversion: InversionSettings,
    seed: int,
    source: Source | None,
    memory: Tensor | None,
    kept: slice,
) -> tuple[Tensor, Tensor | None]:
    """Audio (1, length) of magnitudes that continue what left `memory`, and the memory for what begins at `kept.start`.

    The frames `kept` are the context on the left of the next block.
    """
    stft = open_stft(features, length, magnitude.device)
    wanted = emphasised(magnitude, inversion.emphasis)
    integrated = integrates_phase(inversion, source)
    if integrated:
        from timbre_core.inversion.pghi import integrated_phase  # numba takes a second to import

        start = torch.polar(wanted, integrated_phase(magnitude, features, seed, memory))
    else:
        start, turns = sinusoidal_spectra(magnitude, features, seed, source, memory, wanted)
        memory = turns[:, kept.start - 1].frac() if kept.start > 0 else None
    audio = griffin_lim(wanted, start, stft, inversion.iterations, inversion.momentum)
    if integrated:
        memory = stft.forward(audio)[:, kept].angle()
    return restore_level(audio, magnitude, stft), memory
