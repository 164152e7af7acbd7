// @ts-check
/** Changed copies of one picture: say first whether you still recognise them, and see then what the network says. */

import { button, el, percent, row, sentence, slider } from "./kit.js";
import { screen } from "./picture.js";

/** @typedef {{picture: string, label: string, confidence: number, same: boolean}} Copy */
/** @typedef {{label: string, confidence: number, picture: string, rows: {change: string, meaning: string, copies: Copy[]}[]}} Data */

/** @param {HTMLElement} root @param {Data} data */
export function augment(root, data) {
  let at = 0;
  /** @type {(boolean | null)[]} what the reader said of each change */
  const said = data.rows.map(() => null);
  const told = sentence();
  const first = screen("The picture unchanged");
  first.show(data.picture);
  const copies = data.rows[0].copies.map((_, k) => ({ seen: screen(`changed copy ${k + 1}`), words: el("figcaption") }));
  const wall = row("wall", el("figure", {}, first.node, el("figcaption", {}, `unchanged: ${data.label}, ${percent(data.confidence)}`)), ...copies.map((one) => el("figure", {}, one.seen.node, one.words)));
  const meaning = el("p", { class: "answer" });
  const score = el("p", { class: "hint score" });
  const verdict = (/** @type {boolean} */ keeps) => () => {
    said[at] = keeps;
    show();
  };
  const buttons = [button("I recognise them all", verdict(true)), button("I do not", verdict(false))];

  function show() {
    const now = data.rows[at];
    const mine = said[at];
    const kept = now.copies.filter((one) => one.same).length;
    meaning.textContent = `${now.change}: ${now.meaning}`;
    copies.forEach((one, k) => {
      const copy = now.copies[k];
      one.seen.show(copy.picture);
      one.words.textContent = mine === null ? "?" : `${copy.same ? "✓" : "✗"} ${copy.label}, ${percent(copy.confidence)}`;
      one.words.className = mine === null ? "" : copy.same ? "same" : "other";
    });
    buttons.forEach((one, k) => one.setAttribute("aria-pressed", String(mine === (k === 0))));
    const told_ = mine === null ? "Do you recognise all of them?" : `the network: ${kept} of ${now.copies.length} as the unchanged picture; you: ${mine ? "all" : "not all"}`;
    told.say(`${now.change}: ${told_}`);
    const judged = data.rows.filter((_, k) => said[k] !== null);
    const agreed = data.rows.filter((one, k) => said[k] !== null && said[k] === one.copies.every((copy) => copy.same)).length;
    score.textContent = judged.length ? `You and the network agree on ${agreed} of ${judged.length} changes. Where you recognise them and it does not, train with this change.` : "Say it first; the network's answers come then.";
  }

  const which = slider({ label: "change", min: 0, max: data.rows.length - 1, value: 0, text: (k) => data.rows[k].change, change: (k) => ((at = k), show()) });
  root.append(row("controls", which.node, row("choice", ...buttons)), meaning, wall, told.node, score);
  show();
}
