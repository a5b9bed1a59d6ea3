// The other pages, with the note that is shown here.

import { build } from "../browser/dom.js";
import { address } from "../browser/server.js";

const PAGES = { Play: "note", Morph: "notes", Transfer: "note", Compare: "note" };

// Pictures have nothing to play, morph or transfer: they can be compared.
/** @param {any} data */
export function elsewhere(element, data, id) {
  const home = (data.checkpoint ?? "").replace("@+own", "");
  element.hidden = id === null || home.includes("@");
  const link = ([page, name]) =>
    build("a", { text: page, href: address(page.toLowerCase(), { ...through(page, home), [name]: id }), target: "_self" });
  const pages = Object.entries(PAGES).filter(([page]) => data.sounds || page === "Compare");
  element.replaceChildren(...(element.hidden ? [] : pages.map(link)));
}

// Compare begins with several models.
function through(page, checkpoint) {
  return page === "Compare" ? {} : { checkpoint };
}
