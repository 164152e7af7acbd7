// @ts-check
/** A lesson: slides that are chosen, in an order of one's own, one below the other, with a sheet of their exercises. */

import { button, el, row } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";
import { printed } from "./exercises.js";
import { parts } from "./slides.js";

const SEED = 7; // of a sheet, where none is in the address
const UNNAMED = "A lesson";

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
  const heading = el("h2", { class: "lesson-name" });
  const tasks = new Tasks(context);
  const name = el("input", { type: "text", value: state.get("title") ?? "", placeholder: UNNAMED, oninput: () => {
    keep({ title: name.value.trim() || null });
    called();
  } });

  /** Its name heads the pages, and is that of the exported file. */
  function called() {
    heading.textContent = name.value.trim() || UNNAMED;
    heading.dataset.file = heading.textContent.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
    document.title = `${heading.textContent} – Clearsight studio`;
  }

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
    return el("li", {}, el("span", {}, title), row("tools", step("Earlier", -1), step("Later", 1), button("Remove", () => remove(k), { "aria-label": `Remove: ${title}` })));
  }

  /** Take a slide out; the focus stays in the plan. @param {number} k */
  function remove(k) {
    set(ids.filter((_, other) => other !== k));
    (plan.children[Math.min(k, ids.length - 1)]?.querySelector("button:last-child") ?? chooser.querySelector("summary")).focus();
  }

  function show() {
    boxes.forEach((box, k) => (box.checked = ids.includes(table.slides[k].id)));
    plan.replaceChildren(...ids.map(line));
    const some = ids.map((id) => /** @type {Slide} */ (known.get(id)));
    for (const one of some) if (!drawn.has(one.id)) drawn.set(one.id, el("article", { class: "slide page", "data-slide": one.id }, ...parts(one, table, context, link)));
    tasks.of(some.flatMap((one) => one.exercises));
    heading.hidden = !ids.length;
    pages.replaceChildren(...some.map((one) => /** @type {HTMLElement} */ (drawn.get(one.id))), tasks.sheet);
    told.textContent = ids.length ? `${ids.length} slide${ids.length === 1 ? "" : "s"}. Export saves the lesson as one file to hand to a class, as this studio answers on one machine: its figures live, and begin as they stand here. Printed, each slide begins a page. The address of this page keeps the lesson.` : "Choose the slides of a lesson.";
  }

  const chooser = el("details", { open: !ids.length }, el("summary", {}, "Slides to choose from"), el("ul", { class: "plain choose" }, ...choices));
  body.append(el("div", { class: "controls lesson" }, el("label", { class: "seed" }, "Name of the lesson ", name), told, plan, chooser, tasks.chooser), heading, pages);
  called();
  show();
}

/** The exercises of a lesson: those of its slides, without the ones that are left out; the same seed gives a class the same numbers. */
class Tasks {
  /** @param {import("../app.js").Context} context */
  constructor({ state, keep }) {
    this.keep = keep;
    this.seed = Number(state.get("seed")) || SEED;
    this.without = new Set((state.get("without") ?? "").split(",").filter(Boolean));
    /** @type {string[]} */
    this.kinds = [];
    this.turn = 0; // of several drawings the newest is shown
    this.sheet = el("section", { class: "tasks" });
    this.list = el("ul", { class: "plain choose" });
    const number = el("input", { type: "number", min: 1, value: this.seed, onchange: () => {
      this.seed = Math.max(1, Math.round(Number(number.value)) || SEED);
      this.keep({ seed: this.seed });
      this.draw();
    } });
    this.chooser = el("details", { hidden: true }, el("summary", {}, "Exercises"), el("label", { class: "seed" }, "seed ", number), this.list);
  }

  /** @param {string[]} kinds */
  async of(kinds) {
    if (kinds.join() === this.kinds.join()) return;
    this.kinds = kinds;
    this.chooser.hidden = this.sheet.hidden = !kinds.length;
    const { exercises } = await ask("exercises");
    const title = (/** @type {string} */ kind) => exercises.find((/** @type {any} */ one) => one.name === kind)?.title ?? kind;
    this.list.replaceChildren(...kinds.map((kind) => el("li", {}, el("label", {}, el("input", { type: "checkbox", checked: !this.without.has(kind), onchange: (/** @type {any} */ event) => this.take(kind, event.target.checked) }), " ", title(kind)))));
    await this.draw();
  }

  /** @param {string} kind @param {boolean} wanted */
  take(kind, wanted) {
    if (wanted) this.without.delete(kind);
    else this.without.add(kind);
    this.keep({ without: [...this.without].join(",") || null });
    this.draw();
  }

  /** The exercises as they are printed, and the commands of the sheet and of its key. */
  async draw() {
    const mine = (this.turn += 1);
    const wanted = this.kinds.filter((kind) => !this.without.has(kind));
    const words = `clearsight exercises --only ${wanted.join(",")} --seed ${this.seed} --out sheet.html`;
    try {
      const made = await Promise.all(wanted.map((kind) => ask(`exercises/${kind}/${this.seed}`)));
      if (mine !== this.turn) return;
      this.sheet.replaceChildren(...(made.length ? [el("h2", {}, "Exercises of the lesson"), ...made.map(printed), command(words), el("div", { class: "teacher" }, command(`${words.replace("sheet.html", "key.html")} --key`, "Its answers, which the exported file does not name: "))] : []));
    } catch (error) {
      this.sheet.replaceChildren(failure(error));
    }
  }
}
