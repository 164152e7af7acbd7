// @ts-check
/** Top-k error: the share of pictures whose label is not among the k most probable classes. */

import { el, percent, row, sentence, slider } from "./kit.js";
import { screen } from "./picture.js";

/** @typedef {{label: string, rank: number, picture: string, top: {label: string, confidence: number}[]}} Row `rank` of the label, from 1 */
/** @typedef {{rows: Row[], classes: number, ranks: number[]}} Data `ranks[k]` pictures of a whole set have their label at place k + 1 */

/** @param {HTMLElement} root @param {Data} data */
export function top_k(root, data) {
  const told = sentence();
  const all = data.ranks.reduce((sum, count) => sum + count, 0);
  const lines = data.rows.map((one) => {
    const seen = screen(`a picture of ${one.label}`);
    seen.show(one.picture);
    const cells = one.top.map((guess) => el("td", { class: guess.label === one.label ? "truth" : null }, guess.label, el("span", { class: "share" }, ` ${percent(guess.confidence)}`)));
    const verdict = el("td");
    return { one, cells, verdict, node: el("tr", {}, el("th", { scope: "row" }, seen.node), el("td", {}, one.label), ...cells, verdict) };
  });
  const facts = ["of these rows", "of the whole test part"].map((label) => ({ label, value: el("b"), more: el("span") }));
  const show = (/** @type {number} */ k) => {
    for (const { one, cells, verdict } of lines) {
      cells.forEach((cell, n) => cell.classList.toggle("beyond", n >= k));
      verdict.textContent = one.rank <= k ? "✓" : "✗ error";
    }
    const counts = [[data.rows.filter((one) => one.rank > k).length, data.rows.length], [all - data.ranks.slice(0, k).reduce((sum, count) => sum + count, 0), all]];
    facts.forEach((fact, n) => {
      const [wrong, of] = counts[n];
      fact.value.textContent = percent(wrong / of);
      fact.value.dataset.value = String(wrong / of);
      fact.more.textContent = `${wrong} of ${of}`;
    });
    told.say(`top-${k} error: ${counts[0].join(" of ")} rows, ${percent(counts[1][0] / all)} of the test part`);
  };
  const most = data.rows[0].top.length;
  const wide = slider({ label: "k", min: 1, max: most, value: 1, change: show });
  const head = el("tr", {}, ...["picture", "label", ...Array.from({ length: most }, (_, k) => `guess ${k + 1}`), ""].map((words) => el(words ? "th" : "td", words ? { scope: "col" } : {}, words)));
  root.append(row("controls", wide.node), row("facts", ...facts.map((one) => el("p", {}, el("span", { class: "label" }, one.label), one.value, one.more))), told.node,
    el("div", { class: "list tall", tabindex: "0", role: "region", "aria-label": "Rows" }, el("table", { class: "layers guesses", "aria-label": "Guesses" }, el("thead", {}, head), el("tbody", {}, ...lines.map((one) => one.node)))),
    el("p", { class: "hint" }, "The rows are those of the test part whose label comes latest among the guesses. ILSVRC counts k = 5 of 1,000 classes, because a photograph often has more than one thing in it."));
  show(1);
}
