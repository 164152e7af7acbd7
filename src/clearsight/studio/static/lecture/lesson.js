// @ts-check
/** A lesson: slides that are chosen, in an order of one's own, one below the other, with a sheet of their exercises. */

import { button, el, row } from "../live/kit.js";
import { command } from "../parts.js";
import { parts } from "./slides.js";

const SEED = 7; // of a sheet, where none is in the address

/** @typedef {import("../screens/lecture.js").Slide} Slide */

/** @param {HTMLElement} body @param {import("../screens/lecture.js").Table} table @param {import("../app.js").Context} context @param {import("../screens/lecture.js").Link} link */
export function lesson(body, table, context, link) {
  const { state, keep } = context;
  const known = new Map(table.slides.map((one) => [one.id, one]));
  let ids = [...new Set((state.get("slides") ?? "").split(","))].filter((id) => known.has(id));
  /** @type {Map<string, HTMLElement>} slides that are drawn already: another order draws none again */
  const drawn = new Map();
  const plan = el("ol", { class: "plan" });
  const pages = el("div", {});
  const told = el("p", { class: "hint", role: "status" });
  const boxes = table.slides.map((one) => el("input", { type: "checkbox", checked: ids.includes(one.id), onchange: (/** @type {any} */ event) => set(event.target.checked ? [...ids, one.id] : ids.filter((id) => id !== one.id)) }));
  const choices = table.slides.map((one, k) => el("li", {}, el("label", {}, boxes[k], " ", one.title)));

  /** @param {string[]} wanted */
  function set(wanted) {
    ids = wanted;
    keep({ slides: ids.join(",") || null });
    show();
  }

  /** Move a slide; the button keeps the focus. @param {number} k @param {number} by */
  function move(k, by) {
    const wanted = [...ids];
    [wanted[k], wanted[k + by]] = [wanted[k + by], wanted[k]];
    set(wanted);
    const moved = plan.children[k + by];
    (moved.querySelector(`button:not([disabled])[data-by="${by}"]`) ?? moved.querySelector("button:not([disabled])"))?.focus();
  }

  /** @param {string} id @param {number} k */
  function line(id, k) {
    const title = /** @type {Slide} */ (known.get(id)).title;
    const step = (/** @type {string} */ words, /** @type {number} */ by) => button(words, () => move(k, by), { disabled: !ids[k + by], "data-by": by, "aria-label": `${words}: ${title}` });
    return el("li", {}, el("span", {}, title), row("tools", step("Earlier", -1), step("Later", 1)));
  }

  function show() {
    boxes.forEach((box, k) => (box.checked = ids.includes(table.slides[k].id)));
    plan.replaceChildren(...ids.map(line));
    const some = ids.map((id) => /** @type {Slide} */ (known.get(id)));
    for (const one of some) if (!drawn.has(one.id)) drawn.set(one.id, el("article", { class: "slide page" }, ...parts(one, table, context, link)));
    const kinds = some.flatMap((one) => one.exercises);
    const seed = Number(state.get("seed")) || SEED;
    pages.replaceChildren(...some.map((one) => /** @type {HTMLElement} */ (drawn.get(one.id))), ...(kinds.length ? sheet(kinds, seed) : []));
    told.textContent = ids.length ? `${ids.length} slide${ids.length === 1 ? "" : "s"}. Export saves the lesson as one file, in which the figures live; printed, each slide begins a page.` : "Choose the slides of a lesson.";
  }

  const chooser = el("details", { open: !ids.length }, el("summary", {}, "Slides to choose from"), el("ul", { class: "plain choose" }, ...choices));
  body.append(el("div", { class: "controls lesson" }, told, plan, chooser), pages);
  show();
}

/** The sheet of the lesson's exercises, with the numbers of a class. @param {string[]} kinds @param {number} seed */
function sheet(kinds, seed) {
  const words = `clearsight exercises --only ${kinds.join(",")} --seed ${seed} --out sheet.html`;
  return [el("section", {}, el("h2", {}, "Exercises of the lesson"), command(words), command(`${words.replace("sheet.html", "key.html")} --key`))];
}
