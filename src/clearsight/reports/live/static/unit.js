// @ts-check
/** One number of a network: the terms of its sum, the largest first, what each is made of, and what follows the sum. */

import { el, row, sentence, shown, slider } from "./kit.js";
import { Grid } from "./grid.js";

const [FEW, MOST] = [10, 64]; // terms in the list at first, and at most

/** @typedef {{operation: string, value: number}} Step */
/**
 * @typedef {Object} Data as `look unit --json` has it
 * @property {number} value @property {number} recomputed @property {boolean} equal @property {number[]} contributions @property {number} bias
 * @property {number} first_channel @property {Step[]} steps @property {Step[]} then
 * @property {number[][][] | null} patch @property {number[][][] | null} kernel by input channel
 */

/** @param {HTMLElement} root @param {Data} data */
export function unit(root, data) {
  const order = data.contributions.map((_, k) => k).sort((a, b) => Math.abs(data.contributions[b]) - Math.abs(data.contributions[a]));
  const most = Math.min(MOST, order.length);
  const kind = data.patch ? "input channel" : "term";
  const largest = Math.abs(data.contributions[order[0]] ?? 0) || 1;
  let listed = Math.min(FEW, most);
  const told = sentence();
  const grids = ["patch", "kernel", "products"].map((label) => new Grid({ label, small: true }));
  const body = el("tbody");
  const many = slider({ label: "terms", min: Math.min(1, most), max: most, value: listed, change: (n) => { listed = n; build(); } });

  function build() {
    const rest = order.slice(listed).reduce((sum, k) => sum + data.contributions[k], 0);
    const lines = order.slice(0, listed).map((k) => line(`${kind} ${data.first_channel + k}`, data.contributions[k], () => show(k)));
    if (listed < order.length) lines.push(line(`${order.length - listed} more`, rest));
    lines.push(line("bias", data.bias));
    body.replaceChildren(...lines);
  }

  /** @param {string} name @param {number} value @param {() => void} [choose] */
  function line(name, value, choose) {
    const bar = el("span", { class: value < 0 ? "length minus" : "length" });
    bar.style.width = `${Math.min(100, (100 * Math.abs(value)) / largest)}%`;
    const words = choose && data.patch ? el("button", { type: "button", onclick: choose }, name) : name;
    return el("tr", { onpointerenter: choose }, el("th", { scope: "row" }, words), el("td", { "data-value": value }, shown(value)), el("td", { class: "bar" }, bar));
  }

  /** @param {number} k the place of the input channel */
  function show(k) {
    const value = data.contributions[k];
    if (data.patch && data.kernel) {
      const [patch, kernel] = [data.patch[k], data.kernel[k]];
      const digits = (/** @type {number[][]} */ values) => values.map((line) => line.map((one) => Number(one.toPrecision(3))));
      [patch, kernel, patch.map((line, i) => line.map((one, j) => one * kernel[i][j]))].forEach((one, n) => grids[n].set(digits(one)));
    }
    told.say(`${kind} ${data.first_channel + k} adds ${shown(value)}; all ${order.length} and the bias ${shown(data.bias)} make ${shown(total())}`);
  }

  function total() {
    return data.contributions.reduce((sum, value) => sum + value, data.bias);
  }

  const steps = [...data.steps, ...data.then.map((one) => ({ ...one, operation: `then ${one.operation}` }))];
  const path = el("ol", { class: "path" }, ...steps.map((one) => el("li", {}, `${one.operation.replaceAll("_", " ")}: `, el("b", { "data-value": one.value }, shown(one.value, 9)))));
  const verdict = data.equal ? "✓ equal to the network’s own value to 1e-5" : "✗ DIFFERENT from the network’s own value";
  root.append(
    el("p", { class: data.equal ? "verdict same" : "verdict other" }, `recomputed ${shown(data.recomputed, 9)}, network ${shown(data.value, 9)}: ${verdict}`),
    row("controls", many.node),
    row("halves", el("table", { class: "softmax terms", "aria-label": "Terms" }, body), row("grids", ...(data.patch ? grids.map((one) => one.node) : []), path)),
    told.node,
    el("p", { class: "hint" }, data.patch ? "Point at an input channel, or press its button: its patch, its kernel and their products." : "The terms of the last sum, the largest first."),
  );
  build();
  if (order.length) show(order[0]);
}
