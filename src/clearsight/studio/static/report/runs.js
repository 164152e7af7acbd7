// @ts-check
/** A run chosen from those below ./runs, and one of its evaluations. */

import { el, percent, thousands } from "../live/kit.js";
import { picked } from "../parts.js";

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

/** Which of several evaluations is shown; nothing where there is one. @param {any} found with `judgements` and `of` @param {(id: string) => void} choose */
export function evaluations(found, choose) {
  if (found.judgements.length < 2) return "";
  const words = (/** @type {any} */ one) => `${[one.data, one.part].filter(Boolean).join(", ")}: ${one.top1 ? percent(one.top1.value) : "–"}, n = ${thousands(one.n)}`;
  return picked("Judged on", found.judgements.map((/** @type {any} */ one) => [one.id, words(one)]), found.of, choose);
}
