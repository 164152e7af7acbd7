// @ts-check
/** Judge a run as a job: on the pictures that choose between runs, or on those of the test where that is asked for by name. */

import { el, percent, row, thousands } from "../live/kit.js";
import { job, noted } from "../job.js";
import { picked } from "../parts.js";

const PARTS = /** @type {[string, string][]} */ ([["val", "the validation part"], ["test", "the test part"]]);

/** @param {string} run @param {import("../app.js").Context} context @param {boolean} [open] whether it is asked for at once */
export function judge(run, { studio, state, keep }, open = false) {
  let part = state.get("part") === "test" ? "test" : "val";
  let data = studio.data.some((/** @type {any} */ one) => one.id === state.get("on")) ? String(state.get("on")) : "";
  const path = () => `runs/${run}/judging?${new URLSearchParams({ part, ...(data ? { data } : {}) })}`;
  const work = job({ path, start: "Evaluate", show: noted((found, told) => judged(found, run, told.of)) });
  const changed = () => {
    keep({ part: part === "val" ? null : part, on: data || null });
    work.look();
  };
  const parts = picked("Pictures", PARTS, part, (value) => {
    part = value;
    changed();
  });
  const sets = picked("Data", [["", "the data of the run"], ...studio.data.map((/** @type {any} */ one) => [one.id, one.name])], data, (value) => {
    data = value;
    changed();
  });
  const hint = "Choose between runs by their validation accuracy. The test part is for the run that was chosen, and judged once: what it has chosen, it cannot test.";
  const node = el("details", { class: "judge", open, ontoggle: () => node.open && work.look() },
    el("summary", {}, "Evaluate"), el("p", { class: "hint" }, hint), row("controls", parts, sets), work.node);
  return node;
}

/** @param {any} found the JSON of `clearsight evaluate` @param {string} run @param {string} of the id of its answers */
function judged(found, run, of) {
  const { value, low, high } = found.top1;
  const limits = typeof low === "number" ? ` (${percent(low)} to ${percent(high)})` : "";
  return [el("p", {}, `${percent(value)}${limits} right, n = ${thousands(found.n)}. `, el("a", { href: `#/report/${run}?of=${of}` }, "Show these answers"))];
}
