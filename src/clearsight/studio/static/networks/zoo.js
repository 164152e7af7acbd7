// @ts-check
/** The rows of the registry that are shown: what is looked for, and in what order. */

/** @typedef {{name: string, id: string, family: string, year: number, paper: string, parameters: number, auxiliary: number, macs: number,
 *   depth: number, megabytes: number, top1: number | null, input_size: number[], licence: string | null}} Row as `clearsight models --json` has it */

/** Name in the address → how it is asked for, and whether a row passes. @type {Record<string, {label: string, kind: string, passes: (row: Row, wanted: string) => boolean}>} */
export const FILTERS = {
  match: { label: "Name, family or paper", kind: "search", passes: (row, wanted) => `${row.name} ${row.family} ${row.paper}`.toLowerCase().includes(wanted.toLowerCase()) },
  family: { label: "Family", kind: "choice", passes: (row, wanted) => row.family === wanted },
  from: { label: "From year", kind: "year", passes: (row, wanted) => row.year >= Number(wanted) },
  to: { label: "To year", kind: "year", passes: (row, wanted) => row.year <= Number(wanted) },
  "max-parameters": { label: "At most parameters", kind: "amount", passes: (row, wanted) => row.parameters <= amount(wanted) },
  "max-macs": { label: "At most multiply-adds", kind: "amount", passes: (row, wanted) => row.macs <= amount(wanted) },
};

/** `25M` as a number; NaN for anything else. @param {string} text @returns {number} */
export function amount(text) {
  const found = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text.trim());
  return found ? Number(found[1]) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[/** @type {""} */ (found[2])] : NaN;
}

/** What the screen has of the registry, and who wants to know when the choice changes. */
export class Zoo {
  /** @param {Row[]} rows @param {URLSearchParams} state @param {(values: Record<string, string | null>) => void} keep */
  constructor(rows, state, keep) {
    this.rows = rows;
    this.keep = keep;
    this.wanted = new Map(Object.keys(FILTERS).flatMap((name) => (state.get(name) ? [[name, String(state.get(name))]] : [])));
    this.sort = state.get("sort") ?? "year";
    this.reverse = state.has("reverse");
    this.chosen = state.get("one") ?? "";
    /** @type {(() => void)[]} */
    this.listeners = [];
    /** @type {Row[]} */
    this.shown = [];
    this.order();
  }

  /** Take a filter, or none. @param {string} name @param {string} value */
  want(name, value) {
    if (value) this.wanted.set(name, value);
    else this.wanted.delete(name);
    this.changed({ [name]: value || null });
  }

  /** Sort by a column, a second time the other way round. @param {string} column */
  by(column) {
    this.reverse = this.sort === column && !this.reverse;
    this.sort = column;
    this.changed({ sort: column === "year" ? null : column, reverse: this.reverse ? "1" : null });
  }

  /** @param {string} name of a network */
  choose(name) {
    this.chosen = name;
    this.changed({ one: name });
  }

  /** @param {Record<string, string | null>} values */
  changed(values) {
    this.keep(values);
    this.order();
    this.listeners.forEach((tell) => tell());
  }

  order() {
    const key = /** @type {keyof Row} */ (this.sort);
    const bad = (/** @type {Row} */ row) => row[key] === null;
    const by = (/** @type {any} */ a, /** @type {any} */ b) => (a < b ? -1 : a > b ? 1 : 0);
    const way = this.reverse ? -1 : 1;
    const passing = this.rows.filter((row) => [...this.wanted].every(([name, wanted]) => FILTERS[name].passes(row, wanted)));
    this.shown = passing.sort((a, b) => Number(bad(a)) - Number(bad(b)) || way * (by(a[key], b[key]) || by(a.name, b.name)));
  }

  /** The command that lists the same; there is none for years. @returns {string} */
  command() {
    if (this.wanted.has("from") || this.wanted.has("to")) return "";
    const options = [...this.wanted].map(([name, value]) => `--${name} ${/^[\w.-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`);
    const order = this.sort === "year" ? [] : [`--sort ${this.sort}`];
    return ["clearsight models", ...options, ...order, ...(this.reverse ? ["--reverse"] : []), "--json"].join(" ");
  }
}
