// @ts-check
/** The confusion matrix, whose cells open their pictures, and the commonest mistakes; of many classes those with the most mistakes. */

import { button, el, percent, thousands } from "../live/kit.js";

const [MOST, PAIRS] = [20, 12]; // classes of the table; mistakes of the list
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {import("./answers.js").Answers} model @param {(words: string) => void} show */
export function matrix(model, show) {
  const shown = classes(model);
  const cells = shown.map((truth) => shown.map((choice) => cell(model, truth, choice, show)));
  cells[0][0].tabIndex = 0;
  const name = (/** @type {number} */ k) => el("bdi", {}, model.classes[k]);
  const head = el("thead", {}, el("tr", {}, el("td", {}, "truth ↓ answer →"), ...shown.map((k) => el("th", { scope: "col" }, name(k)))));
  const body = el("tbody", {}, ...shown.map((k, y) => el("tr", {}, el("th", { scope: "row" }, name(k)), ...cells[y])));
  const table = el("table", { role: "grid", class: "confusion", "aria-label": "Confusion matrix", onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, cells) }, head, body);
  const all = shown.length === model.classes.length;
  const words = all ? "Counts: a row for each class, a column for each answer." : `The ${MOST} of ${thousands(model.classes.length)} classes with the most mistakes.`;
  return el("section", {}, el("h2", {}, "Confusion"), el("p", { class: "hint" }, `${words} Choose a cell for its pictures.`),
    el("div", { class: "scrolled" }, table), pairs(model, show));
}

/** @param {import("./answers.js").Answers} model */
function classes(model) {
  const every = model.classes.map((_, k) => k);
  if (every.length <= MOST) return every;
  const mistakes = every.map((k) => model.pictures[k] + model.guesses[k] - 2 * model.hits[k]);
  return every.sort((a, b) => mistakes[b] - mistakes[a] || a - b).slice(0, MOST).sort((a, b) => a - b);
}

/** @param {import("./answers.js").Answers} model @param {number} truth @param {number} choice @param {(words: string) => void} show */
function cell(model, truth, choice, show) {
  const n = model.cell(truth, choice);
  const label = `${model.classes[truth]} answered as ${model.classes[choice]}: ${n} of ${model.pictures[truth]}`;
  const open = () => n && show(`cell.${truth}.${choice}`);
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    open();
  };
  const node = el("td", { role: "gridcell", tabindex: "-1", "aria-label": label, title: label, onclick: open, onkeydown: keys, class: n ? "some" : null }, n ? thousands(n) : "·");
  const share = model.pictures[truth] ? n / model.pictures[truth] : 0;
  if (n) node.style.background = `color-mix(in srgb, var(${truth === choice ? "--good" : "--miss"}) ${Math.round(6 + 24 * Math.sqrt(share))}%, var(--card))`;
  return node;
}

/** @param {KeyboardEvent} event @param {HTMLElement[][]} cells */
function move(event, cells) {
  const step = ARROWS[/** @type {keyof ARROWS} */ (event.key)];
  if (!step) return;
  event.preventDefault();
  const y = cells.findIndex((line) => line.includes(/** @type {any} */ (event.target)));
  const next = cells[y + step[0]]?.[cells[y]?.indexOf(/** @type {any} */ (event.target)) + step[1]];
  if (!next) return;
  /** @type {HTMLElement} */ (event.target).tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

/** @param {import("./answers.js").Answers} model @param {(words: string) => void} show */
function pairs(model, show) {
  const found = model.pairs(PAIRS).map(({ truth, choice, n }) => {
    const words = [el("bdi", {}, model.classes[truth]), " answered as ", el("bdi", {}, model.classes[choice])];
    const of = ` ${thousands(n)} of ${thousands(model.pictures[truth])} (${percent(n / model.pictures[truth])})`;
    const open = el("button", { type: "button", onclick: () => show(`cell.${truth}.${choice}`) }, ...words);
    return el("li", {}, open, of);
  });
  return found.length ? el("div", {}, el("h3", {}, "The commonest mistakes"), el("ol", { class: "pairs" }, ...found)) : el("p", {}, "There is no mistake.");
}

/**
 * Classes by recall, the lowest first, each with the way to its worst pictures.
 * @param {import("./answers.js").Answers} model @param {(words: string) => void} show
 */
export function perClass(model, show) {
  const every = model.classes.map((_, k) => k).filter((k) => model.pictures[k]);
  every.sort((a, b) => model.hits[a] / model.pictures[a] - model.hits[b] / model.pictures[b] || a - b);
  const body = el("tbody");
  const fill = (/** @type {string} */ wanted) => {
    const some = every.filter((k) => model.classes[k].toLowerCase().includes(wanted.toLowerCase())).slice(0, MOST);
    body.replaceChildren(...some.map((k) => line(model, k, show)));
  };
  fill("");
  const search = el("input", { type: "search", "aria-label": "Find a class", placeholder: "Find a class", oninput: () => fill(search.value) });
  const head = ["class", "recall", "precision", "pictures"].map((title) => el("th", { scope: "col" }, title));
  const words = `${every.length > MOST ? `The ${MOST} lowest of ${thousands(every.length)}. ` : ""}Choose a class for its worst pictures: those whose true class got the lowest probability.`;
  return el("section", {}, el("h2", {}, "Classes"), el("p", { class: "hint" }, words), every.length > MOST ? search : "",
    el("div", { class: "scrolled" }, el("table", { class: "told" }, el("thead", {}, el("tr", {}, ...head)), body)));
}

/** @param {import("./answers.js").Answers} model @param {number} k @param {(words: string) => void} show */
function line(model, k, show) {
  const open = button("", () => show(`class.${k}`));
  open.append(el("bdi", {}, model.classes[k]));
  const precision = model.guesses[k] ? percent(model.hits[k] / model.guesses[k]) : "–";
  return el("tr", {}, el("th", { scope: "row" }, open), el("td", {}, model.share(model.hits[k], model.pictures[k])), el("td", {}, precision), el("td", {}, thousands(model.pictures[k])));
}
