"""Every route with every parameter missing, unknown or nonsense: 400 for a bad value, 404 for an id that nothing has."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from pages.routes import ROUTES
from pages.server.catalog import find_map
from tests.app.asgi import Answer, get, post

NOTE, OTHER = "brass_synthetic_001-054-100", "flute_synthetic_002-060-100"
ALPHA = {"checkpoint": "alpha"}
ZERO = ",".join("0" * 6)
SOUND = {**ALPHA, "notes": f"{NOTE},{OTHER}"}
TRANSFER = {**ALPHA, "note": NOTE}

# A good request of each route.
GOOD: dict[str, dict[str, str]] = {
    "map": ALPHA,
    "space": ALPHA,
    "note": {**ALPHA, "note": NOTE},
    "latents": ALPHA,
    "audio": {**ALPHA, "note": NOTE, "kind": "original"},
    "preview": {**ALPHA, "note": NOTE},
    "frames": {**ALPHA, "note": NOTE, "kind": "original"},
    "ready": ALPHA,
    "gathered/csv": ALPHA,
    "gathered/zip": ALPHA,
    "gathered/like": ALPHA,
    "listen/audio": {**ALPHA, "note": "keyboard_acoustic_gm000-021-110", "variant": "fast", "source": "recording"},
    "listen/frames": {**ALPHA, "note": "keyboard_acoustic_gm000-021-110", "variant": "fast", "source": "recording"},
    "play/space": ALPHA,
    "play/traits": ALPHA,
    "play/start": {**ALPHA, "note": NOTE},
    "play/about": {**ALPHA, "z": ZERO},
    "play/sound": {**ALPHA, "z": ZERO, "key": "60"},
    "play/frames": {**ALPHA, "z": ZERO, "key": "60"},
    "play/export": {**ALPHA, "z": ZERO, "low": "60", "high": "61", "step": "1"},
    "play/own": {**ALPHA, "name": "a.wav"},
    "play/pieces": {},
    "play/piece": {"name": "bach-prelude-in-c"},
    "play/perform": {**ALPHA, "z": ZERO},
    "play/preset": {**ALPHA, "z": ZERO, "key": "60"},
    "play/presets": ALPHA,
    "play/tuning": {},
    "morph/sound": SOUND,
    "morph/frames": SOUND,
    "morph/pitch": SOUND,
    "morph/trail": {**SOUND, "projection": "pca"},
    "kept": ALPHA,
    "kept/export": {**ALPHA, "kind": "wav"},
    "kept/file": {**ALPHA, "note": NOTE},
    "similar": {**ALPHA, "name": "a.wav"},
    "transfer/source": TRANSFER,
    "transfer/sound": TRANSFER,
    "transfer/picture": TRANSFER,
}
POSTED = {"kept/export", "gathered/csv", "gathered/zip", "gathered/like", "similar", "play/perform", "play/own"}
# No parameters; whatever is left; takes any link of the page, see below.
ELSEWHERE = {"plotly.js", "js/{version}/{name:path}", "", "explore/first"}

# Values that are no numbers, or none that a parameter takes; every one of these is one.
NO_NUMBER = ["", "x", "nan", "inf", "-1e9", "1e9", "1" * 600]
BAD: dict[str, list[str]] = {
    "kind": ["", "x", "../original"],
    "inverter": ["", "x", "../alpha"],
    "variant": ["", "x"],
    "source": ["", "x"],
    "z": ["", "0", "0,0,0,0,0,x", "nan,0,0,0,0,0", "1e9,0,0,0,0,0", "0," * 600],
    "key": NO_NUMBER,
    "low": NO_NUMBER,
    "high": NO_NUMBER,
    "step": [*NO_NUMBER, "0"],
    "seed": NO_NUMBER,
    "attack": NO_NUMBER,
    "release": NO_NUMBER,
    "path": ["", "x"],
    "place": NO_NUMBER,
    "seconds": [*NO_NUMBER, "0"],
    "contour": ["", "x", "0:60:1", "0:nan", "0:500", "1:60,0:60", "inf:60", "0:60," * 99],
    "projection": ["", "x"],
    "amount": NO_NUMBER,
    "shift": NO_NUMBER,
    "mend": ["", "x", "0~1", "0~1~x", "0~1~99", "2~1~1", "0~1~1," * 40],
}
# What is left out where a page asks with what to begin.
MAY_BE_MISSING = {("play/start", "note")}
# What only some routes take beside the parameters of a good request, and what must be there for it to count.
OPTIONAL: dict[str, dict[str, dict[str, str]]] = (
    {
        "audio": {"inverter": {}},
        "frames": {"inverter": {}},
        "play/start": {"seed": {}},
        "play/perform": {"attack": {}, "release": {}},
        "play/preset": {"attack": {}, "release": {}},
        "transfer/source": {"mend": {}},
    }
    | {
        name: {"path": {}, "place": {}, "seconds": {}, "key": {}, "contour": {}}
        for name in ("morph/sound", "morph/frames", "morph/pitch")
    }
    | {
        name: {"amount": {"toward": "brass"}, "shift": {}, "mend": {}}
        for name in ("transfer/sound", "transfer/picture")
    }
)

IDS = {"checkpoint": "nope", "note": "nope", "notes": f"{NOTE},nope", "toward": "nope", "sound": "nope"}
_GONE = 410  # a sound of one's own that is not kept any more


def ask(path: str, query: dict[str, str]) -> Answer:
    address = f"/api/{path}"
    return (
        post(address, urlencode(query), json.dumps([NOTE]).encode())
        if path in POSTED
        else get(address, urlencode(query))
    )


def refused(answer: Answer, *statuses: int) -> bool:
    """Whether an answer has one of these statuses and one sentence about it."""
    sentence = json.loads(answer.body)["error"] if answer.status >= 400 else ""
    return answer.status in statuses and sentence.endswith(".") and "\n" not in sentence


def test_no_route_is_forgotten() -> None:
    paths = {route.path.removeprefix("/api").removeprefix("/") for route in ROUTES}
    assert paths - {"{rest:path}"} - ELSEWHERE == set(GOOD)


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize("name", ["checkpoint", "projection", "colour", "inverter", "note", "pitch", "nothing"])
def test_what_the_page_may_not_understand_is_left_to_it(name: str) -> None:
    for value in ("", "x", "../alpha", "nan", "1" * 600):
        assert ask("explore/first", {**ALPHA, name: value}).status == 204, value


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize("path", GOOD)
def test_a_bad_value_is_400(path: str) -> None:
    asked = {name: {} for name in GOOD[path] if name in BAD} | OPTIONAL.get(path, {})
    for name, beside in asked.items():
        for value in BAD[name]:
            answer = ask(path, {**GOOD[path], **beside, name: value})
            assert refused(answer, 400), (name, value, answer.status, answer.body[:300])


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize("path", GOOD)
def test_what_is_missing_is_400_and_what_is_unknown_404(path: str) -> None:
    for name in GOOD[path]:
        answer = ask(path, {key: value for key, value in GOOD[path].items() if key != name})
        assert refused(answer, 400) or (path, name) in MAY_BE_MISSING, (name, answer.status, answer.body[:300])
        if name in IDS:
            answer = ask(path, {**GOOD[path], name: IDS[name]})
            assert refused(answer, 404), (name, answer.status, answer.body[:300])


@pytest.mark.parametrize("path", GOOD)
def test_pictures_have_an_answer_everywhere(path: str) -> None:
    """`mnist-vae`, which ships, has nothing to hear."""
    notes = find_map("mnist-vae")
    size = notes.checkpoint.recipe.model.latent_dim
    named = {
        "checkpoint": "mnist-vae",
        "note": notes.ids[0],
        "notes": ",".join(notes.ids[:2]),
        "z": ",".join("0" * size),
    }
    asked = {name: named.get(name, value) for name, value in GOOD[path].items()}
    answer = ask(path, asked)
    assert answer.status < 400 or refused(answer, 400, 404), (answer.status, answer.body[:300])


@pytest.mark.usefixtures("checkpoints")
def test_other_ids_that_nothing_has() -> None:
    assert refused(ask("transfer/sound", {**TRANSFER, "toward": "nope"}), 404)
    assert refused(ask("transfer/sound", {**ALPHA, "sound": "nope"}), _GONE)
    for path in ("gathered/csv", "gathered/zip"):
        assert refused(post(f"/api/{path}", "checkpoint=alpha", b'["nope"]'), 404)
        for body in (b"", b"{}", b"[]", b"[1]", b"\xff"):
            assert refused(post(f"/api/{path}", "checkpoint=alpha", body), 400)
    assert refused(post("/api/gathered/like", "checkpoint=alpha", b'{"like": ["nope"]}'), 404)
    for body in (
        b"",
        b"{}",
        b"[]",
        b'{"like": []}',
        b'{"like": 1}',
        b'{"like": [1]}',
        b'{"unlike": ["nope"]}',
        b"\xff",
    ):
        assert refused(post("/api/gathered/like", "checkpoint=alpha", body), 400), body
    for body in (b"", b"{}", b"[]", b'"x"', b'{"scl": 1, "kbm": ""}', b"\xff"):
        assert refused(post("/api/play/tuning", "", body), 400), body
        assert refused(post("/api/play/presets", "checkpoint=alpha", body), 400), body
    for path in ("morph/sound", "morph/trail"):
        many = {**GOOD[path], "notes": ",".join([NOTE] * 60)}
        assert refused(ask(path, many), 400)
