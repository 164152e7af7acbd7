// @ts-check
/** Axes of a drawing that is stretched to its place: round numbers along both, as text beside it. */

import { el } from "./kit.js";

/** @typedef {{at: number, text: string}} Tick `at` is a share of the axis, from 0 to 1 */

/**
 * About `count` round numbers from `low` to `high`.
 * @param {number} low @param {number} high @param {number} [count] @returns {number[]}
 */
export function ticks(low, high, count = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * ten).find((one) => one >= rough * 0.999) ?? rough;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/**
 * At most six powers of ten from `low` to `high`, which are above 0; those two where there is none between them.
 * @param {number} low @param {number} high @returns {number[]}
 */
export function powers(low, high) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / 5));
  const found = [];
  for (let power = last; power >= first; power -= step) found.unshift(Number(`1e${power}`));
  return found.length > 1 ? found : [low, high];
}

/**
 * The drawing with the numbers of its axes; they are not read aloud, as the drawing has a name and its values are beside it.
 * @param {Element} drawing @param {Tick[]} up from its lower edge @param {Tick[]} along from its left edge @returns {HTMLElement}
 */
export function framed(drawing, up, along) {
  const axis = (/** @type {"bottom" | "left"} */ side, /** @type {Tick[]} */ marks) => el("div", { class: side === "bottom" ? "up" : "along", "aria-hidden": "true" }, ...marks.map(({ at, text }) => {
    const mark = el("span", {}, text);
    mark.style[side] = `${100 * at}%`;
    return mark;
  }));
  return el("div", { class: "framed" }, axis("bottom", up), drawing, axis("left", along));
}
