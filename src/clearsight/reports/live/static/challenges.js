// @ts-check
/** The lecture's challenges on one picture: a slider for each, and the answer that follows. */

import { el, percent, row, sentence, shown, slider } from "./kit.js";
import { screen } from "./picture.js";

/** @typedef {{strength: number, label: string, confidence: number, before: number, changed: boolean, picture: string}} Trial */
/** @typedef {{name: string, says: string, means: string, trials: Trial[]}} Challenge */
/** @typedef {{label: string, confidence: number, picture: string, rows: Challenge[]}} Data as `look challenges` computes it */

/** @param {HTMLElement} root @param {Data} data */
export function challenges(root, data) {
  const told = sentence();
  const flips = data.rows.map((one) => one.trials.findIndex((trial) => trial.changed));
  const panels = data.rows.map((one) => {
    const seen = screen(one.says);
    const label = el("b");
    const share = el("span");
    const bar = el("span", { class: "length" });
    const show = (/** @type {number} */ k) => {
      const now = k ? one.trials[k - 1] : { ...data, changed: false, before: data.confidence };
      seen.show(now.picture);
      label.textContent = now.label;
      label.className = now.changed ? "other" : "same";
      share.textContent = ` ${percent(now.confidence)}${now.changed ? `; ${data.label}: ${percent(now.before)}` : ""}`;
      share.dataset.value = String(now.before);
      bar.style.width = `${100 * now.before}%`;
      told.say(`${one.says}${k ? `, ${one.means} ${shown(one.trials[k - 1].strength)}` : ", none"}: ${now.label}, ${percent(now.confidence)}`);
    };
    const text = (/** @type {number} */ k) => (k ? `${one.means} ${shown(one.trials[k - 1].strength)}` : "as it is");
    const move = slider({ label: one.says, min: 0, max: one.trials.length, value: 0, text, change: show });
    show(0);
    return el("figure", { class: "panel challenge" }, move.node, seen.node, el("figcaption", {}, label, share), el("div", { class: "whole", "aria-hidden": "true" }, bar));
  });
  told.say(`the picture as it is: ${data.label}, ${percent(data.confidence)}`);
  const first = flips.filter((k) => k >= 0).length;
  root.append(told.node, row("panels", ...panels),
    el("p", { class: "hint" }, `Before you move a slider: at which strength will the answer change? It does for ${first} of the ${data.rows.length}. The bar is the probability of ${data.label}, the answer to the picture as it is.`));
}
