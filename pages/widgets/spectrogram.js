// A spectrogram on a canvas: bands upwards with note names, seconds to the right.

const GUTTER = { left: 30, bottom: 15, top: 3 };
const DIFFERENCE_DB = 24;
const DIFFERENCE_STOPS = {
  dark: ["#5cb8ff", "#22507a", "#131b28", "#8a4a1c", "#ffa24d"],
  light: ["#0b62b8", "#8fc0ec", "#ffffff", "#f3b488", "#b84a00"],
};

function levelScale() {
  return ramp(STOPS.magma);
}

function differenceScale(dark) {
  return ramp(DIFFERENCE_STOPS[dark ? "dark" : "light"]);
}

// `frames` is what /api/frames answers: bytes from 0 (softest) to 255, or, for a difference, dB.
class Spectrogram {
  constructor(canvas, differs) {
    this.canvas = canvas;
    this.differs = differs;
    this.frames = null;
  }

  seconds() {
    return this.frames.n_frames * this.frames.seconds_per_frame;
  }

  // Where a time lies, in CSS pixels from the canvas' left.
  placeOf(time, seconds) {
    return GUTTER.left + (this.canvas.clientWidth - GUTTER.left) * Math.min(1, time / seconds);
  }

  clear() {
    this.frames = null;
    const { context, width, height } = fitCanvas(this.canvas);
    context.clearRect(0, 0, width, height);
  }

  // pitch: a MIDI number to mark on the axis, or null.
  draw(scale, pitch) {
    if (!this.frames) return;
    const { context, width, height } = fitCanvas(this.canvas);
    const plot = { x: GUTTER.left, y: GUTTER.top, w: width - GUTTER.left, h: height - GUTTER.top - GUTTER.bottom };
    context.clearRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture(scale), plot.x, plot.y, plot.w, plot.h);
    context.font = `10px ${themeColour(this.canvas, "font") || "sans-serif"}`;
    context.fillStyle = themeColour(this.canvas, "text-color");
    this.drawNotes(context, plot);
    this.drawTimes(context, plot);
    if (pitch !== null) this.drawPitch(context, plot, pitch);
  }

  picture(scale) {
    const { n_bins: bins, n_frames: frames, arrays } = this.frames;
    const image = new ImageData(frames, bins);
    for (let bin = 0; bin < bins; bin++) {
      for (let frame = 0; frame < frames; frame++) {
        const value = arrays.frames[bin * frames + frame];
        const shade = this.differs ? Math.round(127.5 + (127.5 * value) / DIFFERENCE_DB) : value;
        const [r, g, b] = scale[Math.min(255, Math.max(0, shade))];
        image.data.set([r, g, b, 255], 4 * ((bins - 1 - bin) * frames + frame));
      }
    }
    const canvas = build("canvas", { width: frames, height: bins });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  heightOf(midi, plot) {
    return plot.y + plot.h * (1 - bandOf(midiToHz(midi), this.frames.bands) / this.frames.n_bins);
  }

  drawNotes(context, plot) {
    context.textAlign = "right";
    context.textBaseline = "middle";
    let last = -Infinity;
    for (let midi = 132; midi >= 12; midi -= 12) {
      const y = this.heightOf(midi, plot);
      if (y < plot.y + 4 || y > plot.y + plot.h - 3 || y - last < 13) continue;
      last = y;
      context.globalAlpha = 0.75;
      context.fillText(noteName(midi), plot.x - 6, y);
      context.globalAlpha = 0.4;
      context.fillRect(plot.x - 4, y, 4, 1);
    }
  }

  drawTimes(context, plot) {
    const seconds = this.seconds();
    const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30].find((s) => (s / seconds) * plot.w >= 34) ?? 60;
    context.globalAlpha = 0.75;
    context.textBaseline = "top";
    for (let time = 0; time <= seconds; time += step) {
      const x = plot.x + (time / seconds) * plot.w;
      context.textAlign = time === 0 ? "left" : x > plot.x + plot.w - 12 ? "right" : "center";
      context.fillText(time === 0 ? "0 s" : `${Math.round(time * 100) / 100}`, x, plot.y + plot.h + 4);
    }
    context.globalAlpha = 1;
  }

  drawPitch(context, plot, pitch) {
    const y = this.heightOf(pitch, plot);
    context.fillStyle = themeColour(this.canvas, "primary-color");
    context.beginPath();
    context.moveTo(plot.x, y);
    context.lineTo(plot.x - 6, y - 4);
    context.lineTo(plot.x - 6, y + 4);
    context.fill();
  }

  // The cell under the pointer: {time (s), hz, db}, or null outside of the picture.
  under(event) {
    if (!this.frames) return null;
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - GUTTER.left) / (box.width - GUTTER.left);
    const y = (event.clientY - box.top - GUTTER.top) / (box.height - GUTTER.top - GUTTER.bottom);
    if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) return null;
    const { n_bins: bins, n_frames: frames, bands, top_db: topDb, arrays } = this.frames;
    const bin = Math.min(bins - 1, Math.floor((1 - y) * bins));
    const value = arrays.frames[bin * frames + Math.floor(x * frames)];
    return { time: x * this.seconds(), hz: bands[bin], db: this.differs ? value : (value / 255 - 1) * topDb };
  }

  describe({ time, hz, db }) {
    const sign = this.differs && db > 0 ? "+" : "";
    return `${time.toFixed(2)} s · ${noteName(hzToMidi(hz))} ${Math.round(hz)} Hz · ${sign}${db.toFixed(0)} dB`;
  }
}

// Where a frequency lies on the axis of bands, in bands (the middle of band 0 is 0.5).
function bandOf(hz, bands) {
  if (hz <= bands[0]) return (0.5 * hz) / bands[0];
  const above = bands.findIndex((centre) => centre >= hz);
  if (above < 0) return bands.length;
  return above - 0.5 + (hz - bands[above - 1]) / (bands[above] - bands[above - 1]);
}
