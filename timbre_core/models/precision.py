"""In which precision a processor is quickest."""

from __future__ import annotations

from functools import cache

import torch


@cache
def cpu_has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 numbers by itself."""
    # torch has no public question for this; a version that lacks the private one counts as none.
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return supported is not None and bool(supported())
