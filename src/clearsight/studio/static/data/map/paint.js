// @ts-check
/** The points of the map, the loop and the cross, drawn on a canvas. */

import { el, thousands } from "../../live/kit.js";

// Okabe and Ito: told apart by every kind of eye; more classes than that share the last, unless few of them are chosen
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#A6761D", "#666666", "#B2A800", "#7B3294"];
const FAINT = [128, 128, 128]; // of a point that does not pass
const FEW = 2000; // points, which are drawn larger

/** @typedef {{rows: Uint32Array, places: Float32Array}} Points the pictures, and the place of each from −1 to 1 */

/**
 * All points at once: 70,000 are written into one picture in a few milliseconds, without a graphics card.
 * @param {CanvasRenderingContext2D} pen @param {import("./view.js").View} view @param {Points} points @param {import("../model.js").Model} model
 * @param {Uint32Array} colours of the classes @param {number} scale pixels of a px
 */
export function paint(pen, view, { rows, places }, model, colours, scale) {
  const { width, height } = pen.canvas;
  const picture = new ImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const { codes } = model.facet("class");
  const passing = new Uint8Array(model.n);
  model.rows.forEach((row) => (passing[row] = 1));
  const dot = Math.max(1, Math.round(scale * Math.min(8, 2 * view.scale ** 0.5 * (rows.length <= FEW ? 3 : 1))));
  const { width: w, height: h, side } = view.size;
  for (const pass of [0, 1]) {
    for (let k = 0; k < rows.length; k++) {
      if (passing[rows[k]] !== pass) continue;
      const x = Math.round((w / 2 + (places[2 * k] - view.x) * side) * scale) - (dot >> 1);
      const y = Math.round((h / 2 - (places[2 * k + 1] - view.y) * side) * scale) - (dot >> 1);
      if (x < 0 || y < 0 || x + dot > width || y + dot > height) continue;
      const colour = pass ? colours[codes[rows[k]]] : packed(FAINT, 40);
      for (let j = y; j < y + dot; j++) pixels.fill(colour, j * width + x, j * width + x + dot);
    }
  }
  pen.putImageData(picture, 0, 0);
}

/**
 * The loop and the cross over the points.
 * @param {CanvasRenderingContext2D} pen @param {import("./view.js").View} view @param {number[][]} loop
 * @param {{x: number, y: number, shown: boolean}} cross
 */
export function outline(pen, view, loop, cross) {
  pen.strokeStyle = pen.fillStyle = getComputedStyle(pen.canvas).getPropertyValue("--ink");
  pen.lineWidth = 2;
  if (loop.length) {
    pen.beginPath();
    loop.forEach(([x, y]) => pen.lineTo(...view.toScreen(x, y)));
    pen.closePath();
    pen.stroke();
  }
  if (cross.shown) {
    const [x, y] = view.toScreen(cross.x, cross.y);
    pen.fillRect(x - 10, y - 1, 20, 2);
    pen.fillRect(x - 1, y - 10, 2, 20);
  }
}

/**
 * The colour of each class: of the first ten, or of the first ten that are chosen; written into the legend.
 * @param {import("../model.js").Model} model @param {HTMLElement} legend @returns {Uint32Array}
 */
export function palette(model, legend) {
  const { labels, chosen } = model.facet("class");
  const shown = chosen.size ? [...chosen].sort((a, b) => a - b) : labels.map((_, k) => k);
  const colours = new Uint32Array(labels.length).fill(packed(FAINT, 255));
  const named = shown.slice(0, COLOURS.length);
  named.forEach((code, k) => (colours[code] = packed([1, 3, 5].map((at) => parseInt(COLOURS[k].slice(at, at + 2), 16)), 255)));
  const entries = named.map((code, k) => {
    const swatch = el("span", { class: "swatch" });
    swatch.style.background = COLOURS[k];
    return el("span", {}, swatch, el("bdi", {}, labels[code]));
  });
  const rest = shown.length > named.length ? [el("span", {}, `grey: ${thousands(shown.length - named.length)} other classes; tick those you want to see`)] : [];
  legend.replaceChildren(...entries, ...rest);
  return colours;
}

/** @param {number[]} rgb @param {number} alpha @returns {number} as a canvas stores it */
function packed([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
