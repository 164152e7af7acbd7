// @ts-check
/** Camera: hold a key for each class, and a classifier answers as soon as two have pictures, which lie in a folder per class. */

import { button, el, percent, row as line, sentence, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { close, look, taken } from "../camera/eye.js";
import { command, failure, picked } from "../parts.js";

const [EVERY, PAUSE] = [250, 300]; // ms between two pictures, between two answers
const SHAPES = ""; // in place of a network
const WRITING = "input, select, textarea, dialog[open] *";

/** @typedef {{label: string, count: number, node: HTMLElement, number: HTMLElement, share: HTMLElement, bar: HTMLElement}} Class */

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function camera(root, context) {
  new Screen(root, context).start();
}

class Screen {
  /** @param {HTMLElement} root @param {import("../app.js").Context} context */
  constructor(root, { state, keep, networks }) {
    this.keep = keep;
    this.set = state.get("set") ?? "classes";
    this.network = networks.find((one) => one.id === state.get("network"))?.id ?? networks.find((one) => one.name.includes(":"))?.id ?? SHAPES;
    this.names = (state.get("classes") ?? "").split("|").filter(Boolean);
    /** @type {Class[]} */
    this.classes = [];
    this.held = ""; // the class whose pictures are taken now
    this.burst = 0; // pictures of the last hold
    this.open = false;
    this.video = el("video", { muted: true, playsinline: true, "aria-label": "What the camera sees" });
    this.video.muted = true;
    this.off = el("p", { class: "hint" }, "The camera is off.");
    this.answer = el("p", { class: "label", "aria-hidden": "true" });
    this.told = sentence();
    this.said = el("div", { "aria-live": "polite" });
    this.list = el("ul", { class: "classes", "aria-label": "Classes" });
    this.commands = el("div");
    this.added = el("input", { type: "text", maxlength: 50, "aria-label": "Name of a class", placeholder: "a class", onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && !event.isComposing && this.add() });
    this.back = button("Take the last pictures back", () => this.undo(), { disabled: true });
    this.start_ = button("Use the camera", () => this.see());
    const named = el("input", { type: "text", maxlength: 40, value: this.set, onchange: () => this.renamed(named.value) });
    const judges = /** @type {[string, string][]} */ ([[SHAPES, "shapes (HOG)"], ...networks.map((one) => [one.id, one.name])]);
    root.append(el("h1", {}, "Camera"),
      el("p", {}, "Name two classes or more, and hold the key or the button of each while you show it to the camera. The answer is there as soon as two classes have pictures."),
      line("choosers", el("label", { class: "which" }, "Name of the set ", named), picked("Judged by", judges, this.network, (value) => this.judged(value))),
      el("div", { class: "answered camera" }, el("div", { class: "eye" }, el("div", { class: "seat" }, this.video, this.off), line("controls", this.start_, this.back)),
        el("div", { class: "said" }, this.answer, this.told.node, this.list, line("controls", el("label", { class: "another" }, this.added), button("Add the class", () => this.add())))),
      this.said, el("p", { class: "hint" }, "Pictures of one moment are much alike, so their answers prove little: how often a classifier is right, evaluate says on pictures of another time."), this.commands);
  }

  async start() {
    const listeners = { keydown: (/** @type {any} */ event) => this.pressed(event), keyup: (/** @type {any} */ event) => this.key(event) && this.release(), blur: () => this.release() };
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener);
    await this.load();
    while (this.list.isConnected) {
      await this.turn();
      await new Promise((done) => setTimeout(done, this.held ? EVERY : PAUSE));
    }
    close(this.video);
    for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
  }

  /** One picture for the class that is held, else one to be answered. */
  async turn() {
    if (!this.open) return;
    const label = this.held;
    try {
      if (label) {
        this.show(await this.post("camera/picture", label));
        this.burst += 1;
      } else if (this.classes.filter((one) => one.count).length > 1) this.answered(await this.post("camera/answer"));
    } catch (error) {
      this.release();
      this.wrong(error);
    }
  }

  /** @param {string} path @param {string} [label] */
  async post(path, label = "") {
    const headers = { "Content-Type": "application/octet-stream", "X-Set": encodeURIComponent(this.set.toWellFormed()), "X-Name": encodeURIComponent(label.toWellFormed()), "X-Network": this.network };
    return ask(path, { method: "POST", body: await taken(this.video), headers });
  }

  async load() {
    this.classes = [];
    this.list.replaceChildren();
    this.names.forEach((name) => this.class_(name));
    try {
      this.show(await ask(`camera?${new URLSearchParams({ name: this.set, network: this.network })}`));
    } catch (error) {
      this.wrong(error);
    }
  }

  async see() {
    this.said.replaceChildren();
    try {
      await look(this.video);
      this.open = true;
      this.start_.hidden = this.off.hidden = true;
      this.added.focus();
    } catch (error) {
      this.wrong(error);
    }
  }

  /** @param {any} found */
  show(found) {
    found.classes.forEach((/** @type {any} */ one) => this.class_(one.label));
    for (const one of this.classes) {
      one.count = found.classes.find((/** @type {any} */ other) => other.label === one.label)?.pictures ?? 0;
      one.number.textContent = `${thousands(one.count)} ${one.count === 1 ? "picture" : "pictures"}`;
    }
    this.back.disabled = found.taken === 0;
    const stored = el("p", { class: "hint" }, "The pictures are in ", el("code", {}, found.folder), ", a folder per class.");
    this.commands.replaceChildren(...(found.classes.length ? [stored, command(found.command)] : []));
  }

  /** @param {any} found */
  answered(found) {
    if (found.top.length === 0 || this.held) return;
    const [first] = found.top;
    this.answer.replaceChildren(el("bdi", {}, first.label), `, ${percent(first.confidence)}`);
    if (this.answer.dataset.label !== first.label) this.told.say(`It is ${first.label}`);
    this.answer.dataset.label = first.label;
    for (const one of this.classes) {
      const share = found.top.find((/** @type {any} */ other) => other.label === one.label)?.confidence;
      one.share.textContent = share === undefined ? "" : percent(share);
      one.bar.style.width = `${100 * (share ?? 0)}%`;
    }
  }

  add() {
    const name = this.added.value.trim();
    if (!name) return;
    this.added.value = "";
    this.class_(name).node.querySelector("button")?.focus();
  }

  /** The class of a name, which is made where it is new. @param {string} label @returns {Class} */
  class_(label) {
    const known = this.classes.find((one) => one.label === label);
    if (known) return known;
    const key = this.classes.length < 9 ? [el("kbd", {}, String(this.classes.length + 1))] : [];
    const hold = el("button", {
      type: "button", onpointerdown: () => this.hold(label), onpointerup: () => this.release(), onpointerleave: () => this.release(), onpointercancel: () => this.release(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => (event.key === " " || event.key === "Enter") && this.hold(label, event),
    }, "Hold: ", el("bdi", {}, label), " ", ...key);
    const [number, share, bar] = [el("span", { class: "count" }, "0 pictures"), el("span", { class: "count" }), el("span", { class: "length" })];
    const one = { label, count: 0, node: el("li", {}, hold, number, share, bar), number, share, bar };
    bar.style.width = "0";
    this.classes.push(one);
    this.list.append(one.node);
    this.keep({ classes: this.classes.map((each) => each.label).join("|") });
    return one;
  }

  /** @param {KeyboardEvent} event @returns {Class | undefined} the class of a key */
  key(event) {
    return event.key === " " || event.key === "Enter" ? this.classes.find((one) => one.label === this.held) : this.classes[Number(event.key) - 1];
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.matches?.(WRITING)) return;
    const one = /^[1-9]$/.test(event.key) ? this.key(event) : undefined;
    if (one) this.hold(one.label, event);
    else if (event.key.toLowerCase() === "z" && !event.repeat) this.undo();
  }

  /** @param {string} label @param {KeyboardEvent} [event] */
  hold(label, event) {
    event?.preventDefault();
    if (this.held === label) return; // the key repeats itself
    if (!this.open) return this.wrong(new Error("The camera is not in use yet: press “Use the camera”."));
    this.said.replaceChildren();
    this.held = label;
    this.burst = 0;
    for (const one of this.classes) one.node.classList.toggle("held", one.label === label);
  }

  release() {
    this.held = "";
    for (const one of this.classes) one.node.classList.remove("held");
  }

  async undo() {
    if (this.back.disabled) return;
    try {
      const body = JSON.stringify({ name: this.set, network: this.network, count: Math.max(1, this.burst) });
      this.show(await ask("camera/undo", { method: "POST", headers: { "Content-Type": "application/json" }, body }));
      this.burst = 1;
    } catch (error) {
      this.wrong(error);
    }
  }

  /** @param {string} name */
  renamed(name) {
    this.set = name.trim() || "classes";
    this.names = [];
    this.keep({ set: this.set, classes: null });
    this.load();
  }

  /** @param {string} network */
  judged(network) {
    this.network = network;
    this.names = this.classes.map((one) => one.label);
    this.keep({ network });
    this.load();
  }

  /** @param {unknown} error */
  wrong(error) {
    this.said.replaceChildren(failure(error));
  }
}
