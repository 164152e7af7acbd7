// @ts-check
/** A picture, the sign of the gradient, and their sum for an ε on a slider, with the answer to each. */

import { framed } from "./axis.js";
import { el, percent, row, sentence, shown, slider } from "./kit.js";
import { cursor } from "./cursor.js";

const BANDS = ["red", "green", "blue"];
const [WIDE, TALL] = [400, 110]; // of the curve

/** @typedef {{epsilon: number, label: string, confidence: number, first: number}} Step the answer, and the first label's probability */
/**
 * @typedef {Object} Data as `attacks.sweep` computes it
 * @property {string} picture @property {string} sign PNG as data: addresses; the sign −1, 0, 1 as 0, 128, 255
 * @property {string} direction whose sign it is @property {number[]} shape channels, rows, columns @property {Step[]} steps @property {number} chosen which step is shown first
 */

/** @param {HTMLElement} root @param {Data} data */
export async function attack(root, data) {
  const [bands, rows, columns] = data.shape;
  const [picture, sign] = await Promise.all([pixels(data.picture), pixels(data.sign)]);
  let step = data.steps[data.chosen];
  /** @type {[number, number]} */
  let at = [Math.floor(rows / 2), Math.floor(columns / 2)];
  const told = sentence();
  const panels = ["x", `sign(${data.direction})`, `x + ε·sign(${data.direction})`].map(panel);
  const mark = el("line", { class: "now", y1: 0, y2: TALL });

  /** @param {string} label */
  function panel(label) {
    const canvas = el("canvas", { width: columns, height: rows, class: Math.max(rows, columns) < 100 ? "coarse" : "" });
    cursor(canvas, { rows, columns, label, start: () => at, point: (y, x) => point(y, x) });
    const answer = el("b");
    const node = el("figure", { class: "panel" }, el("figcaption", {}, label), canvas, el("p", { class: "answer" }, answer));
    return { node, canvas, answer };
  }

  /** The changed value as a screen shows it, in 256 levels. @param {number} k of the pixels' bytes */
  function changed(k) {
    const value = picture[k] + 255 * step.epsilon * signOf(sign[k]);
    return Math.max(0, Math.min(255, halfToEven(value)));
  }

  function draw() {
    const sum = new Uint8ClampedArray(picture);
    for (let k = 0; k < sum.length; k += 1) if (k % 4 < 3) sum[k] = changed(k);
    [picture, sign, sum].forEach((values, k) => panels[k].canvas.getContext("2d").putImageData(new ImageData(values, columns, rows), 0, 0));
    const before = data.steps[0];
    panels[0].answer.textContent = `${before.label}, ${percent(before.confidence)}`;
    panels[1].answer.textContent = `ε = ${shown(step.epsilon, 3)} = ${shown(255 * step.epsilon, 3)}/255`;
    panels[2].answer.textContent = `${step.label}, ${percent(step.confidence)}`;
    panels[2].answer.className = step.label === before.label ? "same" : "other";
    const x = (step.epsilon / data.steps[data.steps.length - 1].epsilon) * WIDE;
    mark.setAttribute("x1", String(x));
    mark.setAttribute("x2", String(x));
  }

  /** @param {number} y @param {number} x */
  function point(y, x) {
    at = [y, x];
    const first = 4 * (y * columns + x);
    const names = bands === 1 ? ["grey"] : BANDS;
    const told_ = names.map((name, k) => {
      const direction = signOf(sign[first + k]);
      return `${name} ${picture[first + k]} ${direction < 0 ? "−" : "+"} ${shown(255 * step.epsilon * Math.abs(direction), 3)} → ${changed(first + k)}`;
    });
    told.say(`row ${y}, column ${x}: ${told_.join(";  ")}`);
  }

  const choose = slider({
    label: "ε", min: 0, max: data.steps.length - 1, value: data.chosen,
    text: (k) => `${shown(255 * data.steps[k].epsilon, 3)}/255`,
    change: (k) => {
      step = data.steps[k];
      draw();
      told.say(`ε = ${shown(step.epsilon, 3)}: ${step.label}, ${percent(step.confidence)}`);
    },
  });
  const curve = el(
    "figure", { class: "curve" },
    el("figcaption", {}, `probability of “${data.steps[0].label}” against ε`),
    framed(el("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", role: "img", "aria-label": described(data.steps) }, el("path", { d: path(data.steps) }), mark),
      [0, 0.5, 1].map((share) => ({ at: share, text: `${100 * share} %` })),
      [0, 0.5, 1].map((share) => ({ at: share, text: share ? `${shown(255 * share * data.steps[data.steps.length - 1].epsilon, 3)}/255` : "0" }))),
  );
  root.append(
    row("controls", choose.node), row("panels three", ...panels.map((one) => one.node)), told.node, curve,
    el("p", { class: "hint" }, "Move ε: every answer was computed by the network for exactly that picture. Point at a pixel to see its sum; rows and columns count from 0."),
  );
  draw();
  told.say(`ε = ${shown(step.epsilon, 3)}: ${step.label}, ${percent(step.confidence)}`);
  root.dataset.ready = "true";
}

/** @param {string} address @returns {Promise<Uint8ClampedArray>} red, green, blue, alpha of each pixel */
async function pixels(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = el("canvas", { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data;
}

/** @param {number} byte */
function signOf(byte) {
  return byte === 255 ? 1 : byte === 0 ? -1 : 0;
}

/** Rounded as torch does. @param {number} value */
function halfToEven(value) {
  const low = Math.floor(value);
  const part = value - low;
  return part === 0.5 ? low + (low % 2) : Math.round(value);
}

/** @param {Step[]} steps */
function path(steps) {
  const most = steps[steps.length - 1].epsilon || 1;
  return steps.map((one, k) => `${k ? "L" : "M"}${((one.epsilon / most) * WIDE).toFixed(1)} ${((1 - one.first) * TALL).toFixed(1)}`).join("");
}

/** The curve in a sentence. @param {Step[]} steps */
function described(steps) {
  const label = steps[0].label;
  const turned = steps.find((one) => one.label !== label);
  const end = turned ? `the answer is ${turned.label} from ε = ${shown(turned.epsilon, 3)}` : "the answer stays the same";
  return `The probability of ${label} falls from ${percent(steps[0].first)} to ${percent(steps[steps.length - 1].first)}; ${end}.`;
}
