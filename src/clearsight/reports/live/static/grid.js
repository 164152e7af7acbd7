// @ts-check
/** A matrix as cells with their numbers: arrow keys move, a click or Enter edits, the pointer or the focus chooses. */

import { el, parsed, shown } from "./kit.js";

/** @typedef {number[][]} Matrix */
/** @typedef {[number, number]} Place row and column from 0 */

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
// RdBu, reversed, at −1, −½, 0, ½, 1: as the printed figure
const SIGNED = [[33, 102, 172], [146, 197, 222], [247, 247, 247], [244, 165, 130], [178, 24, 43]];

/**
 * The colour of a number: its grey level for a pixel, blue to red around zero otherwise.
 * @param {number} value @param {number} largest @param {boolean} signed @returns {number[]} red, green, blue from 0 to 255
 */
export function tint(value, largest, signed) {
  const share = largest > 0 ? Math.max(-1, Math.min(1, value / largest)) : 0;
  if (!signed) return Array(3).fill(Math.round(255 * Math.max(0, share)));
  const place = (share + 1) * 2;
  const low = Math.min(3, Math.floor(place));
  return SIGNED[low].map((c, k) => Math.round(c + (place - low) * (SIGNED[low + 1][k] - c)));
}

/** As WCAG defines it, from 0 to 1. @param {...number} rgb from 0 to 255 */
function luminance(...rgb) {
  const [r, g, b] = rgb.map((c) => (c <= 10 ? c / 3294 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A table of numbers with the keyboard of a grid. */
export class Grid {
  /**
   * @param {{label: string, signed?: boolean, largest?: number, choose?: (at: Place) => void, enter?: (at: Place) => void,
   *   edit?: (at: Place, value: number) => void, small?: boolean, digits?: number}} options `edit` makes the numbers changeable;
   *   `enter` is called with a cell that is clicked, or where Enter is pressed; `largest` has the full colour; `small` is for long numbers, `digits` the significant ones that are written
   */
  constructor(options) {
    this.options = { signed: true, digits: 6, ...options };
    /** @type {Matrix} */
    this.values = [];
    /** @type {any[][]} */
    this.cells = [];
    this.rim = 0;
    this.body = el("tbody");
    const table = el("table", { role: "grid", "aria-label": options.label, "aria-readonly": options.edit ? false : "true" }, this.body);
    this.caption = el("figcaption", {}, options.label);
    this.node = el("figure", { class: options.edit ? "grid changeable" : "grid" }, this.caption, table);
    this.node.addEventListener("retype", (/** @type {any} */ { detail: { at: [i, j], value } }) => this.cells[i + this.rim]?.[j + this.rim] && this.options.edit?.([i, j], value)); // of a page that is drawn again
    table.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
  }

  /** Show `values`; the outer `rim` rows and columns are padding. @param {Matrix} values @param {number} [rim] */
  set(values, rim = 0) {
    const same = values.length === this.cells.length && values[0]?.length === this.cells[0]?.length && rim === this.rim;
    this.values = values;
    this.rim = rim;
    if (!same) this.build();
    const largest = this.options.largest ?? Math.max(...values.flat().map(Math.abs), 0);
    values.forEach((row, i) => row.forEach((value, j) => this.write(i, j, value, largest)));
    this.node.classList.toggle("many", values.length > 6 || Boolean(this.options.small));
    const longest = Math.max(...values.flat().map((value) => shown(value, this.options.digits).length), 0);
    this.body.style.setProperty("--wide", `${Math.max(2.1, 0.6 * longest + 0.5)}em`); // columns of one width
  }

  build() {
    this.cells = this.values.map((row, i) => row.map((_, j) => this.cell(i, j)));
    this.body.replaceChildren(...this.cells.map((row) => el("tr", { role: "row" }, ...row)));
    if (this.cells[0]?.length) this.cells[0][0].tabIndex = 0;
  }

  /** @param {number} i @param {number} j */
  cell(i, j) {
    const choose = () => this.options.choose?.([i, j]);
    const focus = () => {
      this.body.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
      node.tabIndex = 0;
      choose();
    };
    const node = el("td", { role: "gridcell", tabindex: "-1", onpointerenter: choose, onfocus: focus });
    if (this.outside(i, j)) node.classList.add("padding");
    else if (this.options.edit) node.addEventListener("click", () => this.change(i, j));
    else if (this.options.enter) node.addEventListener("click", () => this.options.enter?.([i, j]));
    return node;
  }

  /** @param {number} i @param {number} j */
  outside(i, j) {
    const { rim, values } = this;
    return i < rim || j < rim || i >= values.length - rim || j >= values[0].length - rim;
  }

  /** @param {number} i @param {number} j @param {number} value @param {number} largest */
  write(i, j, value, largest) {
    const cell = this.cells[i][j];
    const [r, g, b] = tint(value, largest, this.options.signed);
    cell.textContent = shown(value, this.options.digits);
    cell.dataset.value = String(value);
    if (cell.classList.contains("padding")) return;
    cell.style.backgroundColor = `rgb(${r}, ${g}, ${b})`;
    cell.style.color = luminance(r, g, b) > 0.179 ? "#000000" : "#ffffff"; // both have a contrast of 4.58 there
  }

  /** Frame cells, as one window where they touch; `best` are marked among them. @param {Place[]} places @param {Place[]} [best] */
  mark(places, best = []) {
    const name = (/** @type {number} */ i, /** @type {number} */ j) => `${i},${j}`;
    const inside = new Set(places.map(([i, j]) => name(i, j)));
    const first = new Set(best.map(([i, j]) => name(i, j)));
    this.cells.forEach((row, i) =>
      row.forEach((cell, j) => {
        const here = inside.has(name(i, j));
        cell.classList.toggle("under", here);
        cell.classList.toggle("best", first.has(name(i, j)));
        cell.classList.toggle("t", here && !inside.has(name(i - 1, j)));
        cell.classList.toggle("b", here && !inside.has(name(i + 1, j)));
        cell.classList.toggle("l", here && !inside.has(name(i, j - 1)));
        cell.classList.toggle("r", here && !inside.has(name(i, j + 1)));
      }),
    );
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.tagName === "INPUT") return;
    const i = this.cells.findIndex((row) => row.includes(target));
    const j = this.cells[i].indexOf(target);
    const move = MOVES[/** @type {keyof MOVES} */ (event.key)];
    if (move) {
      event.preventDefault();
      this.cells[i + move[0]]?.[j + move[1]]?.focus();
    } else if (this.options.enter && event.key === "Enter") {
      this.options.enter([i, j]);
    } else if (this.options.edit && !this.outside(i, j) && (event.key === "Enter" || event.key === "F2" || /^[-−\d.]$/.test(event.key))) {
      event.preventDefault();
      this.change(i, j, event.key.length === 1 ? event.key : undefined);
    }
  }

  /** Let the number be typed over. @param {number} i @param {number} j @param {string} [typed] its first key */
  change(i, j, typed) {
    const cell = this.cells[i][j];
    if (cell.querySelector("input")) return;
    const before = this.values[i][j];
    const label = `${this.options.label}, row ${i - this.rim}, column ${j - this.rim}`;
    const input = el("input", { type: "text", inputmode: "decimal", "aria-label": label });
    input.value = typed ?? String(before);
    let open = true;
    const close = (/** @type {boolean} */ keep) => {
      if (!open) return;
      open = false; // taking the input away blurs it, which comes here again
      const value = parsed(input.value);
      cell.textContent = shown(before, this.options.digits);
      if (!keep || !Number.isFinite(value) || value === before) return;
      const at = [i - this.rim, j - this.rim];
      this.options.edit?.(/** @type {Place} */ (at), value);
      this.node.dispatchEvent(new CustomEvent("typed", { bubbles: true, detail: { at, value } }));
    };
    input.addEventListener("blur", () => close(true));
    input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      close(event.key === "Enter");
      this.cells[i][j].focus();
    });
    cell.replaceChildren(input);
    input.focus();
    if (typed === undefined) input.select();
  }
}

/** @param {number} top @param {number} left @param {number} rows @param {number} columns @param {number} [step] @returns {Place[]} */
export function block(top, left, rows, columns, step = 1) {
  return Array.from({ length: rows * columns }, (_, k) => [top + Math.floor(k / columns) * step, left + (k % columns) * step]);
}
