// @ts-check
/** What a unit sees of the layers below it and of the picture, layer by layer. */

import { el, row, sentence, slider, thousands } from "./kit.js";
import { cursor } from "./cursor.js";
import { between, seen } from "./maths.js";

const PANELS = 4; // next to each other at most: the picture, and the last layers up to the chosen one

/**
 * @typedef {Object} Layer a row of `look receptive-field --json`, with its grid
 * @property {string} layer @property {number[]} size @property {number[]} stride @property {number[]} padding top, bottom, left, right
 * @property {string} status @property {number[]} grid rows and columns of the layer @property {number} [channels]
 * @property {number} [parameters]
 */
/** @typedef {{size: number, stride: number, before: number}} Axis */

/** @param {HTMLElement} root @param {{input: number[], layers: Layer[], chosen?: number}} data `input` rows and columns */
export function receptive_field(root, data) {
  /** @type {Layer} */
  const picture = { layer: "picture", size: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], status: "exact", grid: data.input };
  const layers = [picture, ...data.layers];
  let top = (data.chosen ?? data.layers.length - 1) + 1;
  let active = top;
  let at = middle(layers[top]);
  const told = sentence();
  const stage = row("panels");
  const lines = layers.map((one, k) => line(one, k));
  const choose = slider({
    label: "layer", min: 1, max: layers.length - 1, value: top, text: (k) => layers[k].layer,
    change: (k) => {
      top = active = k;
      at = middle(layers[k]);
      build();
    },
  });

  /** @param {Layer} one @param {number} k */
  function line(one, k) {
    const told = [[...one.grid, one.channels ?? 1], one.size, one.stride].map((sizes) => sizes.map(plain).join("×"));
    const cells = [told[0], thousands(one.parameters ?? 0), told[1], told[2], one.status].map((words) => el("td", {}, words));
    return el("tr", { hidden: k === 0 }, el("th", { scope: "row" }, one.layer), ...cells);
  }

  /** The panels that are drawn: the picture, then the last layers up to the chosen one, the finest first. */
  function build() {
    const wanted = [0];
    for (let k = top; k > 0 && wanted.length < PANELS; k -= 1) {
      const last = layers[wanted[1] ?? 0];
      const same = k !== top && along(last, 0).size === along(layers[k], 0).size && last.stride[0] === layers[k].stride[0]; // a ReLU
      if (!same && below(layers[k], layers[top]) && layers[k].grid[0] > 1) wanted.splice(1, 0, k);
    }
    if (!wanted.includes(top)) wanted.splice(wanted.length > 3 ? 3 : wanted.length, 0, top);
    stage.replaceChildren(...wanted.map(panel));
    lines.forEach((one, k) => one.classList.toggle("best", k === top));
    list.scrollTop = lines[top].offsetTop - list.clientHeight / 2;
    show();
  }

  /** @param {number} k */
  function panel(k) {
    const [rows, columns] = layers[k].grid;
    const rim = 0.08 * Math.max(rows, columns); // of padding
    const box = [-rim, -rim, columns + 2 * rim, rows + 2 * rim];
    const grid = el("g", { class: "raster" });
    for (let n = 0; n <= rows && rows <= 64; n += 1) grid.append(el("line", { x1: 0, x2: columns, y1: n, y2: n }));
    for (let n = 0; n <= columns && columns <= 64; n += 1) grid.append(el("line", { y1: 0, y2: rows, x1: n, x2: n }));
    const ground = el("rect", { class: "ground", width: columns, height: rows });
    const svg = el("svg", { viewBox: box.join(" "), "data-layer": k }, ground, grid, el("rect", { class: "seen" }));
    const start = () => (active === k ? at : middle(layers[k]));
    cursor(svg, { rows, columns, rim, label: layers[k].layer, start, point: (y, x) => point(k, y, x) });
    const caption = el("figcaption", {}, el("b", {}, layers[k].layer), ` ${rows}×${columns}`, el("span", { class: "sees" }));
    return el("figure", { class: "panel" }, caption, svg);
  }

  /** @param {number} k @param {number} y @param {number} x */
  function point(k, y, x) {
    if (k === 0) return;
    active = k;
    at = [y, x];
    show();
  }

  function show() {
    for (const svg of stage.querySelectorAll("svg")) {
      const k = Number(svg.dataset.layer);
      const box = k > active ? null : span(layers[active], layers[k], at);
      const frame = svg.querySelector(".seen");
      frame.toggleAttribute("hidden", !box);
      const sees = svg.parentElement.querySelector(".sees");
      sees.textContent = box && k < active ? `: ${box.rows[1] - box.rows[0] + 1}×${box.columns[1] - box.columns[0] + 1} seen` : "";
      if (!box) continue;
      const numbers = { x: box.columns[0], y: box.rows[0], width: box.columns[1] - box.columns[0] + 1, height: box.rows[1] - box.rows[0] + 1 };
      for (const [name, value] of Object.entries(numbers)) frame.setAttribute(name, String(value));
    }
    const { rows, columns } = /** @type {any} */ (span(layers[active], picture, at));
    const size = layers[active].size.map(plain).join("×");
    const place = `rows ${from(rows)}, columns ${from(columns)}`;
    told.say(`${layers[active].layer}, unit ${at.join(",")} sees ${size} pixels: ${place}${outside(rows, columns)}`);
  }

  /** @param {[number, number]} rows @param {[number, number]} columns */
  function outside(rows, columns) {
    const beyond = rows[0] < 0 || columns[0] < 0 || rows[1] >= data.input[0] || columns[1] >= data.input[1];
    return beyond ? ", part of them padding" : "";
  }

  const head = el("tr", {}, ...["layer", "output", "parameters", "receptive field", "stride", "status"].map((words) => el("th", { scope: "col" }, words)));
  const table = el("table", { class: "layers", "aria-label": "Receptive fields" }, el("thead", {}, head), el("tbody", {}, ...lines));
  const list = el("div", { class: "list", tabindex: "0", role: "region", "aria-label": "Receptive fields of all layers" }, table);
  root.append(
    row("controls", choose.node), stage, told.node, list,
    el("p", { class: "hint" }, "Point at a unit of a layer, or move with the arrow keys: the frames below it are what it sees. Rows and columns count from 0."),
  );
  build();
}

/** @param {Layer} layer @returns {[number, number]} */
function middle(layer) {
  return [Math.floor(layer.grid[0] / 2), Math.floor(layer.grid[1] / 2)];
}

/** @param {Layer} layer @param {0|1} axis rows or columns @returns {Axis} */
function along(layer, axis) {
  return { size: layer.size[axis], stride: layer.stride[axis], before: layer.padding[2 * axis] };
}

/** Whether the units of `lower` that `upper` sees are a window of them. @param {Layer} lower @param {Layer} upper */
function below(lower, upper) {
  return [0, 1].every((axis) => {
    const window = between(along(upper, /** @type {0|1} */ (axis)), along(lower, /** @type {0|1} */ (axis)));
    return Number.isFinite(window.size) && window.size >= 1 && Number.isInteger(window.size) && window.stride > 0;
  });
}

/**
 * The rows and columns of `lower` that the unit `at` of `upper` sees: the unit itself in its own layer, all where it sees everything.
 * @param {Layer} upper @param {Layer} lower @param {[number, number]} at @returns {{rows: [number, number], columns: [number, number]} | null}
 */
function span(upper, lower, at) {
  const axes = /** @type {(0|1)[]} */ ([0, 1]);
  const whole = upper.stride[0] === 0;
  if (upper !== lower && !whole && !below(lower, upper)) return null;
  const [rows, columns] = axes.map((axis) => /** @type {[number, number]} */ (
    upper === lower ? [at[axis], at[axis]] : whole ? [0, lower.grid[axis] - 1] : seen(between(along(upper, axis), along(lower, axis)), at[axis])
  ));
  return { rows, columns };
}

/** @param {[number, number]} range */
function from([first, last]) {
  return `${plain(first)} to ${plain(last)}`;
}

/** @param {number} value */
function plain(value) {
  return String(Math.round(value * 100) / 100).replace("-", "−");
}
