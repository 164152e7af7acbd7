// @ts-check
/** Small pictures by their numbers, fetched many to a sheet; the newest wish comes first, and the sheets not used longest are dropped. */

import { ask, Refusal } from "../api.js";
import { bytes } from "../live/kit.js";

const SHEETS = 32; // kept; one of 256 pictures at 64 px takes 4 MB
const [LEAST, MOST] = [16, 256]; // pictures of a sheet
const [QUICK, SLOW] = [150, 500]; // ms, by which the size of the next sheet is chosen
const AGAIN = 2000; // ms after a failure

/** @typedef {{bitmap: ImageBitmap, used: number, rows: number[]}} Sheet */
/** @typedef {{sheet: Sheet, x: number, y: number, side: number, box: number[], error: string}} Small */

/** A colour of the theme. @param {string} name */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

export class Sheets {
  /** @param {string} id of the data set @param {import("./model.js").Model} model */
  constructor(id, model) {
    this.id = id;
    this.model = model;
    /** @type {Map<number, Small>} */
    this.kept = new Map();
    /** @type {Sheet[]} */
    this.sheets = [];
    /** @type {Map<any, number[]>} by who wants them */
    this.wanted = new Map();
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.clock = 0;
    this.size = 64;
    this.busy = false;
    this.problem = "";
  }

  /** The small picture of a row, if it is here. @param {number} row */
  get(row) {
    const found = this.kept.get(row);
    if (found) found.sheet.used = ++this.clock;
    return found;
  }

  /** Fetch these rows, those first that are first; earlier wishes of `who` are forgotten. @param {any} who @param {number[]} rows */
  want(who, rows) {
    this.wanted.set(who, rows);
    if (!this.busy) this.fetch();
  }

  async fetch() {
    this.busy = true;
    for (let rows = this.next(); rows.length; rows = this.next()) {
      const began = performance.now();
      try {
        await this.add(rows, await ask(`data/${this.id}/sheet?v=${this.model.found.version}&rows=${rows.join(",")}`));
        this.problem = "";
      } catch (error) {
        this.problem = error instanceof Error ? error.message : String(error);
        this.listeners.forEach((listener) => listener());
        if (error instanceof Refusal && error.status < 500 && error.status) break; // it would be refused again
        await new Promise((done) => setTimeout(done, AGAIN));
      }
      const took = performance.now() - began;
      if (took < QUICK) this.size = Math.min(2 * this.size, MOST);
      if (took > SLOW) this.size = Math.max(this.size / 2, LEAST);
    }
    this.busy = false;
  }

  next() {
    const rows = [...new Set([...this.wanted.values()].flat())].filter((row) => !this.kept.has(row));
    return rows.slice(0, this.size);
  }

  /** @param {number[]} rows @param {any} found */
  async add(rows, found) {
    const sheet = { bitmap: await createImageBitmap(new Blob([bytes(found.image)])), used: ++this.clock, rows };
    this.sheets.push(sheet);
    rows.forEach((row, k) => {
      const [x, y] = [(k % found.columns) * found.side, Math.floor(k / found.columns) * found.side];
      this.kept.set(row, { sheet, x, y, side: found.side, box: found.boxes[k], error: found.unreadable[row] ?? "" });
      this.model.names.set(row, found.names[k]);
    });
    if (this.sheets.length > SHEETS) this.drop();
    this.listeners.forEach((listener) => listener());
  }

  drop() {
    const oldest = this.sheets.reduce((one, other) => (other.used < one.used ? other : one));
    this.sheets.splice(this.sheets.indexOf(oldest), 1);
    oldest.rows.forEach((row) => this.kept.delete(row));
    oldest.bitmap.close();
  }

  /**
   * Draw the picture of a row, or a grey square until it is here.
   * @param {CanvasRenderingContext2D} pen @param {number} row @param {number} x @param {number} y @param {number} side
   * @param {string} [ground] the colour of the square: who draws many asks for it once
   */
  draw(pen, row, x, y, side, ground = colour("--sunk")) {
    const found = this.get(row);
    pen.fillStyle = ground;
    pen.fillRect(x, y, side, side);
    if (found && !found.error) {
      const [left, top, width, height] = found.box;
      const [w, h] = [width, height].map((one) => (one * side) / Math.max(width, height));
      pen.imageSmoothingEnabled = Math.max(width, height) >= side; // each pixel of a small one as a square
      pen.drawImage(found.sheet.bitmap, found.x + left, found.y + top, width, height, x + (side - w) / 2, y + (side - h) / 2, w, h);
    } else if (found) {
      pen.fillStyle = colour("--bad");
      pen.fillText("unreadable", x + 4, y + side / 2);
    }
    return Boolean(found);
  }
}
