#!/usr/bin/env bash
# torch 2.13.0: the first gradient of a tensor that is no scalar, torch.autograd.grad(y, x, grad_outputs) or y.backward(gradient),
# imports sympy and torch.fx.experimental.symbolic_shapes to compare two shapes, in plain eager code on the CPU. That takes some 0.4 s
# of computing and 20 MB in the middle of what may be the first answer of a service. The same gradient of the scalar
# (y * grad_outputs).sum() imports neither, and is equal to the last bit.
#
# Seen (Linux, Python 3.11): some 500 modules more, sympy among them; the other way none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 torch==2.13.0
cat > "$folder/show.py" <<'PY'
import sys
import time

import torch

x = torch.arange(6.0, requires_grad=True)
weights = torch.linspace(-1, 2, 6)


def told(make):
    before, begun = len(sys.modules), time.process_time()
    (gradient,) = make()
    return gradient, len(sys.modules) - before, time.process_time() - begun, "sympy" in sys.modules


scalar, few, quick, scalar_sympy = told(lambda: torch.autograd.grad((x.sin() * weights).sum(), x))
tensor, many, slow, tensor_sympy = told(lambda: torch.autograd.grad(x.sin(), x, weights))
print(f"torch {torch.__version__}: of a scalar {few} modules, {quick:.2f} s; of a tensor {many} modules, {slow:.2f} s")
sys.exit(0 if torch.equal(scalar, tensor) and not scalar_sympy and tensor_sympy else 1)
PY
"$folder/venv/bin/python" "$folder/show.py" || { echo "CHANGED: sympy is not imported, or the gradients differ"; exit 1; }
echo "as seen: a tensor's gradient imports sympy"
