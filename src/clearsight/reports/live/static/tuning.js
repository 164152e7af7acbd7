// @ts-check
/** Fine-tuning: which stages are trained, which stay frozen, and how many numbers that is. */

import { el, percent, row, sentence, slider, thousands } from "./kit.js";

/** @typedef {{stages: {name: string, parameters: number}[], parameters: number}} Data from the picture to the head */

/** @param {HTMLElement} root @param {Data} data */
export function tuning(root, data) {
  const { stages } = data;
  const told = sentence();
  const most = Math.max(...stages.map((one) => one.parameters));
  const lines = stages.map((one) => {
    const bar = el("span", { class: "length" });
    bar.style.width = `${(100 * one.parameters) / most}%`;
    const state = el("td");
    return { state, node: el("tr", {}, el("th", { scope: "row" }, one.name), state, el("td", { "data-value": one.parameters }, thousands(one.parameters)), el("td", { class: "bar" }, bar)) };
  });
  const sum = el("b");
  const share = el("span");
  const show = (/** @type {number} */ trained) => {
    const from = stages.length - trained;
    lines.forEach((one, k) => {
      one.state.textContent = k >= from ? "trained" : "frozen";
      one.node.className = k >= from ? "best" : "idle";
    });
    const count = stages.slice(from).reduce((so_far, one) => so_far + one.parameters, 0);
    sum.textContent = thousands(count);
    sum.dataset.value = String(count);
    share.textContent = `of ${thousands(data.parameters)} are trained, ${percent(count / data.parameters)}`;
    told.say(`${trained === 1 ? "the head alone is" : `the last ${trained} stages are`} trained: ${sum.textContent} ${share.textContent}`);
  };
  const free = slider({ label: "trained stages", min: 1, max: stages.length, value: 1, text: (k) => `${k} of ${stages.length}, from the head`, change: show });
  const head = el("tr", {}, ...["stage", "", "parameters", ""].map((words) => el(words ? "th" : "td", words ? { scope: "col" } : {}, words)));
  root.append(row("controls", free.node), row("facts", el("p", {}, el("span", { class: "label" }, "numbers that learn"), sum, share)),
    el("table", { class: "layers counts", "aria-label": "Stages" }, el("thead", {}, head), el("tbody", {}, ...lines.map((one) => one.node))), told.node,
    el("p", { class: "hint" }, "Few parameters need few pictures; the stem has learnt elsewhere what is useful for other pictures too. --tune head trains the last stage, gradual one more at a time, all every one."));
  show(1);
}
