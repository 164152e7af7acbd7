// @ts-check
/** One number of a network: the terms of its sum, the largest first, what each is made of, and what follows the sum. */

import { button, edited, el, row, sentence, shown, slider } from "./kit.js";
import { Grid } from "./grid.js";
import { products, total } from "./maths.js";

const [FEW, MOST] = [10, 64]; // terms in the list at first, and at most
/** @type {Record<string, (x: number) => number>} what follows a sum and can be computed again after an edit */
const FOLLOWED = { relu: (x) => Math.max(x, 0), sigmoid: (x) => 1 / (1 + Math.exp(-x)), silu: (x) => x / (1 + Math.exp(-x)), tanh: Math.tanh };

/** @typedef {number[][]} Matrix */
/** @typedef {{operation: string, value: number, affine?: [number, number]}} Step `affine` is the factor and the shift of a batch norm */
/**
 * @typedef {Object} Data as `look unit --json` has it
 * @property {number} value @property {number} recomputed @property {boolean} equal @property {number[]} contributions @property {number} bias
 * @property {number} first_channel @property {Step[]} steps @property {Step[]} then
 * @property {Matrix[] | null} patch @property {Matrix[] | null} kernel by input channel
 */

/**
 * @param {HTMLElement} root @param {Data} data
 * @param {(value: number, weight: number) => void} [choose] called with the two factors of a product that is pointed at or focused
 * @param {(term: number[]) => void} [enter] called with a product (input channel, row, column), or a term, that is clicked or entered
 */
export function unit(root, data, choose, enter) {
  const order = data.contributions.map((_, k) => k).sort((a, b) => Math.abs(data.contributions[b]) - Math.abs(data.contributions[a]));
  const most = Math.min(MOST, order.length);
  const kind = data.patch ? "input channel" : "term";
  let { patch, kernel, contributions } = data;
  let chosen = order[0] ?? 0;
  let listed = Math.min(FEW, most);
  const told = sentence();
  const grids = {
    patch: new Grid({ label: "patch", small: true, digits: 3, edit: ([i, j], value) => renew(() => (patch = put(patch, i, j, value))) }),
    kernel: new Grid({ label: "kernel", small: true, digits: 3, edit: ([i, j], value) => renew(() => (kernel = put(kernel, i, j, value))) }),
    products: new Grid({
      label: "products", small: true, digits: 3, choose: ([i, j]) => choose?.((patch ?? [])[chosen][i][j], (kernel ?? [])[chosen][i][j]),
      ...(enter ? { enter: ([i, j]) => enter([chosen, i, j]) } : {}),
    }),
  };
  const body = el("tbody");
  const verdict = el("p", { class: "verdict" });
  const path = el("ol", { class: "path" });
  const many = slider({ label: "terms", min: Math.min(1, most), max: most, value: listed, change: (n) => { listed = n; build(); } });

  /** @param {Matrix[] | null} stack @param {number} i @param {number} j @param {number} value in the chosen channel */
  function put(stack, i, j, value) {
    return (stack ?? []).map((slice, k) => (k === chosen ? slice.map((line, a) => line.map((old, b) => (a === i && b === j ? value : old))) : slice));
  }

  /** @param {() => void} change compute the sum again after it */
  function renew(change) {
    change();
    edited();
    contributions = contributions.map((old, k) => (k === chosen ? total(made(k)) : old));
    build();
    follow(true);
    show(chosen);
  }

  /** The products of a channel. @param {number} k */
  function made(k) {
    return products((patch ?? [])[k], (kernel ?? [])[k], 0, 0, 1);
  }

  function build() {
    const largest = Math.max(...contributions.map(Math.abs), Number.MIN_VALUE);
    const rest = order.slice(listed).reduce((sum, k) => sum + contributions[k], 0);
    const lines = order.slice(0, listed).map((k) => line(`${kind} ${data.first_channel + k}`, contributions[k], largest, () => show(k), enter && (() => enter([k]))));
    if (listed < order.length) lines.push(line(`${order.length - listed} more`, rest, largest));
    lines.push(line("bias", data.bias, largest));
    body.replaceChildren(...lines);
  }

  /** @param {string} name @param {number} value @param {number} largest @param {() => void} [choose] @param {() => void} [go] down */
  function line(name, value, largest, choose, go) {
    const bar = el("span", { class: value < 0 ? "length minus" : "length" });
    bar.style.width = `${Math.min(100, (100 * Math.abs(value)) / largest)}%`;
    const press = data.patch ? choose : go;
    const words = press ? el("button", { type: "button", onclick: press }, name) : name;
    return el("tr", { onpointerenter: choose }, el("th", { scope: "row" }, words), el("td", { "data-value": value }, shown(value)), el("td", { class: "bar" }, bar));
  }

  /** @param {number} k the place of the input channel */
  function show(k) {
    chosen = k;
    if (patch && kernel) {
      grids.patch.set(patch[k]);
      grids.kernel.set(kernel[k]);
      grids.products.set(made(k));
    }
    told.say(`${kind} ${data.first_channel + k} adds ${shown(contributions[k])}; all ${order.length} and the bias ${shown(data.bias)} make ${shown(sum())}`);
  }

  function sum() {
    return contributions.reduce((so_far, value) => so_far + value, data.bias);
  }

  /** What follows the sum: as computed, or, after an edit, as far as it can be computed here. @param {boolean} changed */
  function follow(changed) {
    const at = data.steps.findLastIndex((one) => one.operation === "convolution");
    let value = sum();
    const steps = [...data.steps.map((one, k) => ({ ...one, words: one.operation, k })), ...data.then.map((one) => ({ ...one, words: `then ${one.operation}`, k: Infinity }))];
    const lines = steps.map(({ operation, words, value: own, affine, k }) => {
      if (changed && k > at) value = affine ? affine[0] * value + affine[1] : (FOLLOWED[operation] ?? (() => NaN))(value);
      const now = changed && k >= at ? value : own;
      return el("li", {}, `${words.replaceAll("_", " ")}: `, el("b", { "data-value": now }, Number.isNaN(now) ? "not computed after an edit" : shown(now, 9)));
    });
    path.replaceChildren(...lines);
    verdict.className = `verdict ${changed ? "" : data.equal ? "same" : "other"}`;
    verdict.textContent = changed
      ? `edited: the sum is ${shown(sum(), 9)}, before ${shown(data.contributions.reduce((so_far, one) => so_far + one, data.bias), 9)}`
      : `recomputed ${shown(data.recomputed, 9)}, network ${shown(data.value, 9)}: ${data.equal ? "✓ equal to the network’s own value to 1e-5" : "✗ DIFFERENT from the network’s own value"}`;
  }

  const reset = button("Reset", () => {
    ({ patch, kernel, contributions } = data);
    document.documentElement.classList.remove("edited");
    build();
    follow(false);
    if (order.length) show(chosen);
  });
  const hint = data.patch
    ? "Point at an input channel, or press its button: its patch, its kernel and their products. Click a number of the patch or of the kernel to change it: the sum and what follows it are computed again."
    : `The terms of the last sum, the largest first.${enter ? " Press one to see where it came from." : ""}`;
  root.append(
    verdict, row("controls", many.node, ...(data.patch ? [reset] : [])),
    row("halves", el("table", { class: "softmax terms", "aria-label": "Terms" }, body), row("grids", ...(data.patch ? Object.values(grids).map((one) => one.node) : []), path)),
    told.node, el("p", { class: "hint" }, hint),
  );
  build();
  follow(false);
  if (order.length) show(chosen);
}
