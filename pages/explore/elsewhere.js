// The other pages, with the note that is shown here.

import { build } from "../browser/dom.js";
import { address } from "../browser/server.js";

const PAGES = { Play: "note", Morph: "notes", Transfer: "note", Compare: "note" };

export function elsewhere(element, checkpoint, id) {
  const home = (checkpoint ?? "").replace("@+own", "");
  element.hidden = id === null || home.includes("@");
  const link = ([page, name]) =>
    build("a", { text: page, href: address(page.toLowerCase(), { ...through(page, home), [name]: id }), target: "_self" });
  element.replaceChildren(...(element.hidden ? [] : Object.entries(PAGES).map(link)));
}

// Compare begins with several models.
function through(page, checkpoint) {
  return page === "Compare" ? {} : { checkpoint };
}
