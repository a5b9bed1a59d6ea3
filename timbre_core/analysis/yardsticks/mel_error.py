"""How far apart two sounds are: log-mel error in dB and multi-resolution STFT distance, at any sample rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from timbre_core.analysis.inversion_measures import log_mel_mae_db, mel_db, stft_distance
from timbre_core.analysis.yardsticks.loudness_units import matched
from timbre_core.features.log_mel import hz_to_mel
from timbre_core.features.settings import LogMelSettings

RANGE_DB = 80.0
"""What is further below the wanted sound's loudest band counts as that."""

_BANDS = 80  # up to 8 kHz
_WINDOW = 0.064  # seconds


@dataclass(frozen=True)
class SoundError:
    """log_mel_db: mean absolute difference of log-mels in dB. stft: multi-resolution STFT distance, 0 is best.

    own_level_db: log_mel_db of the sound at the level it came with.
    """

    log_mel_db: float
    stft: float
    own_level_db: float


def sound_error(wanted: np.ndarray, heard: np.ndarray, sample_rate: int, match_loudness: bool = True) -> SoundError:
    """How far `heard` (m_samples,) is from `wanted` (n_samples,), both at `sample_rate` Hz; NaN of a silent wanted sound.

    The log-mel is that of the NSynth recipes at 16 kHz (80 Slaney bands, windows of 64 ms, hops of 16 ms, 80 dB); at other
    rates as many more or fewer bands as there are mels. `heard` is cut or followed by silence to the wanted length, and
    with `match_loudness` has one gain: as loud as the wanted sound (BS.1770).
    """
    wanted = np.asarray(wanted, dtype=np.float32)
    heard = np.asarray(heard, dtype=np.float32)[: len(wanted)]
    heard = np.pad(heard, (0, len(wanted) - len(heard)))
    if not np.abs(wanted).max(initial=0) > 0:
        return SoundError(math.nan, math.nan, math.nan)
    settings = comparison_mel(sample_rate)
    wanted_db = mel_db(wanted, settings, -200)
    floor = float(wanted_db.max()) - RANGE_DB
    wanted_db = np.maximum(wanted_db, floor)
    own_level = log_mel_mae_db(wanted_db, mel_db(heard, settings, floor))
    if not match_loudness:
        return SoundError(own_level, stft_distance(wanted, heard).total, own_level)
    heard = matched(heard, wanted, sample_rate)
    error = log_mel_mae_db(wanted_db, mel_db(heard, settings, floor))
    return SoundError(error, stft_distance(wanted, heard).total, own_level)


@lru_cache(maxsize=8)
def comparison_mel(sample_rate: int) -> LogMelSettings:
    """The log-mel that sounds at `sample_rate` Hz are compared in."""
    n_fft = 2 ** round(math.log2(_WINDOW * sample_rate))
    bands = round(_BANDS * float(hz_to_mel(sample_rate / 2) / hz_to_mel(8000)))
    return LogMelSettings(
        sample_rate=sample_rate, n_fft=n_fft, hop_length=n_fft // 4, n_mels=bands, top_db=RANGE_DB, seconds=None
    )
