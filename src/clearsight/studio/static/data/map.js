// @ts-check
/** The map: every picture a point, placed by its pixels or by the features of a network; a loop around points is a choice of pictures. */

import { button, choice, el, percent, row as line, thousands } from "../live/kit.js";
import { ask, untilReady } from "../api.js";
import { command, failure, picked } from "../parts.js";
import { Chart, ZOOM } from "./map/chart.js";
import { spread } from "./map/shapes.js";
import { numbers } from "./model.js";

const KEYS = "Drag a loop around points, and the grid has only those. By keyboard: arrows move the cross, Enter sets one corner of a box and then the other, + and − zoom, Escape takes the choice back.";

/**
 * @param {string} id of the data set @param {import("./model.js").Model} model @param {import("../app.js").Context} context
 * @param {(values: any) => void} keep put into the address @returns {{node: HTMLElement, load: () => void}} `load` when every picture was read
 */
export function map(id, model, context, keep) {
  const one = new Places(id, model, context, keep);
  return { node: one.node, load: () => one.read() };
}

class Places {
  /** @param {string} id @param {import("./model.js").Model} model @param {import("../app.js").Context} context @param {(values: any) => void} keep */
  constructor(id, model, { state, networks, network }, keep) {
    this.id = id;
    this.model = model;
    this.keep = keep;
    this.network = networks.find((one) => one.id === network);
    this.by = this.network && state.get("by") === "network" ? "network" : "pixels";
    this.part = state.get("part") ?? "";
    this.first = (state.get("loop") ?? "").split(";").filter(Boolean).map((pair) => pair.split(",").map((one) => Number(one) / 1000));
    this.done = false; // whether every picture was read
    this.turn = 0;
    const canvas = el("canvas", { class: "points", tabindex: "0", role: "application", "aria-label": "Map of the pictures", "aria-describedby": "map-keys" });
    const legend = el("p", { class: "legend" });
    this.said = el("p", { class: "hint", role: "status" });
    this.chooser = el("div", { class: "choosers" });
    this.more = el("div"); // the command, or what went wrong
    this.chart = new Chart(canvas, legend, model, (loop) => this.looped(loop), (words) => this.tell(words));
    this.mapped = el("div", { class: "mapped", hidden: true }, this.buttons(), canvas, legend, el("p", { class: "hint", id: "map-keys" }, KEYS));
    this.node = el("section", {}, el("h2", {}, "Map"), this.chooser, this.said, this.mapped, this.more);
    this.choosers([]);
    this.load();
  }

  buttons() {
    const { chart } = this;
    return line("controls", choice("A drag over the map", ["Select", "Move"], (name) => (chart.drag = name)),
      button("+", () => chart.zoom(ZOOM), { "aria-label": "Zoom in" }), button("−", () => chart.zoom(1 / ZOOM), { "aria-label": "Zoom out" }),
      button("Whole map", () => chart.zoom(0)), button("Take the choice back", () => chart.choose([])));
  }

  /** By what the pictures are placed, and of a network which part. @param {string[]} parts */
  choosers(parts) {
    if (!this.network) return;
    const by = picked("Placed by", [["pixels", "their pixels"], ["network", `the features of ${this.network.name}`]], this.by, (value) => this.change({ by: value, part: "" }));
    const part = this.by === "network" && parts.length > 1 ? [picked("Part", parts.map((one) => [one, one]), this.part, (value) => this.change({ by: this.by, part: value }))] : [];
    const held = document.activeElement?.closest(".choosers") === this.chooser;
    this.chooser.replaceChildren(by, ...part);
    if (held) by.querySelector("select")?.focus();
  }

  /** @param {{by: string, part: string}} wanted */
  change(wanted) {
    Object.assign(this, wanted);
    this.first = [];
    this.keep({ by: this.by === "network" ? "network" : null, part: this.part || null });
    this.choosers([]);
    this.load();
  }

  /** Every picture has been read. */
  read() {
    this.done = true;
    if (this.by === "pixels") this.load();
  }

  async load() {
    const mine = (this.turn += 1);
    const here = () => mine === this.turn;
    this.more.replaceChildren();
    if (this.by === "pixels" && !this.done) {
      this.mapped.hidden = true;
      return this.tell("The map is drawn when every picture has been read.");
    }
    try {
      const found = await (this.by === "pixels" ? ask(`data/${this.id}/map?v=${this.model.found.version}`) : this.space(here));
      if (!found || !here()) return;
      this.mapped.hidden = false;
      this.chart.set({ rows: numbers(found.rows, Uint32Array), places: spread(numbers(found.places, Float32Array)) }, this.first);
      this.tell(this.by === "pixels" ? byPixels(this.chart, found) : byNetwork(this.chart, found, this.network?.name ?? ""));
      this.part = found.part ?? "";
      this.choosers(found.parts ?? []);
      if (found.command) this.more.replaceChildren(command(found.command));
    } catch (error) {
      if (!here()) return;
      this.mapped.hidden = true;
      this.tell("");
      this.more.replaceChildren(failure(error));
    }
  }

  /** The places by the network, when they are there. @param {() => boolean} here whether they are still wanted */
  space(here) {
    this.mapped.hidden = true;
    this.tell("Computing the features …");
    const question = () => ask(`data/${this.id}/space/${this.network?.id}?${new URLSearchParams({ v: this.model.found.version, part: this.part })}`);
    return untilReady(question, () => here() && this.node.isConnected, (place) => this.tell(`Computing the features: ${thousands(place.done)} of ${thousands(place.total)} pictures …`));
  }

  /** @param {number[][]} loop */
  looped(loop) {
    this.keep({ loop: loop.map((pair) => pair.map((one) => Math.round(one * 1000)).join(",")).join(";") || null });
  }

  /** @param {string} words */
  tell(words) {
    this.said.textContent = words;
  }
}

/** @param {Chart} chart @param {any} found */
function byPixels(chart, found) {
  return `${thousands(chart.points?.rows.length ?? 0)} pictures at 16×16 pixels, in the two directions in which they differ most (PCA): ${percent(found.share)} of their differences; the rest is not on the map.`;
}

/** @param {Chart} chart @param {any} found @param {string} name */
function byNetwork(chart, found, name) {
  const some = found.total < found.pictures ? `, drawn at random of ${thousands(found.pictures)}` : "";
  const pure = found.purity === undefined ? "" : ` Of the 10 nearest of a picture, by all ${thousands(found.dimensions)} numbers, ${percent(found.purity)} have its label; by chance it were ${percent(found.chance)}.`;
  const lost = found.unreadable ? ` ${thousands(found.unreadable)} cannot be read.` : "";
  const part = found.parts.length > 1 ? ` of ${found.part}` : "";
  return `${thousands(chart.points?.rows.length ?? 0)} pictures${part}${some}, by the features before the last layer of ${name}, in the two directions in which these differ most (PCA): ${percent(found.share)} of their differences.${pure}${lost}`;
}
