// @ts-check
/** The registry as points: a column for each year that has networks, and the number of parameters upwards, in powers of ten. */

import { el, thousands } from "../live/kit.js";
import { along, roving } from "./roving.js";

const [TALL, LEFT, TOP, FOOT] = [420, 52, 10, 46]; // px of the drawing, and what is left for the scales
const OFFSETS = [0, 1, -1, 2, -2, 3, -3]; // of points next to each other, in points
const UNITS = ["1", "10", "100", "1 k", "10 k", "100 k", "1 M", "10 M", "100 M", "1 G", "10 G"];

/** @typedef {import("./zoo.js").Row} Row */

/** @param {import("./zoo.js").Zoo} zoo */
export function chart(zoo) {
  const years = [...new Set(zoo.rows.map((row) => row.year))].sort((a, b) => a - b);
  const powers = zoo.rows.map((row) => Math.log10(row.parameters));
  const [low, high] = [Math.floor(Math.min(...powers)), Math.ceil(Math.max(...powers))];
  const scales = el("g", { class: "scale", "aria-hidden": "true" });
  const points = new Map(zoo.rows.map((row) => [row.name, point(row)]));
  const holder = el("g", { role: "listbox", "aria-label": "Networks by year and parameters" }, ...points.values());
  const drawing = el("svg", { class: "timeline", height: TALL }, scales, holder);
  const named = el("p", { class: "hint named", "aria-hidden": "true" });
  const node = el("div", {}, drawing, named, el("p", { class: "hint" }, "Each point is a network: its year, and its parameters from 1 k to 1 G. Squares are those of Keras, which the lecture’s table lists. Arrow keys go from point to point, left and right by year, up and down by parameters; Enter opens one."));

  /** @param {Row} row */
  function point(row) {
    const words = `${row.name}, ${row.year}, ${thousands(row.parameters)} parameters`;
    const open = () => zoo.choose(row.name);
    const tell = () => (named.textContent = words);
    const press = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    };
    return el("rect", { role: "option", tabindex: "-1", class: "point", "aria-label": words, "data-name": row.name, onclick: open, onkeydown: press, onfocus: tell, onpointerenter: tell });
  }

  const place = (/** @type {Row} */ row) => (TALL - TOP - FOOT) * (1 - (Math.log10(row.parameters) - low) / (high - low)) + TOP;

  /** Where each point is, for the width that there is now: those of a column next to each other where they would overlap. */
  function draw() {
    const wide = drawing.clientWidth || 900;
    const step = (wide - LEFT) / years.length;
    const size = Math.max(5, Math.min(9, step / 4));
    scales.replaceChildren(...lines(wide), ...years.map((year, k) => label(year, LEFT + (k + 0.5) * step, k)));
    years.forEach((year, k) => {
      /** @type {[number, number][]} */
      const taken = [];
      const column = zoo.rows.filter((row) => row.year === year).sort((a, b) => a.parameters - b.parameters);
      for (const row of column) {
        const y = place(row);
        const free = OFFSETS.map((n) => n * (size + 1)).filter((x) => Math.abs(x) <= (step - size) / 2);
        const apart = (/** @type {number} */ one) => Math.min(...taken.map(([a, b]) => Math.hypot(a - one, b - y)), size + 1);
        const x = free.reduce((best, one) => (apart(one) > apart(best) + 0.5 ? one : best), 0);
        taken.push([x, y]);
        const corner = row.name.endsWith(".keras") ? 0 : size / 2;
        const seat = { x: LEFT + (k + 0.5) * step + x - size / 2, y: y - size / 2, width: size, height: size, rx: corner };
        Object.entries(seat).forEach(([name, value]) => points.get(row.name).setAttribute(name, String(value)));
      }
    });
  }

  /** @param {number} wide */
  function lines(wide) {
    return Array.from({ length: high - low + 1 }, (_, k) => {
      const y = (TALL - TOP - FOOT) * (1 - k / (high - low)) + TOP;
      return el("g", {}, el("line", { x1: LEFT, x2: wide, y1: y, y2: y }), el("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, UNITS[low + k]));
    });
  }

  /** @param {number} year @param {number} x @param {number} k */
  function label(year, x, k) {
    const y = TALL - FOOT + 14;
    return el("text", { x, y, "text-anchor": "end", transform: `rotate(-60 ${x} ${y})`, class: k % 2 ? "" : "even" }, String(year));
  }

  const present = roving(holder, (key, at) => {
    const passing = (/** @type {(row: Row) => number} */ by) => [...zoo.shown].sort((a, b) => by(a) - by(b) || a.parameters - b.parameters || (a.name < b.name ? -1 : 1)).map((row) => points.get(row.name));
    const across = along(passing((row) => row.year), at, key, ["ArrowLeft", "ArrowRight"]);
    return across ?? along(passing((row) => row.parameters), at, key, ["ArrowDown", "ArrowUp"]);
  });

  function choose() {
    const passing = new Set(zoo.shown.map((row) => row.name));
    for (const [name, one] of points) {
      one.classList.toggle("out", !passing.has(name));
      one.setAttribute("aria-selected", String(name === zoo.chosen));
      if (passing.has(name)) one.removeAttribute("aria-disabled");
      else one.setAttribute("aria-disabled", "true");
    }
    const first = points.get(passing.has(zoo.chosen) ? zoo.chosen : zoo.shown[0]?.name);
    if (first) present(first);
  }

  zoo.listeners.push(choose);
  choose();
  new ResizeObserver(draw).observe(drawing);
  return node;
}
