// Elements and canvases in the page's theme.

import { luminance, parseColour } from "./colours.js";

// An element: build("button", {class: "x", text: "Play", onclick: f}, child, ...). Text never becomes HTML.
export function build(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// A button's name for those who do not see it, or say it: what it does, with the words that are seen on it (WCAG 2.5.3).
export function named(text, title) {
  const seen = text.replace(/\s*…$/, "");
  const words = (told) =>
    ` ${told
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean)
      .join(" ")} `;
  return !title || !words(seen).trim() || words(title).includes(words(seen)) ? title || seen : `${seen}: ${title}`;
}

// Whether a key is typed into a field. Sliders take none of the keys that pages have.
export function typing({ target }) {
  const fields = "input:not([type=range]), textarea, select, [contenteditable], [role=combobox]";
  return target instanceof Element && target.closest(fields) !== null;
}

export function isDark(element) {
  const background = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  return luminance(parseColour(background || "white")) < 128;
}

export function themeColour(element, name) {
  return getComputedStyle(element).getPropertyValue(`--st-${name}`).trim();
}

// A canvas as large as its box in device pixels; returns its context scaled to CSS pixels.
export function fitCanvas(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}
