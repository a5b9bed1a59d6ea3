"""Train a model: `python train_cli.py [RECIPE] [--data DIR] [--out DIR]`; `--help` shows everything."""

from __future__ import annotations

import sys

from timbre_core.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
