// @ts-check
/** The picture, the change and the changed picture as canvases: computed here, from levels and signs, at every ε. */

import { el, percent, row, sentence, shown } from "../live/kit.js";
import { cursor } from "../live/cursor.js";

const BANDS = ["red", "green", "blue"];

/** A level of a file after the step: as torch rounds, since no step of the slider is a whole number and a half. @param {number} level @param {number} step */
export function moved(level, step) {
  return Math.max(0, Math.min(255, Math.round(level + step)));
}

/**
 * @param {Uint8Array} picture levels, channels × rows × columns @param {Int8Array} sign −1, 0, 1 of each @param {number[]} shape of both
 * @param {string} direction whose sign it is
 * @returns {{node: HTMLElement, draw: (level: number) => void, answer: (which: number, label: string, confidence: number, same: boolean) => void}}
 */
export function triptych(picture, sign, [bands, rows, columns], direction) {
  const area = rows * columns;
  let now = 0;
  /** @type {[number, number]} */
  let at = [rows >> 1, columns >> 1];
  const told = sentence();
  const panels = ["The picture, x", `The change, ε·sign(${direction})`, "The changed picture"].map(panel);
  const pens = panels.map((one) => one.canvas.getContext("2d"));
  const [change, sum] = [new ImageData(columns, rows), new ImageData(columns, rows)];
  const [sums, changes] = [new Uint8ClampedArray(3 * 256), new Uint8ClampedArray(3 * 256)]; // of each sign, by the level before

  /** @param {string} title @param {number} k */
  function panel(title, k) {
    const canvas = el("canvas", { width: columns, height: rows, class: Math.max(rows, columns) < 100 ? "coarse" : "" });
    cursor(canvas, { rows, columns, label: title, start: () => at, point });
    const [words, note] = [el("b", { class: "label" }), el("span", { class: "hint" })];
    const node = el("figure", { class: "panel", "data-panel": String(k) }, el("figcaption", {}, title), canvas, el("p", { class: "answer" }, words), note);
    return { node, canvas, words, note };
  }

  /** @param {number} y @param {number} x */
  function point(y, x) {
    at = [y, x];
    const names = bands === 1 ? ["grey"] : BANDS;
    const parts = names.map((name, band) => {
      const k = band * area + y * columns + x;
      const by = sign[k] * now;
      return `${name} ${picture[k]} ${by < 0 ? "−" : "+"} ${shown(Math.abs(by), 3)} → ${moved(picture[k], by)}`;
    });
    told.say(`row ${y}, column ${x}: ${parts.join(";  ")}`);
  }

  /** The change and the changed picture at ε = level/255: no request, a few milliseconds. @param {number} level */
  function draw(level) {
    now = level;
    const gain = level ? 127.5 / level : 0;
    for (let by = -1; by <= 1; by++) {
      for (let before = 0; before < 256; before++) {
        const after = Math.max(0, Math.min(255, before + level * by));
        sums[256 * (by + 1) + before] = Math.round(after);
        changes[256 * (by + 1) + before] = Math.round(127.5 + gain * (after - before));
      }
    }
    const [into, seen] = [sum.data, change.data];
    for (let band = 0; band < 3; band++) {
      const from = bands === 3 ? band * area : 0;
      for (let k = 0, place = band; k < area; k++, place += 4) {
        const found = 256 * (sign[from + k] + 1) + picture[from + k];
        into[place] = sums[found];
        seen[place] = changes[found];
      }
    }
    pens[1].putImageData(change, 0, 0);
    pens[2].putImageData(sum, 0, 0);
    panels[1].words.textContent = `ε = ${shown(level, 3)}/255 = ${shown(level / 255, 3)}`;
    panels[1].note.textContent = level ? `shown ${shown(gain, 3)} times as strong, around grey` : "no change";
  }

  for (const one of [change, sum]) one.data.fill(255);
  draw(0);
  pens[0].putImageData(sum, 0, 0);
  const answer = (/** @type {number} */ which, /** @type {string} */ label, /** @type {number} */ confidence, /** @type {boolean} */ same) => {
    const { words } = panels[which];
    words.replaceChildren(el("bdi", {}, label), `, ${percent(confidence)}`);
    words.dataset.value = String(confidence);
    words.className = `label ${same ? "same" : "other"}`;
    panels[which].note.textContent = which === 0 ? "the answer without a change" : same ? "✓ the answer stays" : "✗ another answer";
  };
  return { node: el("div", {}, row("panels three", ...panels.map((one) => one.node)), told.node), draw, answer };
}
