// @ts-check
/** Lecture: its slides with figures that live, its exercises, and its words. */

import { el, row } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";
import { exercises } from "../lecture/exercises.js";
import { lesson } from "../lecture/lesson.js";
import { slides } from "../lecture/slides.js";
import { words } from "../lecture/words.js";

/**
 * @typedef {{id: string, title: string, sees: string, figures: string[], words: string[], exercises: string[], further: Record<string, string>,
 *   commands: string[], needs: {trainings: string[], pictures: string[]}}} Slide */
/** @typedef {{slides: Slide[], words: {word: string, meaning: string, here: string}[]}} Table as /api/lecture has it */
/** @typedef {(values: Record<string, string | number>) => string} Link the address of this screen with another state */

const TABS = /** @type {const} */ ({ slides: "Slides", lesson: "Lesson", exercises: "Exercises", words: "Words" });

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function lecture(root, context) {
  const { network, picture, state } = context;
  const asked = state.get("tab");
  const tab = asked === "lesson" || asked === "exercises" || asked === "words" ? asked : "slides";
  const path = ["#", "lecture", network, picture].filter(Boolean).join("/");
  /** @type {Link} */
  const link = (values) => `${path}?${new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)]))}`;
  const tabs = Object.entries(TABS).map(([name, title]) => el("a", { href: link({ tab: name }), "aria-current": name === tab ? "true" : null }, title));
  const body = el("div", {}, el("p", { class: "busy", role: "status" }, "Opening …"));
  root.append(row("titled", el("h1", {}, "Lecture"), el("nav", { "aria-label": "Parts of the lecture" }, ...tabs)), body);
  try {
    const table = await ask(`lecture?${new URLSearchParams({ network, picture })}`);
    body.replaceChildren();
    if (tab === "slides") slides(body, table, context, link);
    else if (tab === "lesson") lesson(body, table, context, link);
    else if (tab === "exercises") await exercises(body, table, context, link);
    else words(body, table, state.get("word") ?? "");
  } catch (error) {
    body.replaceChildren(failure(error));
  }
}
