"""The browser side's scripts: every `*.js` file in a room of `pages` is an ES module, served by itself.

Browsers keep them for good: the address carries a hash of all of them. What only people read is left out on the way.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.server.address import ADDRESS, API

_PAGES = Path(__file__).parents[1]
_IMPORTED = re.compile(r'^(?:import|export)\b[^;"]*?(?:\bfrom )?"(\.{1,2}/[^"]+)";', re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.{1,2}/[^"]+)"\)')
# Asked for all at once: found import by import, each file would wait for the one before. Addresses begin where the page's own
# does, as Streamlit's do, so that a proxy may put the app anywhere.
_SCRIPT = """const modules = {names}.map((name) => import(new URL(`{folder}/${{name}}`, location.href).href));
const [{{ default: mount }}] = await Promise.all(modules);
export default mount;
"""


@cache
def modules() -> dict[str, bytes]:
    """What browsers get of each module, by its path below `pages`."""
    return {name: _minified(text).encode() for name, text in _sources().items()}


@cache
def version() -> str:
    """A hash of all modules: another one as soon as one of them changes."""
    return hashlib.sha256(json.dumps(_sources()).encode()).hexdigest()[:16]


def needed(name: str) -> list[str]:
    """A module and all that it imports, itself first."""
    found = [name]
    for each in found:
        found.extend(path for path in imported(each) if path not in found)
    return found


def imported(name: str) -> list[str]:
    """What a module imports by itself."""
    paths = _IMPORTED.findall(_sources()[name])
    return list(dict.fromkeys(posixpath.normpath(f"{posixpath.dirname(name)}/{path}") for path in paths))


def later(name: str) -> list[str]:
    """What a module and all that it imports ask for when something on the page is opened, and no sooner."""
    found: list[str] = []
    for each in needed(name):
        for path in _LATER.findall(_sources()[each]):
            found += needed(posixpath.normpath(f"{posixpath.dirname(each)}/{path}"))
    return list(dict.fromkeys(found))


def script(name: str) -> str:
    """The script that Streamlit is given for a component: it loads the module and hands on its default export."""
    return _SCRIPT.format(names=json.dumps(needed(name)), folder=folder())


def folder() -> str:
    """Where browsers get modules, from a page's own address."""
    return f"{ADDRESS}/js/{version()}"


async def module_route(request: Request) -> Response:
    """`/api/js/{version}/{name}`: a module; of the version that the running server has."""
    name = request.path_params["name"]
    if request.path_params["version"] != version() or name not in modules():
        from pages.server.answers import refused

        return refused("there is no such script: the app was renewed, reload the page.", 404)
    kept = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(modules()[name], media_type="text/javascript", headers=kept)


MODULE_ROUTE = Route(f"{API}/js/{{version}}/{{name:path}}", module_route)


def _minified(text: str) -> str:
    """A module's text in fewer bytes; as it is where the minifier is not installed."""
    try:
        import minify
    except ImportError:
        return text
    return str(minify.string("application/javascript", text))


@cache
def _sources() -> dict[str, str]:
    paths = sorted(_PAGES.glob("*/*.js"))
    return {path.relative_to(_PAGES).as_posix(): path.read_text(encoding="utf-8") for path in paths}
