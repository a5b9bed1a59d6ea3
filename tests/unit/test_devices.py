"""Which device is taken: CUDA, then Apple's MPS, then the CPU; and one sentence where it cannot be used."""

from __future__ import annotations

import pytest
import torch

from timbre_core.devices import best_device, chosen_device
from timbre_core.errors import TimbreError


@pytest.mark.parametrize(
    ("cuda", "mps", "best"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu"), (True, False, "cuda")]
)
def test_the_best_device_is_taken(cuda: bool, mps: bool, best: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert best_device() == best


def test_a_device_that_is_not_there_is_told_in_a_sentence() -> None:
    assert chosen_device("cpu") == torch.device("cpu")
    for name in ("cuda:99", "toaster"):
        with pytest.raises(TimbreError, match=f"--device {name}: it cannot be used here"):
            chosen_device(name)
