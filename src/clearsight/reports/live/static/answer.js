// @ts-check
/** A classifier answers with a number: the place of the class in a table. Another order of the table is another number, and the same answer. */

import { button, el, percent, row, sentence } from "./kit.js";
import { screen } from "./picture.js";

/** @typedef {{picture: string, classes: {label: string, confidence: number}[], more: number}} Data classes in the order of the classifier's table, `more` others are not shown */

/** @param {HTMLElement} root @param {Data} data */
export function answer(root, data) {
  let order = data.classes.map((_, k) => k);
  const best = data.classes.reduce((at, one, k) => (one.confidence > data.classes[at].confidence ? k : at), 0);
  const told = sentence();
  const body = el("tbody");
  const call = el("p", { class: "answer" });
  const seen = screen("The picture as the classifier sees it");
  seen.show(data.picture);

  /** @param {number} place @param {number} by */
  function move(place, by) {
    const to = place + by;
    if (to < 0 || to >= order.length) return;
    [order[place], order[to]] = [order[to], order[place]];
    show();
    body.rows[to].querySelectorAll("button")[by > 0 ? 1 : 0].focus();
  }

  function show() {
    const at = order.indexOf(best);
    body.replaceChildren(...order.map((k, place) => {
      const one = data.classes[k];
      const bar = el("span", { class: "length" });
      bar.style.width = `${100 * one.confidence}%`;
      const moves = [button("↑", () => move(place, -1), { "aria-label": `${one.label} up` }), button("↓", () => move(place, 1), { "aria-label": `${one.label} down` })];
      return el("tr", { class: k === best ? "best" : null }, el("th", { scope: "row" }, String(place)), el("td", {}, one.label), el("td", { "data-value": one.confidence }, percent(one.confidence)), el("td", { class: "bar" }, bar), el("td", {}, ...moves));
    }));
    call.replaceChildren("classify(picture) → ", el("b", { class: "int" }, String(at)), `, which is “${data.classes[best].label}”`);
    told.say(`number ${at} of the table is ${data.classes[best].label}, with ${percent(data.classes[best].confidence)}`);
  }

  const turn = (/** @type {() => number[]} */ made) => () => {
    order = made();
    show();
  };
  const alphabet = () => [...order].sort((a, b) => data.classes[a].label.localeCompare(data.classes[b].label));
  const buttons = [button("Reverse the table", turn(() => [...order].reverse())), button("By name", turn(alphabet)), button("Reset", turn(() => data.classes.map((_, k) => k)))];
  const head = el("tr", {}, ...["number", "class", "probability", "", ""].map((words) => el(words ? "th" : "td", words ? { scope: "col" } : {}, words)));
  const hint = data.more ? ` The table has ${data.more} classes more, which are less probable.` : "";
  root.append(row("controls", ...buttons), call, row("halves", el("div", { class: "seat" }, seen.node), el("table", { class: "terms softmax", "aria-label": "Classes" }, el("thead", {}, head), body)), told.node,
    el("p", { class: "hint" }, `Move a class: the number moves, the answer does not. Therefore classes are joined by their names, and never by their numbers.${hint}`));
  show();
}
