"""The pictures of docs/systems, made from the checkpoints that ship.

Maps by class, classes generated at several spreads, a speaker never heard, latents swapped between speakers, handwriting.
All but the speaker's recordings come from the maps that ship; for those name the Free Spoken Digit Dataset, which
`python -m timbre_core prepare digits` fetches:

    python benchmarks/system_pictures.py --data fsdd
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from shared import ROOT

from timbre_core.checkpoint import Checkpoint, list_checkpoints, open_checkpoint
from timbre_core.datasets.library import Library, open_library
from timbre_core.files import atomic_write
from timbre_core.generation.dimensions import swapped
from timbre_core.space import TimbreSpace

FOLDER = ROOT / "docs" / "systems"
SPREADS = (0.0, 0.5, 1.0)
_GAP, _LINE = 6, 14  # pixels
_COLOURS = (
    "#4269d0",
    "#efb118",
    "#ff725c",
    "#6cc5b0",
    "#3ca951",
    "#ff8ab7",
    "#a463f2",
    "#97bbf5",
    "#9c6b4e",
    "#9498a0",
)
_MAGMA = np.array([(0, 0, 4), (60, 15, 112), (140, 41, 129), (222, 73, 104), (254, 159, 109), (252, 253, 191)], float)

Tile = tuple[str, Image.Image]


def spectrogram(frames: np.ndarray, height: int = 96) -> Image.Image:
    """Frames (n_bins, n_frames) in [-1, 1]: time to the right, low bins at the bottom, loud is bright."""
    place = np.clip((frames[::-1] + 1) / 2, 0, 1) * (len(_MAGMA) - 1)
    steps = np.arange(len(_MAGMA))
    shaded = np.stack([np.interp(place, steps, channel) for channel in _MAGMA.T], axis=-1)
    picture = Image.fromarray(shaded.astype(np.uint8))
    return picture.resize((max(64, round(frames.shape[1] * 1.6)), height), Image.Resampling.NEAREST)


def waveform(audio: np.ndarray, width: int, height: int = 48) -> Image.Image:
    """The lowest and highest sample of each column."""
    picture = Image.new("RGB", (width, height), "white")
    draw, middle = ImageDraw.Draw(picture), height / 2
    peak = max(float(np.abs(audio).max()), 1e-9)
    for x, part in enumerate(np.array_split(audio / peak, width)):
        draw.line((x, middle - part.max() * middle * 0.95, x, middle - part.min() * middle * 0.95), fill="#4269d0")
    return picture


def scatter(points: np.ndarray, labels: Sequence[str], size: int = 330) -> Image.Image:
    """Points (n, 2), coloured by label, with the labels beside their medians."""
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    places = np.clip((points - low) / (high - low), 0, 1) * (size - 20) + 10
    picture = Image.new("RGB", (size, size), "white")
    draw, names = ImageDraw.Draw(picture), sorted(set(labels))
    for (x, y), label in zip(places, labels, strict=True):
        draw.ellipse((x - 2, size - y - 2, x + 2, size - y + 2), fill=_COLOURS[names.index(label) % len(_COLOURS)])
    for name in names:
        x, y = np.median(places[np.asarray(labels) == name], axis=0)
        draw.text((x, size - y), name, fill="black", stroke_width=2, stroke_fill="white")
    return picture


def sheet(rows: Iterable[Sequence[Tile]]) -> Image.Image:
    """Rows of captioned pictures."""
    lines = [list(row) for row in rows]
    widths = [sum(max(picture.width, 6 * len(text)) + _GAP for text, picture in row) + _GAP for row in lines]
    heights = [max(picture.height for _, picture in row) + _LINE + _GAP for row in lines]
    whole = Image.new("RGB", (max(widths), sum(heights) + _GAP), "white")
    draw, y = ImageDraw.Draw(whole), _GAP
    for row, height in zip(lines, heights, strict=True):
        x = _GAP
        for text, picture in row:
            draw.text((x, y), text, fill="black")
            whole.paste(picture, (x, y + _LINE))
            x += max(picture.width, 6 * len(text)) + _GAP
        y += height
    return whole


def save(name: str, picture: Image.Image) -> None:
    """Write a PNG of 64 colours."""
    file = io.BytesIO()
    picture.quantize(64, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with atomic_write(FOLDER / f"{name}.png") as temporary:
        temporary.write_bytes(file.getvalue())
    print(f"{name}.png: {len(file.getvalue()) / 1000:.0f} KB")


def digit_maps(systems: Sequence[Checkpoint]) -> Image.Image:
    """t-SNE of each system's mean latents by digit, and by speaker."""
    rows = []
    for column, word in (("family", "digit"), ("instrument", "speaker")):
        tiles = []
        for each in systems:
            notes = each.latents
            assert notes is not None
            explained = (each.evaluation or {}).get("latent", {}).get("pca_explained", [])
            share = f", PCA 1-10: {explained[9]:.0%} of the variance" if len(explained) > 9 else ""
            points = notes[["tsne_1", "tsne_2"]].to_numpy()
            tiles.append((f"{each.name} by {word}{share}", scatter(points, notes[column].astype(str).to_list())))
        rows.append(tiles)
    return sheet(rows)


@torch.inference_mode()
def digits_by_spread(systems: Sequence[Checkpoint], digits: Sequence[str]) -> Image.Image:
    """Digits around their means: mean + spread x deviation x noise, the same noise for all."""
    rows = []
    for each in systems:
        notes, rng = each.latents, np.random.default_rng(0)
        assert notes is not None
        for spread in SPREADS:
            tiles = []
            for digit in digits:
                mu = np.stack(notes["mu"][notes["family"] == digit])
                z = mu.mean(axis=0) + spread * mu.std(axis=0) * rng.standard_normal(mu.shape[1])
                frames = each.model().decode(torch.from_numpy(z[None].astype(np.float32)), {})[0].numpy()
                tiles.append((f"{digit}, spread {spread:g}", spectrogram(_below(frames, each))))
            rows.append([(f"{each.name}: {tiles[0][0]}", tiles[0][1]), *tiles[1:]])
    return sheet(rows)


def _below(frames: np.ndarray, checkpoint: Checkpoint, hz: float = 4000) -> np.ndarray:
    """What is below a frequency, above which the recordings have nothing; all of frames whose bins are not even."""
    features = checkpoint.recipe.features
    return frames[: round(len(frames) * 2 * hz / features.sample_rate)] if features.kind == "stft" else frames


def unseen_speaker(systems: Sequence[Checkpoint], library: Library, note: str) -> Image.Image:
    """A recording of the speaker that was never heard, and what each system makes of it."""
    rows = []
    for each in systems:
        space = TimbreSpace(each)
        made = space.reconstruct(library.load(library.find(note), space.sample_rate), None)
        tiles = []
        for text, frames, audio in (
            (f"{note}, recording", made.frames, made.original),
            (each.name, made.decoded, made.reconstruction),
        ):
            picture = spectrogram(_below(frames, each))
            tiles += [(text, picture), ("", waveform(audio, max(180, picture.width), picture.height))]
        rows.append(tiles)
    return sheet(rows)


def swapped_speakers(checkpoint: Checkpoint, notes: tuple[str, str]) -> Image.Image:
    """Two recordings of one digit, and the same with the speakers' means swapped."""
    space = TimbreSpace(checkpoint)
    kept, moved = swapped(space, notes, "instrument", []), swapped(space, notes, "instrument")
    return sheet(
        [(name, spectrogram(before.frames, 128)), ("with the other speaker's mean", spectrogram(after.frames, 128))]
        for name, before, after in zip(notes, kept, moved, strict=True)
    )


@torch.inference_mode()
def handwriting(checkpoint: Checkpoint) -> Image.Image:
    """Pictures of digits, their reconstructions, and digits drawn around each class's mean."""
    library, notes, model = open_library(["sklearn-digits"], progress=False), checkpoint.latents, checkpoint.model()
    assert notes is not None

    def drawn(z: np.ndarray) -> Image.Image:
        frames = model.decode(torch.from_numpy(z[None].astype(np.float32)), {})[0].numpy()
        return Image.fromarray(((frames[::-1] + 1) * 127.5).astype(np.uint8)).resize((56, 56)).convert("RGB")

    rng, rows = np.random.default_rng(0), []
    first = notes[notes["split"] == "test"].drop_duplicates("family").sort_values("family")
    pictures = [library.picture(library.find(name)) for name in first["note_id"]]
    shown = [Image.fromarray((each * 255).astype(np.uint8)).resize((56, 56)).convert("RGB") for each in pictures]
    rows.append([("picture", shown[0]), *(("", each) for each in shown[1:])])
    rows.append([("decoded", drawn(first["mu"].iloc[0])), *(("", drawn(mu)) for mu in first["mu"].iloc[1:])])
    for spread in SPREADS:
        tiles = []
        for family in first["family"]:
            mu = np.stack(notes["mu"][notes["family"] == family])
            tiles.append(("", drawn(mu.mean(axis=0) + spread * mu.std(axis=0) * rng.standard_normal(mu.shape[1]))))
        rows.append([(f"spread {spread:g}", tiles[0][1]), *tiles[1:]])
    return sheet(rows)


def triptychs(checkpoint: Checkpoint, families: Sequence[str]) -> Image.Image:
    """Unseen notes of some families: the recording, its frames inverted, and the model's reconstruction."""
    from timbre_core.features.frames import note_frames

    space, library, notes = TimbreSpace(checkpoint), open_library(["starter"], progress=False), checkpoint.latents
    assert notes is not None
    rows = []
    for family in families:
        unseen = notes[(notes["family"] == family) & (notes["split"] == "test") & notes["pitch"].between(55, 70)]
        name, pitch = unseen["note_id"].iloc[0], float(unseen["pitch"].iloc[0])
        made = space.reconstruct(library.load(library.find(name), space.sample_rate), pitch)
        sounds = {f"{family}, MIDI {pitch:.0f}": made.original, "inverted": made.inversion, "made": made.reconstruction}
        rows.append(
            [
                (text, spectrogram(note_frames(audio, checkpoint.recipe.features)[0], 120))
                for text, audio in sounds.items()
            ]
        )
    return sheet(rows)


def families_map(checkpoint: Checkpoint, most: int = 2000) -> Image.Image:
    """PCA and UMAP of mean latents, by family."""
    assert checkpoint.latents is not None
    notes = checkpoint.latents.sample(min(most, len(checkpoint.latents)), random_state=0)
    maps = {"PCA": ["pca_1", "pca_2"], "UMAP": ["umap_1", "umap_2"]}
    return sheet(
        [[(f"{name} of {len(notes):,} means", scatter(notes[columns].to_numpy(), notes["family"].to_list(), 420))
          for name, columns in maps.items()]]
    )  # fmt: skip


def warm_up(checkpoint: Checkpoint, width: int = 620, height: int = 220) -> Image.Image:
    """Beta, and reconstruction and KL of the validation notes, by epoch: each from 0 to its largest."""
    history = checkpoint.history
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for (column, text), colour in zip(
        {"beta": "beta", "val.recon": "L1", "val.kl_raw": "KL per dimension, nats"}.items(), _COLOURS, strict=False
    ):
        values = history[column].to_numpy(float)
        x = np.linspace(8, width - 8, len(values))
        y = height - 8 - values / values.max() * (height - 40)
        draw.line(list(zip(x, y, strict=True)), fill=colour, width=2)
        place = 8 + 200 * list(_COLOURS).index(colour)
        draw.text((place, 6), f"{text}, up to {values.max():.3g}", fill=colour)
    return sheet([[(f"{checkpoint.name}: {len(history)} epochs", picture)]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the Free Spoken Digit Dataset")
    args = parser.parse_args()
    shipped = {folder.name: open_checkpoint(folder) for folder in list_checkpoints(ROOT / "checkpoints")}
    spoken = [each for name, each in shipped.items() if name in ("beta-vae", "factor-vae") or name.startswith("fsdd-")]
    whole = [each for each in spoken if each.name.startswith("fsdd-")]
    save("digits-map", digit_maps(spoken))
    save("digits-spread", digits_by_spread(whole, ["0", "3", "7"]))
    save("speakers-swapped", swapped_speakers(shipped["beta-vae"], ("3_jackson_11", "3_nicolas_11")))
    save("cvae-warm-up", warm_up(shipped["nsynth-cvae"]))
    save("cvae-map", families_map(shipped["nsynth-cvae"]))
    save("cvae-triptychs", triptychs(shipped["nsynth-cvae"], ["brass", "guitar", "flute", "mallet"]))
    if "mnist-vae" in shipped:
        save("handwriting", handwriting(shipped["mnist-vae"]))
    if args.data is not None:
        library = open_library([str(args.data)], progress=False)
        save("unseen-speaker", unseen_speaker(spoken, library, "7_theo_10"))


if __name__ == "__main__":
    main()
