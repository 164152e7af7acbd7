// @ts-check
/** Lines over a common axis, with intervals where there are any: a slider goes along it, a table has the values there. */

import { framed, powers, ticks } from "./axis.js";
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
  root.append(row("controls", along.node), el("p", { class: "hint" }, `${data.y} by ${data.x}`), graph.node,
    el("table", { class: "layers measured", "aria-label": data.y }, el("thead", {}, head), el("tbody", {}, ...rows.map((one) => one.node))),
    ...further.map((one) => el("p", {}, `${one.name}: `, one.shown)),
    el("div", { class: "spoken" }, told.node), el("p", { class: "hint source" }, `${logarithmic(data)}${data.said}`));
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
  const rules = upwards(data).map((value) => el("line", { class: "rule", x1: 0, x2: WIDE, y1: TALL - up(value), y2: TALL - up(value) }));
  const label = `${data.y} by ${data.x}: ${lines.map((one) => one.name).join(", ")}`;
  const drawing = el("svg", { class: "graph", viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...rules, now, ...drawn);
  const node = framed(drawing, upwards(data).map((value) => ({ at: up(value) / TALL, text: tick(value, data.share) })),
    sideways(data).map((value) => ({ at: across(value) / WIDE, text: String(value) })));
  const mark = (/** @type {number} */ n) => ["x1", "x2"].forEach((end) => now.setAttribute(end, String(across(places[n]))));
  return { node, mark };
}

/** The least and the largest value of the chart; a linear scale begins at 0. @param {Data} data @returns {[number, number]} */
function extent({ lines, logy }) {
  const every = lines.flatMap((one) => one.points.flatMap((at) => (at ? [at.value, at.low ?? at.value, at.high ?? at.value] : [])));
  return [logy ? Math.min(...every) : 0, Math.max(...every)];
}

/** The numbers at the upright axis. @param {Data} data */
function upwards(data) {
  const [low, high] = extent(data);
  return data.logy ? powers(low, high) : ticks(low, high);
}

/** A round number, short. @param {number} value @param {boolean} share */
function tick(value, share) {
  if (share) return `${shown(100 * value, 3)} %`;
  return value > 0 && value < 0.001 ? value.toExponential(0).replace("-", "−") : shown(value, 3);
}

/** The numbers along the other: on a logarithmic scale every place. @param {Data} data */
function sideways({ places, logx }) {
  return logx ? places : ticks(places[0], places[places.length - 1], 7).filter(Number.isInteger);
}

/** Which scales are logarithmic. @param {Data} data */
function logarithmic({ x, y, logx, logy }) {
  const which = [...(logy ? [y] : []), ...(logx ? [x] : [])];
  return which.length ? `The scale of the ${which.join(" and of the ")} is logarithmic. ` : "";
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
