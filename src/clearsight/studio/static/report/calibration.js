// @ts-check
/** Calibration: for each range of confidence how many answers it has, and how often they are right, with the interval; each opens its pictures. */

import { button, el, percent, thousands } from "../live/kit.js";

/** @param {import("./answers.js").Answers} model @param {(words: string) => void} show */
export function calibration(model, show) {
  const { found } = model;
  const rows = found.bins.map((/** @type {any} */ one, /** @type {number} */ k) => (one.n ? line(one, k, show) : null)).filter(Boolean);
  const head = ["confidence", "answers", "mean confidence", "right", "interval (line), accuracy (▮), mean confidence (▯)"].map((title) => el("th", { scope: "col" }, title));
  const sure = model.confidences.reduce((sum, one) => sum + one, 0) / model.n;
  const words = `Mean confidence ${percent(sure)}, accuracy ${percent(found.top1.value)}; expected calibration error ${percent(found.ece)}.`;
  return el("section", {}, el("h2", {}, "Is it as sure as it is right?"), el("p", {}, words, found.no_interval ? ` No intervals: ${found.no_interval}.` : ""),
    el("div", { class: "scrolled" }, el("table", { class: "told" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows))));
}

/** @param {any} one @param {number} k @param {(words: string) => void} show */
function line(one, k, show) {
  const range = `${percent(one.low)} to ${percent(one.high)}`;
  const open = button(range, () => show(`bin.${k}`));
  const limits = one.limits ? ` (${percent(one.limits[0])} to ${percent(one.limits[1])})` : "";
  return el("tr", {}, el("th", { scope: "row" }, open), el("td", {}, thousands(one.n)), el("td", {}, percent(one.confidence)), el("td", {}, `${percent(one.accuracy)}${limits}`), el("td", { class: "drawn" }, bar(one)));
}

/** @param {any} one */
function bar(one) {
  const node = el("span", { class: "reach", "aria-hidden": "true" });
  const mark = (/** @type {string} */ kind, /** @type {number} */ from, to = from) => {
    const part = el("span", { class: kind });
    part.style.left = `${100 * from}%`;
    if (to > from) part.style.width = `${100 * (to - from)}%`;
    node.append(part);
  };
  if (one.limits) mark("limits", one.limits[0], one.limits[1]);
  mark("mean", one.confidence);
  mark("value", one.accuracy);
  return node;
}
