"""Learn, open and use timbre spaces of musical notes.

Examples
--------
A note, as a checkpoint that comes with the project sees it, at another pitch:

>>> import timbre_core
>>> space = timbre_core.open_space("nsynth-cvae")
>>> library = timbre_core.open_library("starter")
>>> note = library.load(0, space.sample_rate)
>>> frames, ref_db = space.analyse(note)
>>> trajectory = space.encode(frames, pitch=60)
>>> len(space.neighbours(trajectory.mean, 5))
5
>>> higher = space.decode(trajectory.mu, trajectory.starts, trajectory.n_frames, pitch=67)
>>> audio = space.invert(higher, ref_db, pitch=67)

What the package offers is listed in `__init__.pyi`. Each name is imported from its module when it is first used, so that
importing the package costs nothing.
"""

import os
import sys

import lazy_loader

from timbre_core.version import __version__ as __version__

if sys.platform == "darwin":
    # What Apple's MPS lacks is computed on the CPU. Torch reads this when it is imported.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
