// @ts-check
/** One decision about a group of pictures: rows in the journal that the screen Labels writes too. */

import { button, el, row as line, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";

/** @typedef {{row: number, kind: string, label?: string, why: string}} Decision */

export class Decisions {
  /** @param {string} id of the data set @param {import("./model.js").Model} model */
  constructor(id, model) {
    this.id = id;
    this.model = model;
    this.seq = -1; // the last row that this page knows
  }

  /** Write decisions, all or none. @param {Decision[]} decisions @returns {Promise<number[]>} the numbers of the first row and of the last */
  async write(decisions) {
    const { seq } = await this.post("decisions", { version: this.model.found.version, since: await this.known(), decisions });
    this.seq = seq;
    return [seq - decisions.length + 1, seq];
  }

  /** Undo the rows from `first` to `last`. @param {number} first @param {number} last */
  async undo(first, last) {
    for (let seq = last; seq >= first; seq--) {
      this.seq = (await this.post("decisions/undo", { seq, since: await this.known() })).seq;
    }
  }

  async known() {
    if (this.seq < 0) this.seq = (await ask(`data/${this.id}/decisions`)).seq;
    return this.seq;
  }

  /** @param {string} path @param {any} body */
  async post(path, body) {
    try {
      return await ask(`data/${this.id}/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    } catch (error) {
      this.seq = -1; // what came between is known at the next try
      throw error;
    }
  }
}

/**
 * The buttons of a group, and what was decided.
 * @param {Decisions} decisions @param {string} title of the kind of problem @param {number[]} group
 * @returns {{node: HTMLElement, keep: (row: number) => void}} `keep` leaves the others out
 */
export function decide(decisions, title, group) {
  const { model } = decisions;
  const why = `check: ${title.toLowerCase()}`;
  const labels = [...new Set(group.map((row) => model.label(row)))];
  const node = el("div", { class: "decided", "aria-live": "polite" });

  async function take(/** @type {string} */ words, /** @type {Decision[]} */ list) {
    try {
      const [first, last] = await decisions.write(list);
      node.replaceChildren(el("span", {}, `✓ ${words}`), button("Undo", () => back(first, last)));
    } catch (error) {
      node.replaceChildren(failure(error), ...buttons());
    }
  }

  async function back(/** @type {number} */ first, /** @type {number} */ last) {
    try {
      await decisions.undo(first, last);
      node.replaceChildren(...buttons());
    } catch (error) {
      node.replaceChildren(failure(error), ...buttons());
    }
  }

  const all = (/** @type {string} */ kind) => group.map((row) => ({ row, kind, why }));
  const buttons = () => {
    const relabel = labels.length < 2 ? [] : labels.map((label) => button(`All are ${label}`, () => {
      take(`All are ${label}.`, group.map((row) => (model.label(row) === label ? { row, kind: "keep", why } : { row, kind: "label", label, why })));
    }));
    const [out, fine] = group.length > 1 ? ["Leave all out", "Keep all"] : ["Leave it out", "Keep it"];
    return [line("controls", ...relabel, button(out, () => take("Left out.", all("leave out"))), button(fine, () => take("Kept.", all("keep"))))];
  };
  node.append(...buttons());
  const keep = (/** @type {number} */ one) => take(`${model.name(one)} is kept, ${thousands(group.length - 1)} left out.`,
    group.map((row) => ({ row, kind: row === one ? "keep" : "leave out", why })));
  return { node, keep };
}
