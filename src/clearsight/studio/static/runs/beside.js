// @ts-check
/** Several runs side by side: their curves over each other, and only those settings that differ. */

import { choice, el } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";
import { curves } from "../train/curves.js";

/** @type {Record<string, [string, boolean]>} what is drawn: its column, and whether it is a share */
const KINDS = { "validation accuracy": ["val_accuracy", true], "validation loss": ["val_loss", false], "training loss": ["loss", false], "training accuracy": ["accuracy", true] };
const MOST = 20; // as the server has it

export class Beside {
  constructor() {
    this.node = el("div");
    this.chart = el("div", { class: "charts" });
    this.kind = Object.keys(KINDS)[0];
    this.newest = 0;
    this.about = ""; // what is shown around the curves
    /** @type {any[]} */
    this.runs = [];
    this.found = /** @type {any} */ ({});
  }

  /** @param {any[]} runs */
  async show(runs) {
    const mine = ++this.newest;
    if (!runs.length) return this.instead(el("p", { class: "hint" }, "Tick several runs to see their curves over each other, and the settings that differ."));
    if (runs.length > MOST) return this.instead(failure(`At most ${MOST} runs side by side.`));
    try {
      const found = await ask(`curves?runs=${runs.map((one) => one.id).join(",")}`);
      if (mine !== this.newest) return;
      [this.runs, this.found] = [runs, found];
      this.draw();
      const about = JSON.stringify([runs.map((one) => one.id), found.settings]);
      if (about !== this.about) this.around();
      this.about = about;
    } catch (error) {
      if (mine === this.newest) this.instead(failure(error));
    }
  }

  /** @param {HTMLElement} node */
  instead(node) {
    this.about = "";
    this.node.replaceChildren(node);
  }

  around() {
    const { runs, found } = this;
    const kinds = choice("What is drawn", Object.keys(KINDS), (kind) => {
      this.kind = kind;
      this.draw();
    }, this.kind);
    const words = found.command ? [command(found.command)] : [];
    this.node.replaceChildren(el("section", {}, el("h2", {}, "Side by side"), kinds, this.chart, ...better(runs), ...(runs.length > 1 ? [settings(runs, found.settings)] : []), ...words));
  }

  draw() {
    const [column, share] = KINDS[this.kind];
    const lines = this.runs.map((one, k) => {
      const points = /** @type {[number, number][]} */ (this.found.rows[k].filter((/** @type {any} */ each) => typeof each[column] === "number").map((/** @type {any} */ each) => [each.epoch, each[column]]));
      return { name: one.name, points, colour: k, dash: Math.floor(k / 8) + (k % 4) };
    });
    this.chart.replaceChildren(curves(this.kind[0].toUpperCase() + this.kind.slice(1), lines, { share }));
  }
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
