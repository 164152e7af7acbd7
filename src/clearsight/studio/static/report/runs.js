// @ts-check
/** A run chosen from those below ./runs. */

import { el, percent } from "../live/kit.js";

/**
 * @param {string} label @param {any[]} runs the answer of /api/runs @param {string} chosen @param {(id: string) => void} choose
 * @returns {HTMLElement}
 */
export function chooser(label, runs, chosen, choose) {
  const options = runs.map((one) => {
    const top1 = one.top1 && typeof one.top1.value === "number" ? ` (${percent(one.top1.value)} on ${one.part || "its pictures"})` : "";
    return el("option", { value: one.id, selected: one.id === chosen }, `${one.name}${top1}`);
  });
  const node = el("select", { "aria-label": label, onchange: () => choose(node.value) }, ...(runs.some((one) => one.id === chosen) ? [] : [el("option", { value: "" }, "choose a run")]), ...options);
  return el("label", { class: "which" }, label, " ", node);
}
