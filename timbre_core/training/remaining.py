"""How long a training will still take, right from its first minute."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_WARM_UP = 3  # steps that take longer than those after them: memory is taken, kernels are chosen
_RECENT = 200  # steps that tell how long one takes
_VALIDATION = 1 / 3  # of a training step: the share that a forward pass takes of it
_EVALUATED = 0.08  # seconds a note for which a model is measured, on two cores; some five more for probes
_MAPPED = 0.03  # seconds a note of a map; UMAP takes some 20 to compile itself
_ALWAYS = 25.0


@dataclass
class Remaining:
    """Steps as they come, and what lies between epochs: validation, pictures, saving.

    steps, valid_steps: of an epoch. after: seconds that follow the last epoch (see `measuring_seconds`).
    """

    steps: int
    valid_steps: int
    epochs: int
    after: float = 0.0
    clock: Callable[[], float] = time.perf_counter
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))
    _between: list[float] = field(default_factory=list)
    _last: float | None = None
    _seen: int = 0

    def epoch_begins(self) -> None:
        """To be called before an epoch's first step."""
        self._last = self.clock()

    def stepped(self) -> None:
        """To be called after each step."""
        now = self.clock()
        self._seen += 1
        if self._last is not None and self._seen > _WARM_UP:
            self._times.append(now - self._last)
        self._last = now

    def epoch_ended(self) -> None:
        """To be called when all of an epoch is done."""
        if self._last is not None:
            self._between.append(self.clock() - self._last)
        self._last = None

    def seconds(self, step: int) -> float | None:
        """What is left after `step` steps of the whole run; None until a few have told how long one takes."""
        if not self._times:
            return None
        one = statistics.median(self._times)
        between = statistics.fmean(self._between) if self._between else one * _VALIDATION * self.valid_steps
        ended = (step - 1) // self.steps  # an epoch is over only after what follows its last step
        return one * (self.steps * self.epochs - step) + between * (self.epochs - ended) + self.after


def measuring_seconds(evaluated: int, mapped: int) -> float:
    """About how long evaluation and map take after a training, for so many notes each."""
    return _ALWAYS + _EVALUATED * evaluated + _MAPPED * mapped


def told(seconds: float | None) -> str:
    """Seconds as a progress bar shows them: `1:05 left`."""
    if seconds is None:
        return "..."
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} left" if hours else f"{minutes}:{rest:02d} left"
