// @ts-check
/** A window slides over a matrix and keeps the largest number, or the mean. */

import { button, choice, edited, el, player, row, sentence, shown, slider } from "./kit.js";
import { Grid, block } from "./grid.js";
import { pooled } from "./maths.js";

/** @typedef {number[][]} Matrix */

/** @typedef {"max"|"average"} Kind */
/** @typedef {{maps: Matrix[], pooled: Matrix[], kind: Kind, size: number, stride: number}} Data as `look convolution --example maxpool` computes it */

/** @param {HTMLElement} root @param {Data} data */
export function pooling(root, data) {
  let map = 0;
  let picture = data.maps[0];
  let result = data.pooled[0];
  let { size, stride, kind } = data;
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

  /** @param {number} k the map that is shown, as computed */
  function start(k) {
    map = k;
    [picture, result] = [data.maps[k], data.pooled[k]];
    ({ size, stride, kind } = data);
    width.set(size);
    apart.set(stride);
    [...kinds.children].forEach((one) => one.setAttribute("aria-pressed", String(one.textContent === kind)));
    document.documentElement.classList.remove("edited");
    fill();
  }

  const width = slider({ label: "window", min: 1, max: picture.length, value: size, text: (n) => `${n}×${n}`, change: (n) => renew(() => (size = n)) });
  const apart = slider({ label: "stride", min: 1, max: Math.max(3, stride), value: stride, change: (n) => renew(() => (stride = n)) });
  const kinds = choice("Kind of pooling", ["max", "average"], (name) => renew(() => (kind = name === "max" ? "max" : "average")));
  const named = data.maps.map((_, k) => `map ${k}`);
  const which = named.length > 1 ? [choice("Map", named, (name) => start(named.indexOf(name)))] : [];
  root.append(
    row("controls", ...which, kinds, steps.node, width.node, apart.node, button("Reset", () => start(map))),
    row("grids", before.node, after.node),
    told.node,
    el("p", { class: "hint" }, "Click a number to change it. Point at a pooled number to see its window; the arrow keys move."),
  );
  start(0);
}
