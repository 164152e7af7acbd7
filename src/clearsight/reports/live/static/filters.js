// @ts-check
/** The filters of a layer as pictures, in an order that is chosen; of one the wave that it likes. */

import { bytes, choice, el, row, sentence, shown } from "./kit.js";
import { coloured } from "./cursor.js";

/** @typedef {{channel: number, norm: number, dead: boolean, orientation: number, frequency: number, gabor: number}} Filter */
/** @typedef {{layer: string, count: number, shape: number[], values: string, rows: Filter[], trained?: boolean}} Data `values` float32 `(O, I, H, W)` in base64 */

/** @type {Record<string, (one: Filter) => number>} in what order filters are shown */
const ORDERS = { "as in the network": (one) => one.channel, "by orientation": (one) => one.orientation, "by frequency": (one) => one.frequency, "by size": (one) => -one.norm };

/** @param {HTMLElement} root @param {Data} data */
export function filters(root, data) {
  const [, inputs, rows, columns] = data.shape;
  const values = new Float32Array(bytes(data.values).buffer);
  const told = sentence();
  const tiles = data.rows.map((one, n) => {
    const canvas = filter(values, data.shape, n, `filter ${one.channel}`);
    const words = one.dead ? "dead" : `${shown(one.orientation, 3)}°, ${shown(one.frequency, 2)} / px`;
    return { one, node: el("figure", { onpointerenter: () => told.say(wave(one)) }, canvas, el("figcaption", {}, `${one.channel}: ${words}`)) };
  });
  const wall = el("div", { class: "wall kernels" });
  const sort = (/** @type {string} */ name) => {
    const by = ORDERS[name];
    const ordered = [...tiles].sort((a, b) => by(a.one) - by(b.one));
    wall.replaceChildren(...ordered.map((tile) => tile.node));
    told.say(`${name}: the first is ${wave(ordered[0].one)}`);
  };
  const more = data.count > tiles.length ? `, of which ${tiles.length} are shown` : "";
  const state = data.trained === false ? " The weights are random: this network has learnt nothing." : "";
  root.append(el("p", {}, `${data.layer}: ${data.count} filters of ${rows}×${columns} px and ${inputs} input channel${inputs > 1 ? "s" : ""}${more}.${state} Grey, or white, is zero; below each are the orientation of the strongest wave in it, 0° for vertical stripes, and its frequency in cycles a pixel.`),
    row("controls", choice("Order", Object.keys(ORDERS), sort)), told.node, wall);
  sort("as in the network");
}

/** @param {Filter} one */
function wave(one) {
  if (one.dead) return `filter ${one.channel}: all its weights are about 0`;
  return `filter ${one.channel}: likes stripes at ${shown(one.orientation, 3)}°, ${shown(one.frequency, 2)} cycles a pixel; ${Math.round(100 * one.gabor)} % like a Gabor function`;
}

/**
 * A filter as a picture: in colour where it has three input channels, else its mean over the channels; its own range.
 * @param {Float32Array} values of all filters, one after the other @param {number[]} shape filters, input channels, rows, columns
 * @param {number} n which of them @param {string} label @returns {HTMLCanvasElement}
 */
export function filter(values, shape, n, label) {
  const [, inputs, rows, columns] = shape;
  const area = rows * columns;
  const canvas = el("canvas", { width: columns, height: rows, class: "coarse", role: "img", "aria-label": label });
  const picture = new ImageData(columns, rows);
  const all = values.subarray(n * inputs * area, (n + 1) * inputs * area);
  const most = all.reduce((so_far, value) => Math.max(so_far, Math.abs(value)), 0) || 1;
  for (let k = 0; k < area; k++) {
    const each = Array.from({ length: inputs }, (_, input) => all[input * area + k]);
    const colour = inputs === 3 ? each.map((value) => Math.round(127.5 * (1 + value / most))) : coloured(each.reduce((a, b) => a + b, 0) / inputs, -most, most);
    picture.data.set([...colour, 255], 4 * k);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}
