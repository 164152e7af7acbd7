// @ts-check
/** A picture under other light and moved by pixels: how far each kind of feature vector moves with it. */

import { el, percent, row, sentence, slider, thousands } from "./kit.js";
import { screen } from "./picture.js";

/** @typedef {{name: string, size: number, distances: number[][]}} Features distances by light and move, as a share of the vector's length */
/** @typedef {{lights: number[], moves: number[], pictures: string[][], rows: Features[]}} Data */

/** @param {HTMLElement} root @param {Data} data */
export function nudged(root, data) {
  let light = data.lights.indexOf(0);
  let move = 0;
  const told = sentence();
  const seen = screen("The picture as it is now");
  const most = Math.max(...data.rows.flatMap((one) => one.distances.flat()));
  const lines = data.rows.map((one) => {
    const cells = { value: el("td"), bar: el("span", { class: "length" }) };
    return { ...cells, node: el("tr", {}, el("th", { scope: "row" }, one.name), el("td", {}, thousands(one.size)), cells.value, el("td", { class: "bar" }, cells.bar)) };
  });

  function show() {
    seen.show(data.pictures[light][move]);
    const far = data.rows.map((one) => one.distances[light][move]);
    lines.forEach((line, k) => {
      line.value.textContent = percent(far[k]);
      line.value.dataset.value = String(far[k]);
      line.bar.style.width = `${(100 * far[k]) / most}%`;
    });
    const steadiest = data.rows[far.indexOf(Math.min(...far))].name;
    const same = far.every((value) => value === 0);
    told.say(`light ${sign(data.lights[light])}, moved by ${data.moves[move]} px: ${same ? "nothing moves" : `${steadiest} moves least, by ${percent(Math.min(...far))} of its length`}`);
  }

  const shine = slider({ label: "light", min: 0, max: data.lights.length - 1, value: light, text: (k) => sign(data.lights[k]), change: (k) => ((light = k), show()) });
  const go = slider({ label: "move to the right", min: 0, max: data.moves.length - 1, value: 0, text: (k) => `${data.moves[k]} px`, change: (k) => ((move = k), show()) });
  const head = el("tr", {}, ...["features", "numbers", "distance", ""].map((words) => el(words ? "th" : "td", words ? { scope: "col" } : {}, words)));
  root.append(row("controls", shine.node, go.node), row("halves", el("div", { class: "seat" }, seen.node), el("table", { class: "layers counts drawing", "aria-label": "Features" }, el("thead", {}, head), el("tbody", {}, ...lines.map((one) => one.node)))), told.node,
    el("p", { class: "hint" }, "The distance is that of the feature vector to the one of the picture as it is, as a share of its length. A histogram does not mind a move, and minds light; HOG minds light little, as it is made of directions."));
  show();
}

/** @param {number} value */
function sign(value) {
  return value > 0 ? `+${value}` : String(value).replace("-", "−");
}
