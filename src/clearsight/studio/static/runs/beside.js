// @ts-check
/** Several runs side by side: their curves over each other, and only those settings that differ. */

import { choice, el } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";
import { curves } from "../train/curves.js";

/** @type {Record<string, [string, boolean]>} what is drawn: its column, and whether it is a share */
const KINDS = { "validation accuracy": ["val_accuracy", true], "validation loss": ["val_loss", false], "training loss": ["loss", false], "training accuracy": ["accuracy", true] };
const MOST = 20; // as the server has it
let newest = 0;

/** @param {HTMLElement} root @param {any[]} runs */
export async function beside(root, runs) {
  const mine = ++newest;
  if (!runs.length) return root.replaceChildren(el("p", { class: "hint" }, "Tick several runs to see their curves over each other, and the settings that differ."));
  if (runs.length > MOST) return root.replaceChildren(failure(`At most ${MOST} runs side by side.`));
  try {
    const found = await ask(`curves?runs=${runs.map((one) => one.id).join(",")}`);
    if (mine === newest) drawn(root, runs, found);
  } catch (error) {
    if (mine === newest) root.replaceChildren(failure(error));
  }
}

/** @param {HTMLElement} root @param {any[]} runs @param {any} found the answer of /api/curves */
function drawn(root, runs, found) {
  const chart = el("div", { class: "charts" });
  const draw = (/** @type {string} */ kind) => {
    const [column, share] = KINDS[kind];
    const lines = runs.map((one, k) => {
      const points = /** @type {[number, number][]} */ (found.rows[k].filter((/** @type {any} */ each) => typeof each[column] === "number").map((/** @type {any} */ each) => [each.epoch, each[column]]));
      return { name: one.name, points, colour: k, dash: Math.floor(k / 8) + (k % 4) };
    });
    chart.replaceChildren(curves(kind[0].toUpperCase() + kind.slice(1), lines, { share }));
  };
  const words = found.command ? [command(found.command)] : [];
  root.replaceChildren(el("section", {}, el("h2", {}, "Side by side"), choice("What is drawn", Object.keys(KINDS), draw), chart, ...better(runs), ...(runs.length > 1 ? [settings(runs, found.settings)] : []), ...words));
  draw(Object.keys(KINDS)[0]);
}

/** Of two runs the way to their comparison. @param {any[]} runs */
function better([a, b, ...more]) {
  if (!b || more.length) return [];
  return [el("p", {}, el("a", { href: `#/compare?a=${a.id}&b=${b.id}` }, "Is ", el("bdi", {}, b.name), " better than ", el("bdi", {}, a.name), "? The pictures that decide"))];
}

/** A table of the settings that are not the same in all. @param {{name: string}[]} runs @param {any[][]} differing */
export function settings(runs, differing) {
  if (!differing.length) return el("p", {}, "All settings are the same.");
  const head = el("tr", {}, el("th", { scope: "col" }, "Setting"), ...runs.map((one) => el("th", { scope: "col" }, el("bdi", {}, one.name))));
  const rows = differing.map(([name, ...values]) => el("tr", {}, el("th", { scope: "row" }, name), ...values.map((value) => el("td", {}, value === null ? "not said" : value === "" ? "–" : String(value)))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Settings that differ" }, el("table", { class: "plain differing" }, el("caption", {}, "Settings that differ"), el("thead", {}, head), el("tbody", {}, ...rows)));
}
