"""Memory that the server gives back."""

from __future__ import annotations

import ctypes
import math
import mmap
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pages.server import memory, studio
from pages.server.catalog import find_map
from pages.server.memo import Memo
from pages.server.studio import Studio
from tests.browser.harness import ROOT
from timbre_core.space_map import SpaceMap

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's")

_SIZE = 2**20


def _here(address: int) -> int:
    """KiB of the mapping at an address that are in memory."""
    smaps = Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace")
    return int(smaps.split(f"\n{address:x}-", 1)[1].split("Rss:", 1)[1].split()[0])


def _mapped(path: Path, write: bytes = b"") -> tuple[mmap.mmap, int]:
    """A file as a library's is mapped: private, written to while it is relocated, then read only. Its address beside it."""
    with open(path, "rb") as file:
        opened = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    opened[: len(write)] = write
    address = ctypes.addressof(ctypes.c_char.from_buffer(opened))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), ctypes.c_size_t(_SIZE), 1) == 0  # PROT_READ
    return opened, address


def test_what_files_hold_is_unmapped_and_there_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "library.so"
    file.write_bytes(bytes(range(256)) * (_SIZE // 256))
    clean, at = _mapped(file)
    written, written_at = _mapped(file, b"relocated")
    (tmp_path / "notes.npy").write_bytes(file.read_bytes())
    notes, notes_at = _mapped(tmp_path / "notes.npy")
    assert bytes(notes[:]) == bytes(clean[:])
    assert bytes(clean[:]) == file.read_bytes()
    assert len(bytes(written[:])) == _SIZE
    assert _here(at) == _SIZE // 1024
    memory.let_go_of_code(2**40)
    assert _here(at) == _SIZE // 1024
    memory.let_go_of_code(0)
    assert _here(at) == 0
    assert _here(notes_at) == _SIZE // 1024, "only libraries stay where they are mapped"
    assert _here(written_at) == _SIZE // 1024
    assert bytes(clean[:]) == file.read_bytes()
    assert bytes(written[:9]) == b"relocated"


_MAPPING = """\
7f0000000000-7f0000100000 {flags} 00000000 00:1b 42 {path}
Size:               1024 kB
Rss:                1024 kB
Anonymous:             {written} kB
AnonHugePages:         0 kB
Swap:                  {swapped} kB
SwapPss:               0 kB
VmFlags: rd mr mw me ac
"""


@pytest.mark.parametrize(
    ("differs", "goes"),
    [
        ({}, True),
        ({"flags": "r-xp", "path": "/usr/lib/libm.so.6"}, True),
        ({"written": 4}, False),
        ({"swapped": 4}, False),  # relocated, and its written pages are swapped out: none of them counts as anonymous
        ({"flags": "rw-p"}, False),
        ({"flags": "r--s"}, False),
        ({"path": "/home/notes.npy"}, False),
        ({"path": ""}, False),
    ],
)
def test_only_code_that_its_file_brings_back_is_let_go(differs: dict[str, object], goes: bool) -> None:
    after = _MAPPING.format(flags="rw-p", path="", written=512, swapped=0).replace("7f", "8f")
    mapping = _MAPPING.format(**{"flags": "r--p", "path": "/lib/a.so", "written": 0, "swapped": 0, **differs})
    assert memory._unwritten(mapping + after) == [(0x7F0000000000, 0x7F0000100000)] * goes


@pytest.mark.skipif(
    not (sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "mallinfo2")), reason="a newer C library's"
)
def test_what_is_free_goes_back_once_and_again_when_it_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    really, given = memory.give_back, []
    monkeypatch.setattr(memory, "give_back", lambda: given.append(really()))
    monkeypatch.setattr(memory, "_left", [-math.inf])
    allocate, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
    allocate.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    size = 100_000

    def fill(count: int) -> list[int]:
        made = [allocate(size) for _ in range(count)]
        for block in made:
            ctypes.memset(block, 1, size)
        return made

    blocks = fill(400)
    try:
        for block in blocks[::2]:
            free(block)
        blocks = blocks[1::2]  # between them lies what is free
        monkeypatch.setattr(memory, "_FREE", 2**40)
        memory.give_back_much()
        assert len(given) == 0
        monkeypatch.setattr(memory, "_FREE", 10**7)
        memory.give_back_much()
        assert len(given) == 1
        assert memory._free_and_unused()[0] > memory._FREE, "malloc counts what it gave back"
        memory.give_back_much()
        assert len(given) == 1
        for block in fill(200):
            free(block)
        memory.give_back_much()
        assert len(given) == 2
    finally:
        for block in blocks:
            free(block)


def test_maps_of_the_starter_library_share_it() -> None:
    one, other = (Studio(find_map(name)) for name in ("nsynth-cvae", "timbre-space"))
    assert one.recording(0).shape != (0,)
    assert one._library() is other._library()
    assert one._library() is not Studio(find_map("mnist-vae"))._library()


@pytest.mark.parametrize("name", ["vapar-ae", "nsynth-cvae", "timbre-space"])
def test_latents_of_notes_without_recordings_are_those_of_the_space(name: str) -> None:
    notes = find_map(name)
    for row in (0, 7, len(notes.ids) - 1):
        there = SpaceMap(replace(notes.checkpoint)).trajectory_in(row)
        assert np.array_equal(studio._saved_trajectory(notes, row), there)
    assert "latents" not in vars(notes.checkpoint)


def test_what_is_kept_within_another_is_forgotten_with_it() -> None:
    maps = Memo(2)
    for name in "aab":
        kept = maps.within(name, 4)
        assert [kept.get(key, lambda name=name: [name]) for key in range(4)] == [[name]] * 4
    assert maps.within("a", 4).get(3, lambda: ["again"]) == ["a"]
    maps.within("c", 4)
    assert maps.within("b", 4).get(3, lambda: ["again"]) == ["again"]


_TORCH = """
from pathlib import Path
from pages.server import memory
import torch
files = lambda: int(next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("RssFile")).split()[1])
layer, heard = torch.nn.Conv1d(3, 4, 5), torch.ones(1, 3, 64)
told, before = layer(heard), files()
memory.give_back()
print(files() < 0.4 * before, bool((layer(heard) == told).all()))
"""


def test_torch_computes_the_same_with_half_of_its_code_let_go() -> None:
    done = subprocess.run([sys.executable, "-c", _TORCH], capture_output=True, text=True, cwd=ROOT, timeout=200)
    assert done.stdout.strip() == "True True", done.stdout + done.stderr


_TUNED = """
import ctypes
told = []
ctypes.CDLL = lambda name: type("Library", (), {"mallopt": lambda self, *option: told.append(option)})()
from pages.server.memory import tune
tune()
print(sorted(told))
told.clear()
from timbre_core.freed_memory import WORK, keep_freed_memory
keep_freed_memory(WORK)
keep_freed_memory()
print(told)
"""


def test_sounds_and_training_leave_malloc_as_the_server_has_it() -> None:
    done = subprocess.run([sys.executable, "-c", _TUNED], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.splitlines() == [f"[(-8, 2), (-3, {2**25}), (-2, {2**26}), (-1, {2**26})]", "[]"], done.stderr
