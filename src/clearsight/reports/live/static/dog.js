// @ts-check
/** A difference of Gaussians with two widths: the picture, its two blurs, and their difference. */

import { el, row, sentence, shown, slider } from "./kit.js";
import { coloured, cursor } from "./cursor.js";

const TRUNCATE = 4; // widths of a Gaussian that its kernel reaches: clearsight.images.blur

/** @typedef {number[][]} Matrix */

/** As clearsight.images.blur has it: the border is repeated. @param {Matrix} values @param {number} sigma px @returns {Matrix} */
export function gaussian(values, sigma) {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const raw = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
  const sum = raw.reduce((so_far, value) => so_far + value, 0);
  const blur = (/** @type {number[]} */ line) => line.map((_, x) => raw.reduce((so_far, weight, k) => so_far + (weight / sum) * line[Math.max(0, Math.min(line.length - 1, x + k - radius))], 0));
  return turned(turned(values.map(blur)).map(blur));
}

/** @param {Matrix} values @returns {Matrix} rows as columns */
function turned(values) {
  return values[0].map((_, x) => values.map((line) => line[x]));
}

/** @param {HTMLElement} root @param {{pixels: Matrix, centre: number, surround: number}} data grey levels from 0 to 1; widths in px */
export function dog(root, data) {
  const { pixels } = data;
  const [rows, columns] = [pixels.length, pixels[0].length];
  const told = sentence();
  let { centre, surround } = data;
  let at = /** @type {[number, number]} */ ([Math.floor(rows / 2), Math.floor(columns / 2)]);
  /** @type {Record<string, Matrix>} */
  let maps = {};
  const panels = ["picture", "centre", "surround", "difference"].map((name) => {
    const canvas = el("canvas", { class: "coarse", width: columns, height: rows });
    cursor(canvas, { rows, columns, label: name, start: () => at, point: (y, x) => point(y, x) });
    return { name, canvas, node: el("figure", { class: "panel" }, canvas, el("figcaption", {}, name)) };
  });

  function renew() {
    const [small, large] = [gaussian(pixels, centre), gaussian(pixels, surround)];
    maps = { picture: pixels, centre: small, surround: large, difference: small.map((line, y) => line.map((value, x) => value - large[y][x])) };
    const most = Math.max(1e-9, ...maps.difference.flat().map(Math.abs));
    panels.forEach(({ name, canvas }) => paint(canvas, maps[name], (value) => (name === "difference" ? coloured(value, -most, most) : Array(3).fill(Math.round(255 * value)))));
    point(...at);
  }

  /** @param {number} y @param {number} x */
  function point(y, x) {
    at = [y, x];
    const [a, b, c] = ["centre", "surround", "difference"].map((name) => maps[name][y][x]);
    told.say(`row ${y}, column ${x}: ${shown(a, 4)} − ${shown(b, 4)} = ${shown(c, 4)}`);
    told.node.dataset.value = String(c);
  }

  const of = (/** @type {string} */ label, /** @type {number} */ value, /** @type {(value: number) => void} */ set) =>
    slider({ label, min: 0.4, max: 6, step: 0.1, value, text: (v) => `${shown(v, 2)} px`, change: (v) => (set(v), renew()) });
  root.append(row("controls", of("σ of the centre", centre, (v) => (centre = v)).node, of("σ of the surround", surround, (v) => (surround = v)).node),
    row("panels four", ...panels.map((one) => one.node)), told.node,
    el("p", { class: "hint" }, "Red is above zero, blue below: light spots on dark ground, and dark ones on light. A uniform area is white, however light it is. Equal widths answer to nothing. Arrow keys move the place."));
  renew();
}

/** @param {any} canvas @param {Matrix} values @param {(value: number) => number[]} colour */
function paint(canvas, values, colour) {
  const image = new ImageData(canvas.width, canvas.height);
  values.flat().forEach((value, k) => image.data.set([...colour(value), 255], 4 * k));
  canvas.getContext("2d").putImageData(image, 0, 0);
}
