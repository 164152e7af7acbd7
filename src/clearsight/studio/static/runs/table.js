// @ts-check
/** A row for each run: what it is sorted by, and what its cells say. */

import { el, percent, thousands } from "../live/kit.js";

/** @type {Record<string, string>} */
export const STATES = { running: "● training", finished: "✓ finished", failed: "✗ failed", interrupted: "‖ stopped", empty: "– not begun" };

/** @typedef {{title: string, value: (one: any) => any, down: boolean}} Column what it is sorted by; `down`: the largest first */
/** @type {Record<string, Column>} */
export const COLUMNS = {
  name: { title: "Run", value: (one) => one.name, down: false },
  state: { title: "State", value: (one) => one.state, down: false },
  accuracy: { title: "Accuracy", value: (one) => judged(one)?.top1.value, down: true },
  data: { title: "Data", value: (one) => one.data, down: false },
  model: { title: "Network", value: (one) => one.model, down: false },
  epochs: { title: "Epochs", value: (one) => one.epochs, down: true },
  modified: { title: "Changed", value: (one) => one.modified, down: true },
};

/** The accuracy of a run: of its evaluation, else on validation. @param {any} one */
export function judged(one) {
  if (one.top1 && typeof one.top1.value === "number") return { top1: one.top1, n: one.n, part: one.part };
  if (typeof one.validation?.top1?.value === "number") return { top1: one.validation.top1, n: one.validation.n, part: "validation" };
  return null;
}

/** @param {string} by @param {boolean} down @param {(name: string) => void} sort */
export function header(by, down, sort) {
  const columns = Object.entries(COLUMNS).map(([name, { title }]) => {
    const order = name === by ? (down ? "descending" : "ascending") : null;
    return el("th", { scope: "col", "aria-sort": order }, el("button", { type: "button", "data-by": name, onclick: () => sort(name) }, title, el("span", { "aria-hidden": "true" }, order ? (down ? " ↓" : " ↑") : "")));
  });
  return el("tr", {}, el("th", { scope: "col" }, el("span", { class: "aloud" }, "Side by side")), ...columns, el("th", { scope: "col" }, "Open"));
}

/** @param {any} one @param {boolean} ticked @param {(on: boolean) => void} tick */
export function cells(one, ticked, tick) {
  const box = el("input", { type: "checkbox", checked: ticked, "aria-label": `${one.name} side by side`, onchange: () => tick(box.checked) });
  const done = one.state === "finished";
  const report = done ? [el("a", { href: `#/report/${one.id}`, "aria-label": `Report on ${one.name}` }, "Report")] : [];
  return [
    el("td", {}, box),
    el("th", { scope: "row" }, el("a", { href: `#/train/${one.id}` }, el("bdi", {}, one.name))),
    el("td", { class: one.state, title: one.reason || null }, STATES[one.state] ?? one.state, ...(one.reason && one.state === "failed" ? [el("p", { class: "hint" }, one.reason)] : [])),
    el("td", {}, accuracy(one)),
    el("td", { class: "long" }, el("bdi", {}, short(one.data))),
    el("td", { class: "long" }, el("bdi", {}, one.model)),
    el("td", {}, String(one.epochs)),
    el("td", {}, when(one.modified)),
    el("td", {}, ...report),
  ];
}

/** Change the cells of a row that say something else; the box and the name are always the same, and may have the focus. @param {HTMLElement} row @param {HTMLElement[]} made */
export function renew(row, made) {
  made.slice(2).forEach((cell, k) => cell.isEqualNode(row.children[k + 2]) || row.children[k + 2].replaceWith(cell));
  return row;
}

/** Put rows in their order. The one with the focus is not moved, as it would lose it: the others are put around it. @param {HTMLElement} body @param {HTMLElement[]} rows */
export function arrange(body, rows) {
  const wanted = new Set(rows);
  for (const one of [...body.children]) if (!wanted.has(/** @type {HTMLElement} */ (one))) one.remove();
  const held = rows.find((one) => one.contains(document.activeElement));
  rows.forEach((one, k) => {
    while (one === held && body.children[k] !== one) body.children[k].remove(); // it comes after it
    if (body.children[k] !== one) body.insertBefore(one, body.children[k] ?? null);
  });
}

/** An accuracy with its interval, or why there is none, and what it was computed on. @param {any} one */
export function accuracy(one) {
  const found = judged(one);
  if (!found) return "not known yet";
  const { top1, n, part } = found;
  const limits = typeof top1.low === "number" && typeof top1.high === "number" ? ` (${percent(top1.low)} to ${percent(top1.high)})` : "";
  return `${percent(top1.value)}${limits}, n = ${thousands(n ?? 0)}, ${part || "all"}${!limits && top1.reason ? `; no interval: ${top1.reason}` : ""}`;
}

/** The last part of a path. @param {string} data */
function short(data) {
  return data.split(/[\\/]/).filter(Boolean).pop() ?? data;
}

/** @param {number} seconds since 1970 */
function when(seconds) {
  return new Date(1000 * seconds).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}
