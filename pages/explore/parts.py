"""What stands in Explore's components, before any script ran: the map, and the chosen note. Imports next to nothing."""

from __future__ import annotations

from pages.browser.parts import Part

_MAP_HTML = """
<div class="tx-map">
  <div class="tx-field">
    <canvas class="tx-points" tabindex="0" role="application"
      aria-label="Map of notes. Arrow keys walk from note to note, Enter plays."></canvas>
    <canvas class="tx-marks"></canvas>
    <div class="tx-space" hidden></div>
    <div class="tx-find">
      <input type="search" aria-label="Search notes" placeholder="Search notes" maxlength="100" spellcheck="false"
        autocomplete="off" role="combobox" aria-expanded="false" aria-controls="tx-map-found" aria-autocomplete="list">
      <div class="tx-found tx-results" id="tx-map-found" role="listbox" aria-label="Notes found" hidden></div>
      <button type="button" class="tx-filter" aria-expanded="false" title="Show only some notes; the others turn grey">
        <svg viewBox="0 0 16 16"><path d="M2.5 4h11M4.5 8h7M6.5 12h3"/></svg><span>Filter</span></button>
      <button type="button" class="tx-instruments" aria-label="Instruments" aria-pressed="false" hidden
        title="A dot for each instrument, amid its notes; choose one to see them">
        <svg viewBox="0 0 16 16"><circle cx="5.5" cy="6" r="2.8"/><path d="M11 10h.01M13.5 12.5h.01M9 13h.01M12.5 7h.01"/></svg>
        <span>Instruments</span></button>
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
      <button type="button" class="tx-listing" aria-expanded="false" aria-label="List of sounds"
        title="All sounds as a list: arrow keys play them, S stars">
        <svg viewBox="0 0 16 16"><path d="M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01"/></svg></button>
      <button type="button" class="tx-named" aria-pressed="true" aria-label="Names on the map"
        title="Names of regions, and lines where dots lie on each other">
        <svg viewBox="0 0 16 16"><path d="M3 12.5 7 3h1l4 9.5M4.5 9h6"/></svg></button>
      <button type="button" class="tx-random" aria-label="Play a random note" title="Play a random note">
        <svg viewBox="0 0 16 16"><rect x="2.5" y="2.5" width="11" height="11" rx="2.5"/>
        <path d="M5.5 5.5h.01M8 8h.01M10.5 10.5h.01"/></svg></button>
      <button type="button" class="tx-lasso" aria-pressed="false" aria-label="Draw around notes"
        title="Draw around notes to choose many (or drag with Shift)">
        <svg viewBox="0 0 16 16"><path d="M8 2.5c3.6 0 6 1.7 6 4s-2.4 4-6 4-6-1.7-6-4 2.4-4 6-4ZM4.5 10c-1.4 1.2-.6 3.4 1 3.5"/>
        </svg></button>
      <button type="button" class="tx-help" aria-label="Tour" title="Tour: four steps through this page">
        <svg viewBox="0 0 16 16"><path d="M5.5 6a2.5 2.5 0 1 1 3.8 2.1c-.8.5-1.3.9-1.3 1.9M8 13h.01"/></svg></button>
      <button type="button" class="tx-sound" aria-pressed="true" aria-label="Sound under the pointer"
        title="Sound under the pointer">
        <svg viewBox="0 0 16 16"><path d="M2.5 6v4h2.5l3.5 3V3L5 6ZM11 5.5a3.5 3.5 0 0 1 0 5M12.8 3.5a6 6 0 0 1 0 9"/>
        </svg></button>
      <input type="range" class="tx-volume" min="0" max="1" step="0.01" aria-label="Volume" title="Volume">
    </div>
    <button type="button" class="tx-enable" hidden>
      <svg viewBox="0 0 16 16"><path d="M2.5 6v4h2.5l3.5 3V3L5 6ZM11 5.5a3.5 3.5 0 0 1 0 5M12.8 3.5a6 6 0 0 1 0 9"/></svg>
      Enable sound</button>
    <div class="tx-list" hidden></div>
    <div class="tx-table" hidden></div>
    <div class="tx-gathered" role="region" aria-label="Chosen notes" hidden></div>
    <div class="tx-hint"><span class="tx-heard">point at a dot to hear it · </span>click a dot to choose it
      · drag and scroll to move · arrow keys to walk</div>
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
    <h4>Click a dot<span class="tx-heard"> to hear it</span></h4>
    <p>Beside it: what the model makes of it.</p>
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
  <nav class="tx-elsewhere" aria-label="This note on other pages" hidden></nav>
  <div class="tx-tabs" role="tablist" aria-label="More about the note"></div>
  <div class="tx-panels">
    <div class="tx-near"><div class="tx-near-list"></div>
      <p class="tx-near-none">The notes that the model finds most alike are listed here.</p></div>
    <div class="tx-latents" hidden></div>
    <div class="tx-similar" hidden></div>
  </div>
</div>
"""

MAP = Part("map", _MAP_HTML, ("explore/map.css",), "explore/map.js")
NOTE = Part("note", _NOTE_HTML, ("browser/note.css", "browser/matching.css"), "explore/note.js")

TITLE = (
    "Timbre Explorer",
    "Every dot is one recording: the closer two dots, the more alike their timbres are to the model.",
)
"""The page's title, and in one sentence what it is for."""
FIRST = "explore/first"
"""Where below the API both are told what they show first."""
