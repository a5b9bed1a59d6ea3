// Colours as [red, green, blue], and scales of 256 of them.

export const UNKNOWN_COLOUR = "#8a94a6";
// Stops: viridis and magma (van der Walt and Smith, 2015), sampled; differences go from less to more, through the paper.
const VIRIDIS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
const MAGMA = ["#000004", "#180f3d", "#440f76", "#721f81", "#9e2f7f", "#cd4071", "#f1605d", "#fd9668", "#feca8d", "#fcfdbf"];
const DIFFERENCE = {
  dark: ["#5cb8ff", "#22507a", "#131b28", "#8a4a1c", "#ffa24d"],
  light: ["#0b62b8", "#8fc0ec", "#ffffff", "#f3b488", "#b84a00"],
};
const HEX = /^#[0-9a-f]{6}$/i;

// Any colour that CSS knows.
export function parseColour(text) {
  if (HEX.test(text)) return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = text;
  probe.fillRect(0, 0, 1, 1);
  return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

// Relative luminance without gamma, 0 to 255.
/** @param {number[]} colour */
export function luminance([r, g, b]) {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// What is read well on a colour.
export function inkOn(colour) {
  return luminance(parseColour(colour)) > 105 ? "#10141c" : "#ffffff";
}

// 256 colours through evenly spaced stops.
export function ramp(stops) {
  const colours = stops.map(parseColour);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const below = Math.min(Math.floor(place), colours.length - 2);
    return colours[below].map((c, k) => Math.round(c + (colours[below + 1][k] - c) * (place - below)));
  });
}

export function levelScale() {
  return ramp(MAGMA);
}

export function differenceScale(dark) {
  return ramp(DIFFERENCE[dark ? "dark" : "light"]);
}

// The part of viridis that stands out from the background: neither its darkest on dark nor its lightest on light.
export function pointScale(dark) {
  const full = ramp(VIRIDIS);
  const [low, high] = dark ? [60, 255] : [0, 225];
  return full.map((_, i) => full[Math.round(low + ((high - low) * i) / 255)]);
}

// A scale as a CSS gradient.
export function gradient(scale) {
  const stops = scale.filter((_, i) => i % 15 === 0).map(([r, g, b]) => `rgb(${r},${g},${b})`);
  return `linear-gradient(90deg,${stops})`;
}
