// Whether sounds that are compared are made equally loud: one switch for all pages, kept by the browser.

import { build } from "./dom.js";
import { MATCH } from "./events.js";

const SETTING = "timbre:match-loudness";
const MARK = "M2.5 6v4h2l3 2.5v-9l-3 2.5ZM10 6.4h4M10 9.6h4";
const TITLE = "Equal loudness: what is compared sounds equally loud, as nobody judges fairly otherwise. Off: each as it is";

export function matching() {
  try {
    return localStorage.getItem(SETTING) !== "off";
  } catch {
    return true; // a browser that keeps nothing
  }
}

function match(on) {
  try {
    localStorage.setItem(SETTING, on ? "on" : "off");
  } catch {
    return;
  }
  window.dispatchEvent(new CustomEvent(MATCH));
}

// The switch. It follows the ones on the page's other parts until `signal` is aborted.
export function matchSwitch(signal) {
  const button = build("button", { type: "button", class: "tx-match", title: TITLE, onclick: () => match(!matching()) });
  button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${MARK}"/></svg><span>Equal loudness</span>`;
  const show = () => button.setAttribute("aria-pressed", String(matching()));
  window.addEventListener(MATCH, show, { signal });
  show();
  return button;
}
