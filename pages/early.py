"""A page's components before the page is there: the browser has them from the HTML, and shows them as soon as it knows what of.

Streamlit's scripts start, ask for the page and lay it out; that takes longer than to draw a map. Each component is mounted once,
in a layer over the page, where it will be; the page, once it has the component, takes it over as it is (`browser/mount.js`).
Where the server is not certain what the page will show, or the browser where (early.js), nobody sees the layer. Until the
components are there, Streamlit's scripts wait (held.js): the browser's and the server's cores have enough to do.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

from streamlit import config

from pages.assets import media
from pages.browser.modules import folder
from pages.browser.parts import Part
from pages.explore import parts as explore
from pages.server.address import ADDRESS

_FOLDER = Path(__file__).parent
_END = b"</body>"
# By the last part of a page's address: its title and sentence, its components, and where they are told what they show.
_PAGES = dict.fromkeys(("", "explore"), (explore.TITLE, (explore.MAP, explore.NOTE), explore.FIRST))
_COLOURS = ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor", "borderColor", "linkColor")
_STREAMLITS = re.compile(
    rb'<script type="module"[^>]* src="\./static/js/[^>]*></script>|<link rel="modulepreload"[^>]* href="\./static/js/[^>]*>'
)
_FONTS = {"Source Sans": "SourceSansVF-Upright", "Source Serif": "SourceSerifVariable-Roman"}


def with_early(page: str, whole: bytes) -> bytes:
    """A page's HTML with its components, by the last part of its address, Streamlit's scripts held back; most stay as they
    are."""
    added = early(page)
    if not added:
        return whole
    held = b"".join(_STREAMLITS.findall(whole))
    before = b'<template id="tx-held">%b</template><script>%b</script>' % (held, _text("held.js").encode())
    return _STREAMLITS.sub(b"", whole).replace(_END, before + added.encode() + _END, 1)


def early(page: str) -> str:
    """What the end of a page's HTML has for it, by the last part of its address; empty for most."""
    return _html(page) if page in _PAGES else ""  # pages that there are not can be asked for, too


@cache
def _html(page: str) -> str:
    (title, sentence), parts, first = _PAGES[page]
    style = "".join((_fonts(), _theme(), *(part.css for part in parts), _text("early.css")))
    head = f'<div class="tx-title"><h1>{html.escape(title)}</h1><p>{html.escape(sentence)}</p></div>'
    layer = (
        f'<div class="tx-early"><style>{style}</style><div class="tx-early-page"><div class="tx-early-head">{head}</div>'
        f'<div class="tx-early-row">{"".join(map(_host, parts))}</div></div></div>'
    )
    asked = f'data-asked="{ADDRESS}/{first}"'
    return f'<template id="tx-early" {asked}>{layer}</template><script>{_text("early.js")}</script>'


def _host(part: Part) -> str:
    module = f'data-module="{folder()}/{part.module}"'
    return f'<div class="tx-early-part" data-part="{part.name}" {module}>{part.html}</div>'


def _theme() -> str:
    """The colours that Streamlit gives to components, for both themes."""
    rules = f".tx-early{{--st-base-radius:{config.get_option('theme.baseRadius')}}}"
    for theme, place in (("light", ".tx-early"), ("dark", ".tx-early.tx-dark")):
        told = {name: config.get_option(f"theme.{theme}.{name}") for name in _COLOURS}
        rules += f"{place}{{{''.join(f'--st-{_dashed(name)}:{value};' for name, value in told.items())}}}"
        rules += f"body:has(> {place}){{background:{told['backgroundColor']}}}"
    return rules


def _fonts() -> str:
    """Streamlit's fonts, which its scripts make known later."""
    found = {family: media(name) for family, name in _FONTS.items()}
    face = '@font-face{{font-family:"{}";font-weight:200 900;src:url(./{})format("woff2")}}'
    return "".join(face.format(family, address) for family, address in found.items() if address)


def _dashed(name: str) -> str:
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in name)


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
