// @ts-check
/** The exercises: a list with what was reached, and one with its data, its questions, and the reason of each mark. */

import { button, el, row } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure, marked } from "../parts.js";
import { index } from "./list.js";

/** @typedef {{name: string, prompt: string, kind: string, points: number, options: string[], example: string}} Part */
/** @typedef {{tries: number, points: number, most: number, answer: string}} Tried */

const STORED = "exercises"; // in the window: a reload keeps what was reached
/** What was tried, by kind, seed and part; it is forgotten with the window. @type {Map<string, Tried>} */
const tried = new Map(JSON.parse(sessionStorage.getItem(STORED) ?? "[]"));
const LAST_SEED = 2 ** 32 - 1;

/** @param {HTMLElement} body @param {import("../screens/lecture.js").Table} table @param {import("../app.js").Context} context @param {import("../screens/lecture.js").Link} link */
export async function exercises(body, table, { state, network, picture }, link) {
  const mine = `?${new URLSearchParams({ network, picture })}`;
  const { exercises: kinds } = await ask("exercises");
  const kind = kinds.find((/** @type {any} */ one) => one.name === state.get("kind"))?.name ?? kinds[0].name;
  const seed = Math.min(LAST_SEED, Math.max(0, Math.round(Number(state.get("seed")) || 0)));
  const marks = kinds.map(() => el("span", { class: "reached" }));
  const rows = kinds.map((/** @type {any} */ one, /** @type {number} */ k) => ({ id: one.name, title: one.title, href: link({ tab: "exercises", kind: one.name, seed }), more: [marks[k]] }));
  const total = el("p", { class: "hint total", role: "status" });
  const score = () => {
    kinds.forEach((/** @type {any} */ one, /** @type {number} */ k) => (marks[k].textContent = reached(`${one.name}/${seed}/`)));
    total.textContent = whole(seed);
  };
  const place = el("article", { tabindex: "-1", class: "slide" }, el("p", { class: "busy", role: "status" }, "Drawing the numbers …"));
  body.append(row("lecture", index(rows, kind, "Exercises", body), place));
  score();
  try {
    const one = await ask(`exercises/${kind}/${seed}${mine}`);
    const again = table.slides.filter((slide) => slide.exercises.includes(kind)).map((slide) => el("a", { href: link({ slide: slide.id }) }, slide.title));
    place.replaceChildren(...card({ ...one, mine }, again, (next) => (location.hash = link({ tab: "exercises", kind, seed: next })), score), total);
  } catch (error) {
    place.replaceChildren(failure(error));
  }
}

/** @param {any} one @param {HTMLElement[]} again @param {(seed: number) => void} reseed @param {() => void} score */
function card(one, again, reseed, score) {
  const number = el("input", { type: "number", min: 0, max: LAST_SEED, value: one.seed, "aria-label": "seed", onchange: () => reseed(Number(number.value)) });
  const seeds = row("controls", el("label", { class: "seed" }, "seed ", number), button("Other numbers", () => reseed((one.seed + 1) % LAST_SEED)));
  const hints = el("details", {}, el("summary", {}, "Hint"), el("p", {}, ...marked(one.hints[0])), el("details", {}, el("summary", {}, "Second hint"), el("p", {}, ...marked(one.hints[1]))));
  const asks = one.parts.map((/** @type {Part} */ part) => question(one, part, again, score));
  return [
    el("p", { class: "steps" }, `${one.topic}, ${points(one.points)}. The same seed gives everybody the same numbers.`), el("h2", {}, one.title), seeds,
    ...one.question.map((/** @type {string} */ text) => el("p", {}, ...marked(text))),
    row("given", ...one.grids.map(grid)), ...asks, hints, command(one.command),
  ];
}

/** @param {{name: string, look: string, rows: string[][], colours: string[][], numbers: boolean[][]}} one with the colours of the printed sheet */
function grid(one) {
  const rows = one.rows.map((cells, i) => el("tr", {}, ...cells.map((text, j) => {
    const head = one.look === "table" && i === 0;
    const cell = el(head ? "th" : "td", { scope: head ? "col" : null, class: one.look === "table" && !one.numbers[i][j] ? "text" : null }, text);
    if (one.look !== "table") cell.style.background = one.colours[i][j];
    return cell;
  })));
  return el("table", { class: `sheet ${one.look}` }, el("caption", {}, one.name), el("tbody", {}, ...rows));
}

/** An exercise as it is printed: a line for each answer. @param {any} one */
export function printed(one) {
  const parts = one.parts.map((/** @type {Part} */ part) => el("li", {}, ...marked(part.prompt), el("small", {}, ` (${points(part.points)})`), ...(part.options.length ? [el("ul", { class: "plain" }, ...part.options.map((option) => el("li", {}, `☐ ${option}`)))] : [": …"])));
  return el("div", { class: "task" }, el("h3", {}, one.title), ...one.question.map((/** @type {string} */ text) => el("p", {}, ...marked(text))), row("given", ...one.grids.map(grid)), el("ol", { class: "plain" }, ...parts));
}

/** One answer that is asked for. @param {any} one @param {Part} part @param {HTMLElement[]} again what to read @param {() => void} score */
function question(one, part, again, score) {
  const key = `${one.name}/${one.seed}/${part.name}`;
  const said = el("div", { class: "graded", role: "status" });
  const solve = button("Show the solution", () => send(true), { hidden: true });
  const field = asked(one, part, tried.get(key)?.answer ?? "");
  const form = el("form", { class: "ask", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    send(false);
  } }, ...field.nodes, row("controls", el("button", { type: "submit" }, "Check"), solve), said);

  /** @param {boolean} solution */
  async function send(solution) {
    try {
      const given = field.given();
      const body = JSON.stringify({ part: part.name, solution, ...given });
      const found = await ask(`exercises/${one.name}/${one.seed}${one.mine}`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
      if (!solution) count(key, found, given.answer);
      solve.hidden = found.right || solution;
      said.replaceChildren(...verdict(found, again, /** @type {Tried} */ (tried.get(key))));
      score();
    } catch (error) {
      said.replaceChildren(failure(error));
    }
  }
  return form;
}

/** What is written an answer into: a line, lines, a choice, or a run of the studio. @param {any} one @param {Part} part @param {string} last what was answered last */
function asked(one, part, last) {
  const words = [...marked(part.prompt), el("small", {}, ` (${[part.options.length ? "" : part.example, points(part.points)].filter(Boolean).join("; ")})`)];
  if (part.options.length) {
    const choices = part.options.map((option) => el("label", {}, el("input", { type: "radio", name: `${one.name}-${part.name}`, value: option, checked: option === last }), " ", option));
    const set = el("fieldset", {}, el("legend", {}, ...words), ...choices);
    return { nodes: [set], given: () => ({ answer: set.querySelector("input:checked")?.value ?? "" }) };
  }
  if (part.kind === "run") {
    const choose = el("select", {}, el("option", { value: "" }, "a run below ./runs"));
    ask("runs").then(({ runs }) => choose.append(...runs.map((/** @type {any} */ run) => el("option", { value: run.id }, run.name))), () => {});
    return { nodes: [el("label", {}, ...words, choose)], given: () => ({ answer: choose.selectedOptions[0].textContent, run: choose.value }) };
  }
  const long = part.kind === "rows";
  const field = el(long ? "textarea" : "input", long ? { rows: 4 } : { type: "text", autocomplete: "off", inputmode: part.kind === "number" ? "decimal" : null });
  field.value = last;
  return { nodes: [el("label", {}, ...words, field)], given: () => ({ answer: field.value }) };
}

/** @param {string} key @param {{right: boolean, points: number, most: number}} found @param {string} answer */
function count(key, found, answer) {
  const before = tried.get(key) ?? { tries: 0, points: 0, most: found.most };
  if (before.points < before.most) tried.set(key, { tries: before.tries + 1, points: found.points, most: found.most, answer });
  sessionStorage.setItem(STORED, JSON.stringify([...tried]));
}

/** @param {any} found @param {HTMLElement[]} again @param {Tried} now */
function verdict(found, again, now) {
  const lines = [el("p", { class: found.right ? "right" : "wrong" }, `${found.right ? "✓" : "✗"} ${found.because}`, ` ${found.right ? `${points(found.points)}, ${tries(now.tries)}.` : ""}`)];
  if (!found.right && again.length) lines.push(el("p", {}, "Read again: ", ...again.flatMap((one, k) => (k ? ["; ", one.cloneNode(true)] : [one.cloneNode(true)]))));
  if (found.answer) lines.push(el("p", {}, "The answer is ", el("b", {}, found.answer), "."));
  if (found.steps) lines.push(el("div", { class: "solution" }, ...found.steps.map((/** @type {string} */ text) => el("p", {}, ...marked(text)))));
  return lines;
}

/** @param {number} n */
function points(n) {
  return `${n} point${n === 1 ? "" : "s"}`;
}

/** @param {number} n */
function tries(n) {
  return n === 1 ? "first try" : `${n} tries`;
}

/** What was reached of an exercise, by the start of its keys. @param {string} start */
function reached(start) {
  const own = [...tried].filter(([key]) => key.startsWith(start)).map(([, one]) => one);
  if (!own.length) return "";
  const [got, most] = [own.reduce((sum, one) => sum + one.points, 0), own.reduce((sum, one) => sum + one.most, 0)];
  return ` ${got === most ? "✓" : "✗"} ${got} of ${most}`;
}

/** @param {number} seed */
function whole(seed) {
  const own = [...tried].filter(([key]) => key.split("/")[1] === String(seed)).map(([, one]) => one);
  if (!own.length) return "No answer yet. What is reached is kept in this window only.";
  const sums = own.reduce((so, one) => ({ got: so.got + one.points, most: so.most + one.most, tries: so.tries + one.tries }), { got: 0, most: 0, tries: 0 });
  return `Seed ${seed}: ${sums.got} of ${points(sums.most)}, in ${sums.tries} ${sums.tries === 1 ? "try" : "tries"}. It is kept in this window only.`;
}
