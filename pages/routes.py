"""HTTP routes beside the app.

They know nothing of a browser's session: every parameter is checked here. Names of checkpoints and notes are looked up
in what the checkpoints folder holds and never become paths. Work is done off the event loop, in two small pools, so
that a quick answer (an original) never waits behind a slow one (a reconstruction), and what is heard first not behind
pictures. Work whose asker has left before its turn comes is not done.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.browser.modules import MODULE_ROUTE
from pages.browser.plotly_script import plotly_route
from pages.explore.first import FIRST_ROUTES
from pages.explore.gathered_routes import GATHERED_ROUTES
from pages.explore.guest_routes import GUEST_ROUTES
from pages.explore.kept_routes import KEPT_ROUTES
from pages.listen.routes import LISTEN_ROUTES
from pages.morph.routes import MORPH_ROUTES
from pages.play.routes import PLAY_ROUTES
from pages.server.answers import API, refused
from pages.server.note_routes import NOTE_ROUTES
from pages.transfer.routes import TRANSFER_ROUTES


async def unknown_route(request: Request) -> Response:
    """Any other address below the API's: without this the app's own page would answer, as if all were well."""
    sentence = f"there is nothing at {request.url.path[:200]}: check the address."
    return refused(sentence, 404)


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

ROUTES = [
    *FIRST_ROUTES,
    *NOTE_ROUTES,
    *GATHERED_ROUTES,
    *KEPT_ROUTES,
    *LISTEN_ROUTES,
    *PLAY_ROUTES,
    *MORPH_ROUTES,
    *GUEST_ROUTES,
    *TRANSFER_ROUTES,
    Route(f"{API}/plotly.js", plotly_route),
    MODULE_ROUTE,
    # The last one: it takes whatever is left.
    Route(f"{API}{{rest:path}}", unknown_route, methods=_METHODS),
]
