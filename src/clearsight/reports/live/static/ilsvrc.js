// @ts-check
/** The winners of a challenge from year to year: a bar for each error, the error of a person as a line, a sentence with the source. */

import { el, player, row, sentence } from "./kit.js";

const [WIDE, TALL, ROOM] = [100, 60, 1.1]; // of the chart; the highest bar leaves a tenth

/**
 * @typedef {{year: number, team: string, method: string, layers: number, error: number, source: string, remark: string, left: number}} Winner
 * `error` a fraction of 1; `left` the share of the error of the year before; `layers` 0 without a network
 */
/** @typedef {{rows: Winner[], second: Winner, human: {error: number, source: string}}} Data as `models --ilsvrc` has it */

/** @param {HTMLElement} root @param {Data} data */
export function ilsvrc(root, data) {
  const { rows, human } = data;
  const told = sentence();
  const source = el("p", { class: "source" });
  const most = ROOM * Math.max(...rows.map((one) => one.error));
  const [step, top] = [WIDE / rows.length, (/** @type {number} */ error) => TALL * (1 - error / most)];
  const bars = rows.map((one, k) => {
    const seat = { x: k * step + step * 0.14, width: step * 0.72 };
    const go = { onpointerenter: () => to(k), onclick: () => to(k) };
    return el("g", {}, el("rect", { ...seat, y: 0, height: TALL, class: "air", ...go }), el("rect", { ...seat, y: top(one.error), height: TALL - top(one.error), class: `layer ${one.layers || one.year > 2011 ? "conv" : "norm"}`, ...go }));
  });
  const line = el("line", { class: "now dashed", x1: 0, x2: WIDE, y1: top(human.error), y2: top(human.error) });
  const chart = el("svg", { class: "bars", viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", role: "img", "aria-label": described(data) }, ...bars, line);
  const lines = rows.map((one, k) => {
    const cells = [one.team, one.method, one.layers ? String(one.layers) : "–", percentage(one.error)].map((words) => el("td", {}, words));
    cells[3].dataset.value = String(one.error);
    return el("tr", { onclick: () => to(k), onpointerenter: () => to(k) }, el("th", { scope: "row" }, String(one.year)), ...cells);
  });
  const years = row("years", ...rows.map((one) => el("span", {}, el("b", {}, percentage(one.error)), String(one.year))));
  const steps = player(rows.length, show, 2000);

  /** @param {number} k */
  function to(k) {
    steps.stop();
    steps.move(k);
  }

  /** @param {number} k */
  function show(k) {
    const one = rows[k];
    [lines, bars, [...years.children]].forEach((nodes) => nodes.forEach((node, n) => node.classList.toggle(node.tagName === "g" ? "chosen" : "best", n === k)));
    list.scrollTop = lines[k].offsetTop - list.clientHeight / 2;
    const depth = one.layers ? ` with ${one.layers} layers` : "";
    const change = k ? `, ${Math.round(100 * one.left)} % of the error of ${rows[k - 1].year}` : "";
    const person = one.error < human.error ? `; a person: ${percentage(human.error)}` : "";
    told.say(`${one.year}, ${one.team}: ${one.method}${depth}: ${percentage(one.error)}${change}${person}`);
    source.textContent = `Source: ${one.source}${one.remark ? `; ${one.remark}` : ""}.`;
  }

  const head = el("tr", {}, ...["year", "winner", "method", "layers", "top-5 error"].map((words) => el("th", { scope: "col" }, words)));
  const table = el("table", { class: "layers", "aria-label": "Winners" }, el("thead", {}, head), el("tbody", {}, ...lines));
  const list = el("div", { class: "list", tabindex: "0", role: "region", "aria-label": "All winners" }, table);
  root.append(
    row("controls", steps.node), row("chart", chart, years), told.node, source,
    list,
    el("p", { class: "hint" }, `Dashed: a person, ${percentage(human.error)} (${human.source}). Grey: hand-designed features. ${data.second.year}, second: ${data.second.team}, ${percentage(data.second.error)}.`),
  );
  show(0);
}

/** `3.57 %`. @param {number} part @returns {string} */
function percentage(part) {
  return `${Number((100 * part).toPrecision(3))} %`;
}

/** @param {Data} data */
function described({ rows, human }) {
  return `${rows.map((one) => `${one.year}: ${percentage(one.error)}`).join(", ")}; a person: ${percentage(human.error)}`;
}
