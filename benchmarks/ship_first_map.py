"""Make the map that a new start shows first, beside the checkpoints that ship (see `pages.explore.ready_made`).

To be run when one of these, or what the app tells of a map, has changed; a test says so.

    python benchmarks/ship_first_map.py
"""

from __future__ import annotations

import sys

import shared  # noqa: F401  (the project's modules are found from any folder)

from pages.explore.ready_made import FILE, make
from timbre_core.checkpoint_folders import default_checkpoints_folder


def main() -> int:
    made, path = make(), default_checkpoints_folder() / FILE
    if made is None:
        print(
            "no map is shown first that can be kept, or somebody's own sounds are on it: set TIMBRE_DATA to an empty folder"
        )
        return 1
    made.write(path)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, the map of {made.checkpoint}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
