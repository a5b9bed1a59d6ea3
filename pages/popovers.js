// In the app's page before anything else runs. What a button opens lies at the end of the page, after all else: from the button
// the Tab key leads into it. (Escape leads back.)
document.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || event.defaultPrevented) return;
  if (!document.activeElement?.matches("[data-testid=stPopoverButton][aria-expanded=true]")) return;
  /** @type {HTMLElement | null} */
  const first = document.querySelector(
    "[data-testid=stPopoverBody] :is(input:enabled, button:enabled, textarea:enabled, a[href])",
  );
  if (!first) return;
  event.preventDefault();
  first.focus();
});
