// @ts-check
/** Twenty-four validation pictures with the network's answers after an epoch, its first filters, and a slider over the epochs. */

import { el, percent, row, sentence, slider } from "../live/kit.js";
import { ask, blob } from "../api.js";
import { numbers } from "../data/model.js";
import { filter } from "../live/filters.js";

const CELL = 64; // px of a picture

export class Watched {
  /** @param {string} run @param {any} about the answer of /api/runs/ID @param {(epoch: number | null) => void} chosen told of an epoch that is looked at, null for the newest */
  constructor(run, about, chosen) {
    this.run = run;
    this.about = about;
    /** @type {Map<number, any>} */
    this.known = new Map();
    /** @type {number[]} */
    this.epochs = [];
    this.newest = true;
    this.wanted = 0;
    this.told = sentence();
    this.pictures = el("ul", { class: "watched" });
    this.wall = row("wall small");
    this.filters = el("div", {}, el("h3", {}, "First filters"), this.wall);
    this.rewind = slider({
      label: "Epoch", min: 0, max: 0, value: 0, text: (k) => String(this.epochs[k] ?? "–"),
      change: (k) => {
        this.newest = k === this.epochs.length - 1;
        chosen(this.newest ? null : this.epochs[k]);
        this.show(this.epochs[k]);
      },
    });
    this.node = el("section", { class: "watching", hidden: true }, el("h2", {}, "What it answers"), row("controls", this.rewind.node), this.told.node, this.pictures, this.filters);
  }

  /** Epochs that can be shown; the newest is, unless another was chosen. @param {number[]} epochs @param {number | null} [epoch] the one to begin with */
  async update(epochs, epoch = null) {
    if (!epochs.length || (epochs.length === this.epochs.length && epochs[epochs.length - 1] === this.epochs[this.epochs.length - 1])) return;
    const looking = epoch ?? (this.newest ? epochs[epochs.length - 1] : this.wanted);
    this.epochs = epochs;
    this.newest = looking === epochs[epochs.length - 1];
    this.node.hidden = false;
    this.rewind.set(Math.max(0, epochs.indexOf(looking)), epochs.length - 1);
    await this.show(epochs.includes(looking) ? looking : epochs[epochs.length - 1]);
  }

  /** @param {number} epoch */
  async show(epoch) {
    this.wanted = epoch;
    if (!this.known.has(epoch)) this.known.set(epoch, await ask(`runs/${this.run}/watch/${epoch}`));
    if (!this.about.pictures) this.about = await ask(`runs/${this.run}`);
    this.sheet ??= this.about.pictures && (await decoded(this.about.pictures.sheet));
    if (this.wanted !== epoch) return; // another was asked for meanwhile
    const found = this.known.get(epoch);
    this.draw(epoch, numbers(found.probabilities, Float32Array));
    this.drawn(numbers(found.filters, Float32Array), found.shape, epoch);
  }

  /** @param {number} epoch @param {Float32Array} probabilities */
  draw(epoch, probabilities) {
    const { pictures, classes } = this.about;
    if (!pictures || !probabilities.length) return;
    const count = probabilities.length / pictures.rows.length;
    const name = (/** @type {number} */ k) => classes[k] ?? String(k);
    let right = 0;
    this.pictures.replaceChildren(
      ...pictures.rows.map((/** @type {any} */ one, /** @type {number} */ n) => {
        const each = probabilities.subarray(n * count, (n + 1) * count);
        const best = each.reduce((so_far, value, k) => (value > each[so_far] ? k : so_far), 0);
        const good = best === one.label;
        right += Number(good);
        const words = `${one.name}: ${name(one.label)}, the answer is ${name(best)}, ${percent(each[best])}`;
        const answer = el("span", {}, good ? "✓ " : "✗ ", el("bdi", {}, name(best)), good ? "" : ", not ", good ? "" : el("bdi", {}, name(one.label)), " ", el("b", {}, percent(each[best])));
        return el("li", { class: good ? "right" : "wrong", title: words, "data-right": String(good) }, this.cell(n, words), answer);
      }),
    );
    this.told.say(`After epoch ${epoch}, ${right} of ${pictures.rows.length} validation pictures are right.`);
  }

  /** @param {number} n @param {string} words */
  cell(n, words) {
    const { side } = this.about.pictures;
    const canvas = el("canvas", { width: CELL, height: CELL, role: "img", "aria-label": words });
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = side >= CELL;
    pen.drawImage(this.sheet, n * side, 0, side, side, 0, 0, CELL, CELL);
    return canvas;
  }

  /** @param {Float32Array} values @param {number[]} shape @param {number} epoch */
  drawn(values, shape, epoch) {
    this.filters.hidden = shape.length < 4;
    if (this.filters.hidden) return;
    this.wall.replaceChildren(...Array.from({ length: shape[0] }, (_, n) => filter(values, shape, n, `filter ${n} after epoch ${epoch}`)));
  }
}

/** @param {string} text a PNG in base64 */
async function decoded(text) {
  const address = blob(text);
  const image = new Image();
  image.src = address;
  await image.decode();
  URL.revokeObjectURL(address);
  return image;
}
