// @ts-check
/** One picture under every corruption and challenge at once, and a desk that mixes two. */

import { el, percent, row, sentence, shown, slider } from "../live/kit.js";
import { ask, Refusal, blob } from "../api.js";
import { failure, image, section } from "../parts.js";
import { same } from "./same.js";

const [NOTHING, OFF] = ["nothing", 0];
/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @typedef {{name: string, step: number}} Change step from 1 to 5, 0 for none */

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function stress(root, context) {
  const address = `networks/${context.network}/panel/${context.picture}?part=`;
  root.append(section("Every corruption and challenge at five strengths", ask(`${address}0`), (found, body) => {
    if (!found.trained) body.append(el("p", { class: "warning" }, "Random weights: this network has learnt nothing yet; its answers stay or change by chance."));
    const desk = mixing(found, context);
    const [table, said] = [grid(desk.set), el("span", { role: "status" })];
    let [lost, every] = [0, 0];
    const add = (/** @type {any} */ part) => {
      const trials = part.challenges.flatMap((/** @type {any} */ one) => one.trials);
      lost += trials.filter((/** @type {any} */ one) => one.changed).length;
      every += trials.length;
      const whole = found.names.length * found.columns;
      said.textContent = `${lost} of ${every} changed pictures get another answer (✗)${every < whole ? `; ${whole - every} more are coming …` : "."}`;
      table.add(part);
    };
    add(found);
    body.append(
      el("p", {}, "As it is: ", el("b", {}, el("bdi", {}, found.label), `, ${percent(found.confidence)}`), ". ", said), row("stressing", desk.node, table.node), same(found));
    desk.start();
    rest(address, found.parts, body, add);
  }));
}

/** The other parts, one after another, while the page shows them. @param {string} address @param {number} parts @param {HTMLElement} body @param {(part: any) => void} add */
async function rest(address, parts, body, add) {
  try {
    for (let part = 1; part < parts; part++) {
      const found = await ask(`${address}${part}`);
      if (!body.isConnected) return;
      add(found);
    }
  } catch (error) {
    if (!(error instanceof Refusal && error.superseded)) body.append(failure(error));
  }
}

/** Answers as a table of buttons, one row a change. @param {(change: Change) => void} choose */
function grid(choose) {
  const body = el("tbody");
  body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => roam(body, event));

  function add(/** @type {any} */ found) {
    const sheet = el("img", { alt: "" });
    const address = blob(found.sheet);
    const drawing = found.challenges.flatMap((/** @type {any} */ one, /** @type {number} */ r) => {
      const cells = one.trials.map((/** @type {any} */ trial, /** @type {number} */ c) => cell(one.challenge, trial, c, found.side, choose));
      if (!body.children.length) cells[0].button.setAttribute("tabindex", "0");
      body.append(el("tr", {}, el("th", { scope: "row" }, one.challenge.replaceAll("_", " "), el("span", { class: "hint" }, `${one.group}; ${strengths(one)}`)), ...cells.map((/** @type {any} */ each) => el("td", {}, each.button))));
      return cells.map((/** @type {any} */ { canvas }, /** @type {number} */ c) => () => {
        const [x, y, w, h] = found.boxes[r * found.columns + c];
        canvas.getContext("2d").drawImage(sheet, c * found.side + x, r * found.side + y, w, h, x, y, w, h);
      });
    });
    sheet.onload = () => {
      drawing.forEach((/** @type {() => void} */ draw) => draw());
      URL.revokeObjectURL(address);
    };
    sheet.src = address;
  }
  const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Change"), ...[1, 2, 3, 4, 5].map((step) => el("th", { scope: "col" }, String(step)))));
  return { node: el("div", { class: "panel5" }, el("table", { "aria-label": "Answers under each change" }, head, body)), add };
}

/** @param {string} name @param {any} trial @param {number} place from 0 @param {number} side px of its picture @param {(change: Change) => void} choose */
function cell(name, trial, place, side, choose) {
  const canvas = el("canvas", { width: side, height: side, "aria-hidden": "true" });
  const words = `${name} ${place + 1}: ${trial.label}, ${percent(trial.confidence)}`;
  const button = el("button", {
    type: "button", tabindex: "-1", class: `cell ${trial.changed ? "other" : "same"}`, title: words, "data-value": trial.confidence,
    "aria-label": `${words}, ${trial.changed ? "another answer" : "the answer stays"}`, onclick: () => choose({ name, step: place + 1 }),
  }, canvas, el("span", {}, trial.changed ? "✗" : "✓", " ", el("bdi", {}, trial.label)), el("span", {}, percent(trial.confidence)));
  return { button, canvas };
}

/** @param {any} one a change */
function strengths(one) {
  return one.corruption ? "severity 1 to 5" : `${one.means}: ${one.trials.map((/** @type {any} */ trial) => shown(trial.strength, 3)).join(", ")}`;
}

/** Arrow keys move between the buttons of a table, of which one is in the order of tabs. @param {HTMLElement} body @param {KeyboardEvent} event */
function roam(body, event) {
  const move = MOVES[event.key];
  const here = /** @type {HTMLElement} */ (event.target).closest("td");
  if (!move || !here) return;
  event.preventDefault();
  const rows = [...body.children];
  const line = /** @type {HTMLTableRowElement} */ (here.parentElement);
  const next = rows[rows.indexOf(line) + move[0]]?.querySelectorAll("button")[[...line.querySelectorAll("td")].indexOf(here) + move[1]];
  if (!next) return;
  body.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

/** Two changes with their strengths, one after the other, and the answer. @param {any} found @param {import("../app.js").Context} context */
function mixing(found, { network, picture, state, keep }) {
  const names = [NOTHING, ...found.names];
  const changes = read(state.get("mix") ?? "", names);
  const body = el("div", { class: "answered" });
  const told = sentence();
  let timer = 0;
  const rows = changes.map((change, k) => {
    const words = k ? "then" : "First";
    const select = el("select", { "aria-label": `${words}: the change`, onchange: () => {
      change.name = select.value;
      if (change.step === OFF) change.step = 1;
      renew();
    } }, ...names.map((name) => el("option", { value: name }, name.replaceAll("_", " "))));
    const strength = slider({ label: "strength", min: 0, max: 5, value: change.step, change: (step) => {
      change.step = step;
      renew();
    } });
    const set = () => {
      select.value = change.name;
      strength.set(change.step);
    };
    set();
    return { node: row("controls", el("label", { class: "which" }, `${words} `, select), strength.node), set };
  });

  function renew() {
    const made = changes.filter((one) => one.name !== NOTHING && one.step !== OFF).map((one) => `${one.name}:${one.step}`).join(",");
    clearTimeout(timer);
    timer = setTimeout(() => state.get("mix") !== made && keep({ mix: made || null }), 300);
    return answer(made);
  }

  async function answer(/** @type {string} */ made) {
    try {
      const coming = await ask(`networks/${network}/mixed/${picture}?${new URLSearchParams({ changes: made })}`);
      body.replaceChildren(...answered(coming, made));
      const stays = coming.top[0].label === found.label;
      told.say(`${made ? made.replaceAll("_", " ").replaceAll(",", ", then ") : "as it is"}: ${coming.top[0].label}, ${percent(coming.top[0].confidence)}; ${stays ? "the answer stays" : "another answer"}`);
    } catch (error) {
      if (!(error instanceof Refusal && error.superseded)) body.replaceChildren(failure(error));
    }
  }

  /** @param {Change} change */
  function set(change) {
    Object.assign(changes[0], change);
    Object.assign(changes[1], { name: NOTHING, step: OFF });
    rows.forEach((one) => one.set());
    renew();
    node.scrollIntoView({ block: "nearest" }); // where the table is below it
  }
  const node = el("div", { class: "mixing" }, el("h3", {}, "Mixing desk"), el("p", { class: "hint" }, "Two changes, the second made of what the first has left. Click a picture of the table to see it here."), ...rows.map((one) => one.node), body, told.node);
  return { node, set, start: renew };
}

/** @param {string} text such as `fog:3,snow:1` @param {string[]} names @returns {Change[]} two */
function read(text, names) {
  const found = text.split(",").map((one) => one.split(":")).filter(([name, step]) => names.includes(name) && /^[1-5]$/.test(step)).map(([name, step]) => ({ name, step: Number(step) }));
  return [0, 1].map((k) => found[k] ?? { name: NOTHING, step: OFF });
}

/** @param {any} found @param {string} made */
function answered(found, made) {
  const rows = found.top.map((/** @type {any} */ one) => {
    const bar = el("span", { class: "length" });
    bar.style.width = `${100 * one.confidence}%`;
    return el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, one.label)), el("td", { "data-value": one.confidence }, percent(one.confidence)), el("td", { class: "bar" }, bar));
  });
  return [image(found.image, made ? `The picture after ${made}` : "The picture as the network sees it", Math.max(...found.size) <= 64),
    row("said", el("table", { class: "bars5", "aria-label": "The answer to the mixed picture" }, el("tbody", {}, ...rows)))];
}
