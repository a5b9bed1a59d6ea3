"""Random numbers of a training step that any number of processes, and a resumed run, draw alike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from timbre_core.recipes.schema import TrainingSettings
from timbre_core.training.distributed import Team

_APART = 2_654_435_761  # far more than a training has steps, in the 32 bits that a CPU's generator looks at


@dataclass(frozen=True)
class Draws:
    """This process's share of a global batch's random numbers.

    Only the seed and the step decide them. size: windows of the batch that this process has.
    """

    training: TrainingSettings
    team: Team
    step: int
    size: int

    def normal(self, width: int, use: int = 0) -> Tensor:
        """Standard normal (size, width); independent for every `use` that a step has for such numbers."""
        return self._share(torch.randn(self._shape(width), generator=self._generator(use), device=self.team.device))

    def uniform(self, width: int) -> Tensor:
        """In [0, 1): (size, width)."""
        return self._share(torch.rand(self._shape(width), generator=self._generator(), device=self.team.device))

    def orders(self, width: int, use: int = 2) -> Tensor:
        """Permutations of this process's windows, another one in each column: (size, width) int64."""
        ranks = torch.rand(self._shape(width), generator=self._generator(use), device=self.team.device)
        return self._share(ranks).argsort(dim=0)

    def _generator(self, use: int = 0) -> torch.Generator:
        generator = torch.Generator(device=self.team.device)
        return generator.manual_seed((self.training.seed * 1_000_003 + self.step + use * _APART) & (2**63 - 1))

    def _shape(self, width: int) -> tuple[int, int]:
        return self.training.batch_size, width

    def _share(self, numbers: Tensor) -> Tensor:
        return numbers[self.team.rank :: self.team.size][: self.size]
