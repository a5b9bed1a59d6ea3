"""What is done in the background, in words."""

from __future__ import annotations

import logging

from timbre_core.catalogue.jobs import Job, start_worker
from timbre_core.errors import TimbreError

_LOG = logging.getLogger(__name__)


def go_on() -> None:
    """Have what was asked for before a restart gone on with."""
    try:
        start_worker()
    except (TimbreError, OSError) as error:
        _LOG.warning("%s", error)


def share(job: Job) -> float:
    """How much of a job is done, 0 to 1."""
    return min(1.0, job.done / job.total) if job.total else 0.0


def told(job: Job) -> str:
    """How far a job is, in a line."""
    if job.state == "queued":
        return "waits for its turn"
    if not job.is_open:
        return job.message
    parts = [job.phase or "begins"]
    parts += [f"{job.done:,} of {job.total:,}"] if job.total else []
    parts += [f"{job.rate:,.0f} a second"] if job.rate else []
    parts += [f"about {duration(job.left)} left"] if job.left is not None else []
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as people say them: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
