// @ts-check
/** Lines over a common axis, with intervals where there are any: a slider goes along it, a table has the values there. */

import { el, percent, row, sentence, shown, slider } from "./kit.js";

const [WIDE, TALL, ROOM] = [100, 60, 0.04]; // of the chart; room at its ends, as a share
const STYLES = ["", "8 4", "2 4", "12 4 2 4"]; // of strokes: lines differ without their colours

/** @typedef {{value: number, low?: number, high?: number}} Point */
/** @typedef {{name: string, points: (Point | null)[]}} Line a point for each place of the axis, null where the line has ended */
/**
 * `logx` and `logy`: the axis is logarithmic, its numbers above 0; `share`: values are written in per cent;
 * `beside`: further numbers of each place; `said`: how it was computed or measured.
 * @typedef {{x: string, y: string, places: number[], lines: Line[], logx: boolean, logy: boolean, share: boolean,
 *   beside: {name: string, values: (number | null)[]}[], said: string}} Data
 */

/** @param {HTMLElement} root @param {Data} data */
export function curves(root, data) {
  const { lines, places } = data;
  const told = sentence();
  const write = (/** @type {number} */ value) => (data.share ? percent(value) : shown(value, 3));
  const graph = chart(data);
  const intervals = lines.some((one) => one.points.some(bounded));
  const rows = lines.map((one, k) => {
    const [value, interval] = [el("td"), el("td")];
    const key = el("svg", { class: "sample", viewBox: "0 0 40 10", "aria-hidden": "true" }, el("line", { class: `stroke s${k}`, x1: 0, x2: 40, y1: 5, y2: 5, "stroke-dasharray": STYLES[k] || null }));
    return { value, interval, node: el("tr", {}, el("td", {}, key), el("th", { scope: "row" }, one.name), value, ...(intervals ? [interval] : [])) };
  });
  const further = data.beside.map((one) => ({ ...one, shown: el("b", { class: "beside" }) }));

  /** @param {number} n */
  function show(n) {
    graph.mark(n);
    lines.forEach((one, k) => {
      const at = one.points[n];
      rows[k].value.textContent = at ? write(at.value) : "–";
      rows[k].value.dataset.value = at ? String(at.value) : "";
      rows[k].interval.textContent = bounded(at) ? `${write(Number(at?.low))} to ${write(Number(at?.high))}` : "";
    });
    for (const one of further) one.shown.textContent = one.values[n] === null ? "–" : shown(Number(one.values[n]), 3);
    const seen = [...lines.map((one, k) => (one.points[n] ? [`${one.name} ${rows[k].value.textContent}`] : [])), ...further.map((one) => [`${one.name} ${one.shown.textContent}`])];
    told.say(`${data.x} ${places[n]}: ${seen.flat().join("; ")}`);
  }

  const along = slider({ label: data.x, min: 0, max: places.length - 1, value: 0, text: (n) => String(places[n]), change: show });
  const head = el("tr", {}, el("td", {}), ...["line", data.y, ...(intervals ? ["95 % interval"] : [])].map((words) => el("th", { scope: "col" }, words)));
  root.append(row("controls", along.node), graph.node,
    el("table", { class: "layers measured", "aria-label": data.y }, el("thead", {}, head), el("tbody", {}, ...rows.map((one) => one.node))),
    ...further.map((one) => el("p", {}, `${one.name}: `, one.shown)),
    el("div", { class: "spoken" }, told.node), el("p", { class: "hint source" }, `${axes(data, write)} ${data.said}`));
  show(0);
}

/** The lines with their intervals; `mark` shows the place that is chosen. @param {Data} data */
function chart(data) {
  const { lines, places } = data;
  const across = scale(places, data.logx, WIDE);
  const up = scale(extent(data), data.logy, TALL);
  const now = el("line", { class: "now", y1: 0, y2: TALL });
  const drawn = lines.flatMap((one, k) => {
    const at = one.points.flatMap((point, n) => (point ? [{ ...point, x: across(places[n]) }] : []));
    const bars = at.filter(bounded).map(({ x, low, high }) => el("line", { class: `stroke s${k}`, x1: x, x2: x, y1: TALL - up(Number(low)), y2: TALL - up(Number(high)) }));
    return [el("path", { class: `stroke s${k}`, d: `M${at.map(({ x, value }) => `${x} ${TALL - up(value)}`).join(" L")}`, "stroke-dasharray": STYLES[k] || null }), ...bars];
  });
  const label = `${data.y} by ${data.x}: ${lines.map((one) => one.name).join(", ")}`;
  const node = el("svg", { class: "graph", viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, now, ...drawn);
  const mark = (/** @type {number} */ n) => ["x1", "x2"].forEach((end) => now.setAttribute(end, String(across(places[n]))));
  return { node, mark };
}

/** The least and the largest value of the chart; a linear scale begins at 0. @param {Data} data @returns {[number, number]} */
function extent({ lines, logy }) {
  const every = lines.flatMap((one) => one.points.flatMap((at) => (at ? [at.value, at.low ?? at.value, at.high ?? at.value] : [])));
  return [logy ? Math.min(...every) : 0, Math.max(...every)];
}

/** What the two scales are. @param {Data} data @param {(value: number) => string} write */
function axes(data, write) {
  const [low, high] = extent(data).map((value) => (data.share ? write(value) : shown(value, 2)));
  const along = data.logx ? ` That of the ${data.x} is logarithmic, from ${data.places[0]} to ${data.places[data.places.length - 1]}.` : "";
  return `The scale of the ${data.y} is ${data.logy ? "logarithmic" : "linear"}, from ${low} to ${high}.${along}`;
}

/** Whether there is a point with an interval. @param {Point | null} point */
function bounded(point) {
  return point?.low !== undefined && point.high !== undefined;
}

/** Numbers to lengths from 0 to `most`, with a little room at both ends. @param {number[]} values @param {boolean} log @param {number} most @returns {(value: number) => number} */
function scale(values, log, most) {
  const of = log ? Math.log10 : (/** @type {number} */ value) => value;
  const [low, high] = [of(Math.min(...values)), of(Math.max(...values))];
  return (value) => most * (ROOM + ((1 - 2 * ROOM) * (of(value) - low)) / (high - low || 1));
}
