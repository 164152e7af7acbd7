// @ts-check
/** The microscope: one number of a network, and the numbers that it was computed from, level by level, down to the picture. */

import { button, el, row, shown } from "../live/kit.js";
import { unit } from "../live/unit.js";
import { ask, Refusal } from "../api.js";
import { command, failure, image } from "../parts.js";

const TINY = 64; // px up to which pixels are shown as squares

/** What the address keeps: layer, channel and place of the first number, then the terms down from it. @typedef {{layer: string, channel: number, at: number[], down: string[]}} Way */

/**
 * @param {HTMLElement} scope where it is drawn @param {import("../app.js").Context} context
 * @returns {{open: (layer: string, channel: number, at: number[]) => void, resume: () => void}} `resume` opens what the address says
 */
export function microscope(scope, { network, picture, state, keep }) {
  /** @type {HTMLElement | null} */
  let from = null;
  /** @type {Way} */
  let way = { layer: "", channel: 0, at: [], down: [] };
  const title = el("h2", { tabindex: "-1" });
  const levels = el("ol", { class: "descent", "aria-label": "The way down" });
  const body = el("div");
  const frame = el("section", { class: "scope", onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && up(event) }, title, levels, body);

  /** One level up; from the first one the microscope closes. @param {KeyboardEvent} event */
  function up(event) {
    event.stopPropagation();
    if (way.down.length) return void go({ ...way, down: way.down.slice(0, -1) });
    scope.replaceChildren();
    keep({ layer: null, channel: null, at: null, down: null });
    from?.focus();
  }

  /** @param {Way} wanted @param {boolean} [focus] */
  async function go(wanted, focus = true) {
    const place = { layer: wanted.layer, channel: String(wanted.channel), at: wanted.at.join(","), down: wanted.down.join(",") };
    if (!frame.isConnected) {
      title.textContent = "";
      levels.replaceChildren();
      scope.replaceChildren(frame);
      body.replaceChildren(el("p", { class: "busy", role: "status" }, "Computing …"));
    }
    try {
      const found = await ask(`networks/${network}/unit/${picture}?${new URLSearchParams(place)}`);
      way = wanted;
      keep(place);
      draw(found);
    } catch (error) {
      if (error instanceof Refusal && error.superseded) return;
      body.querySelector(".busy, .error")?.remove();
      body.append(failure(error));
    }
    scope.scrollIntoView({ block: "nearest" });
    if (focus) title.focus({ preventScroll: true });
  }

  /** @param {any} found */
  function draw(found) {
    const last = found.levels[found.levels.length - 1];
    const class_ = way.layer === "" && way.down.length === 0;
    title.textContent = found.pixel ? "A pixel of the picture" : `${class_ ? "The score of class" : "The number at"} ${class_ ? way.channel : last.title}`;
    levels.replaceChildren(...found.levels.map((/** @type {any} */ one, /** @type {number} */ k) => {
      const words = `${one.title}: ${shown(one.value, 5)} ${one.equal ? "✓" : "✗"}`;
      const here = k === found.levels.length - 1;
      return el("li", {}, here ? el("b", { "aria-current": "step", "data-value": one.value }, words) : button(words, () => go({ ...way, down: way.down.slice(0, k) })));
    }));
    body.replaceChildren();
    if (found.pixel) pixel(found.pixel);
    else number(found);
    if (found.command) body.append(command(found.command));
    else body.append(el("p", { class: "hint" }, "No layer ends at this number: the command line recomputes the outputs of layers."));
  }

  /** @param {any} found as `look unit --json` has it */
  function number(found) {
    const product = el("p", { class: "product", role: "status" });
    const below = found.limits.length ? (/** @type {number[]} */ term) => go({ ...way, down: [...way.down, term.join(".")] }) : undefined;
    unit(body, found, (value, weight) => (product.textContent = `${shown(value, 4)} × ${shown(weight, 4)} = ${shown(value * weight, 4)}`), below);
    body.append(product);
    const parts = found.parts.map((/** @type {number} */ k) => button(found.parts.length > 1 ? `To factor ${k + 1}` : "Where it came from", () => below?.([k])));
    if (parts.length) body.append(row("controls", ...parts));
    if (below && found.patch) body.append(el("p", { class: "hint" }, "Click a product, or press Enter there: one level down. Esc: one level up."));
  }

  /** @param {any} one */
  function pixel(one) {
    const [rows, columns] = one.size;
    const mark = el("span", { class: "mark" });
    for (const [name, part] of Object.entries({ left: one.column / columns, top: one.row / rows, width: 1 / columns, height: 1 / rows })) mark.style[name] = `${100 * part}%`;
    const [mean, std] = [one.mean, one.std].map((value) => shown(value, 4));
    const verdict = el("p", { class: `verdict ${one.equal ? "same" : "other"}` }, `${one.equal ? "✓ equal to" : "✗ DIFFERENT from"} the network’s own input, ${shown(one.value, 6)}`);
    body.append(row("answered", el("div", { class: "pixel" }, image(one.image, "The picture as the network sees it", Math.max(rows, columns) <= TINY), mark),
      el("div", { class: "said" }, el("p", { class: "label" }, String(one.level)), el("p", {}, `${one.colour}, row ${one.row}, column ${one.column}: ${one.level} of 255`),
        el("p", { class: "product" }, `(${one.level} / 255 − ${mean}) / ${std} = ${shown(one.recomputed, 6)}`), verdict)));
  }

  return {
    open: (layer, channel, at) => {
      from = /** @type {HTMLElement | null} */ (document.activeElement);
      go({ layer, channel, at, down: [] });
    },
    resume: () => {
      if (!state.has("channel")) return;
      const list = (/** @type {string} */ name) => (state.get(name) ?? "").split(",").filter(Boolean);
      go({ layer: state.get("layer") ?? "", channel: Number(state.get("channel")), at: list("at").map(Number), down: list("down") }, false);
    },
  };
}
