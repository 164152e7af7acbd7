// @ts-check
/** ε on a slider: no request while it moves, since the answers at every ε came with the first one. */

import { framed } from "../live/axis.js";
import { button, el, percent, row, sentence, shown, slider as range } from "../live/kit.js";
import { ask, Refusal } from "../api.js";
import { numbers } from "../data/model.js";
import { failure } from "../parts.js";
import { same } from "./same.js";
import { triptych } from "./triptych.js";

const [WIDE, TALL, SETTLED] = [400, 90, 300]; // of the curve; ms until a place of the slider is kept in the address

/** @param {HTMLElement} root @param {any} found the answer of …/slider @param {string} target @param {import("../app.js").Context} context */
export function slider(root, found, target, { network, picture, state, keep }) {
  const { steps, before } = found;
  const wanted = Number(state.get("at") ?? found.fooled ?? steps.length >> 1);
  let at = Number.isInteger(wanted) && wanted >= 0 && wanted < steps.length ? wanted : 0;
  let timer = 0;
  /** @type {any} */
  let saved = null; // the answers after saving, when they are there
  const figure = triptych(numbers(found.picture, Uint8Array), numbers(found.sign, Int8Array), found.shape, found.direction);
  const told = sentence();
  const [answers, files, layers, line] = [el("tbody"), el("tbody"), el("tbody"), el("div")];
  const mark = el("line", { class: "now", y1: 0, y2: TALL });

  function draw() {
    const step = steps[at];
    const stays = step.top[0].index === before.index;
    figure.draw(step.level);
    figure.answer(0, before.label, before.confidence, true);
    figure.answer(2, step.top[0].label, step.top[0].confidence, stays);
    answers.replaceChildren(...step.top.map((/** @type {any} */ one) => bar(one.label, one.confidence, percent(one.confidence))));
    const drifts = Object.entries(found.drift);
    const most = Math.max(...drifts.map(([, moved]) => moved[moved.length - 1]), 1e-12);
    layers.replaceChildren(...drifts.map(([name, moved]) => bar(name, moved[at], percent(moved[at]), moved[at] / most)));
    survival();
    for (const end of ["x1", "x2"]) mark.setAttribute(end, String((at / (steps.length - 1)) * WIDE));
    line.replaceChildren(same(found, ` --epsilon ${Number.isInteger(step.level) ? `${step.level}/255` : step.epsilon} --json`));
  }

  function survival() {
    if (!saved) return;
    const rows = [["in numbers", steps[at].top[0]], ["PNG (8 bit)", saved.png[at]], ["JPEG (quality 90)", saved.jpeg[at]]];
    const turned = steps[at].top[0].index !== before.index;
    files.replaceChildren(...rows.map(([name, one]) => {
      const fooled = one.index !== before.index;
      return el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: fooled ? "other" : "same" }, `${fooled ? "✗ another answer" : turned ? "✓ the first answer again" : "✓ the answer stays"}: `, el("bdi", {}, one.label)), el("td", { "data-value": one.confidence }, percent(one.confidence)));
    }));
  }

  const choose = range({
    label: "ε", min: 0, max: steps.length - 1, value: at, text: (k) => `${shown(steps[k].level, 3)}/255`,
    change: (k) => {
      at = k;
      draw();
      told.say(`ε = ${shown(steps[k].level, 3)} of 255 levels: ${steps[k].top[0].label}, ${percent(steps[k].top[0].confidence)}`);
      clearTimeout(timer);
      timer = setTimeout(() => root.isConnected && keep({ at }), SETTLED);
    },
  });
  const jump = (/** @type {number} */ k) => {
    choose.set(k);
    choose.node.querySelector("input")?.dispatchEvent(new Event("input"));
  };
  const aim = target ? found.classes[Number(target)] : "";
  const firsts = [[found.fooled, "First ε that fools", "No ε of these fools it"], ...(target ? [[found.reached, `First ε for ${aim}`, `No ε of these makes it ${aim}`]] : [])].map(([k, words, without]) =>
    k === null ? el("span", { class: "hint" }, `${without} (up to ${shown(steps[steps.length - 1].level, 3)}/255)`) : button(`${words}: ${shown(steps[k].level, 3)}/255`, () => jump(k)));
  root.append(
    row("eps", choose.node, curve(found, mark), row("controls", ...firsts)), figure.node, told.node,
    row("findings3",
      table("The two most likely classes", "bars5", answers),
      table("Does it survive saving?", "mistakes", files, "Computed from the picture that is read back."),
      table("How far the layers move", "bars5", layers, "The change of a layer’s output against its output for x, by their L2 norms.")),
    el("p", { class: "hint" }, "White box: the network’s own gradient. Move ε: every answer was computed by the network for exactly that picture. Point at a pixel to see its sum.",
      found.fitted ? " The picture has more than 512 pixels a side: it is attacked at the size of the network’s input, the command attacks it at its own." : ""),
    line,
  );
  draw();
  ask(`networks/${network}/survival/${picture}${target ? `?target=${target}` : ""}`).then(
    (coming) => {
      saved = coming;
      survival();
    },
    (error) => {
      if (!(error instanceof Refusal && error.superseded)) files.replaceChildren(el("tr", {}, el("td", {}, failure(error))));
    },
  );
}

/** @param {string} name @param {number} value @param {string} words @param {number} [share] of the bar's full length */
function bar(name, value, words, share = value) {
  const length = el("span", { class: "length" });
  length.style.width = `${100 * Math.min(1, share)}%`;
  return el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, name)), el("td", { "data-value": value }, words), el("td", { class: "bar" }, length));
}

/** @param {string} title @param {string} kind @param {HTMLElement} rows @param {string} [note] */
function table(title, kind, rows, note = "") {
  return el("section", {}, el("h2", {}, title), el("table", { class: kind, "aria-label": title }, rows), note ? el("p", { class: "hint" }, note) : "");
}

/** The probability of the picture's own answer by ε, and where the answer turns. @param {any} found @param {SVGElement} mark */
function curve({ steps, before, fooled }, mark) {
  const place = (/** @type {number} */ k) => ((k / (steps.length - 1)) * WIDE).toFixed(1);
  const path = steps.map((/** @type {any} */ one, /** @type {number} */ k) => `${k ? "L" : "M"}${place(k)} ${((1 - one.first) * TALL).toFixed(1)}`).join("");
  const last = steps[steps.length - 1];
  const levels = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (steps.length - 1))).map((k) => ({ at: k / (steps.length - 1), text: shown(steps[k].level, 3) }));
  const end = fooled === null ? "the answer stays the same" : `another answer from ε = ${shown(steps[fooled].level, 3)}/255`;
  const words = `The probability of ${before.label} goes from ${percent(steps[0].first)} to ${percent(last.first)}; ${end}.`;
  const turn = fooled === null ? [] : [el("line", { class: "turn", x1: place(fooled), x2: place(fooled), y1: 0, y2: TALL })];
  return el("figure", { class: "curve" }, el("figcaption", {}, "Probability of “", el("bdi", {}, before.label), `” at each place of the slider, ε in 255ths; dashed: the first ε that fools`),
    framed(el("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", role: "img", "aria-label": words }, el("path", { d: path }), ...turn, mark),
      [0, 0.5, 1].map((at) => ({ at, text: `${100 * at} %` })), levels));
}
