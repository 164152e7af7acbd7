// @ts-check
/** The pictures to decide about: fetched ahead, decided one after the other, ordered again while one goes on. */

import { ask, blob, Refusal } from "../api.js";
import { unpacked } from "../parts.js";

const AHEAD = 8; // pictures that are here before their turn
const EVERY = 3; // decisions, after which what was learnt is asked for
const PAUSE = 150; // ms between two steps of the computation

/** @typedef {{row: number, name: string, given: string, guess: string, p: number | null, p_given: number | null, flagged: boolean, often: any, alike: {label: string, rows: number[]}[]}} Item */

export class Queue {
  /** @param {string} id of the data set @param {string} version @param {URLSearchParams} options @param {() => void} changed @param {(words: string) => void} say */
  constructor(id, version, options, changed, say) {
    this.id = id;
    this.version = version;
    this.options = options;
    this.changed = changed;
    this.say = say;
    /** @type {Item[]} */
    this.items = [];
    this.at = 0; // the picture that is shown
    /** @type {any} */
    this.found = null;
    /** @type {Map<number, number>} */
    this.done = new Map(); // pictures decided in this window → row of the journal, until the computation has taken it in
    /** @type {Map<number, Promise<any>>} */
    this.pictures = new Map();
    /** @type {Map<string, Promise<any>>} */
    this.evidence = new Map();
    this.journal = { seq: 0, decided: 0, /** @type {any[]} */ last: [] };
    this.writing = Promise.resolve();
    this.waiting = 0; // decisions that are not on the disk yet
    this.since = 0; // decisions since the computation was asked
    this.asking = false;
    this.ended = false;
  }

  get item() {
    return this.items[this.at];
  }

  async open() {
    this.journal = await ask(`data/${this.id}/decisions`);
    await this.learn();
  }

  /** Ask what was learnt until the queue is that of the present decisions. */
  async learn() {
    if (this.asking) return;
    this.asking = true;
    this.since = 0;
    try {
      do {
        await this.writing;
        const found = await ask(`data/${this.id}/labels?v=${this.version}&${this.options}`);
        this.take(found);
        if (!found.place.ready) await new Promise((done) => setTimeout(done, PAUSE));
      } while (!this.ended && !this.found.place.ready);
    } catch (error) {
      if (!(error instanceof Refusal && error.superseded)) this.say(error instanceof Error ? error.message : String(error));
    }
    this.asking = false;
    if (this.since >= EVERY && !this.ended) this.learn();
  }

  /** @param {any} found */
  take(found) {
    const held = this.item;
    this.found = found;
    if (found.items.length || found.place.ready) {
      this.done.forEach((seq, row) => seq <= found.seq && this.done.delete(row));
      const next = found.items.filter((/** @type {Item} */ one) => !this.done.has(one.row) && one.row !== held?.row);
      const keeps = held && !this.done.has(held.row) && found.items.some((/** @type {Item} */ one) => one.row === held.row);
      const fresh = found.items.find((/** @type {Item} */ one) => one.row === held?.row) ?? held;
      this.items = keeps ? [fresh, ...next] : next; // the picture that is looked at stays where it is
      this.at = 0;
    }
    this.preload();
    this.changed();
  }

  preload() {
    const rows = this.items.slice(this.at, this.at + AHEAD + 1).map((one) => one.row);
    rows.forEach((row) => this.picture(row));
    this.items.slice(this.at, this.at + 3).forEach((one) => this.alike(one));
    for (const row of [...this.pictures.keys()]) {
      if (this.pictures.size > 4 * AHEAD && !rows.includes(row)) this.pictures.delete(row);
    }
  }

  /** The picture of a row, decoded and ready to be shown. @param {number} row @returns {Promise<any>} */
  picture(row) {
    if (!this.pictures.has(row)) {
      const coming = ask(`data/${this.id}/labels/picture/${row}?v=${this.version}`).then(async (found) => {
        if (found.error) throw new Error(found.error);
        const image = new Image();
        image.src = blob(found.image);
        await image.decode();
        return { ...found, image };
      });
      coming.catch(() => this.pictures.delete(row));
      this.pictures.set(row, coming);
    }
    return /** @type {Promise<any>} */ (this.pictures.get(row));
  }

  /** A sheet with the pictures that are like an item, and the number of each on it. @param {Item} item @returns {Promise<any>} */
  alike(item) {
    const rows = item.alike.flatMap((one) => one.rows).join(",");
    if (!rows) return Promise.resolve(null);
    if (!this.evidence.has(rows)) {
      const coming = ask(`data/${this.id}/sheet?v=${this.version}&rows=${rows}`).then(async (found) => ({ ...(await unpacked(found)), rows: rows.split(",").map(Number) }));
      coming.catch(() => this.evidence.delete(rows));
      this.evidence.set(rows, coming); // by what is shown: what has been learnt since may find others alike
    }
    return /** @type {Promise<any>} */ (this.evidence.get(rows));
  }

  /** Look at another picture without a decision. @param {number} step */
  move(step) {
    this.at = Math.max(0, Math.min(this.items.length - 1, this.at + step));
    this.preload();
    this.changed();
  }

  /** @param {string} kind @param {string} [label] */
  decide(kind, label = "") {
    const item = this.item;
    if (!item) return;
    this.done.set(item.row, Infinity);
    this.items.splice(this.at, 1);
    this.at = Math.min(this.at, Math.max(0, this.items.length - 1));
    this.preload();
    this.changed();
    const why = item.p === null ? "" : `guess ${item.guess.slice(0, 100)}, ${item.p.toFixed(4)}`;
    this.write("decisions", () => ({ version: this.version, since: this.journal.seq, decisions: [{ row: item.row, kind, label, why }] }), item);
  }

  /** Undo the last decision that stands, of whichever window. */
  undo() {
    this.write("decisions/undo", () => {
      const last = this.journal.last[0];
      return last ? { seq: last.seq, since: this.journal.seq } : null;
    }, null);
  }

  /** One after the other, and each on the disk before it counts. @param {string} path @param {() => any} body @param {Item | null} item */
  write(path, body, item) {
    this.waiting += 1;
    this.writing = this.writing.then(async () => {
      try {
        const asked = body();
        if (!asked) return this.say("There is nothing to undo.");
        const undone = item ? null : this.journal.last[0];
        const { seq } = await ask(`data/${this.id}/${path}`, { method: "POST", body: JSON.stringify(asked), headers: { "Content-Type": "application/json" } });
        if (item) this.done.set(item.row, seq);
        if (undone) this.say(`Undone: ${undone.name} (${undone.label || undone.kind}).`);
        this.since += 1;
      } catch (error) {
        this.say(error instanceof Error ? error.message : String(error));
        if (item) this.done.delete(item.row);
        this.since = EVERY; // another window was here: the queue is merged
      }
      try {
        this.journal = await ask(`data/${this.id}/decisions`);
      } catch {
        this.since = 0; // it has ended, and that was said
      }
    });
    this.writing.then(() => {
      this.waiting -= 1;
      this.changed();
      if (!item || this.since >= EVERY || this.items.length < AHEAD) this.learn();
    });
  }
}
