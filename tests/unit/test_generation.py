"""Paths, walks and pitch contours: known answers, and what is heard of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.synthetic import apart
from timbre_core.checkpoint import default_checkpoints_folder, open_checkpoint
from timbre_core.decoding import stretch
from timbre_core.errors import TimbreError
from timbre_core.features.pitch_track import track_pitch
from timbre_core.features.settings import LogMelSettings
from timbre_core.generation.contours import Contour, read_contour
from timbre_core.generation.journeys import sounding_windows
from timbre_core.generation.paths import along_path, linear, random_walk, spherical
from timbre_core.generation.sounds import Generated, generate, morph, morph_steps
from timbre_core.inversion.any_kind import invert
from timbre_core.inversion.comb import fitting_source
from timbre_core.inversion.settings import InversionSettings
from timbre_core.space import TimbreSpace

SHARES = np.linspace(0, 1, 9)
BASS, FLUTE, BRASS = "bass_synthetic_000-054-100", "flute_synthetic_002-054-100", "brass_synthetic_001-060-100"


@pytest.fixture
def space(tiny_checkpoint: Path) -> TimbreSpace:
    return TimbreSpace(open_checkpoint(tiny_checkpoint))


@pytest.fixture(scope="module")
def shipped() -> TimbreSpace:
    return TimbreSpace(open_checkpoint(default_checkpoints_folder() / "nsynth-cvae"))


def test_spherical_paths_turn_at_constant_speed_between_their_ends() -> None:
    rng = np.random.default_rng(0)
    a, b = 2 * rng.standard_normal(32), rng.standard_normal(32)
    points = spherical(a, b, SHARES)
    np.testing.assert_allclose(points[[0, -1]], [a, b])
    lengths = np.linalg.norm(points, axis=1)
    np.testing.assert_allclose(np.diff(lengths), np.diff(lengths)[0], atol=1e-9)
    directions = points / lengths[:, None]
    turns = np.arccos(np.sum(directions[1:] * directions[:-1], axis=1))
    np.testing.assert_allclose(turns, turns[0], rtol=1e-6)
    middle = linear(a, b, SHARES)[4]
    assert np.linalg.norm(middle) < 0.9 * lengths[4], "a straight line cuts the corner"


@pytest.mark.parametrize("b", [np.zeros(3), np.array([3.0, 0, 0]), np.array([-2.0, 0, 0])])
def test_spherical_paths_without_a_great_circle_are_straight(b: np.ndarray) -> None:
    a = np.array([1.0, 0, 0])
    np.testing.assert_allclose(spherical(a, b, SHARES), linear(a, b, SHARES))


def test_a_path_passes_all_its_notes() -> None:
    points = np.random.default_rng(1).standard_normal((4, 5)).astype(np.float32)
    for kind in ("linear", "spherical"):
        np.testing.assert_allclose(along_path(points, np.arange(4.0), kind), points, atol=1e-6)
        halves = along_path(points, np.array([0.5, 2.5]), kind)
        assert not np.isclose(halves, points[[0, 2]]).any(axis=1).all()
    with pytest.raises(TimbreError, match="choose spherical or linear"):
        along_path(points, np.zeros(1), "cubic")


def test_walks_take_steps_of_the_asked_size_and_stay_where_notes_are() -> None:
    centre, spread = np.array([3.0, -1.0]), np.array([0.5, 2.0])
    walk = random_walk(centre + spread, 20_000, 0.1, centre, spread, np.random.default_rng(0))
    np.testing.assert_allclose(walk[0], centre + spread)
    np.testing.assert_allclose(np.diff(walk, axis=0).std(axis=0), 0.1 * spread, rtol=0.03)
    np.testing.assert_allclose(walk.std(axis=0), spread, rtol=0.25)
    np.testing.assert_allclose(walk.mean(axis=0), centre, atol=0.5)


def test_trajectories_stretch_between_their_ends() -> None:
    np.testing.assert_allclose(stretch(np.array([[0.0], [2.0]]), 5)[:, 0], [0, 0.5, 1, 1.5, 2])
    np.testing.assert_allclose(stretch(np.array([[1.0], [2.0]]), 1)[:, 0], [1])


def test_contours_go_straight_between_points_and_swing_around_them() -> None:
    drawn = Contour(((0.5, 60), (1.5, 72)))
    np.testing.assert_allclose(drawn.at(np.array([0, 0.5, 0.75, 1, 1.5, 9])), [60, 60, 63, 66, 72, 72])
    vibrato = Contour(((0.0, 60),), depth=50, rate=5)
    np.testing.assert_allclose(vibrato.at(np.array([0, 0.05, 0.1, 0.15, 0.2])), [60, 60.5, 60, 59.5, 60], atol=1e-9)
    assert Contour(((0.0, 126.9),), depth=100).at(np.linspace(0, 1, 99)).max() == 127


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("0:60,1.5:67", ((0, 60), (1.5, 67))),
        ("0:C4, 1:C#4", ((0, 60), (1, 61))),
        ("0:440Hz,2:880hz", ((0, 69), (2, 81))),
        ("seconds,midi\n0,60\n1,62.5\n", ((0, 60), (1, 62.5))),
        ("time,hz\n0,440\n\n1,220\n", ((0, 69), (1, 57))),
        ("0,60\n1,67\n", ((0, 60), (1, 67))),
    ],
)
def test_contours_are_read(text: str, points: tuple, tmp_path: Path) -> None:
    if "\n" in text:
        (tmp_path / "points.csv").write_text(text, encoding="utf-8")
        text = str(tmp_path / "points.csv")
    np.testing.assert_allclose(read_contour(text), points)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: read_contour("0:sixty"), "'sixty' is not a pitch"),
        (lambda: read_contour("soon:60"), "'soon' is not a time"),
        (lambda: read_contour("0:60,1"), "'' is not a pitch"),
        (lambda: read_contour("nowhere.csv"), "nowhere.csv"),
        (lambda: Contour(()), "0 points"),
        (lambda: Contour(((1, 60), (1, 61))), "each must come after"),
        (lambda: Contour(((0, 128),)), "outside MIDI's 0-127"),
        (lambda: Contour(((-1, 60),)), "seconds from 0"),
        (lambda: Contour(((0, 60),), depth=float("nan")), "choose a depth"),
        (lambda: Contour(((0, 60),), depth=50, rate=0), "choose a rate"),
    ],
)
def test_what_is_no_contour_is_refused(make: object, message: str) -> None:
    with pytest.raises(TimbreError, match=message):
        make()


def test_combs_follow_a_contour() -> None:
    settings = LogMelSettings()
    pitch = torch.tensor([[57.0, 69.0, float("nan")]])
    source = fitting_source(torch.ones(1, 80, 3), pitch, settings)
    assert source is not None
    assert source.spectra.shape == (1, 3, 513)
    first, octave, flat = source.spectra[0]
    hop = 220 / 16000 * 1024  # bins between partials of A3
    assert first[round(hop)] > 0.5 > 100 * octave[round(hop)]
    assert octave[round(2 * hop)] > 0.5
    assert float(flat[1:-1].std()) == 0
    with pytest.raises(TimbreError, match="contour of 2 frames does not fit a note of 3"):
        invert(np.zeros((80, 3)), 0.0, settings, InversionSettings(), pitch=np.array([60.0, 61.0]))


@pytest.mark.parametrize("points", [((0.0, 60.0),), ((0.0, 57.0), (1.5, 64.0))])
def test_vibrato_and_glides_are_heard(shipped: TimbreSpace, points: tuple) -> None:
    asked = Contour(points, depth=50, rate=5)
    note = generate(shipped, asked, 1.6, family="brass")
    assert note.contour is not None
    heard = track_pitch(note.audio, 16_000, 256).midi
    assert np.isnan(heard).mean() < 0.4
    inside = slice(15, len(heard) - 25)
    assert np.nanmedian(np.abs(heard - note.contour)[inside]) < 0.20
    if len(points) == 1:
        still = generate(shipped, 60.0, 1.6, family="brass").audio
        assert np.nanmax(heard[inside]) - np.nanmin(heard[inside]) > 0.6
        assert np.nanstd(track_pitch(still, 16_000, 256).midi[inside]) < 0.1


@pytest.mark.parametrize("name", ["nsynth-cvae", "timbre-space"])
def test_a_note_that_is_cut_while_it_sounds_does_not_click(name: str) -> None:
    cut = generate(TimbreSpace(open_checkpoint(default_checkpoints_folder() / name)), 45, 0.8, family="brass")
    loud = [np.abs(cut.audio[-round(end * cut.sample_rate) :][: cut.sample_rate // 200]).max() for end in (0.05, 0.005)]
    assert loud[0] > 0.05, "it sounds on"
    assert loud[1] < 0.3 * loud[0]
    assert abs(cut.audio[-1]) < 1e-6


def test_morphs_begin_and_end_at_their_notes(space: TimbreSpace) -> None:
    steps = list(morph_steps(space, [BASS, FLUTE], 5, 0.6, pitch=60))
    means = np.stack([step.z.mean(axis=0) for step in steps])
    ends = [space.trajectory_of(note).mean(axis=0) for note in (BASS, FLUTE)]
    np.testing.assert_allclose(means[[0, -1]], ends, atol=0.2)
    assert all(len(step.audio) == 9600 and step.audio.any() for step in steps)
    assert next(iter(morph_steps(space, [BASS, FLUTE], 2, 0.6))).pitch == 54, "without a pitch it is the first note's"

    one = morph(space, [BASS, BRASS, FLUTE], 1.5, "linear", 60)
    assert len(one.audio) == 24_000
    assert len(one.z) >= 9, "windows lie close enough to pass each note"
    for place, note in ((0, BASS), (-1, FLUTE)):
        own = space.trajectory_of(note)[sounding_windows(space, note)]
        np.testing.assert_allclose(one.z[place], own[place], atol=1e-4)


def test_what_has_died_away_is_left_out_of_a_morph(shipped: TimbreSpace) -> None:
    held, plucked = (
        next(note for note in shipped.map_notes["note_id"] if note.startswith(name) and "-060-" in note)
        for name in ("keyboard_acoustic", "mallet_acoustic")
    )
    windows = [sounding_windows(shipped, note) for note in (held, plucked)]
    assert windows[0].stop > windows[1].stop == 1


def test_walks_begin_at_the_note_and_wander(space: TimbreSpace) -> None:
    still, gentle, restless = (generate(space, 60, 1.5, like=BASS, walk=walk) for walk in (None, 0.3, 3.0))
    assert len(gentle.audio) == len(still.audio) == 24_000
    np.testing.assert_allclose(gentle.z[0], still.z[0], atol=1e-5)
    spread = [float(np.linalg.norm(np.diff(note.z, axis=0), axis=1).mean()) for note in (gentle, restless)]
    assert 0 < spread[0] < 0.5 * spread[1]


@pytest.mark.parametrize("frames", [9, 31, 32, 33, 40, 64])
def test_sounds_of_few_windows_walk_and_morph_too(space: TimbreSpace, frames: int) -> None:
    """The model's windows have 32 frames: most of these sounds have one of them, or two that all but coincide."""
    seconds = (frames - 1) * 256 / 16_000
    still, walked = (generate(space, 60, seconds, like=BASS, walk=walk) for walk in (None, 2.0))
    assert still.frames.shape == walked.frames.shape
    off = np.abs(walked.frames - still.frames).mean(axis=0)
    assert off[0] < 0.2 * off.max(), "it begins at the note"
    quarter = frames // 4
    moved, first, last = (
        made.frames for made in (morph(space, [BASS, FLUTE], seconds, "linear", 60), *_ends(space, seconds))
    )
    nearer = [
        np.abs(moved - end)[:, part].mean() for part in (slice(quarter), slice(-quarter, None)) for end in (first, last)
    ]
    assert nearer[0] < nearer[1]
    assert nearer[3] < nearer[2]


@pytest.mark.parametrize("frames", [9, 33])
def test_a_walk_of_few_windows_is_heard(shipped: TimbreSpace, frames: int) -> None:
    """With a trained model: what an untrained one decodes hardly depends on where it walks."""
    note = next(note for note in shipped.map_notes["note_id"] if note.startswith("flute_acoustic"))
    seconds = (frames - 1) * 256 / 16_000
    still, walked = (generate(shipped, 60, seconds, like=note, walk=walk) for walk in (None, 2.0))
    assert apart(walked.audio, still.audio) > 0.01


def _ends(space: TimbreSpace, seconds: float) -> list[Generated]:
    return list(morph_steps(space, [BASS, FLUTE], 2, seconds, "linear", 60))


def test_the_prior_needs_no_map(tiny_checkpoint: Path) -> None:
    (tiny_checkpoint / "latents.parquet").unlink()
    space = TimbreSpace(open_checkpoint(tiny_checkpoint))
    assert generate(space, 60, 0.5).audio.any()
    assert generate(space, 60, 0.5, walk=0.5).audio.any()
    with pytest.raises(TimbreError, match="has no map"):
        generate(space, 60, 0.5, family="brass")


@pytest.mark.parametrize(
    ("morph", "message"),
    [
        (lambda space: morph(space, [BASS]), "between 1 notes"),
        (lambda space: morph(space, [BASS, "kazoo"]), "no note 'kazoo'"),
        (lambda space: morph(space, [BASS, FLUTE], path="cubic"), "no path 'cubic'"),
        (lambda space: list(morph_steps(space, [BASS, FLUTE], 1)), "choose from 2"),
        (lambda space: morph(space, [BASS, FLUTE], 0), "choose between 0.05 and 60"),
        (lambda space: generate(space, 60, walk=-1), "a walk at pace -1"),
    ],
)
def test_impossible_journeys_are_refused(space: TimbreSpace, morph: object, message: str) -> None:
    with pytest.raises(TimbreError, match=message):
        morph(space)


def test_spread_is_around_the_mean_of_a_family(space: TimbreSpace) -> None:
    points = space.means[(space.map_notes["family"] == "brass").to_numpy()]
    middle = generate(space, 60, 1.0, family="brass", spread=0.0).z.mean(axis=0)
    np.testing.assert_allclose(middle, points.mean(axis=0), atol=1e-4)
    drawn = np.stack([generate(space, 60, 0.1, seed, family="brass", spread=0.5).z.mean(axis=0) for seed in range(60)])
    np.testing.assert_allclose(drawn.std(axis=0).mean(), 0.5 * points.std(axis=0).mean(), rtol=0.15)
    for arguments in (
        {"spread": 0.5},
        {"family": "brass", "spread": -1.0},
        {"family": "brass", "spread": float("nan")},
    ):
        with pytest.raises(TimbreError, match="spread"):
            generate(space, 60, 0.1, **arguments)


def test_a_window_that_holds_a_note_gives_its_length(tiny_checkpoint: Path) -> None:
    path = tiny_checkpoint / "recipe.yaml"
    space = TimbreSpace(open_checkpoint(tiny_checkpoint))
    assert len(generate(space, 60).audio) == 2 * 16_000
    path.write_text(path.read_text().replace("seconds: 1.0", "seconds: 0.49"))
    assert len(generate(TimbreSpace(open_checkpoint(tiny_checkpoint)), 60).audio) == round(0.49 * 16_000)
