"""Random numbers of a training step that any number of processes, and a resumed run, draw alike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from timbre_core.recipes.schema import TrainingSettings
from timbre_core.training.distributed import Team


@dataclass(frozen=True)
class Draws:
    """This process's share of a global batch's random numbers.

    Only the seed and the step decide them. size: windows of the batch that this process has.
    """

    training: TrainingSettings
    team: Team
    step: int
    size: int

    def normal(self, width: int) -> Tensor:
        """Standard normal (size, width)."""
        return self._share(torch.randn(self._shape(width), generator=self._generator(), device=self.team.device))

    def uniform(self, width: int) -> Tensor:
        """In [0, 1): (size, width)."""
        return self._share(torch.rand(self._shape(width), generator=self._generator(), device=self.team.device))

    def _generator(self) -> torch.Generator:
        generator = torch.Generator(device=self.team.device)
        return generator.manual_seed((self.training.seed * 1_000_003 + self.step) & (2**63 - 1))

    def _shape(self, width: int) -> tuple[int, int]:
        return self.training.batch_size, width

    def _share(self, numbers: Tensor) -> Tensor:
        return numbers[self.team.rank :: self.team.size][: self.size]
