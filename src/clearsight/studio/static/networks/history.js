// @ts-check
/** The tables of the lecture: its 26 models, who builds on whom, and the winners of ImageNet's challenge. */

import { button, el, thousands } from "../live/kit.js";
import { ilsvrc } from "../live/ilsvrc.js";
import { command } from "../parts.js";

/** @param {any} found the answer of /api/zoo @param {(name: string) => void} open a network of the registry @returns {Node[]} */
export function history(found, open) {
  const link = (/** @type {string} */ words, /** @type {string} */ name) => (name ? button(words, () => open(name)) : words);
  const none = (/** @type {any} */ value) => (value === null ? "–" : String(value));
  const models = found.keras.map((/** @type {any} */ one) => [link(one.model, one.network), `${one.size_mb} MB`, none(one.top1?.toFixed(3) ?? null), none(one.top5?.toFixed(3) ?? null), thousands(one.parameters), thousands(one.counted), none(one.depth), String(one.topological), String(one.with_weights)]);
  const labels = Object.fromEntries(found.descent.map((/** @type {any} */ step) => [step.key, step.label]));
  const steps = found.descent.map((/** @type {any} */ step) => [link(step.label, step.network), String(step.year), step.idea, step.after.map((/** @type {string} */ key) => labels[key]).join(", "), step.source]);
  const winners = el("div", {});
  ilsvrc(winners, found.ilsvrc);
  const remarks = el("ul", { class: "hint" }, ...found.remarks.map((/** @type {string} */ one) => el("li", {}, one)));
  return [
    part("The lecture’s 26 models", "keras", listed("The lecture’s 26 models", ["model", "size", "top-1", "top-5", "parameters", "counted here", "depth", "computed", "layers with weights"], models), remarks, command(found.commands.keras)),
    part("Who builds on whom", "descent", listed("Who builds on whom", ["step", "year", "adds", "builds on", "source"], steps), command(found.commands.descent)),
    part("The winners of ImageNet’s challenge", "winners", winners, command(found.commands.ilsvrc)),
  ];
}

/** @param {string} title @param {string} kind @param {...Node} children */
function part(title, kind, ...children) {
  return el("section", { class: kind }, el("h2", {}, title), ...children);
}

/** @param {string} label @param {string[]} columns @param {(Node | string)[][]} rows */
function listed(label, columns, rows) {
  const head = el("tr", {}, ...columns.map((words) => el("th", { scope: "col" }, words)));
  const lines = rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((one) => el("td", {}, one))));
  return el("div", { class: "rows", role: "region", "aria-label": `${label}, all rows`, tabindex: "0" }, el("table", { class: "registry", "aria-label": label }, el("thead", {}, head), el("tbody", {}, ...lines)));
}
