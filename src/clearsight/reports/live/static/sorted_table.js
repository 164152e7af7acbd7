// @ts-check
/** A table of models that is sorted by the column that is clicked. */

import { el, row, sentence, shown, thousands } from "./kit.js";

/** @typedef {{key: string, title: string, digits?: number}} Column */
/** @typedef {{columns: Column[], rows: Record<string, string | number | null>[], remarks: string[]}} Data a number, or null where the lecture's table has a dash */

/** @param {HTMLElement} root @param {Data} data */
export function sorted_table(root, data) {
  const told = sentence();
  const body = el("tbody");
  let by = data.columns[0].key;
  let falls = false;
  const heads = data.columns.map((one) => el("th", { scope: "col" }, el("button", { type: "button", onclick: () => sort(one.key) }, one.title)));

  /** @param {string} key */
  function sort(key) {
    falls = key === by ? !falls : typeof data.rows[0][key] !== "string"; // numbers: the largest first
    by = key;
    show();
  }

  function show() {
    const value = (/** @type {any} */ one) => one[by];
    const compare = (/** @type {any} */ a, /** @type {any} */ b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);
    const known = data.rows.filter((one) => value(one) !== null).sort((a, b) => (falls ? -1 : 1) * compare(value(a), value(b)));
    const rows = [...known, ...data.rows.filter((one) => value(one) === null)];
    body.replaceChildren(...rows.map((one) => el("tr", {}, ...data.columns.map(({ key, digits }, k) => el(k ? "td" : "th", k ? { "data-value": one[key] } : { scope: "row" }, written(one[key], digits))))));
    data.columns.forEach((one, k) => heads[k].setAttribute("aria-sort", one.key === by ? (falls ? "descending" : "ascending") : "none"));
    const title = data.columns.find((one) => one.key === by)?.title;
    told.say(`by ${title}: first ${rows[0].model}${by === "model" ? "" : `, ${written(value(rows[0]))}`}`);
  }

  root.append(told.node, el("div", { class: "list tall", tabindex: "0", role: "region", "aria-label": "All models" }, el("table", { class: "layers counts sortable", "aria-label": "Models" }, el("thead", {}, el("tr", {}, ...heads)), body)),
    el("p", { class: "hint" }, "Click a title to sort, once more to turn the order. A dash: the lecture’s table has no value there."), row("remarks", ...data.remarks.map((words) => el("p", { class: "source" }, words))));
  show();
}

/** @param {string | number | null} value @param {number} [digits] after the point */
function written(value, digits) {
  if (value === null) return "–";
  if (typeof value === "string") return value;
  return Number.isInteger(value) ? thousands(value) : digits === undefined ? shown(value) : value.toFixed(digits);
}
