"""Stars, tags and collections: kept, shared, and safe when several people change them at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from timbre_core.catalogue.database import database_file, revision
from timbre_core.catalogue.keeping import (
    all_kept,
    collect,
    delete_collection,
    rename_collection,
    star,
    tag,
    uncollect,
)
from timbre_core.errors import TimbreError


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_DATA", str(tmp_path / "data"))


def test_nothing_is_kept_before_anything_is() -> None:
    assert all_kept().stars == []
    assert not database_file().exists(), "looking makes no database"


def test_stars_tags_and_collections_are_kept() -> None:
    star(["a", "b"])
    star(["b", "c"])
    star(["a"], False)
    tag(["a", "b"], " soft   drums ")
    tag(["b"], "soft drums", False)
    collect(["x", "y"], "Kicks \"best\"; DROP TABLE members; 'é'")
    kept = all_kept()
    assert sorted(kept.stars) == ["b", "c"]
    assert kept.tags == {"soft drums": ["a"]}
    (found,) = kept.collections
    assert found.sounds == ["x", "y"]
    rename_collection(found.name, "kicks")
    uncollect(["x"], "kicks")
    assert [(each.name, each.sounds) for each in all_kept().collections] == [("kicks", ["y"])]
    delete_collection("kicks")
    assert all_kept().collections == []
    assert revision("kept") == all_kept().revision > kept.revision


def test_names_that_cannot_be_are_refused() -> None:
    collect(["x"], "one")
    collect(["x"], "two")
    for name in ("", " \n ", "x" * 61, "a\0b"):
        with pytest.raises(TimbreError, match="cannot be used"):
            collect(["x"], name)
    with pytest.raises(TimbreError, match="already"):
        rename_collection("one", "two")
    for change in (lambda: uncollect(["x"], "none"), lambda: delete_collection("none")):
        with pytest.raises(TimbreError, match="renamed or deleted"):
            change()


def test_two_people_edit_one_collection() -> None:
    collect([f"old {n}" for n in range(20)], "shared")

    def edit(who: str) -> None:
        for number in range(10):
            collect([f"{who} {number}"], "shared")
            uncollect([f"old {2 * number + (who == 'b')}"], "shared")

    people = [threading.Thread(target=edit, args=(who,)) for who in "ab"]
    for person in people:
        person.start()
    for person in people:
        person.join()
    (shared,) = all_kept().collections
    assert sorted(shared.sounds) == sorted(f"{who} {n}" for who in "ab" for n in range(10))
