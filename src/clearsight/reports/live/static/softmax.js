// @ts-check
/** Logits become probabilities: z, e to the power of z, and its share of the sum. */

import { button, edited, el, parsed, percent, row, sentence, shown, slider } from "./kit.js";
import { shares } from "./maths.js";

/**
 * @typedef {Object} Data as the classifier computed it
 * @property {{label: string, logit: number, exp: number, probability: number}[]} rows the largest first
 * @property {{count: number, exp: number, probability: number}} [others] the classes that have no row
 * @property {number} [temperature] by which logits are divided first @property {number} [shift] what is taken from them before
 */

/** @param {HTMLElement} root @param {Data} data */
export function softmax(root, data) {
  const temperature = data.temperature ?? 1;
  const shift = data.shift ?? 0;
  const others = data.others?.count ? data.others : null;
  let logits = data.rows.map((one) => one.logit);
  let added = 0;
  const told = sentence();
  const lines = data.rows.map((one, k) => {
    const input = el("input", { type: "number", step: "any", "aria-label": `logit of ${one.label}` });
    input.addEventListener("input", () => {
      const value = parsed(input.value);
      if (Number.isFinite(value)) renew(() => (logits = logits.map((old, n) => (n === k ? value - added : old))));
    });
    return line(one.label, input);
  });
  const rest = others ? line(`${others.count} other classes`, "") : null;
  const sum = el("td");
  const whole = el("td", { class: "bar" });

  /** @param {string} label @param {any} logit */
  function line(label, logit) {
    const cells = { exp: el("td"), bar: el("span", { class: "length" }), share: el("span", { class: "share" }) };
    const node = el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, logit), cells.exp, el("td", { class: "bar" }, cells.bar, cells.share));
    return { node, logit, ...cells };
  }

  /** @param {ReturnType<typeof line>} one @param {number} exp @param {number} probability */
  function write(one, exp, probability) {
    one.exp.textContent = shown(exp);
    one.exp.dataset.value = String(exp);
    one.share.textContent = percent(probability);
    one.share.dataset.value = String(probability);
    one.bar.style.width = `calc(${100 * probability}% - ${5 * probability}em)`; // beside it is room for the number
  }

  /** @param {number[]} exp @param {number[]} probabilities */
  function fill(exp, probabilities) {
    lines.forEach((one, k) => {
      if (document.activeElement !== one.logit) one.logit.value = String(Number((logits[k] + added).toPrecision(6)));
      write(one, exp[k], probabilities[k]);
    });
    if (rest) write(rest, exp[lines.length], probabilities[lines.length]);
    sum.textContent = shown(exp.reduce((total, value) => total + value, 0));
    whole.textContent = percent(probabilities.reduce((total, value) => total + value, 0));
    const best = probabilities.slice(0, lines.length).reduce((at, value, k) => (value > probabilities[at] ? k : at), 0);
    lines.forEach((one, k) => one.node.classList.toggle("best", k === best));
    told.say(`${data.rows[best].label}: ${shown(exp[best])} of ${sum.textContent} is ${percent(probabilities[best])}`);
  }

  /** @param {() => void} change */
  function renew(change) {
    change();
    edited();
    const all = logits.map((z) => z + added);
    if (others) all.push(temperature * Math.log(others.exp) + shift + added); // as if the other classes were one
    const { exp, probabilities } = shares(all, temperature, shift);
    fill(exp, probabilities);
  }

  const asComputed = () => {
    const all = others ? [...data.rows, others] : data.rows;
    fill(all.map((one) => one.exp), all.map((one) => one.probability));
  };
  const constant = slider({
    label: "add to all logits", min: -10, max: 10, step: 0.5, value: 0, change: (value) => renew(() => (added = value)),
  });
  const reset = button("Reset", () => {
    logits = data.rows.map((one) => one.logit);
    added = 0;
    constant.set(0);
    document.documentElement.classList.remove("edited");
    asComputed();
  });
  const z = shift ? `(z − ${shown(shift)})` : "z";
  const power = temperature === 1 ? (shift ? `e^${z}` : "eᶻ") : `e^(${z} / ${shown(temperature, 3)})`;
  const head = el("tr", {}, ...["class", "logit z", power, "probability p = share of the sum"].map((words) => el("th", { scope: "col" }, words)));
  const foot = el("tr", {}, el("th", { scope: "row" }, "sum"), el("td"), sum, whole);
  const table = el(
    "table", { class: "softmax", "aria-label": "Softmax" }, el("thead", {}, head),
    el("tbody", {}, ...lines.map((one) => one.node), ...(rest ? [rest.node] : [])), el("tfoot", {}, foot),
  );
  const hint = "Type another logit. A constant added to all of them changes every power and no probability.";
  root.append(row("controls", constant.node, reset), table, told.node, el("p", { class: "hint" }, hint));
  asComputed();
}
