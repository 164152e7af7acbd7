// @ts-check
/** A fully connected layer: every neuron has a weight for every number of the volume before it. */

import { el, percent, row, sentence, slider, thousands } from "./kit.js";

/** @typedef {{volume: number[], neurons: number, layers: {name: string, parameters: number, connected: boolean}[]}} Data rows, columns, channels; the layers of the lecture's AlexNet */

/** @param {HTMLElement} root @param {Data} data */
export function connected(root, data) {
  let [rows, , channels] = data.volume;
  let { neurons } = data;
  const told = sentence();
  const facts = ["inputs of a neuron", "weights", "with a bias each"].map((label) => ({ label, value: el("b") }));
  const whole = data.layers.reduce((sum, one) => sum + one.parameters, 0);
  const full = data.layers.filter((one) => one.connected).reduce((sum, one) => sum + one.parameters, 0);

  function show() {
    const inputs = rows * rows * channels;
    const numbers = [inputs, inputs * neurons, inputs * neurons + neurons];
    facts.forEach((one, k) => {
      one.value.textContent = thousands(numbers[k]);
      one.value.dataset.value = String(numbers[k]);
    });
    told.say(`${rows}·${rows}·${channels}·${neurons} = ${thousands(numbers[1])} weights, and ${thousands(neurons)} biases`);
  }

  const side = slider({ label: "rows and columns", min: 1, max: 14, value: rows, text: (n) => `${n}×${n}`, change: (n) => ((rows = n), show()) });
  const deep = slider({ label: "channels", min: 1, max: 512, value: channels, change: (n) => ((channels = n), show()) });
  const many = slider({ label: "neurons", min: 1, max: 4096, value: neurons, change: (n) => ((neurons = n), show()) });
  const most = Math.max(...data.layers.map((one) => one.parameters));
  const lines = data.layers.filter((one) => one.parameters).map((one) => {
    const bar = el("span", { class: "length" });
    bar.style.width = `${(100 * one.parameters) / most}%`;
    return el("tr", { class: one.connected ? "best" : null }, el("th", { scope: "row" }, one.name), el("td", { "data-value": one.parameters }, thousands(one.parameters)), el("td", { class: "bar" }, bar));
  });
  root.append(row("controls", side.node, deep.node, many.node),
    row("facts", ...facts.map((one) => el("p", {}, el("span", { class: "label" }, one.label), one.value))), told.node,
    el("table", { class: "layers counts", "aria-label": "AlexNet’s layers with weights" }, el("tbody", {}, ...lines)),
    el("p", { class: "hint share", "data-value": full / whole }, `AlexNet, as the lecture lists it: its three fully connected layers have ${thousands(full)} of ${thousands(whole)} parameters, ${percent(full / whole)}.`));
  show();
}
