"""Maps: latent means in two or three dimensions by PCA, UMAP, t-SNE and PaCMAP.

All heavy libraries are imported when they are used: UMAP and PaCMAP compile themselves for seconds in every process.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from tqdm import tqdm

from timbre_core.errors import TimbreError
from timbre_core.numba_cache import numba_can_cache

METHODS = ("pca", "umap", "tsne", "pacmap")
DEFAULT_METHODS = ("pca", "umap", "tsne")
COLUMNS = {
    "pca": ["pca_1", "pca_2", "pca_3"],
    "umap": ["umap_1", "umap_2", "umap3_1", "umap3_2", "umap3_3"],
    "tsne": ["tsne_1", "tsne_2"],
    "pacmap": ["pacmap_1", "pacmap_2"],
}

UMAP_NEIGHBORS = 30
UMAP_MIN_DIST = 0.1
TSNE_PERPLEXITY = 30.0

MOST_SEEDED = 20_000
"""Up to this many notes UMAP is seeded: the same map every time, on one thread. Above, it runs on all threads, unseeded."""

MOST_TSNE = 5_000
"""Up to this many notes t-SNE is run on; the others are placed among their nearest neighbours on that map."""

_MOST_EXACT_NEIGHBORS = 50_000
_MOST_COVARIANCE = 2_048  # dimensions
_FEWEST = 6  # notes that neighbour-based methods need; fewer are shown by PCA
_PLACED_BY = 5  # mapped neighbours that decide where t-SNE's other notes are placed


def project(
    mu: np.ndarray,
    methods: Sequence[str] = DEFAULT_METHODS,
    seed: int = 0,
    progress: bool = True,
    neighbors: int = UMAP_NEIGHBORS,
) -> pd.DataFrame:
    """Coordinates of latent means on maps.

    Args:
        mu: (n, latent_dim), one row per note, finite.
        methods: of "pca", "umap" (2-D and 3-D), "tsne", "pacmap".
        seed: the same seed gives the same map; for UMAP up to `MOST_SEEDED` notes (see there).
        progress: show a progress bar on stderr.
        neighbors: of each note that UMAP keeps near: with more, groups that are much alike are less likely to become islands
            far from all others.

    Returns:
        n rows of finite float32: pca_1..3, umap_1..2 and umap3_1..3, tsne_1..2, pacmap_1..2 as asked. Where a method has
        nothing to work on (fewer than 6 notes, or all in one place), its columns hold the first principal components. A
        method that fails is told on stderr and left out; pca_1..3 are there where no other is.

    UMAP: McInnes et al. 2018 (min_dist 0.1). t-SNE: van der Maaten 2014 (Barnes-Hut, perplexity 30), with PCA initialisation
    (Kobak and Berens 2019). PaCMAP: Wang et al., JMLR 22, 2021.

    Raises:
        TimbreError: an unknown method, or mu is not a finite (n, latent_dim) array.
    """
    mu = np.ascontiguousarray(mu, dtype=np.float32)
    check_methods(methods)
    if mu.ndim != 2 or not mu.shape[1] or not np.isfinite(mu).all():
        raise TimbreError(f"latents must be finite numbers of shape (notes, dimensions), got {mu.shape}.")
    points = _Points(mu, seed, progress, neighbors)
    chosen = [method for method in METHODS if method in methods]
    columns: dict[str, np.ndarray] = {}
    with tqdm(total=len(chosen), desc="maps", unit="map", disable=not progress, file=sys.stderr) as bar:
        for method in chosen:
            bar.set_postfix_str(method)
            columns |= _columns(points, method)
            bar.update()
    if chosen and not columns:
        columns = _columns(points, "pca")
    return pd.DataFrame(columns, index=pd.RangeIndex(len(mu)))


def _columns(points: _Points, method: str) -> dict[str, np.ndarray]:
    """A method's columns, none where it fails: what others computed, and the training before it, are worth more."""
    try:
        coordinates = points.pca if method == "pca" else _mapped(points, _COMPUTE[method], len(COLUMNS[method]))
    except TimbreError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()
        said = f"{type(error).__name__}: {reason[0]}" if reason else type(error).__name__
        tqdm.write(f"the map {method} is left out ({said}): make it later with `project`.", file=sys.stderr)
        return {}
    return dict(zip(COLUMNS[method], coordinates.T.astype(np.float32), strict=True))


def check_methods(methods: Sequence[str]) -> None:
    """Raise TimbreError for a projection that does not exist."""
    for method in methods:
        if method not in METHODS:
            raise TimbreError(f"no projection {method!r}: choose from {', '.join(METHODS)}.")


@dataclass
class _Points:
    """Latent means and what several methods need of them, computed once."""

    mu: np.ndarray
    seed: int
    progress: bool
    n_neighbors: int = UMAP_NEIGHBORS

    def __len__(self) -> int:
        return len(self.mu)

    @cached_property
    def pca(self) -> np.ndarray:
        """(n, 3) principal components; the largest loading of each is positive. Missing ones are 0."""
        from sklearn.decomposition import PCA

        coordinates = np.zeros((len(self), 3), dtype=np.float32)
        count = min(3, *self.mu.shape)
        if len(self) < 2 or not np.ptp(self.mu, axis=0).any():
            return coordinates
        model = PCA(count, svd_solver=self._solver, random_state=self.seed).fit(self.mu.astype(np.float64))
        loadings = model.components_
        signs = np.sign(loadings[np.arange(count), np.abs(loadings).argmax(axis=1)])
        coordinates[:, :count] = (self.mu - model.mean_) @ (loadings * signs[:, None]).T
        return coordinates

    @property
    def _solver(self) -> str:
        """How components are found: by the covariance of dimensions, unless they are so many that it is the larger part."""
        if self.mu.shape[1] <= _MOST_COVARIANCE:
            return "covariance_eigh"
        return "full" if len(self) <= _MOST_COVARIANCE else "randomized"

    @cached_property
    def spread(self) -> bool:
        """Whether there are enough notes, in enough different places, for a map of neighbourhoods."""
        return len(self) >= _FEWEST and len(np.unique(self.mu[:1000], axis=0)) >= _FEWEST

    @cached_property
    def neighbors(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices and Euclidean distances (n, k) of each note's k nearest notes, itself first."""
        k = min(self.n_neighbors, len(self) - 1)
        if len(self) <= _MOST_EXACT_NEIGHBORS:
            from sklearn.neighbors import NearestNeighbors

            distances, indices = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(self.mu).kneighbors(self.mu)
        else:
            from umap.umap_ import nearest_neighbors

            indices, distances, _ = nearest_neighbors(
                self.mu, k, "euclidean", {}, False, np.random.RandomState(self.seed)
            )
        return indices.astype(np.int32), distances.astype(np.float32)


def _mapped(points: _Points, compute: Callable[[_Points], np.ndarray], n_columns: int) -> np.ndarray:
    """What `compute` gives, or principal components where the notes do not suffice or the method breaks down."""
    fallback = np.concatenate([points.pca[:, :2], points.pca], axis=1)[:, :n_columns]
    if not points.spread:
        return fallback
    numba_can_cache()
    repeatable = len(points) <= MOST_SEEDED or compute is _tsne
    with warnings.catch_warnings(), _threads(1 if repeatable else None):
        # About seeds that cost threads, disconnected neighbourhoods of duplicates, small n: all dealt with here.
        warnings.simplefilter("ignore")
        coordinates = compute(points)
    return coordinates if np.isfinite(coordinates).all() else fallback


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Run parallel loops on `count` threads, None: on all.

    One thread adds up in the same order every time, and small loops lose more by waiting for each other than they gain.
    """
    import numba
    from threadpoolctl import threadpool_limits

    # Around numba, too, which with OpenMP sets the threads of whoever starts it, of torch as well.
    with threadpool_limits(count, user_api="openmp"):
        before = numba.get_num_threads()
        numba.set_num_threads(min(count or before, before))
        try:
            yield
        finally:
            numba.set_num_threads(before)


def _umap(points: _Points) -> np.ndarray:
    from umap import UMAP

    seeded = len(points) <= MOST_SEEDED
    indices, distances = points.neighbors
    return np.concatenate(
        [
            UMAP(
                n_components=dimensions,
                n_neighbors=indices.shape[1],
                min_dist=UMAP_MIN_DIST,
                precomputed_knn=(indices, distances),
                init="spectral" if len(points) <= _MOST_EXACT_NEIGHBORS else "pca",
                random_state=points.seed if seeded else None,
                n_jobs=1 if seeded else -1,
                tqdm_kwds={"disable": not points.progress, "desc": f"UMAP {dimensions}-D", "leave": False},
            ).fit_transform(points.mu)
            for dimensions in (2, 3)
        ],
        axis=1,
    )


def _tsne(points: _Points) -> np.ndarray:
    from sklearn.manifold import TSNE

    chosen = np.arange(len(points))
    if len(points) > MOST_TSNE:
        chosen = np.sort(np.random.default_rng(points.seed).choice(len(points), MOST_TSNE, replace=False))
    # PCA scaled to a tiny spread: the layout keeps the large-scale order (Kobak and Berens 2019).
    start = points.pca[chosen, :2] / max(float(points.pca[chosen, 0].std()), 1e-12) * 1e-4
    mapped = TSNE(
        perplexity=min(TSNE_PERPLEXITY, (len(chosen) - 1) / 3), init=start, random_state=points.seed, n_jobs=-1
    ).fit_transform(points.mu[chosen])
    return mapped if len(chosen) == len(points) else _placed(points.mu, chosen, mapped)


def _placed(mu: np.ndarray, chosen: np.ndarray, mapped: np.ndarray) -> np.ndarray:
    """Place every note at the median of its nearest mapped notes (Poličar et al. 2023, "Embedding to reference t-SNE")."""
    from sklearn.neighbors import NearestNeighbors

    places = np.empty((len(mu), mapped.shape[1]), dtype=np.float32)
    others = np.setdiff1d(np.arange(len(mu)), chosen)
    nearest = NearestNeighbors(n_neighbors=_PLACED_BY, algorithm="brute").fit(mu[chosen])
    places[chosen] = mapped
    places[others] = np.median(mapped[nearest.kneighbors(mu[others], return_distance=False)], axis=1)
    return places


def _pacmap(points: _Points) -> np.ndarray:
    from pacmap import PaCMAP

    logging.getLogger("pacmap").setLevel(logging.ERROR)  # it warns that a seed is set
    neighbors = 10 if len(points) > 20 else min(3, len(points) - 1)
    model = PaCMAP(n_components=2, n_neighbors=neighbors, random_state=points.seed, apply_pca=points.mu.shape[1] > 100)
    return model.fit_transform(points.mu, init="pca")


_COMPUTE: dict[str, Callable[[_Points], np.ndarray]] = {"umap": _umap, "tsne": _tsne, "pacmap": _pacmap}
