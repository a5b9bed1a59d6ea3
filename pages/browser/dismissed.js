// What lies over a page goes when Escape is pressed, wherever the keyboard is, or when something outside of it is pressed.

// shown(): the element while it lies there, else null. opener: what opens it by being pressed; null for what stays while other
// things are pressed. A list of suggestions that is open takes the Escape first.
export function dismissed(shown, close, opener, signal) {
  window.addEventListener(
    "keydown",
    (/** @type {any} */ event) => {
      if (event.key !== "Escape" || !shown() || event.target.matches("[role=combobox][aria-expanded=true]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      close();
    },
    { capture: true, signal },
  );
  if (!opener) return;
  window.addEventListener(
    "pointerdown",
    ({ target }) => shown()?.contains(target) === false && !opener.contains(target) && close(),
    { capture: true, signal },
  );
}
