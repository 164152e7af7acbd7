// @ts-check
/** What is known of a run while it goes: each row and line once, also after a sleep of the page and a restart of the studio. */

import { ask, Refusal, whileSeen } from "../api.js";

const LIVE = 250, IDLE = 2000; // milliseconds to the next question: a row is seen in half a second; of a run that has finished none comes
export const GOING = ["running", "starting"];

export class Follower {
  /** @param {string} run */
  constructor(run) {
    this.run = run;
    /** @type {Map<number, any>} rows by epoch */
    this.rows = new Map();
    /** @type {any[]} */
    this.lines = [];
    /** @type {number[]} epochs whose answers are kept */
    this.epochs = [];
    this.at = 0;
    this.state = "";
    this.reason = "";
    /** @type {string[]} */
    this.said = [];
    this.lost = "";
  }

  get last() {
    return Math.max(-1, ...this.rows.keys());
  }

  /** Take the rows and lines of an answer; true where something is new. @param {any} found the answer of /api/runs/ID/rows */
  take(found) {
    const before = [this.state, this.reason, this.said.join("\n"), this.epochs.length, this.lost].join("\n");
    for (const row of found.rows) this.rows.set(row.epoch, row);
    for (const line of found.lines) {
      while (this.lines.length && place(this.lines[this.lines.length - 1]) >= place(line)) this.lines.pop(); // done again after a resume
      this.lines.push(line);
    }
    Object.assign(this, { at: found.at, state: found.state, reason: found.reason, said: found.said, epochs: found.epochs, lost: "" });
    const after = [this.state, this.reason, this.said.join("\n"), this.epochs.length, this.lost].join("\n");
    return found.rows.length > 0 || found.lines.length > 0 || before !== after;
  }

  /** Ask once; true where something is new. */
  async ask() {
    try {
      return this.take(await ask(`runs/${this.run}/rows?after=${this.last}&at=${this.at}`));
    } catch (error) {
      const words = error instanceof Refusal ? error.message : String(error);
      const changed = words !== this.lost;
      this.lost = words;
      return changed;
    }
  }

  /** Follow for as long as `here` is in the page. @param {Node} here @param {() => void} changed */
  follow(here, changed) {
    const question = async () => {
      if ((await this.ask()) && here.isConnected) changed();
    };
    return whileSeen(here, question, () => (this.state === "finished" || this.lost ? IDLE : LIVE)); // any other may be continued at any moment, also from elsewhere
  }
}

/** Where a line is, in epochs. @param {any} line */
export function place(line) {
  return line.epoch - 1 + line.step / line.steps;
}
