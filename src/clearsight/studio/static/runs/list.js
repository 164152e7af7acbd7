// @ts-check
/** The list of runs: filtered, sorted, ticked to be laid side by side; what changes in it is changed row by row. */

import { button, el, row, thousands } from "../live/kit.js";
import { Beside } from "./beside.js";
import { arrange, cells, COLUMNS, header, renew } from "./table.js";

const SORTED = "modified"; // by default

export class List {
  /** @param {import("../app.js").Context} context @param {any[]} found */
  constructor({ state, keep }, found) {
    this.keep = keep;
    this.found = found;
    /** @type {Map<string, {text: string, node: HTMLElement}>} by id, with what each was made of */
    this.rows = new Map();
    this.ticked = new Set((state.get("runs") ?? "").split(",").filter((id) => found.some((one) => one.id === id)));
    [this.by, this.down] = [state.get("by") ?? SORTED, state.get("order") !== "up"];
    this.count = el("p", { class: "counts", role: "status" });
    [this.head, this.body, this.side] = [el("thead"), el("tbody"), new Beside()];
    const named = "Filter by name, data or network";
    this.search = el("input", { type: "search", "aria-label": named, placeholder: named, value: state.get("q") ?? "", oninput: () => this.choose() });
    this.clear = button("Untick all", () => this.untick());
    const table = el("table", { class: "plain runs" }, this.head, this.body);
    this.nodes = [row("controls finding", this.search, this.clear), this.count, this.side.node, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs" }, table)];
    this.choose();
    this.compare();
  }

  /** Take the list as it is now. @param {any[]} found */
  update(found) {
    const before = JSON.stringify(this.compared());
    this.found = found;
    const here = new Set(found.map((one) => one.id));
    for (const id of this.rows.keys()) if (!here.has(id)) this.rows.delete(id);
    this.draw();
    if (JSON.stringify(this.compared()) !== before) this.side.show(this.compared());
  }

  /** The runs that are ticked, in the order of their ticks. */
  compared() {
    return [...this.ticked].flatMap((id) => this.found.find((one) => one.id === id) ?? []);
  }

  compare() {
    this.keep({ runs: [...this.ticked].join(",") || null });
    this.clear.disabled = this.ticked.size === 0;
    this.side.show(this.compared());
  }

  /** @param {string} id @param {boolean} on */
  tick(id, on) {
    if (on) this.ticked.add(id);
    else this.ticked.delete(id);
    this.compare();
  }

  untick() {
    this.ticked.clear();
    for (const { node } of this.rows.values()) /** @type {HTMLInputElement} */ (node.querySelector("input")).checked = false;
    this.compare();
  }

  /** @param {string} name */
  sort(name) {
    [this.by, this.down] = [name, name === this.by ? !this.down : COLUMNS[name].down];
    this.choose();
    this.head.querySelector(`[data-by="${name}"]`)?.focus();
  }

  /** Show what the reader has chosen, and keep it in the address. */
  choose() {
    this.keep({ q: this.search.value || null, by: this.by === SORTED ? null : this.by, order: this.down ? null : "up" });
    this.head.replaceChildren(header(this.by, this.down, (name) => this.sort(name)));
    this.draw();
  }

  draw() {
    const passing = this.passing();
    arrange(this.body, passing.map((one) => this.row(one)));
    const all = `${thousands(this.found.length)} ${this.found.length === 1 ? "run" : "runs"}`;
    const words = passing.length === this.found.length ? all : `${thousands(passing.length)} of ${all}`;
    if (this.count.textContent !== words) this.count.textContent = words; // the same words would be read aloud again
  }

  /** The runs that the filter lets through, in their order. */
  passing() {
    const words = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const value = COLUMNS[this.by]?.value ?? COLUMNS[SORTED].value;
    const known = (/** @type {any} */ one) => one !== null && one !== undefined && one !== "";
    return this.found.filter((one) => words.every((/** @type {string} */ word) => `${one.name} ${one.data} ${one.model} ${one.state}`.toLowerCase().includes(word))).sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (!known(x) || !known(y)) return Number(known(y)) - Number(known(x)); // what is not known is last
      return (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y) * (this.down ? -1 : 1);
    });
  }

  /** The row of a run: the one that is there, changed where it says something else by now. @param {any} one */
  row(one) {
    const text = JSON.stringify(one);
    const known = this.rows.get(one.id);
    if (known?.text === text) return known.node;
    const made = cells(one, this.ticked.has(one.id), (on) => this.tick(one.id, on));
    const node = known ? renew(known.node, made) : el("tr", {}, ...made);
    this.rows.set(one.id, { text, node });
    return node;
  }
}
