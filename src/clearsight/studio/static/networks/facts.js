// @ts-check
/** The counts of a network, and two networks side by side as bars. */

import { el, thousands } from "../live/kit.js";

const BYTES = 2 ** 20;

/** Name of a count → its words, and the value as text. @type {Record<string, [string, (value: number) => string]>} */
export const FACTS = {
  parameters: ["parameters", thousands],
  macs: ["multiply-adds", thousands],
  depth: ["layers with weights deep", thousands],
  field: ["largest field, px", (value) => (value ? thousands(value) : "all")],
  memory: ["MiB of maps, one picture", (value) => (value / BYTES).toFixed(2)],
};

/** @param {any} found a network, or null: the places of the counts stay @returns {Node[]} */
export function counted(found) {
  return Object.entries(FACTS).flatMap(([name, [words, text]]) => [el("dt", {}, words), el("dd", { "data-fact": name, "data-value": found ? found[name] : null }, found ? text(found[name]) : "–")]);
}

/** Two networks next to each other: for each count a bar. @param {[string, any][]} two title and counts of each */
export function sides(two) {
  const head = el("tr", {}, el("th", { scope: "col" }, "count"), ...two.map(([title]) => el("th", { scope: "col" }, el("bdi", {}, title))));
  const lines = Object.entries(FACTS).map(([name, [words, text]]) => {
    const most = Math.max(...two.map(([, one]) => one[name]), 1);
    const cells = two.map(([, one], k) => {
      const bar = el("span", { class: `length ${k ? "minus" : ""}` });
      bar.style.width = `${(100 * one[name]) / most}%`;
      return el("td", { "data-fact": name, "data-value": one[name] }, el("span", { class: "number" }, text(one[name])), bar);
    });
    return el("tr", {}, el("th", { scope: "row" }, words), ...cells);
  });
  return el("table", { class: "sides", "aria-label": "The two networks side by side" }, el("thead", {}, head), el("tbody", {}, ...lines));
}
