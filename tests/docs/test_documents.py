"""What the README and the documents say: their Python and shell lines run, their links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
# Starts a server, or installs packages: what the browser tests and .ci/run do.
NOT_RUN = ("streamlit", "pip ", "torchrun", "tensorboard", "python -m pytest")


def blocks(document: Path, language: str) -> list[str]:
    return [text for name, text in FENCED.findall(document.read_text(encoding="utf-8")) if name == language]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the project's, with a few sounds of one's own in it."""
    from timbre_core.datasets.library import open_library
    from timbre_core.features.audio import write_wav
    from timbre_core.features.note_names import note_name

    library = open_library("starter")
    notes = library.notes[library.notes["pitch"].between(40, 80)]
    own = tmp_path / "my-sounds"
    own.mkdir()
    for instrument in sorted(notes["instrument"].unique())[::9][:6]:
        for row in notes.index[notes["instrument"] == instrument][:4]:
            pitch = note_name(float(notes["pitch"][row])).replace("♯", "#")
            write_wav(own / f"{instrument}_{pitch}.wav", library.load(int(row), 16_000), 16_000)
    write_wav(tmp_path / "note.wav", library.load(0, 16_000), 16_000)
    for name in ("train_cli.py", "timbre_core"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "checkpoints").mkdir()
    for checkpoint in (ROOT / "checkpoints").iterdir():
        (tmp_path / "checkpoints" / checkpoint.name).symlink_to(checkpoint)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIMBRE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    # Commands are `python`: of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "TIMBRE_CHECKPOINTS": str(folder / "checkpoints")}


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("document", ["README.md", "docs/api.md"])
def test_python_examples_run(document: str, folder: Path) -> None:
    found = blocks(ROOT / document, "python")
    assert found
    run([sys.executable, "-c", "\n".join(found)], folder)
    assert (folder / "higher.wav").stat().st_size > 10_000


def test_shell_lines_of_the_readme_run(folder: Path) -> None:
    lines = [line.split("  #")[0].strip() for text in blocks(ROOT / "README.md", "sh") for line in text.splitlines()]
    commands = [line for line in lines if line and not line.startswith(NOT_RUN)]
    assert len(commands) >= 4, "the README shows how to use one's own sounds"
    run(["sh", "-e", "-c", "\n".join(commands)], folder)
    assert (folder / "low.wav").stat().st_size > 10_000
    assert list((folder / "instrument").glob("*.sfz"))


def test_commands_of_the_documents_exist() -> None:
    from timbre_core.__main__ import main

    told = "\n".join(text for document in DOCUMENTS for text in blocks(document, "sh"))
    verbs = set(re.findall(r"python -m timbre_core (\w+)", told))
    assert {"prepare", "generate", "project", "evaluate"} <= verbs
    for verb in sorted(verbs):
        with pytest.raises(SystemExit) as end:
            main([verb, "--help"])
        assert end.value.code == 0, verb


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
