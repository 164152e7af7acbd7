// @ts-check
/** Selective prediction: a slider over the least confidence that is answered; coverage and error follow without a request. */

import { framed } from "../live/axis.js";
import { button, el, percent, row, sentence, slider, thousands } from "../live/kit.js";

const [WIDE, TALL, POINTS] = [100, 40, 400]; // units of the curve; its points
const REST = 300; // ms without a move, after which the address has the value: browsers limit how often it changes

/**
 * @param {import("./answers.js").Answers} model @param {number} start in thousandths @param {(value: number) => void} keep
 * @param {(words: string) => void} show
 */
export function threshold(model, start, keep, show) {
  const said = sentence();
  const now = el("line", { class: "now", y1: 0, y2: TALL, "vector-effect": "non-scaling-stroke" });
  const most = Math.max(0.01, model.wrong[model.n] / model.n, ...points(model).map(([, error]) => error));
  const wrong = button("", () => show(`sure.${at}`));
  const left = button("", () => show(`left.${at}`));
  let [at, timer] = [start, 0];
  const tell = () => {
    const found = model.accepted(at / 1000);
    const share = found.n / model.n;
    said.say(
      `At least ${percent(at / 1000)} sure: ${thousands(found.n)} of ${thousands(model.n)} pictures are answered (${percent(share)}), ` +
        `${thousands(found.wrong)} of them wrong: error ${model.share(found.wrong, found.n)}.`,
    );
    now.setAttribute("x1", String(share * WIDE));
    now.setAttribute("x2", String(share * WIDE));
    wrong.textContent = `Show the ${thousands(found.wrong)} wrong`;
    left.textContent = `Show the ${thousands(model.n - found.n)} not answered`;
    wrong.disabled = !found.wrong;
    left.disabled = found.n === model.n;
  };
  const text = (/** @type {number} */ value) => percent(value / 1000);
  const moved = (/** @type {number} */ value) => {
    at = value;
    tell();
    clearTimeout(timer);
    timer = setTimeout(() => node.isConnected && keep(at), REST);
  };
  const handle = slider({ label: "Answer when at least this sure", min: 0, max: 1000, value: start, text, change: moved });
  tell();
  const caption = `Error by the share of pictures that are answered, the surest first.`;
  const node = el("section", { class: "threshold" }, el("h2", {}, "If the unsure are left to a person"),
    row("controls", handle.node, wrong, left), said.node, el("figure", { class: "curve" }, framed(curve(model, most, now), [0, 0.5, 1].map((at) => ({ at, text: percent(at * most) })), [0, 0.5, 1].map((at) => ({ at, text: `${100 * at} %` }))), el("figcaption", {}, caption)));
  return node;
}

/** Coverage and error at some of the places. @param {import("./answers.js").Answers} model @returns {[number, number][]} */
function points(model) {
  const steps = Math.min(POINTS, model.n);
  return Array.from({ length: steps }, (_, k) => {
    const n = Math.round(((k + 1) * model.n) / steps);
    return [n / model.n, model.wrong[n] / n];
  });
}

/** @param {import("./answers.js").Answers} model @param {number} most @param {SVGElement} now */
function curve(model, most, now) {
  const path = points(model).map(([x, y], k) => `${k ? "L" : "M"}${(x * WIDE).toFixed(2)} ${(TALL * (1 - y / most)).toFixed(2)}`).join("");
  return el("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", "aria-hidden": "true" }, el("path", { d: path }), now);
}
