// @ts-check
/** One network of the registry: what it is, its weights and their licence, its stages with their shapes, its layers. */

import { button, el, row, thousands } from "../live/kit.js";
import { network as drawn } from "../live/network.js";
import { ask } from "../api.js";
import { command, section } from "../parts.js";

/** @param {import("./zoo.js").Row} row_ @param {(name: string) => void} beside puts it next to the formula */
export function one(row_, beside) {
  return section(row_.name, ask(`zoo/${row_.id}`), (found, body) => {
    const links = [el("a", { class: "act", href: `#/inside/${row_.id}` }, "Open in Inside"), el("a", { class: "act", href: `#/train?model=${encodeURIComponent(row_.name)}` }, "Train this"), button("Compare with what is typed", () => beside(row_.name))];
    const stages = found.stages.map((/** @type {any} */ stage) => el("tr", {}, el("th", { scope: "row" }, stage.name), el("td", {}, shape(stage.output))));
    const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "stage"), el("th", { scope: "col" }, "output")));
    body.append(
      el("p", {}, `${found.paper}, ${found.year}.`), row("controls", ...links),
      el("div", { class: "halves" }, el("dl", { class: "facts known" }, ...facts(found)), el("div", { class: "stages", role: "region", "aria-label": "Stages", tabindex: "0" }, el("table", { "aria-label": "Stages and their shapes" }, head, el("tbody", {}, ...stages)))),
      weights(found.weights), el("div", {}),
    );
    drawn(/** @type {HTMLElement} */ (body.lastElementChild), { ...found.figure, of: row_.name });
    body.append(command(found.command));
  });
}

/** @param {any} found */
function facts(found) {
  const own = { parameters: found.parameters, "multiply-adds": found.macs, depth: found.depth, "residual sums": found.residual_sums };
  const more = {
    family: found.family, input: shape(found.input_size), classes: thousands(found.classes), "in float32": `${found.megabytes.toFixed(1)} MB`,
    "largest field": found.largest_field ? `${found.largest_field} px` : "all", ...(found.auxiliary ? { "not run in evaluation": thousands(found.auxiliary) } : {}),
  };
  const counts = Object.entries(own).flatMap(([words, value]) => [el("dt", {}, words), el("dd", { "data-value": value }, thousands(value))]);
  return [...counts, ...Object.entries(more).flatMap(([words, value]) => [el("dt", {}, words), el("dd", {}, value)])];
}

/** @param {any[]} every */
function weights(every) {
  if (!every.length) return el("p", { class: "hint" }, "No weights are published for it here: it is trained from random ones.");
  return el("ul", { class: "weights" }, ...every.map((one) => {
    const top1 = one.top1 === null ? "" : `, top-1 ${(100 * one.top1).toFixed(1)} %`;
    const where = one.at_hand ? "at hand" : one.source;
    return el("li", {}, el("code", {}, one.origin), `: ${one.licence}${top1}, ${thousands(Math.round(one.mib))} MiB, ${where}; checked by ${one.checked}.`);
  }));
}

/** Rows, columns and channels, as the lecture writes them. @param {number[]} output */
export function shape(output) {
  return (output.length === 3 ? [...output.slice(1), output[0]] : output).join("×") || "not run in evaluation";
}
