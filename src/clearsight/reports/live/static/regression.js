// @ts-check
/** Softmax regression on a picture that is drawn here: pixel times template, summed to a score, and the scores as probabilities. */

import { button, el, percent, row, sentence, shown, slider } from "./kit.js";
import { coloured, cursor } from "./cursor.js";
import { shares, tidy } from "./maths.js";

/** @typedef {number[][]} Matrix */
/** @typedef {{classes: string[], weights: Matrix[], bias: number[], pictures: Matrix[], parameters: number}} Data a template a class; pictures of values from 0 to 1 to begin with */

/** z = Σ x·w + b of every class. @param {Matrix} picture @param {Matrix[]} weights @param {number[]} bias */
export function scores(picture, weights, bias) {
  return weights.map((template, j) => tidy(template.reduce((sum, line, a) => sum + line.reduce((so_far, w, b) => so_far + w * picture[a][b], 0), bias[j])));
}

/** Moved by so many pixels; the border is repeated. @param {Matrix} picture @param {number} down @param {number} right */
export function moved(picture, down, right) {
  const within = (/** @type {number} */ k, /** @type {number} */ n) => Math.max(0, Math.min(n - 1, k));
  return picture.map((line, a) => line.map((_, b) => picture[within(a - down, picture.length)][within(b - right, line.length)]));
}

/** @param {HTMLElement} root @param {Data} data */
export function regression(root, data) {
  const [rows, columns] = [data.pictures[0].length, data.pictures[0][0].length];
  let start = data.pictures[0];
  let picture = start;
  let chosen = -1; // the class whose products are shown: the answer, until one is chosen
  /** @type {[number, number]} */
  let at = [rows >> 1, columns >> 1];
  let painting = false;
  let ink = 1;
  const told = sentence();
  const canvases = ["picture", "template", "products"].map((label) => el("canvas", { width: columns, height: rows, class: "coarse", role: "img", "aria-label": label }));
  const captions = ["picture", "template", "pixel × weight"].map((words) => el("figcaption", {}, words));
  const changed = el("span");
  const lines = data.classes.map((name, j) => {
    const cells = { z: el("td"), bar: el("span", { class: "length" }), share: el("span", { class: "share" }) };
    const pick = button(name, () => ((chosen = j), show()));
    return { ...cells, node: el("tr", {}, el("th", { scope: "row" }, pick), cells.z, el("td", { class: "bar" }, cells.bar, cells.share)) };
  });

  /** @param {any} canvas @param {Matrix} values @param {boolean} grey */
  function paint(canvas, values, grey) {
    const most = Math.max(...values.flat().map(Math.abs)) || 1;
    const image = new ImageData(columns, rows);
    values.flat().forEach((value, k) => image.data.set([...(grey ? Array(3).fill(Math.round(255 * value)) : coloured(value, -most, most)), 255], 4 * k));
    const pen = canvas.getContext("2d");
    pen.putImageData(image, 0, 0);
    if (!grey || !canvas.matches(":focus, :hover")) return;
    pen.fillStyle = "rgb(214 90 6 / 70%)";
    pen.fillRect(at[1], at[0], 1, 1);
  }

  function show() {
    const z = scores(picture, data.weights, data.bias);
    const { probabilities } = shares(z);
    const best = z.indexOf(Math.max(...z));
    const j = chosen < 0 ? best : chosen;
    lines.forEach((one, k) => {
      one.z.textContent = shown(z[k], 4);
      one.z.dataset.value = String(z[k]);
      one.share.textContent = percent(probabilities[k]);
      one.share.dataset.value = String(probabilities[k]);
      one.bar.style.width = `calc(${100 * probabilities[k]}% - ${5 * probabilities[k]}em)`;
      one.node.classList.toggle("best", k === best);
    });
    paint(canvases[0], picture, true);
    paint(canvases[1], data.weights[j], false);
    paint(canvases[2], data.weights[j].map((line, a) => line.map((w, b) => w * picture[a][b])), false);
    captions[1].textContent = `template of ${data.classes[j]}`;
    captions[2].textContent = `pixel × weight: with the bias ${shown(data.bias[j], 3)} they add up to ${shown(z[j], 4)}`;
    const count = picture.flat().filter((value, k) => value !== start.flat()[k]).length;
    changed.textContent = count ? `${count} of ${rows * columns} pixels are changed` : "as it was";
    told.say(`${data.classes[best]}, ${percent(probabilities[best])}; pixel ${at.join(",")}: ${shown(picture[at[0]][at[1]], 3)} × ${shown(data.weights[j][at[0]][at[1]], 3)} = ${shown(picture[at[0]][at[1]] * data.weights[j][at[0]][at[1]], 3)}`);
  }

  const set = (/** @type {number} */ value) => {
    picture = picture.map((line, a) => line.map((old, b) => (a === at[0] && b === at[1] ? value : old)));
    show();
  };
  const [canvas] = canvases;
  cursor(canvas, { rows, columns, label: "picture, Space paints", start: () => at, point: (y, x) => {
    at = [y, x];
    if (painting) set(ink);
    else show();
  } });
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    canvas.setPointerCapture(event.pointerId);
    painting = true;
    set(ink);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (painting = false));
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    set(picture[at[0]][at[1]] === ink ? 0 : ink);
  });

  const other = (/** @type {Matrix} */ made) => {
    start = picture = made;
    chosen = -1;
    show();
  };
  const shift = (/** @type {string} */ words, /** @type {number} */ down, /** @type {number} */ right) => button(words, () => ((picture = moved(picture, down, right)), show()));
  const which = slider({ label: "picture", min: 1, max: data.pictures.length, value: 1, change: (k) => other(data.pictures[k - 1]) });
  const pen = slider({ label: "brightness of the pen", min: 0, max: 1, step: 0.125, value: 1, change: (value) => (ink = value) });
  const empty = button("Empty", () => other(start.map((line) => line.map(() => 0))));
  const reset = button("Reset", () => other(start));
  const head = el("tr", {}, ...["class", "z = Σ x·w + b", "p"].map((words) => el("th", { scope: "col" }, words)));
  root.append(row("controls", which.node, pen.node, empty, reset, shift("← 1 px", 0, -1), shift("1 px →", 0, 1), shift("↑ 1 px", -1, 0), shift("↓ 1 px", 1, 0), changed),
    row("halves", row("panels three drawing", ...canvases.map((one, k) => el("figure", { class: "panel" }, one, captions[k]))),
      el("table", { class: "softmax", "aria-label": "Classes" }, el("thead", {}, head), el("tbody", {}, ...lines.map((one) => one.node)))), told.node,
    el("p", { class: "hint" }, `Draw on the picture, or move with the arrow keys and press Space. ${data.parameters} parameters: a weight for every pixel and class, and a bias a class. How few pixels turn the answer? What does a shift by one pixel do, which nobody sees?`));
  show();
}
