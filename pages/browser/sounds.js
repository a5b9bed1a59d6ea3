// Which files are sounds: what choosers offer, and what of dropped files is looked at.

const READ = "wav wave bwf rf64 w64 aif aiff aifc au snd caf flac ogg oga opus mp3 mp2 voc avr sf svx".split(" ");
// Sent all the same: the server says what to do about them.
const OTHER = "m4a mp4 aac alac wma wv ape mka webm weba ac3 amr 3gp".split(" ");
const LEFT = /^(\..*|__macosx|icon\r|desktop\.ini|(eh)?thumbs(_vista)?\.db)$/i;

/** @type {string} What a chooser of sounds offers. */
export const ACCEPT = ["audio/*", ...READ.map((ending) => `.${ending}`)].join(",");

/** @param {{name: string, type: string}} file */
export function isSound({ name, type }) {
  const ending = /\.(\w+)$/.exec(name)?.[1].toLowerCase() ?? "";
  return type.startsWith("audio/") || READ.includes(ending) || OTHER.includes(ending);
}

/**
 * Files without those that systems leave in every folder (`.DS_Store`, `Thumbs.db`).
 * @template {{name: string, type: string}} F
 * @param {ArrayLike<F>} files
 * @returns {F[]}
 */
export function withoutLeftBehind(files) {
  return Array.from(files).filter(({ name }) => !LEFT.test(name));
}
