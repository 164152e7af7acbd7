// @ts-check
/** NT-Xent, the loss of SimCLR, of two pictures in two views each: every term, with the temperature on a slider. */

import { el, row, sentence, shown, slider } from "./kit.js";
import { screen } from "./picture.js";
import { coloured } from "./cursor.js";

/** @typedef {{name: string, cosines: number[][]}} Network cosines `(4, 4)`: the first views of both pictures, then their second ones */
/** @typedef {{pictures: string[], networks: Network[], temperature: number}} Data as `look views` computes it */

const NAMES = ["1a", "2a", "1b", "2b"];

/** The terms of a view's loss: exp(cosine/τ) with each other view, their sum, and −log of the partner's share. @param {number[]} cosines @param {number} view @param {number} temperature */
export function term(cosines, view, temperature) {
  const powers = cosines.map((cosine, k) => (k === view ? 0 : Math.exp(cosine / temperature)));
  const total = powers.reduce((sum, value) => sum + value, 0);
  const partner = (view + cosines.length / 2) % cosines.length;
  return { powers, total, partner, loss: Math.log(total) - cosines[partner] / temperature };
}

/** @param {HTMLElement} root @param {Data} data */
export function nt_xent(root, data) {
  let { temperature } = data;
  let chosen = data.networks.length - 1;
  const told = sentence();
  const views = data.pictures.map((text, k) => {
    const seen = screen(`view ${NAMES[k]}`);
    seen.show(text);
    return el("figure", { class: "view" }, seen.node, el("figcaption", {}, NAMES[k]));
  });
  const cells = NAMES.map(() => NAMES.map(() => el("td")));
  const terms = NAMES.map(() => ({ sum: el("td"), loss: el("td") }));
  const mean = el("b");

  function show() {
    const { cosines, name } = data.networks[chosen];
    const found = cosines.map((line, view) => term(line, view, temperature));
    cosines.forEach((line, i) => line.forEach((cosine, j) => {
      cells[i][j].textContent = i === j ? "–" : shown(cosine, 3);
      cells[i][j].dataset.value = String(cosine);
      cells[i][j].className = j === found[i].partner ? "best" : "";
      const [r, g, b] = coloured(cosine, -1, 1);
      cells[i][j].style.background = i === j ? "" : `rgb(${r} ${g} ${b})`;
      cells[i][j].style.color = i === j || Math.abs(cosine) < 0.6 ? "" : "#fff";
      cells[i][j].classList.toggle("onto", i !== j);
    }));
    found.forEach((one, i) => {
      const others = one.powers.filter((_, k) => k !== i && k !== one.partner).map((value) => shown(value, 3));
      terms[i].sum.textContent = `${shown(one.powers[one.partner], 3)} / (${[shown(one.powers[one.partner], 3), ...others].join(" + ")})`;
      terms[i].loss.textContent = shown(one.loss, 4);
      terms[i].loss.dataset.value = String(one.loss);
    });
    const loss = found.reduce((sum, one) => sum + one.loss, 0) / found.length;
    mean.textContent = shown(loss, 4);
    mean.dataset.value = String(loss);
    told.say(`${name}, τ = ${shown(temperature)}: NT-Xent is ${shown(loss, 4)}, the mean of ${found.map((one) => shown(one.loss, 4)).join(", ")}`);
  }

  const heat = slider({ label: "temperature τ", min: 0.05, max: 2, step: 0.05, value: temperature, change: (value) => ((temperature = value), show()) });
  const which = slider({ label: "network", min: 0, max: data.networks.length - 1, value: chosen, text: (k) => data.networks[k].name, change: (k) => ((chosen = k), show()) });
  const head = (/** @type {string[]} */ words) => el("tr", {}, ...words.map((word) => el("th", { scope: "col" }, word)));
  const square = el("table", { class: "cosines", "aria-label": "Cosines" }, el("thead", {}, head(["view", ...NAMES])), el("tbody", {}, ...cells.map((line, i) => el("tr", {}, el("th", { scope: "row" }, NAMES[i]), ...line))));
  const sums = el("table", { class: "layers", "aria-label": "Terms" }, el("thead", {}, head(["view", "exp(s/τ) of its partner / of all others", "−log of the share"])),
    el("tbody", {}, ...terms.map((one, i) => el("tr", {}, el("th", { scope: "row" }, NAMES[i]), one.sum, one.loss))));
  root.append(row("controls", heat.node, which.node), row("halves", row("views", ...views), square, sums), el("p", { class: "answer" }, "NT-Xent: ", mean), told.node,
    el("p", { class: "hint" }, "Views a and b of the same picture are to be similar (the outlined cells), all others are not. A small τ makes the nearest wrong view count most."));
  show();
}
