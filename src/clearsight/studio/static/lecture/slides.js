// @ts-check
/** The slides: a list, and one with its figures, its commands, its words and its exercises. */

import { el, row } from "../live/kit.js";
import { ask, send } from "../api.js";
import { command, failure, marked, section } from "../parts.js";
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
  const to = () => steps.map(([words, k]) => el("a", { href: link({ slide: table.slides[Number(k)].id }) }, String(words)));
  return el("article", { tabindex: "-1", class: "slide", "data-slide": one.id },
    el("p", { class: "steps" }, `Slide ${at + 1} of ${table.slides.length}`, ...to()), ...parts(one, table, context, link, yours(context)), el("p", { class: "steps" }, ...to()));
}

/**
 * A slide's title, its figures, words, exercises, and commands with what they show.
 * @param {import("../screens/lecture.js").Slide} one @param {import("../screens/lecture.js").Table} table
 * @param {import("../app.js").Context} context @param {import("../screens/lecture.js").Link} link
 * @param {HTMLElement} [own] what chooses a picture of one's own: it is put below the first figure that takes one
 */
export function parts(one, table, context, link, own) {
  const { network, picture } = context;
  // one after the other: what is computed for the first makes the others quick
  let last = /** @type {Promise<any>} */ (Promise.resolve());
  const figures = one.figures.map((name, k) => {
    last = last.catch(() => {}).then(() => ask(`lecture/figures/${name}?${new URLSearchParams({ network, picture })}`));
    return figure(last, k === 0 && !network, own);
  });
  const known = one.words.flatMap((word) => table.words.filter((row) => row.word === word));
  const terms = known.map(({ word, meaning }) => el("li", {}, el("a", { href: link({ tab: "words", word }) }, word), `: ${meaning}`));
  const tasks = one.exercises.map((kind) => el("li", {}, titled(el("a", { href: link({ tab: "exercises", kind, seed: 0 }) }, kind), kind)));
  return [
    el("h2", {}, one.title), ...figures,
    el("h3", {}, "Words"), el("ul", { class: "plain" }, ...terms),
    ...(tasks.length ? [el("h3", {}, "Exercises"), el("ul", { class: "plain" }, ...tasks)] : []),
    ...onwards(one, context), commands(one),
  ];
}

/** The titles of the exercises by their names. @type {Promise<Map<string, string>> | undefined} */
let titles;

/** A link that has the title of an exercise as soon as it is there. @param {HTMLElement} node @param {string} kind */
function titled(node, kind) {
  titles ??= ask("exercises").then(({ exercises }) => new Map(exercises.map((/** @type {any} */ one) => [one.name, one.title])));
  titles.then((known) => (node.textContent = known.get(kind) ?? kind), () => (titles = undefined)); // its name is a link as well
  return node;
}

const OWN = ["pictures", "inside", "break"]; // screens about a network

/** Screens to go on in; without a network those that need none. @param {import("../screens/lecture.js").Slide} one @param {import("../app.js").Context} context */
function onwards({ further }, { network, picture }) {
  const there = Object.entries(further).filter(([screen]) => network || !OWN.includes(screen));
  if (!there.length) return [];
  const rows = there.map(([screen, words]) => {
    const ids = OWN.includes(screen) ? [network, picture].filter(Boolean) : [];
    return el("li", {}, el("a", { href: `#/${[screen, ...ids].join("/")}` }, screen[0].toUpperCase() + screen.slice(1)), `: ${words}`);
  });
  return [el("h3", { class: "onwards" }, "Go on in the studio"), el("ul", { class: "plain onwards" }, ...rows)];
}

/** The commands that do the same, what they show, and what must be there before. @param {import("../screens/lecture.js").Slide} one */
function commands({ sees, commands: typed, needs: { trainings, pictures } }) {
  const before = [...trainings.map((words) => command(words, "")), ...(pictures.length ? [el("p", {}, `${pictures.join(" and ")}: a picture of yours.`)] : [])];
  return el("div", { class: "typed" }, el("h3", {}, "The same on the command line"), el("p", {}, ...marked(sees)), ...typed.map((words) => command(words, "")),
    ...(before.length ? [el("details", {}, el("summary", {}, "What these names are"), ...before)] : []));
}

const LONG = 1500; // ms, after which one wants to know what is being computed

/** A figure when its numbers are there. @param {Promise<any>} coming @param {boolean} training whether a network may be trained for it @param {HTMLElement} [own] */
function figure(coming, training, own) {
  const made = section("Figure", coming, (found, body) => {
    made.querySelector("h2")?.replaceWith(el("h3", {}, found.title));
    body.append(el("p", { class: "hint" }, found.lead));
    const place = el("div", { class: "live" });
    body.append(place);
    drawn(place, found);
    if (found.of) body.append(el("p", { class: "hint of" }, `Computed here: ${found.of}.`));
    if (own && !own.isConnected && found.takes.includes("picture")) made.after(own);
  });
  setTimeout(() => {
    const waiting = made.querySelector(".busy");
    if (waiting && training) waiting.textContent = "Computing … The first figure of a network trains one on the digits, which takes some seconds.";
  }, LONG);
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
  const back = el("a", { href: `#/${["lecture", network].filter(Boolean).join("/")}?${state}` }, "The test digit again");
  return el("p", { class: "yours" }, picture ? "Your picture is in the figures that take one. Another: " : "Your own picture in this figure: ", input, ...(picture ? [" ", back] : []), said);
}
