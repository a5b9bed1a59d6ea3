#!/usr/bin/env bash
# torch 2.13.0 on x86 CPUs: the backward pass of ConvTranspose2d takes twice as long or more in all when it has a bias, although that
# bias's gradient is a plain sum over the result's gradient, which torch.sum makes in a hundredth of the time. Of an ordinary Conv2d of
# the same shapes the bias costs nothing. Seen in bfloat16 with channels last, as autocast trains. Whoever wants the time back asks
# aten::convolution_backward for the gradients of image and weights alone, and sums the result's gradient for the bias.
#
# Seen (AMD EPYC with AVX-512 and bfloat16, one thread, 64 images of 64 x 64 x 16 to 32 x 128 x 32, kernel 3, stride 2): 28 ms
# without and 56 ms with a bias; the sum takes 0.4 ms; the ordinary convolution's backward pass 31 ms either way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0
cat > "$folder/show.py" <<'PY'
import sys
import time

import torch

torch.set_num_threads(1)
KIND, LAST = torch.bfloat16, torch.channels_last


def least(work):
    times = []
    for _ in range(12):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return 1000 * min(times)


small = torch.randn(64, 64, 64, 16, dtype=KIND).contiguous(memory_format=LAST)
large = torch.randn(64, 32, 128, 32, dtype=KIND).contiguous(memory_format=LAST)
weight = torch.randn(64, 32, 3, 3, dtype=KIND).contiguous(memory_format=LAST)


def backward(transposed, bias):
    towards, image, channels = (large, small, 32) if transposed else (small, large, 64)
    extra = (1, 1) if transposed else (0, 0)
    torch.ops.aten.convolution_backward(
        towards, image, weight, [channels] if bias else None, (2, 2), (1, 1), (1, 1), transposed, extra, 1, (True, True, bias)
    )


without, with_bias = (least(lambda bias=bias: backward(True, bias)) for bias in (False, True))
plain, plain_bias = (least(lambda bias=bias: backward(False, bias)) for bias in (False, True))
total = least(lambda: large.sum((0, 2, 3)))
print(f"transposed: {without:.1f} ms without, {with_bias:.1f} ms with a bias, whose sum takes {total:.2f} ms")
print(f"ordinary: {plain:.1f} ms without, {plain_bias:.1f} ms with a bias")
sys.exit(0 if with_bias > 1.4 * without and plain_bias < 1.2 * plain and total < 0.1 * without else 1)
PY
"$folder/venv/bin/python" "$folder/show.py" || { echo "CHANGED: a bias no longer slows the backward pass"; exit 1; }
echo "as seen: a bias doubles the backward pass of a transposed convolution"
