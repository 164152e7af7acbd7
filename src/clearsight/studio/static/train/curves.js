// @ts-check
/** Curves over epochs, as SVG: lines with their names, the value under the pointer or the arrow keys, and a sentence for ears. */

import { ticks } from "../live/axis.js";
import { el, shown } from "../live/kit.js";

const WIDTH = 640, HEIGHT = 260, LEFT = 52, RIGHT = 14, TOP = 12, BOTTOM = 38; // of the drawing
const POINTS = 1000; // of a line; more are thinned, keeping the lowest and the highest of each piece
const DASHES = ["", "7 4", "2 3", "10 3 2 3"]; // lines differ by more than their colour
const COLOURS = 8;

/** @typedef {{name: string, points: [number, number][], faint?: boolean, colour?: number, dash?: number}} Line its points in the order of x */

/**
 * @param {string} title @param {Line[]} lines @param {{share?: boolean}} [options] share: y is a share of 1
 * @returns {HTMLElement}
 */
export function curves(title, lines, { share = false } = {}) {
  const drawn = lines.map((one, k) => ({ colour: k, dash: 0, ...one, points: thinned(one.points) })).filter((one) => one.points.length);
  const every = drawn.flatMap((one) => one.points);
  if (!every.length) return el("figure", { class: "curves" }, el("figcaption", {}, title), el("p", { class: "hint" }, "Nothing yet."));
  const xs = every.map((one) => one[0]), ys = every.map((one) => one[1]);
  const [x0, x1] = [Math.min(0, ...xs.slice(0, 1)), Math.max(...xs, 1)];
  const [y0, y1] = share ? [0, 1] : spread(ys);
  const x = (/** @type {number} */ value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const y = (/** @type {number} */ value) => TOP + (1 - (value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const text = (/** @type {number} */ value) => (share ? `${shown(100 * value, 3)} %` : shown(value, 3));
  const picture = el("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": aloud(title, drawn, text) });
  for (const value of ticks(y0, y1)) {
    picture.append(el("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "rule" }), el("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, text(value)));
  }
  for (const value of ticks(x0, x1).filter(Number.isInteger)) picture.append(el("text", { x: x(value), y: HEIGHT - 18, "text-anchor": "middle" }, String(value)));
  picture.append(el("text", { x: WIDTH - RIGHT, y: HEIGHT - 5, "text-anchor": "end" }, "epoch"));
  for (const one of drawn) picture.append(line(one, x, y));
  const legend = drawn.map((one) => el("span", {}, swatch(one), el("bdi", {}, one.name), ` ${text(one.points[one.points.length - 1][1])}`));
  return el("figure", { class: "curves" }, el("figcaption", {}, el("b", {}, title)), picture, el("p", { class: "legend" }, ...legend));
}

/** @param {any} one @param {(value: number) => number} x @param {(value: number) => number} y */
function line(one, x, y) {
  const style = { class: `curve c${one.colour % COLOURS}${one.faint ? " faint" : ""}`, "stroke-dasharray": DASHES[one.dash % DASHES.length] || null };
  if (one.points.length === 1) return el("path", { ...style, d: `M${x(one.points[0][0]) - 3} ${y(one.points[0][1])}h6` });
  return el("path", { ...style, d: one.points.map((/** @type {[number, number]} */ [a, b], /** @type {number} */ k) => `${k ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("") });
}

/** @param {any} one */
function swatch(one) {
  const stroke = el("line", { x1: 0, x2: 24, y1: 5, y2: 5, class: `curve c${one.colour % COLOURS}${one.faint ? " faint" : ""}`, "stroke-dasharray": DASHES[one.dash % DASHES.length] || null });
  return el("svg", { viewBox: "0 0 24 10", class: "key", "aria-hidden": "true" }, stroke);
}

/** What a line's end says. @param {string} title @param {any[]} lines @param {(value: number) => string} text */
function aloud(title, lines, text) {
  const said = lines.map((one) => {
    const [first, last] = [one.points[0], one.points[one.points.length - 1]];
    return `${one.name} from ${text(first[1])} to ${text(last[1])} at epoch ${shown(last[0], 3)}`;
  });
  return `${title}: ${said.join("; ")}`;
}

/** The least and the most of values, apart. @param {number[]} values @returns {[number, number]} */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const least = Math.min(0, sorted[0]);
  const most = sorted[sorted.length - 1];
  return most > least ? [least, most] : [least, least + 1];
}

/** At most `POINTS` points: of each piece the lowest and the highest. @param {[number, number][]} points @returns {[number, number][]} */
export function thinned(points) {
  if (points.length <= POINTS) return points;
  const size = Math.ceil((2 * points.length) / POINTS);
  const found = [];
  for (let start = 0; start < points.length; start += size) {
    const piece = points.slice(start, start + size);
    const low = piece.reduce((a, b) => (b[1] < a[1] ? b : a)), high = piece.reduce((a, b) => (b[1] > a[1] ? b : a));
    found.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  return found;
}
