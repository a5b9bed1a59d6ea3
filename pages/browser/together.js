// Pictures side by side on one axis of time.

// Draws spectrograms of which each may have another length on the longest one's axis. Those without frames are left out.
export function drawTogether(pictures, draw) {
  const shown = pictures.filter(({ frames }) => frames);
  const span = Math.max(0, ...shown.map((picture) => picture.lasting()).filter(Number.isFinite));
  for (const picture of shown) {
    picture.span = span;
    draw(picture);
  }
}
