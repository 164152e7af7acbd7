// @ts-check
/** The glossary. */

import { el } from "../live/kit.js";

/** @param {HTMLElement} body @param {import("../screens/lecture.js").Table} table @param {string} chosen the word that was asked for */
export function words(body, table, chosen) {
  const rows = table.words.map(({ word, meaning, here }) =>
    el("tr", { class: word === chosen ? "best" : null }, el("th", { scope: "row" }, word), el("td", {}, meaning), el("td", {}, el("code", {}, here))),
  );
  const head = el("tr", {}, ...["word", "meaning", "here"].map((title) => el("th", { scope: "col" }, title)));
  body.append(el("p", { class: "hint" }, "The words of the lecture and of the field, and what they are called here: a function, a setting, an option or a command."),
    el("table", { class: "words" }, el("thead", {}, head), el("tbody", {}, ...rows)));
  body.querySelector(".best")?.scrollIntoView({ block: "center" });
}
