"""Listen's browser side."""

from __future__ import annotations

from typing import Any

from pages.browser.component import component
from pages.server.answers import ADDRESS

_LISTEN_HTML = """
<div class="tx-listen">
  <div class="tx-over"></div>
  <table role="table" aria-label="Notes to hear, each in several versions. Arrow keys walk from one to the next, Enter plays.">
    <thead role="rowgroup"></thead><tbody role="rowgroup"></tbody>
  </table>
</div>
"""

_listen = component("listen", _LISTEN_HTML, ["browser/matching.css", "listen/listen.css"], "listen/listen.js")


def show_listening(
    checkpoint: str, version: str, source: str, notes: list[dict[str, Any]], variants: list[dict[str, Any]]
) -> None:
    """Notes next to each other in several versions, to hear and to see.

    notes: id, title, family, colour, pitch and pitch_name of each, and to_pitch where it is moved. variants: key, title and
    about of each column, and whether it is slow.
    """
    data = {"url": ADDRESS, "checkpoint": checkpoint, "version": version, "source": source}
    _listen(key="listen", data={**data, "notes": notes, "variants": variants})
