// @ts-check
/** A against B: the sentence of `clearsight compare`, the pictures that decide it, and the settings that differ. */

import { el, percent, row, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";
import { settings } from "../runs/beside.js";
import { Gallery } from "./gallery.js";
import { evaluations } from "./runs.js";

/**
 * Two runs against each other, by their ids and that of an evaluation of A; filled when the answer is there.
 * @param {{a: string, b: string, of: string}} chosen @param {(id: string) => void} choose takes another evaluation @returns {HTMLElement}
 */
export function comparison({ a, b, of }, choose) {
  const node = el("div", { class: "compared" }, el("p", { class: "busy", role: "status" }, "Comparing …"));
  ask(`compare?a=${a}&b=${b}${of ? `&of=${of}` : ""}`).then(
    (found) => node.replaceChildren(evaluations(found, choose), ...(found.refused ? refused(found, [a, b]) : decided(found, a)), settings(found.names.map((/** @type {string} */ name) => ({ name })), found.settings)),
    (error) => node.replaceChildren(failure(error)),
  );
  return node;
}

/** Why there is no comparison, the commands that judge both, and the ways to do it here. @param {any} found @param {string[]} ids */
function refused(found, ids) {
  const ways = ids.map((id, k) => el("a", { class: "act", href: `#/report/${id}` }, "Evaluate ", el("bdi", {}, found.names[k])));
  return [failure(new Error(found.refused)), ...found.judging.map(command), row("controls", ...ways)];
}

/** @param {any} found @param {string} a */
function decided(found, a) {
  const { figures, pictures, notes } = found;
  const gallery = new Gallery(a, found.of);
  const limits = `${points(figures.difference.value)} (95 % interval ${points(figures.difference.low)} to ${points(figures.difference.high)})`;
  const part = (/** @type {string} */ title, /** @type {any[]} */ some) =>
    el("section", {}, el("h2", {}, `${title}: ${thousands(some.length)}`), some.length ? gallery.list(some.map(card)) : el("p", {}, "There is none."));
  return [
    el("p", { class: "label" }, found.headline),
    el("p", {}, figures.sentence),
    el("p", { class: "hint" }, `A ${percent(figures.a)}, B ${percent(figures.b)}; B − A ${limits}; n = ${thousands(figures.n)}.`),
    ...notes.map((/** @type {string} */ note) => el("p", { class: "warning" }, el("bdi", {}, note))),
    command(found.command),
    gallery.node,
    part("Right with B alone", pictures.only_b),
    part("Right with A alone", pictures.only_a),
  ];
}

/** Accuracy as points of 100, with its sign. @param {number} value */
function points(value) {
  return `${value < 0 ? "−" : "+"}${(100 * Math.abs(value)).toFixed(2)} points`;
}

/** @param {any} one @returns {import("./gallery.js").Card} */
function card(one) {
  const said = (/** @type {string} */ name, /** @type {any} */ answer) =>
    el("span", {}, `${answer.label === one.truth ? "✓" : "✗"} ${name}: `, el("bdi", {}, answer.label), ` ${percent(answer.confidence)}`);
  return { row: one.row, name: one.name, words: [el("span", {}, "is ", el("bdi", {}, one.truth)), said("A", one.a), said("B", one.b)] };
}
