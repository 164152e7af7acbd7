// @ts-check
/** One decision about a group of pictures: rows in the journal that the screen Labels writes too. */

import { button, el, row as line, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";

/** @typedef {{row: number, kind: string, label?: string, why: string}} Decision */
/** @typedef {{row: number, seq: number, kind: string, label: string}} Stands a decision that counts, with its row of the journal */

export class Decisions {
  /** @param {string} id of the data set @param {import("./model.js").Model} model */
  constructor(id, model) {
    this.id = id;
    this.model = model;
    this.seq = -1; // the last row that this page knows
    /** @type {Map<number, Stands>} of each picture */
    this.standing = new Map();
  }

  /** Read the decisions that were made before, here or anywhere. */
  async read() {
    const { seq, decided } = await ask(`data/${this.id}/decided?v=${this.model.found.version}`);
    this.seq = seq;
    this.standing = new Map(decided.map((/** @type {Stands} */ one) => [one.row, one]));
  }

  /** The decisions about every picture of a group; none where one has no decision. @param {number[]} group @returns {Stands[]} */
  about(group) {
    const found = group.flatMap((row) => this.standing.get(row) ?? []);
    return found.length === group.length ? found : [];
  }

  /** Write decisions, all or none. @param {Decision[]} decisions @returns {Promise<number[]>} the numbers of their rows */
  async write(decisions) {
    const { seq } = await this.post("decisions", { version: this.model.found.version, since: await this.known(), decisions });
    this.seq = seq;
    return decisions.map((_, k) => seq - decisions.length + 1 + k);
  }

  /** Undo rows, the last one first. @param {number[]} rows */
  async undo(rows) {
    for (const seq of [...rows].sort((a, b) => b - a)) {
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

  const decided = (/** @type {string} */ words, /** @type {number[]} */ rows) => node.replaceChildren(el("span", {}, `✓ ${words}`), button("Undo", () => back(rows)));

  async function take(/** @type {string} */ words, /** @type {Decision[]} */ list) {
    try {
      decided(words, await decisions.write(list));
    } catch (error) {
      node.replaceChildren(failure(error), ...buttons());
    }
  }

  async function back(/** @type {number[]} */ rows) {
    try {
      await decisions.undo(rows);
      group.forEach((row) => decisions.standing.delete(row));
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
  const before = decisions.about(group);
  if (before.length) decided(summary(model, before), before.map((one) => one.seq));
  else node.append(...buttons());
  const keep = (/** @type {number} */ one) => take(kept(model, one, group.length - 1),
    group.map((row) => ({ row, kind: row === one ? "keep" : "leave out", why })));
  return { node, keep };
}

/** @param {import("./model.js").Model} model @param {number} one @param {number} others */
function kept(model, one, others) {
  return `${model.name(one)} is kept, ${thousands(others)} left out.`;
}

/** What was decided about every picture of a group. @param {import("./model.js").Model} model @param {Stands[]} stands */
function summary(model, stands) {
  const left = stands.filter((one) => one.kind !== "leave out");
  if (left.length === 0) return "Left out.";
  if (left.length === 1 && stands.length > 1 && left[0].kind === "keep") return kept(model, left[0].row, stands.length - 1);
  const labels = new Set(stands.map((one) => (one.kind === "label" ? one.label : model.label(one.row))));
  if (stands.some((one) => one.kind === "label") && left.length === stands.length && labels.size === 1) return `All are ${[...labels][0]}.`;
  return stands.every((one) => one.kind === "keep") ? "Kept." : `Decided: ${stands.map((one) => one.label || one.kind).join(", ")}.`;
}
