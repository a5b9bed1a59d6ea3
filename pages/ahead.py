"""What a page loads once Streamlit has told it what stands on it, named in its HTML: the browser fetches it meanwhile.

While Streamlit's own script starts and the page's is run, the network has nothing to do for half a second.
"""

from __future__ import annotations

from pages.assets import chunks
from pages.browser.modules import folder, needed

COMPONENTS = {
    "explore": ("explore/map.js", "explore/note.js"),
    "play": ("play/play.js",),
    "morph": ("morph/morph.js",),
    "transfer": ("transfer/transfer.js",),
    "listen": ("listen/listen.js",),
    "compare": ("compare/models.js", "compare/linked_maps.js"),
}
"""The modules of the components that each page shows at once."""
_FIRST = "explore"


def preloads(page: str) -> str:
    """Links to the modules of a page, by the last part of its address, and to Streamlit's that show them, for the end of its
    HTML."""
    names = [f"{folder()}/{each}" for name in COMPONENTS.get(page or _FIRST, ()) for each in needed(name)]
    if names:
        names = [*chunks(), *names]
    link = '<link rel="modulepreload" crossorigin fetchpriority="low" href="./{}">'
    return "".join(map(link.format, dict.fromkeys(names)))
