"""What a timbre code is trained for: near for notes of one instrument, telling the family, and enough to say the other notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from timbre_core.features.note_grid import level_free, mel_grid, point_edges
from timbre_core.features.settings import LogMelSettings, WaveformSettings, as_log_mel
from timbre_core.features.timbre_grid import heard, narrow
from timbre_core.models.tasks import TimbreCodeTask
from timbre_core.models.timbre_encoder import TimbreEncoder
from timbre_core.training.batches import Batch
from timbre_core.training.draws import Draws

if TYPE_CHECKING:
    from timbre_core.training.step import Step

_COLOUR_DB = 2.0  # of a smooth filter on each note, which is no other instrument
_NARROW = 0.4  # of the notes lose what is above the band limit of 16 kHz recordings
_LIMIT_HZ = 7800.0
_CUT = 0.5  # of the notes end early
_SHORTEST = 18  # points
_NOISE = 0.05  # on codes that families and other notes are told from
_FAR = 1.0  # mean square of a code from which on it costs


def timbre_code_loss(network: Callable[..., Any], batch: Batch, step: Step) -> tuple[Tensor, ...]:
    """total, contrast (nats), family (nats), other (dB)."""
    task, features = step.recipe.task, as_log_mel(step.recipe.features)
    encoder = step.network
    assert isinstance(task, TimbreCodeTask)
    assert isinstance(encoder, TimbreEncoder)
    assert batch.wanted is not None
    size = len(batch.frames)
    clean = torch.cat([_grids(part.frames, features) for part in (batch, batch.wanted)])
    seen = _disguised(clean, step.draws, features) if encoder.training else clean
    codes, direction = network(*heard(seen, features), False).float().tensor_split([task.code_dim], dim=1)
    instrument, family = (torch.cat([p.conditions[n] for p in (batch, batch.wanted)]) for n in ("instrument", "family"))
    contrast = _contrast(encoder.projection(codes), instrument, task.temperature)
    if encoder.aside is not None:
        contrast = contrast + _contrast(direction, instrument, task.temperature)
    noisy = codes + _NOISE * torch.randn_like(codes) if encoder.training else codes
    known = family >= 0
    told = (
        nn.functional.cross_entropy(encoder.family(noisy)[known], family[known].long())
        if known.any()
        else codes.sum() * 0
    )
    swapped = torch.roll(torch.arange(2 * size), size)
    pitch = torch.cat([part.conditions["pitch"] for part in (batch, batch.wanted)]).nan_to_num(60.0)[swapped]
    free = level_free(clean, point_edges(clean.shape[1]), features)[0]
    other = (encoder.other_note(noisy, pitch) - encoder.picture(free)[swapped]).abs().mean()
    far = (codes.square().mean() - _FAR).clamp_min(0)
    total = task.contrast * contrast + task.family * told + task.other * other / 10 + 0.1 * far
    return total, contrast, told, other


@torch.no_grad()
def _grids(blocks: Tensor, features: LogMelSettings) -> Tensor:
    margin = WaveformSettings(level=features).margin * features.hop_length
    return torch.stack([mel_grid(audio[margin:-margin], features) for audio in blocks.transpose(1, 2).flatten(1)])


def _disguised(grid: Tensor, draws: Draws, features: LogMelSettings) -> Tensor:
    """Grids with another colour, band limit and length."""
    count, n_points, n_mels = grid.shape
    numbers = torch.cat([draws.normal(4, use=use) for use in (3, 4)])[:count]
    chance = torch.cat([draws.normal(3, use=use) for use in (5, 6)])[:count]
    chance = 0.5 * (1 + torch.erf(chance / 2**0.5))
    height = torch.linspace(-0.5, 0.5, n_mels)
    size, centre, width, tilt = numbers.split(1, dim=1)
    bump = torch.exp(-0.5 * ((height - 0.3 * centre) / (0.2 * torch.exp(0.5 * width))) ** 2)
    grid = grid + (_COLOUR_DB * (size * bump + tilt * height))[:, None]
    grid = narrow(grid, torch.where(chance[:, 0] < _NARROW, _LIMIT_HZ, torch.inf), features)
    end = _SHORTEST + chance[:, 2] * max(0, n_points - _SHORTEST)
    end = torch.where(chance[:, 1] < _CUT, end, torch.inf)
    return grid.masked_fill((torch.arange(n_points) >= end[:, None])[..., None], -110.0)


def _contrast(projected: Tensor, instrument: Tensor, temperature: float) -> Tensor:
    """Supervised contrastive error in nats: how surprising a note's companions are among all notes of the batch."""
    unit = nn.functional.normalize(projected, dim=1)
    own = torch.eye(len(unit), dtype=torch.bool)
    likeness = (unit @ unit.T / temperature).masked_fill(own, -1e9)
    alike = (instrument[:, None] == instrument) & ~own
    return -likeness.log_softmax(1)[alike].mean() if alike.any() else projected.sum() * 0
