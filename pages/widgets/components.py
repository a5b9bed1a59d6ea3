"""The browser components: registered once, mounted by the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.widgets.answers import API
from pages.widgets.catalog import NoteMap
from pages.widgets.growing_plot import PLOTLY

_FOLDER = Path(__file__).parent

_MAP_HTML = """
<div class="tx-map">
  <div class="tx-field">
    <canvas class="tx-points" tabindex="0" role="application"
      aria-label="Map of notes. Arrow keys walk from note to note, Enter plays."></canvas>
    <canvas class="tx-marks"></canvas>
    <div class="tx-space" hidden></div>
    <div class="tx-find">
      <input type="search" aria-label="Search notes" placeholder="Search notes" maxlength="100" spellcheck="false">
      <button type="button" class="tx-filter" aria-expanded="false" title="Show only some notes; the others turn grey">
        <svg viewBox="0 0 16 16"><path d="M2.5 4h11M4.5 8h7M6.5 12h3"/></svg><span>Filter</span></button>
      <output class="tx-shown" aria-live="polite"></output>
    </div>
    <div class="tx-panel" role="dialog" aria-label="Filters" hidden></div>
    <div class="tx-tools">
      <button type="button" class="tx-in" aria-label="Zoom in" title="Zoom in (+)">
        <svg viewBox="0 0 16 16"><path d="M8 3v10M3 8h10"/></svg></button>
      <button type="button" class="tx-out" aria-label="Zoom out" title="Zoom out (-)">
        <svg viewBox="0 0 16 16"><path d="M3 8h10"/></svg></button>
      <button type="button" class="tx-fit" aria-label="Show all" title="Show all (0)">
        <svg viewBox="0 0 16 16"><path d="M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"/></svg></button>
      <button type="button" class="tx-random" aria-label="Play a random note" title="Play a random note">
        <svg viewBox="0 0 16 16"><rect x="2.5" y="2.5" width="11" height="11" rx="2.5"/>
        <path d="M5.5 5.5h.01M8 8h.01M10.5 10.5h.01"/></svg></button>
      <button type="button" class="tx-lasso" aria-pressed="false" aria-label="Draw around notes"
        title="Draw around notes to choose many (or drag with Shift)">
        <svg viewBox="0 0 16 16"><path d="M8 2.5c3.6 0 6 1.7 6 4s-2.4 4-6 4-6-1.7-6-4 2.4-4 6-4ZM4.5 10c-1.4 1.2-.6 3.4 1 3.5"/>
        </svg></button>
      <button type="button" class="tx-sound" aria-pressed="true" aria-label="Sound under the pointer"
        title="Sound under the pointer">
        <svg viewBox="0 0 16 16"><path d="M2.5 6v4h2.5l3.5 3V3L5 6ZM11 5.5a3.5 3.5 0 0 1 0 5M12.8 3.5a6 6 0 0 1 0 9"/>
        </svg></button>
    </div>
    <button type="button" class="tx-enable" hidden>
      <svg viewBox="0 0 16 16"><path d="M2.5 6v4h2.5l3.5 3V3L5 6ZM11 5.5a3.5 3.5 0 0 1 0 5M12.8 3.5a6 6 0 0 1 0 9"/></svg>
      Enable sound</button>
    <div class="tx-table" hidden></div>
    <div class="tx-gathered" role="region" aria-label="Chosen notes" hidden></div>
    <div class="tx-hint">point at a dot to hear it, click to choose it · drag and scroll to move · arrow keys to walk</div>
    <div class="tx-tip" hidden></div>
    <div class="tx-message" role="status"></div>
    <div class="tx-live" aria-live="polite"></div>
  </div>
  <div class="tx-legend"></div>
</div>
"""

_NOTE_HTML = """
<div class="tx-note tx-empty">
  <div class="tx-about">
    <div class="tx-head"><span class="tx-dot"></span><h3></h3><span class="tx-pitch"></span></div>
    <div class="tx-facts"></div>
  </div>
  <div class="tx-invite">
    <h4>Click a dot to hear it</h4>
    <p>Then compare the recording with what the model makes of it.</p>
  </div>
  <div class="tx-transport">
    <span class="tx-clock"></span>
    <button type="button" class="tx-loop" aria-pressed="false" title="Again and again (key L)" aria-label="Loop">
      <svg viewBox="0 0 16 16"><path d="M3 7.5V7a2.5 2.5 0 0 1 2.5-2.5h7M10.5 2.5l2 2-2 2"/>
      <path d="M13 8.5V9a2.5 2.5 0 0 1-2.5 2.5h-7M5.5 13.5l-2-2 2-2"/></svg></button>
  </div>
  <div class="tx-tracks" role="group"
    aria-label="Versions: keys 1 to 3 play one or switch to it at the same place, X goes back and forth, L loops"></div>
  <div class="tx-cards"></div>
  <div class="tx-keys">
    <div class="tx-level"><span class="tx-word-soft">soft</span><i class="tx-key-level"></i><span
      class="tx-word-loud">loud</span></div>
    <div class="tx-apart"><span class="tx-word-softer">softer</span><i class="tx-key-difference"></i><span
      class="tx-word-louder">louder</span></div>
    <div class="tx-reading"></div>
  </div>
  <div class="tx-tabs" role="tablist" aria-label="More about the note"></div>
  <div class="tx-panels">
    <div class="tx-near"><div class="tx-near-list"></div>
      <p class="tx-near-none">The notes that the model finds most alike are listed here.</p></div>
    <div class="tx-latents" hidden></div>
    <div class="tx-similar" hidden></div>
  </div>
</div>
"""

_LISTEN_HTML = """
<div class="tx-listen">
  <table aria-label="Notes to hear, each in several versions. Arrow keys walk from one to the next, Enter plays.">
    <thead></thead><tbody></tbody>
  </table>
  <audio preload="none"></audio>
</div>
"""


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _component(name: str, html: str, *scripts: str) -> Any:
    # Unisolated: sounds and drawings are ordinary elements of the page, within reach of browser tools and tests.
    return st.components.v2.component(
        f"timbre_{name}",
        html=html,
        css=_text(f"{name}.css"),
        js="".join(_text(script) for script in ("common.js", *scripts, f"{name}.js")),
        isolate_styles=False,
    )


_map = _component(
    "map",
    _MAP_HTML,
    *("plotly_loader.js", "points.js", "legend.js", "map_hands.js", "map_marks.js", "map_sound.js", "map_filters.js"),
    *("map_lasso.js", "map_space.js"),
)
_note = _component(
    "note",
    _NOTE_HTML,
    *("spectrogram.js", "note_player.js", "note_tracks.js", "note_pictures.js", "note_latents.js", "note_near.js"),
    "note_similar.js",
)
_listen = _component("listen", _LISTEN_HTML, "spectrogram.js")
_play = _component(
    "play",
    '<div class="tx-play"></div>',
    *("spectrogram.js", "play_audio.js", "play_keys.js", "play_axes.js", "play_start.js", "play_hands.js"),
    *("play_files.js", "play_kept.js", "play_rack.js", "play_view.js"),
)

_transfer = _component(
    "transfer",
    '<div class="tx-transfer"></div>',
    *("spectrogram.js", "note_player.js", "play_start.js", "transfer_pitch.js", "transfer_map.js", "transfer_view.js"),
)
_morph = _component(
    "morph",
    '<div class="tx-morph"></div>',
    *("spectrogram.js", "play_audio.js", "play_axes.js", "play_start.js", "morph_path.js", "morph_notes.js"),
    *("morph_pad.js", "morph_drawing.js", "morph_contour.js"),
)


def _common(notes: NoteMap) -> dict[str, Any]:
    return {"url": API, "checkpoint": notes.checkpoint.name, "version": notes.version}


def show_map(
    notes: NoteMap,
    projection: str,
    colour: str,
    selected: dict[str, Any] | None,
    filters: dict[str, Any],
    key: str = "map",
) -> None:
    """Draw the map. `selected` is {note, seq}, `filters` what `filters_from_link` gives.

    What was clicked last is in the session's `key`, as `selected` and `filters`.
    """
    data = {
        **_common(notes),
        "projection": projection,
        "colour": colour,
        "selected": selected,
        "filters": filters,
        "plotly": PLOTLY,
    }
    _map(
        key=key,
        data=data,
        default={"selected": None, "filters": None},
        on_selected_change=lambda: None,
        on_filters_change=lambda: None,
    )


def show_note(notes: NoteMap, selected: dict[str, Any] | None, inverter: str | None = None, key: str = "note") -> None:
    """Players and spectrograms of the selected note; follows clicks on the map at once, without a rerun.

    inverter: what turns frames into sound; None is the checkpoint's own.
    """
    _note(key=key, data={**_common(notes), "selected": selected, "inverter": inverter})


def show_listening(
    checkpoint: str, version: str, source: str, notes: list[dict[str, Any]], variants: list[dict[str, Any]]
) -> None:
    """Notes next to each other in several versions, to hear and to see.

    notes: id, title, family, colour, pitch and pitch_name of each. variants: key, title and about of each column, and
    whether it is slow.
    """
    data = {"url": API, "checkpoint": checkpoint, "version": version, "source": source}
    _listen(key="listen", data={**data, "notes": notes, "variants": variants})


def show_play(notes: NoteMap, start: dict[str, Any] | None, key: str = "play") -> None:
    """The instrument. `start` is {note}, {family} or {seed}; what is chosen last is in the session's `key`, as `start`."""
    _play(key=key, data={**_common(notes), "start": start}, default={"start": None}, on_start_change=lambda: None)


def show_transfer(
    notes: NoteMap, source: dict[str, str], settings: dict[str, Any], key: str = "transfer"
) -> dict[str, Any] | None:
    """A sound and what becomes of it. `source` is {note} or {sound}, a token of own_sounds.py; `settings` are what the link says.

    Returns the settings that were chosen last (toward, amount, shift, steady, and note where another one is to be the source),
    or None. Once a token is no longer known, the session's `key` has it as `gone`.
    """
    data = {**_common(notes), "source": source, "settings": settings}
    default = {"settings": None, "gone": None}
    return _transfer(
        key=key, data=data, default=default, on_settings_change=lambda: None, on_gone_change=lambda: None
    ).settings


def show_morph(notes: NoteMap, chosen: dict[str, Any], conditioned: bool, key: str = "morph") -> None:
    """The Morph page's notes and its three ways between them.

    chosen: notes, view, path, key, contour and vibrato, as the link has them; what is chosen last is in the session's `key`,
    as `chosen`. conditioned: whether sounds can be asked for at a pitch.
    """
    rate = notes.checkpoint.recipe.features.sample_rate
    data = {**_common(notes), "chosen": chosen, "conditioned": conditioned, "sampleRate": rate}
    _morph(key=key, data=data, default={"chosen": None}, on_chosen_change=lambda: None)
