// @ts-check
/** Lines over a common axis, on a logarithmic scale: a slider goes along it, a table has the values there. */

import { el, row, sentence, shown, slider } from "./kit.js";

const [WIDE, TALL, ROOM] = [100, 60, 0.04]; // of the chart; room at its ends, as a share
const STYLES = ["", "8 4", "2 4", "12 4 2 4"]; // of strokes: lines differ without their colours

/** @typedef {{name: string, points: (number | null)[]}} Line a value above 0 for each place of the axis, null where the line has ended */
/** @typedef {{x: string, y: string, places: number[], lines: Line[], said: string}} Data `said` is how it was computed */

/** @param {HTMLElement} root @param {Data} data */
export function curves(root, data) {
  const { lines, places } = data;
  const told = sentence();
  const across = scale(places, WIDE);
  const every = lines.flatMap((one) => one.points.flatMap((value) => (value === null ? [] : [value])));
  const up = scale(every.map(Math.log10), TALL);
  const now = el("line", { class: "now", y1: 0, y2: TALL });
  const drawn = lines.map((one, k) => {
    const seen = one.points.flatMap((value, n) => (value === null ? [] : [`${across(places[n])} ${TALL - up(Math.log10(value))}`]));
    return el("path", { class: `stroke s${k}`, d: `M${seen.join(" L")}`, "stroke-dasharray": STYLES[k] || null });
  });
  const chart = el("svg", { class: "graph", viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", role: "img", "aria-label": `${data.y} by ${data.x}: ${lines.map((one) => one.name).join(", ")}` }, now, ...drawn);
  const rows = lines.map((one, k) => {
    const value = el("td");
    const key = el("svg", { class: "sample", viewBox: "0 0 40 10", "aria-hidden": "true" }, el("line", { class: `stroke s${k}`, x1: 0, x2: 40, y1: 5, y2: 5, "stroke-dasharray": STYLES[k] || null }));
    return { value, node: el("tr", {}, el("td", {}, key), el("th", { scope: "row" }, one.name), value) };
  });

  /** @param {number} n */
  function show(n) {
    now.setAttribute("x1", String(across(places[n])));
    now.setAttribute("x2", String(across(places[n])));
    lines.forEach((one, k) => {
      const value = one.points[n];
      rows[k].value.textContent = value === null ? "–" : shown(value, 3);
      rows[k].value.dataset.value = value === null ? "" : String(value);
    });
    const seen = lines.flatMap((one) => (one.points[n] === null ? [] : [`${one.name} ${shown(/** @type {number} */ (one.points[n]), 3)}`]));
    told.say(`${data.x} ${places[n]}: ${seen.join("; ")}`);
  }

  const along = slider({ label: data.x, min: 0, max: places.length - 1, value: 0, text: (n) => String(places[n]), change: show });
  const head = el("tr", {}, el("td", {}), ...["line", data.y].map((words) => el("th", { scope: "col" }, words)));
  root.append(row("controls", along.node), chart,
    el("table", { class: "layers measured", "aria-label": data.y }, el("thead", {}, head), el("tbody", {}, ...rows.map((one) => one.node))),
    el("div", { class: "spoken" }, told.node), el("p", { class: "hint source" }, `The scale of the ${data.y} is logarithmic, from ${shown(Math.min(...every), 2)} to ${shown(Math.max(...every), 2)}. ${data.said}`));
  show(0);
}

/** Numbers to lengths from 0 to `most`, with a little room at both ends. @param {number[]} values @param {number} most @returns {(value: number) => number} */
function scale(values, most) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => most * (ROOM + ((1 - 2 * ROOM) * (value - low)) / (high - low || 1));
}
