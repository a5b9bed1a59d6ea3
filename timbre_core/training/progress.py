"""What a training tells whoever waits for it, and how it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from timbre_core.errors import TimbreError

if TYPE_CHECKING:
    from timbre_core.training.distributed import Team

Stage = Literal["library", "features", "training", "evaluation", "map"]
"""The parts of a run, in their order."""

_STOPPED = "the training was stopped: what is done is kept, and can be resumed."
_PAUSE = 0.1  # seconds at least between two reports of a stage's course


@dataclass(frozen=True)
class TrainingProgress:
    """How far a run is.

    Attributes
    ----------
    stage : {"library", "features", "training", "evaluation", "map"}
        What is being done.
    done, total : float
        Of the stage: notes, or epochs with fractions in the stage "training".
    epoch : dict
        After each epoch its line of `history.jsonl`, else empty.
    notice : str
        A sentence for people about the data or the run, else empty.

    Examples
    --------
    >>> from timbre_core import TrainingProgress
    >>> progress = TrainingProgress("training", 1.5, 3)
    >>> f"{progress.stage}: {progress.done / progress.total:.0%}"
    'training: 50%'
    """

    stage: Stage
    done: float = 0.0
    total: float = 1.0
    epoch: dict[str, Any] = field(default_factory=dict)
    notice: str = ""


class TrainingCancelled(TimbreError):
    """A training ended because it was asked to; what is done is kept, to be resumed.

    Examples
    --------
    >>> import timbre_core
    >>> try:
    ...     timbre_core.train(data="starter", out="never", cancel=lambda: True)  # doctest: +SKIP
    ... except timbre_core.TrainingCancelled:
    ...     print("`resume=True` goes on with it")
    """


@dataclass
class Reporter:
    """Tells `on_progress`, not too often, and asks `cancel` each time."""

    on_progress: Callable[[TrainingProgress], None] | None = None
    cancel: Callable[[], bool] | None = None
    _last: tuple[str, float] = ("", 0.0)

    def check(self) -> None:
        """Raises TrainingCancelled if the run is to stop."""
        if self.cancel is not None and self.cancel():
            raise TrainingCancelled(_STOPPED)

    def check_together(self, team: Team) -> None:
        """As `check`, in all processes at once: they stop if one of them is to."""
        if self.cancel is not None and team.any(self.cancel()):
            raise TrainingCancelled(_STOPPED)

    def tell(self, progress: TrainingProgress) -> None:
        """Report whatever has happened."""
        if self.on_progress is not None:
            self.on_progress(progress)

    def notice(self, stage: Stage, text: str) -> None:
        """Report a sentence for people."""
        self.tell(TrainingProgress(stage, notice=text))

    def watch(self, stage: Stage) -> Callable[[float, float], None]:
        """To be called with (done, total) again and again during a stage: reports, and raises when the run is to stop."""

        def watch(done: float, total: float) -> None:
            self.check()
            stale = self._last[0] != stage or time.monotonic() - self._last[1] >= _PAUSE
            if self.on_progress is not None and (stale or done >= total):
                self._last = (stage, time.monotonic())
                self.on_progress(TrainingProgress(stage, done, total))

        return watch
