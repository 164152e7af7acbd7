// @ts-check
/** Labels: one picture after the other, a key for each decision, and a computation that learns from them. */

import { el, percent, row, shown, thousands } from "../live/kit.js";
import { action, keyOf, SHOWN } from "../labels/keys.js";
import { Queue } from "../labels/queue.js";
import { cell, command, failure, withData } from "../parts.js";

const CELL = 88; // px of a picture that is like this one
const SHAPES = "shapes"; // judged by without a network
/** @type {Record<string, string>} */
const WORDS = { "leave out": "left out", unsure: "unsure", keep: "label confirmed" };

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function labels(root, context) {
  root.append(el("h1", {}, "Labels"));
  await withData(root, context, (found) => new Screen(root, context, found).start());
}

class Screen {
  /** @param {HTMLElement} root @param {import("../app.js").Context} context @param {any} about */
  constructor(root, context, about) {
    const { data, state } = context;
    const options = new URLSearchParams([...state].filter(([name]) => ["part", "order"].includes(name)));
    if (judge(context) !== SHAPES) options.set("network", judge(context));
    this.queue = new Queue(data, about.version, options, () => this.show(), (words) => this.tell(words));
    this.said = el("p", { class: "hint", role: "status" });
    this.counts = el("p", { class: "counts", role: "status" });
    this.picture = el("div", { class: "subject" });
    this.question = el("div", { class: "said" });
    this.choices = el("div", { class: "labels" });
    this.added = el("input", { type: "text", maxlength: 100, "aria-label": "Name of a class", placeholder: "another class", list: "classes", onkeydown: (/** @type {KeyboardEvent} */ event) => this.typed(event) });
    this.names = el("datalist", { id: "classes" });
    this.last = el("ol", { class: "last" });
    this.commands = el("div");
    this.desk = el("section", { class: "desk", tabindex: "0", "aria-label": "The picture to decide about" }, this.picture, el("div", { class: "decide" }, this.question, this.choices, this.own()));
    root.append(this.counts, chooser(context, about), this.desk, this.said, el("section", {}, el("h2", {}, "Decisions"), this.last), this.commands);
    /** @type {string[]} */
    this.classes = about.classes;
    this.drawn = -1;
  }

  async start() {
    const listen = (/** @type {KeyboardEvent} */ event) => {
      if (this.desk.isConnected) this.pressed(event);
      else {
        removeEventListener("keydown", listen);
        this.queue.ended = true;
      }
    };
    addEventListener("keydown", listen);
    this.desk.focus({ preventScroll: true });
    try {
      await this.queue.open();
    } catch (error) {
      this.desk.before(failure(error));
    }
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const found = action(event);
    if (!found || (found.place >= this.classes.length && found.action === "class")) return;
    event.preventDefault();
    this.act(found.action, found.place);
  }

  /** @param {string} name @param {number} [place] */
  act(name, place = -1) {
    const item = this.queue.item;
    /** @type {Record<string, () => void>} */
    const actions = {
      class: () => this.decide(this.classes[place]),
      agree: () => item?.guess && this.decide(item.guess),
      keep: () => item?.given && this.queue.decide("keep"),
      unsure: () => this.queue.decide("unsure"),
      "leave out": () => this.queue.decide("leave out"),
      undo: () => this.queue.undo(),
      new: () => this.added.focus(),
      next: () => this.queue.move(1),
      back: () => this.queue.move(-1),
    };
    actions[name]();
  }

  /** The name of the given class is a confirmation. @param {string} label */
  decide(label) {
    if (label === this.queue.item?.given) this.queue.decide("keep");
    else this.queue.decide("label", label);
  }

  /** @param {KeyboardEvent} event */
  typed(event) {
    const label = this.added.value.trim();
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    this.added.value = "";
    if (event.key === "Enter" && label) this.decide(label);
    if (event.key === "Enter" && label && !this.classes.includes(label)) this.classes = [...this.classes, label];
    this.desk.focus({ preventScroll: true });
    this.show();
  }

  own() {
    const one = (/** @type {string} */ words, /** @type {string} */ key, /** @type {string} */ name) => el("button", { type: "button", onclick: () => this.act(name) }, words, el("kbd", {}, key));
    return el("div", { class: "own" }, row("controls", one("Keep the label", "Space", "keep"), one("Unsure", "S", "unsure"), one("Leave out", "X", "leave out"), one("Undo", "Z", "undo")),
      el("label", { class: "another" }, this.added, el("kbd", {}, "N")), this.names, el("p", { class: "hint" }, "Arrow keys look at the next and the last picture without a decision."));
  }

  /** @param {string} words */
  tell(words) {
    this.said.textContent = words;
  }

  show() {
    const { found, item, journal, waiting, done } = this.queue;
    const news = (found?.classes ?? []).filter((/** @type {string} */ one) => !this.classes.includes(one));
    if (news.length) this.classes = [...this.classes, ...news]; // a key keeps its class
    this.counts.textContent = counts(found, journal, waiting, done.size);
    this.classButtons(item);
    this.past(journal);
    if (found && !this.commands.hasChildNodes()) this.commands.append(command(found.command), el("p", { class: "command" }, "The data with your decisions, as a table: ", el("code", {}, found.apply)), ...found.notes.map((/** @type {string} */ note) => el("p", { class: "warning" }, note)));
    if ((item?.row ?? -2) !== this.drawn || this.told !== item) this.subject(item);
  }

  /** @param {import("../labels/queue.js").Item | undefined} item */
  async subject(item) {
    const { found } = this.queue;
    const same = item?.row === this.drawn;
    this.drawn = item?.row ?? -1;
    this.told = item;
    if (!item) {
      const busy = !found?.place.ready;
      this.picture.replaceChildren(el("p", { class: "busy", role: "status" }, busy ? working(found?.place) : "Every picture of this queue is decided."));
      this.question.replaceChildren();
      return;
    }
    this.question.replaceChildren(...question(item, found.sorted, () => this.act("agree")));
    this.queue.alike(item).then((sheet) => sheet && this.told === item && this.evidence(item, sheet), () => {});
    if (same && this.picture.querySelector("img")) return;
    try {
      const seen = await this.queue.picture(item.row);
      if (this.drawn !== item.row) return;
      seen.image.alt = item.name;
      seen.image.className = Math.max(...seen.size) <= 64 ? "tiny" : "";
      this.picture.replaceChildren(seen.image, el("p", { class: "hint" }, el("bdi", {}, item.name), `, ${seen.size.join("×")} pixels`));
    } catch (error) {
      if (this.drawn === item.row) this.picture.replaceChildren(failure(error));
    }
  }

  /** @param {import("../labels/queue.js").Item} item @param {any} sheet */
  evidence(item, sheet) {
    const groups = item.alike.filter((one) => one.rows.length).map((one) => el("figure", { class: "alike" }, el("figcaption", {}, "the most similar labelled ", el("bdi", {}, one.label)), ...one.rows.map((number) => cell(sheet, sheet.rows.indexOf(number), CELL))));
    this.question.querySelector(".evidence")?.replaceChildren(...groups);
  }

  /** @param {import("../labels/queue.js").Item | undefined} item */
  classButtons(item) {
    const buttons = this.classes.slice(0, SHOWN).map((name, k) =>
      el("button", { type: "button", class: name === item?.given ? "given" : null, onclick: () => item && this.decide(name) }, el("kbd", {}, keyOf(k).toUpperCase()), el("bdi", {}, name)),
    );
    const held = this.choices.contains(document.activeElement);
    this.choices.replaceChildren(...buttons);
    if (held) this.desk.focus({ preventScroll: true });
    if (this.names.childElementCount !== this.classes.length) this.names.replaceChildren(...this.classes.map((name) => el("option", { value: name })));
  }

  /** @param {any} journal */
  past(journal) {
    const rows = journal.last.slice(0, 8).map((/** @type {any} */ one) => el("li", {}, el("bdi", {}, one.name), ": ", one.was && one.label ? el("span", {}, el("bdi", {}, one.was), " → ") : "", el("b", {}, el("bdi", {}, one.label || WORDS[one.kind]))));
    this.last.replaceChildren(...(rows.length ? rows : [el("li", { class: "hint" }, "None yet. They are kept in a journal; the pictures and their folders are never touched.")]));
  }
}

/** The id of the network whose features judge: the one chosen, else one with weights from elsewhere, which has not learnt from these labels. @param {import("../app.js").Context} context */
function judge({ networks, state }) {
  return state.get("network") ?? networks.find((one) => one.name.includes(":"))?.id ?? SHAPES;
}

/** What is judged by, and in which order. @param {import("../app.js").Context} context @param {any} about */
function chooser(context, about) {
  const { networks, state, keep } = context;
  const pick = (/** @type {string} */ name, /** @type {string} */ words, /** @type {[string, string][]} */ values, chosen = state.get(name) ?? "") => {
    const node = el("select", {
      "aria-label": words,
      onchange: () => {
        keep({ [name]: node.value || null });
        dispatchEvent(new HashChangeEvent("hashchange"));
      },
    }, ...values.map(([value, text]) => el("option", { value, selected: chosen === value }, text)));
    return el("label", { class: "which" }, words, " ", node);
  };
  const parts = Object.keys(about.parts);
  const shown = [pick("network", "Judged by", [[SHAPES, "shapes (HOG)"], ...networks.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))], judge(context))];
  if (parts.length > 1) shown.push(pick("part", "Part", [["", parts[0]], ...parts.slice(1).map((one) => /** @type {[string, string]} */ ([one, one])), ["all", "all"]]));
  if (about.unlabelled) shown.push(pick("order", "Order", [["", "those that teach most first"], ["name", "by name"]]));
  return el("div", { class: "choosers" }, ...shown);
}

/** @param {any} place */
function working(place) {
  if (!place) return "Opening the data …";
  return place.what === "heads" ? "Learning from the labels …" : `Looking at every picture once: ${thousands(place.done)} of ${thousands(place.total)} …`;
}

/** @param {any} found @param {any} journal @param {number} waiting decisions that are not saved yet @param {number} done and those not learnt from */
function counts(found, journal, waiting, done) {
  if (!found) return "";
  const said = [`${thousands(journal.decided)} decided`, `${thousands(Math.max(0, found.left - done))} left`];
  if (found.estimate) said.push(`about ${shown(found.estimate.n, 2)} wrong labels left (${shown(found.estimate.low, 2)} to ${shown(found.estimate.high, 2)})`);
  if (found.unreadable) said.push(`${thousands(found.unreadable)} unreadable`);
  if (waiting) said.push("saving …");
  if (!found.place.ready) said.push(working(found.place));
  return said.join(" · ");
}

/** @param {import("../labels/queue.js").Item} item @param {boolean} sorted @param {() => void} agree */
function question(item, sorted, agree) {
  const lines = [];
  if (sorted) lines.push(el("p", { class: "label" }, "labelled ", el("bdi", {}, item.given)));
  else lines.push(el("p", { class: "label" }, "Which class?"));
  if (item.p !== null && item.guess !== item.given) {
    lines.push(el("p", { class: "guess" }, "likely ", el("b", {}, el("bdi", {}, item.guess)), `, ${percent(item.p)} `, el("button", { type: "button", onclick: agree }, "It is ", el("bdi", {}, item.guess), " ", el("kbd", {}, "Enter"))));
  } else if (item.p !== null) lines.push(el("p", { class: "guess" }, `the computation agrees, ${percent(item.p)}`));
  if (item.often) lines.push(el("p", { class: "hint" }, `Of ${item.often.n} pictures judged with such confidence, ${percent(item.often.value)} had that label (${percent(item.often.low)} to ${percent(item.often.high)}).`));
  lines.push(el("div", { class: "evidence" }));
  return lines;
}
