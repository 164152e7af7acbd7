// @ts-check
/** The slides: a list, and one with its figures, its commands, its words and its exercises. */

import { el, row } from "../live/kit.js";
import { ask, send } from "../api.js";
import { command, failure, section } from "../parts.js";
import { index } from "./list.js";
import { drawn } from "./figures.js";

/** @param {HTMLElement} body @param {import("../screens/lecture.js").Table} table @param {import("../app.js").Context} context @param {import("../screens/lecture.js").Link} link */
export function slides(body, table, context, link) {
  const at = Math.max(0, table.slides.findIndex((one) => one.id === context.state.get("slide")));
  const one = table.slides[at];
  const list = index(table.slides.map(({ id, title }) => ({ id, title, href: link({ slide: id }) })), one.id, "Slides", body);
  body.append(row("lecture", list, slide(one, at, table, context, link)));
}

/**
 * @param {import("../screens/lecture.js").Slide} one @param {number} at @param {import("../screens/lecture.js").Table} table
 * @param {import("../app.js").Context} context @param {import("../screens/lecture.js").Link} link
 */
function slide(one, at, table, context, link) {
  const steps = [["Back", at - 1], ["Next", at + 1]].filter(([, k]) => table.slides[Number(k)]);
  const to = steps.map(([words, k]) => el("a", { href: link({ slide: table.slides[Number(k)].id }) }, String(words)));
  return el("article", { class: "slide" },
    el("p", { class: "steps" }, `Slide ${at + 1} of ${table.slides.length}`, ...to), ...parts(one, table, context, link), yours(context));
}

/**
 * A slide's title and sentence, its figures, commands, words and exercises.
 * @param {import("../screens/lecture.js").Slide} one @param {import("../screens/lecture.js").Table} table
 * @param {import("../app.js").Context} context @param {import("../screens/lecture.js").Link} link
 */
export function parts(one, table, { network, picture }, link) {
  // one after the other: what is computed for the first makes the others quick
  let last = /** @type {Promise<any>} */ (Promise.resolve());
  const figures = one.figures.map((name) => {
    last = last.catch(() => {}).then(() => ask(`lecture/figures/${name}?${new URLSearchParams({ network, picture })}`));
    return figure(last);
  });
  const known = table.words.filter(({ word }) => one.words.includes(word));
  const terms = known.map(({ word, meaning }) => el("li", {}, el("a", { href: link({ tab: "words", word }) }, word), `: ${meaning}`));
  const tasks = one.exercises.map((kind) => el("li", {}, el("a", { href: link({ tab: "exercises", kind, seed: 0 }) }, kind)));
  return [
    el("h2", {}, one.title), el("p", { class: "lead" }, one.sees), ...figures, ...one.commands.map(command),
    el("h3", {}, "Words"), el("ul", { class: "plain" }, ...terms),
    ...(tasks.length ? [el("h3", {}, "Exercises"), el("ul", { class: "plain" }, ...tasks)] : []),
  ];
}

/** A figure when its numbers are there. @param {Promise<any>} coming */
function figure(coming) {
  const made = section("Figure", coming, (found, body) => {
    made.querySelector("h2")?.replaceWith(el("h3", {}, found.title));
    body.append(el("p", { class: "hint" }, found.lead));
    const place = el("div", { class: "live" });
    body.append(place);
    drawn(place, found);
    if (found.of) body.append(el("p", { class: "hint of" }, `Computed here: ${found.of}.`));
  });
  return made;
}

/** A picture of one's own. @param {import("../app.js").Context} context */
function yours({ network, picture, state }) {
  const said = el("span", { role: "status" });
  const input = el("input", { type: "file", accept: "image/*", "aria-label": "A picture of your own", onchange: () => take(input.files?.[0]) });
  /** @param {File | undefined} file */
  async function take(file) {
    if (!file) return;
    try {
      const { picture: id } = await send(file);
      location.hash = `#/${["lecture", network, id].filter(Boolean).join("/")}?${state}`;
    } catch (error) {
      said.replaceChildren(failure(error));
    }
  }
  return el("p", { class: "yours" }, picture ? "Your picture is in the figures that take one. Another: " : "The figures that take a picture can have yours: ", input, said);
}
