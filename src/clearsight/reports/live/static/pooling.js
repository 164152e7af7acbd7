// @ts-check
/** A window slides over a matrix and keeps the largest number, or the mean. */

import { button, choice, edited, el, player, row, sentence, shown, slider } from "./kit.js";
import { Grid, block } from "./grid.js";
import { pooled } from "./maths.js";

/** @typedef {number[][]} Matrix */

/** @param {HTMLElement} root @param {{picture: Matrix, max_pool: Matrix}} data as `look convolution --example maxpool` computes it */
export function pooling(root, data) {
  let picture = data.picture;
  let result = data.max_pool;
  let [size, stride] = [2, 2];
  /** @type {"max"|"average"} */
  let kind = "max";
  const told = sentence();
  const steps = player(result.flat().length, show);
  const before = new Grid({
    label: "feature map", signed: false,
    edit: ([i, j], value) => renew(() => (picture = picture.map((line, a) => line.map((old, b) => (a === i && b === j ? value : old))))),
  });
  const after = new Grid({
    label: "after pooling", signed: false,
    choose: ([i, j]) => {
      steps.stop();
      steps.move(i * result[0].length + j);
    },
  });

  /** @param {() => void} change */
  function renew(change) {
    change();
    edited();
    result = pooled(picture, size, stride, kind);
    fill();
  }

  function fill() {
    before.set(picture);
    after.set(result);
    steps.resize(result.flat().length);
    show(steps.at());
  }

  /** @param {number} k */
  function show(k) {
    const [i, j] = [Math.floor(k / result[0].length), k % result[0].length];
    const places = block(i * stride, j * stride, size, size);
    const numbers = places.map(([a, b]) => picture[a][b]);
    before.mark(places, kind === "max" ? [places[numbers.indexOf(Math.max(...numbers))]] : []);
    after.mark([[i, j]]);
    const value = shown(result[i][j]);
    const list = numbers.map((number) => shown(number)).join(", ");
    told.say(kind === "max" ? `max(${list}) = ${value}` : `mean(${list}) = ${value}`);
  }

  const width = slider({ label: "window", min: 1, max: picture.length, value: 2, text: (n) => `${n}×${n}`, change: (n) => renew(() => (size = n)) });
  const apart = slider({ label: "stride", min: 1, max: 3, value: 2, change: (n) => renew(() => (stride = n)) });
  const kinds = choice("Kind of pooling", ["max", "average"], (name) => renew(() => (kind = name === "max" ? "max" : "average")));
  const reset = button("Reset", () => {
    [picture, result, size, stride, kind] = [data.picture, data.max_pool, 2, 2, "max"];
    width.set(2);
    apart.set(2);
    [...kinds.children].forEach((one) => one.setAttribute("aria-pressed", String(one.textContent === "max")));
    document.documentElement.classList.remove("edited");
    fill();
  });
  root.append(
    row("controls", kinds, steps.node, width.node, apart.node, reset),
    row("grids", before.node, after.node),
    told.node,
    el("p", { class: "hint" }, "Click a number to change it. Point at a pooled number to see its window; the arrow keys move."),
  );
  fill();
}
