#!/usr/bin/env bash
# numba 0.68.1 and torch 2.13.0 in one process, where numba's threading layer is OpenMP (no TBB installed): to ask
# numba.get_num_threads() starts numba's threads, and that sets OpenMP's number of threads for the thread that asked to all cores.
# torch shares the library, so torch.set_num_threads(1) is undone: torch.get_num_threads() says 2 afterwards (of 2 cores), and sums
# round otherwise than before. numba.set_num_threads(1) does not set it back; threadpoolctl.threadpool_limits around both does. A
# thread in which torch has computed nothing yet, and was asked nothing, gets its 1 from torch later.
#
# Seen (Linux, 2 cores): 1, then 2 after numba.get_num_threads(), still 2 after numba.set_num_threads(1); 1 behind threadpool_limits;
# 1 and 1 where torch was not used before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6 torch==2.13.0 threadpoolctl==3.8.0
cat > "$folder/show.py" <<'PY'
import os
import sys

import numba
import torch
from threadpoolctl import threadpool_limits


def seen(ask):
    torch.set_num_threads(1)
    if way != "torch not used yet":
        assert torch.get_num_threads() == 1
    ask()
    return torch.get_num_threads()


def limited():
    with threadpool_limits(None, user_api="openmp"):
        numba.get_num_threads()
        numba.set_num_threads(1)


way = sys.argv[1]
if way != "limited":
    told = [seen(numba.get_num_threads), numba.set_num_threads(1) or torch.get_num_threads()]
else:
    told = [seen(limited)]
print(way, told, "of", os.cpu_count(), "cores; layer", numba.threading_layer())
sys.exit(0 if (min(told) > 1) == (way == "torch used") else 1)
PY
[ "$(nproc)" -gt 1 ] || { echo "needs two cores"; exit 0; }
for way in "torch used" "torch not used yet" limited; do
  NUMBA_THREADING_LAYER=omp "$folder/venv/bin/python" "$folder/show.py" "$way" || { echo "CHANGED: numba leaves torch's threads"; exit 1; }
done
echo "as seen: asking numba for its threads sets torch's"
