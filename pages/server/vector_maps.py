"""Maps of somebody's own vectors: seen, searched and kept as any other; heard where sounds are named; without a model."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pages.server.note_map import NoteMap
from timbre_core.catalogue.vectors import list_vectors
from timbre_core.checkpoint import Checkpoint
from timbre_core.errors import TimbreError
from timbre_core.recipes.recipe_files import load_recipe
from timbre_core.recipes.schema import Recipe

if TYPE_CHECKING:
    from timbre_core.datasets.library import Library

VECTORS = "+vectors"
"""What the one map of such a folder is called, as in `clap@+vectors`: no map of a checkpoint can be called so."""


class VectorMap(NoteMap):
    """A map of vectors, whose notes are files below a folder, or have no sound."""

    def check_model(self) -> None:
        raise TimbreError(
            f"{self.checkpoint.path.name} is a map of vectors, without a model: only recordings are heard."
        )

    @property
    def model_map(self) -> NoteMap:
        self.check_model()
        return self

    def is_own(self, row: int) -> bool:
        return True

    def own_sound(self, row: int) -> Library | None:
        from timbre_core.datasets.library import Library
        from timbre_core.datasets.notes import note_table

        roots, place = self.checkpoint.latents_roots, str(self.labels["audio"].iat[row])
        if not roots or not place:
            raise TimbreError("these vectors name no sounds: add them again with --sounds DIR.")
        root = Path(roots[0]).resolve()
        if not (root / place).resolve().is_relative_to(root):
            raise TimbreError(f"{self.ids[row]}: its sound is not below {root}.")
        return Library([str(root)], note_table({"note_id": [self.ids[row]], "audio": [place]}))


def vector_checkpoints() -> dict[str, Checkpoint]:
    """The maps of vectors, by the names by which pages ask for them."""
    found = {}
    for name, folder in list_vectors().items():
        found[f"{name}@{VECTORS}"] = Checkpoint(folder, _recipe(name), VECTORS)
    return found


@cache
def _recipe(name: str) -> Recipe:
    """What hears their sounds, and how notes are compared."""
    return load_recipe("nsynth-cvae").model_copy(
        update={"title": f"{name}, vectors of your own", "distance": "euclidean"}
    )
