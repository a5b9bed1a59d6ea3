"""Memory that the server gives back."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
from pathlib import Path

import pytest

from pages.server import memory
from tests.browser.harness import ROOT

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


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="a newer C library's")
def test_much_that_is_free_goes_back_and_little_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(memory, "give_back", lambda: given.append(True))
    allocate, free = ctypes.CDLL(None).malloc, ctypes.CDLL(None).free
    allocate.restype, free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    blocks = [allocate(100_000) for _ in range(100)]
    try:
        for block in blocks[::2]:
            free(block)
        monkeypatch.setattr(memory, "_FREE", 2**40)
        memory.give_back_much()
        assert not given
        monkeypatch.setattr(memory, "_FREE", 4 * 10**6)
        memory.give_back_much()
        assert given
    finally:
        for block in blocks[1::2]:
            free(block)


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
