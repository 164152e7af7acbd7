// @ts-check
/** A share against a number: a line with its 95 % band, and the same as a table. */

import { el, percent, shown } from "../live/kit.js";

const [WIDE, TALL, LEFT, BELOW] = [520, 220, 44, 34];

/** @param {{x: number, value: number, low: number, high: number}[]} points by rising x @param {string} across @param {string} what */
export function curve(points, across, what) {
  const most = points[points.length - 1].x || 1;
  const x = (/** @type {number} */ value) => (LEFT + (value / most) * (WIDE - LEFT - 10)).toFixed(1);
  const y = (/** @type {number} */ value) => (10 + (1 - value) * (TALL - BELOW - 10)).toFixed(1);
  const path = (/** @type {(string | number)[][]} */ places) => places.map(([a, b], k) => `${k ? "L" : "M"}${a} ${b}`).join("");
  const band = [...points.map((one) => [x(one.x), y(one.high)]), ...[...points].reverse().map((one) => [x(one.x), y(one.low)])];
  const grid = [0, 0.5, 1].flatMap((share) => [el("line", { class: "grid", x1: LEFT, x2: WIDE - 10, y1: y(share), y2: y(share) }), el("text", { x: LEFT - 6, y: Number(y(share)) + 4, "text-anchor": "end" }, `${100 * share} %`)]);
  const ticks = points.filter((_, k) => k % 2 === 0).map((one) => el("text", { x: x(one.x), y: TALL - 16, "text-anchor": "middle" }, shown(one.x, 3)));
  const dots = points.map((one) => el("path", { class: "dot", d: `M${x(one.x)} ${y(one.value)}h.01` }));
  const words = `From ${percent(points[0].value)} at 0 to ${percent(points[points.length - 1].value)} at ${shown(most, 3)}.`;
  const rows = points.map((one) => el("tr", {}, el("th", { scope: "row" }, shown(one.x, 3)), el("td", { "data-value": one.value }, percent(one.value)), el("td", {}, `${(100 * one.low).toFixed(1)} to ${(100 * one.high).toFixed(1)}`)));
  return el("figure", { class: "accuracy" },
    el("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": words }, ...grid, el("path", { class: "band", d: `${path(band)}Z` }), el("path", { class: "line", d: path(points.map((one) => [x(one.x), y(one.value)])) }), ...dots, ...ticks,
      el("text", { x: WIDE / 2, y: TALL - 2, "text-anchor": "middle" }, across)),
    el("figcaption", {}, what),
    el("details", {}, el("summary", {}, "The numbers"), el("table", { class: "mistakes", "aria-label": `${what} by ${across}` }, el("thead", {}, el("tr", {}, ...[across, "right", "95 % interval"].map((one) => el("th", { scope: "col" }, one)))), el("tbody", {}, ...rows))));
}
