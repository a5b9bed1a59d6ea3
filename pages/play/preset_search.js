// Which presets are found by what was typed, and what new ones are called.

// Every word typed must begin a word of a preset's name, tags or words of sound.
export function matching(presets, text, { starred = false, own = false } = {}) {
  const wanted = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return presets.filter((preset) => {
    if (starred && !preset.starred) return false;
    if (own && !preset.id.startsWith("own:")) return false;
    const words = [preset.name, ...preset.tags, ...preset.words]
      .join(" ")
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u);
    return wanted.every((part) => words.some((word) => word.startsWith(part)));
  });
}

// What a changed sound is called whose name nobody has written; `taken`: names that are another sound's.
export function variation(name, taken = []) {
  const stem = `${name.replace(/, variation( \d+)?$/, "")}, variation`;
  let made = stem;
  for (let number = 2; taken.includes(made); number++) made = `${stem} ${number}`;
  return made;
}

// Tags as they are typed, between commas.
export function tagsOf(text) {
  return [...new Set(text.split(",").map((tag) => tag.trim()))].filter(Boolean);
}

// What is told of a preset beside its name: tags and words of sound, each once, and none that the name says already.
export function toldOf({ name, tags, words }) {
  const parts = (text) =>
    ` ${text
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .join(" ")} `;
  return [...new Set([...tags, ...words])].filter((word) => !parts(name).includes(parts(word)));
}
