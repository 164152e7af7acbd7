// @ts-check
/** A filter of a network as a picture: in colour where it has three input channels, else its mean over the channels; its own range. */

import { el } from "./live/kit.js";
import { coloured } from "./live/cursor.js";

/**
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
