// What can be kept of the notes that are chosen: stars, tags, collections, and files for other programs.

import { build } from "../browser/dom.js";
import { address, errorOf } from "../browser/server.js";
import { KEPT, kept } from "./kept.js";

const NEW = "\0new";

// The buttons of the bar of chosen notes. data: which map; ids(): the notes; say(text): what came of it; signal: that the bar is
// gone.
export function keepButtons(data, ids, say, signal) {
  const trying = async (work, done) => {
    try {
      await work();
      say(done);
    } catch (error) {
      say(error.message);
    }
  };
  const star = build("button", {
    type: "button",
    text: "☆ Star",
    title: "Star them all, or take their stars away",
    onclick: () => trying(() => kept.toggleStar(ids()), ""),
  });
  return [star, collector(ids, trying, signal), tagger(ids, trying), exporter(data, ids, say)];
}

function choice(label, options) {
  return build(
    "select",
    { "aria-label": label },
    build("option", { value: "", text: `${label}…` }),
    ...options.map(([value, text]) => build("option", { value, text })),
  );
}

function collector(ids, trying, signal) {
  const select = choice("Collect", []);
  const refill = () => {
    const names = [...kept.collections.keys()];
    select.replaceChildren(
      build("option", { value: "", text: "Collect…" }),
      ...names.map((name) => build("option", { value: name, text: name })),
      build("option", { value: NEW, text: "a new collection" }),
    );
  };
  refill();
  window.addEventListener(KEPT, refill, { signal });
  const put = (name) => trying(() => kept.change("collect", ids(), name), `in ${name}`);
  select.addEventListener("change", () => {
    const { value } = select;
    select.value = "";
    if (value === NEW) ask(select, "Name of the collection", put);
    else if (value) put(value);
  });
  return select;
}

function tagger(ids, trying) {
  const button = build("button", {
    type: "button",
    text: "Tag",
    title: "Give them a tag",
    onclick: () => ask(button, "Tag", (tag) => trying(() => kept.change("tag", ids(), tag), `#${tag}`)),
  });
  return button;
}

// A field in the place of a control, until it is answered or left.
function ask(control, label, done) {
  const field = build("input", { type: "text", "aria-label": label, placeholder: label, maxlength: "60", class: "tx-ask" });
  let open = true;
  const close = () => {
    if (!open) return; // taken away it loses the focus, which closes it, too
    open = false;
    field.replaceWith(control);
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && field.value.trim()) done(field.value.trim());
    if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault(); // the control, which has the focus next, would be pressed by the same Enter
      close();
      control.focus();
    }
  });
  field.addEventListener("blur", close);
  control.replaceWith(field);
  field.focus();
}

const TABLE = "csv";
const HEARD = "zip";

function exporter(data, ids, say) {
  const select = choice("Save as", [
    ["wav", "recordings: WAV files with a table"],
    ["flac", "recordings: FLAC files with a table"],
    [HEARD, "as the map plays them: WAV files"],
    [TABLE, "their labels: a table (CSV)"],
    ["sfz", "an instrument for samplers (SFZ)"],
    ["nsynth", "a data set for training"],
  ]);
  select.title = "Take them away: a table, or files in a ZIP archive";
  const where = (kind) =>
    kind === TABLE || kind === HEARD
      ? [address(`${data.url}/gathered/${kind}`, { checkpoint: data.checkpoint }), `${data.checkpoint}-notes.${kind}`]
      : [kept.place("kept/export", { kind }), `sounds-${kind}.zip`];
  select.addEventListener("change", async () => {
    const kind = select.value;
    select.value = "";
    if (!kind) return;
    say("Gathering them…");
    try {
      const [url, download] = where(kind);
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(ids()),
      });
      if (!response.ok) throw await errorOf(response);
      const link = build("a", { href: URL.createObjectURL(await response.blob()), download });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      say("");
    } catch (error) {
      say(error.message);
    }
  });
  return select;
}
