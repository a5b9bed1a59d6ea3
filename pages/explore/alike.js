// More like the notes that are chosen, and less like others.

import { build } from "../browser/dom.js";
import { address, fetchJson } from "../browser/server.js";

// The buttons of the bar of chosen notes. say(text): what came of it.
/** @param {import("./lasso.js").Gathered} gathered @param {(text: string) => void} say */
export function likeButtons(gathered, say) {
  const { view } = gathered;
  const told = (count) => `${count.toLocaleString("en")} ${view.points.map.words.note}${count === 1 ? "" : "s"}`;
  const button = (text, title, onclick) => build("button", { type: "button", text, title, onclick });

  const like = async () => {
    const unlike = gathered.unlike.filter((id) => view.points.row.has(id)); // another map may have been opened since
    const chosen = gathered.ids();
    say("Looking for more…");
    try {
      const { notes } = await fetchJson(address(`${view.data.url}/gathered/like`, { checkpoint: view.data.checkpoint }), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ like: chosen, unlike }),
      });
      const rows = notes.map((id) => view.points.row.get(id)).filter((i) => i !== undefined);
      if (!rows.length) return say("There are no others.");
      gathered.unlike = [];
      gathered.show(rows, "most alike first");
      view.mark();
      gathered.say(`like ${told(chosen.length)}${unlike.length ? `, not like ${told(unlike.length)}` : ""}`);
    } catch (error) {
      say(error.message);
    }
  };

  const unlike = () => {
    gathered.unlike = gathered.ids();
    say("Not like these: now choose what you look for, and press More like these.");
  };

  const title = "The notes that sound most like all of these";
  return [
    button("More like these", `${title}${gathered.unlike.length ? `, and not like ${told(gathered.unlike.length)}` : ""}`, like),
    button("Not like these", "Keep away from these when more like others are looked for", unlike),
  ];
}
