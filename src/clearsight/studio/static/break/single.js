// @ts-check
/** One attack at one ε: the three pictures, and whether the change survives saving. */

import { button, el, parsed, percent, row, shown } from "../live/kit.js";
import { ask, Refusal } from "../api.js";
import { failure, image } from "../parts.js";
import { same } from "./same.js";
import { NORMS } from "./whole.js";

/** @type {Record<string, string>} ε to begin with, by norm */
const FIRST = { linf: "8/255", l2: "0.5", spatial: "0.1" };
/** @type {Record<string, string>} */
const BOUNDS = { linf: "the largest change of a value, of [0, 1]", l2: "the L2 norm of the change", spatial: "turned by up to ε·300°, shifted by up to ε of the side" };

/** ε as it was typed: 0.03 or 8/255. @param {string} text */
function epsilonOf(text) {
  const [above, below = "1"] = text.split("/").map((part) => part.trim());
  return parsed(above) / parsed(below);
}

/** @param {HTMLElement} root @param {any} about the method @param {string} target @param {import("../app.js").Context} context */
export function single(root, about, target, { network, picture, state, keep }) {
  const field = el("input", { type: "text", "aria-label": "ε", size: "8", value: state.get(`eps-${about.norm}`) ?? FIRST[about.norm] ?? "8/255" });
  const body = el("div", { "aria-live": "polite" });
  let last = 0;

  async function go() {
    const mine = ++last;
    const epsilon = epsilonOf(field.value);
    if (!(epsilon > 0 && Number.isFinite(epsilon))) {
      body.replaceChildren(failure(new Error("ε is a number above 0, such as 0.03 or 8/255.")));
      return;
    }
    keep({ [`eps-${about.norm}`]: field.value === FIRST[about.norm] ? null : field.value });
    body.replaceChildren(el("p", { class: "busy" }, "Attacking …"));
    try {
      const query = new URLSearchParams({ method: about.name, epsilon: String(epsilon), ...(target ? { target } : {}) });
      const found = await ask(`networks/${network}/attacked/${picture}?${query}`);
      if (mine === last) body.replaceChildren(...attacked(found), same(found));
    } catch (error) {
      if (mine === last && !(error instanceof Refusal && error.superseded)) body.replaceChildren(failure(error));
    }
  }

  const few = about.steps ? `; here with ${about.steps} steps, so that it takes a moment` : "";
  const access = about.white ? "White box: the network’s own gradient" : "Black box: no gradient, only the answers";
  root.append(
    el("p", { class: "hint" }, `${about.says}${few}. ${access}. ε is ${BOUNDS[about.norm] ?? "the bound of the change"}.`),
    el("form", { class: "controls", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      go();
    } }, el("label", {}, "ε ", field), button("Attack", go)),
    body,
  );
  go();
}

/** @param {any} found */
function attacked(found) {
  const { before } = found.answers;
  const fooled = found.exact.label !== before.label;
  const tiny = Math.max(...found.size) <= 64;
  const times = found.magnified ? `shown ${shown(found.magnified, 3)} times as strong, around grey` : "no change";
  const levels = `largest change ${shown(found.largest, 3)} = ${shown(255 * found.largest, 3)} of 255 levels`;
  const panels = [
    ["The picture, x", found.pictures.before, before, "the answer without a change"],
    ["The change", found.pictures.change, null, `${levels}; ${times}`],
    ["The changed picture", found.pictures.after, found.exact, fooled ? "✗ another answer" : "✓ the answer stays"],
  ].map(([title, pixels, answer, note], k) => {
    const words = answer ? [el("bdi", {}, answer.label), `, ${percent(answer.confidence)}`] : [`ε = ${shown(found.epsilon, 3)} (${NORMS[found.norm] ?? found.norm})`];
    const kind = k === 2 && fooled ? "other" : k === 1 ? "" : "same";
    return el("figure", { class: "panel", "data-panel": String(k) }, el("figcaption", {}, title), image(pixels, title, tiny),
      el("p", { class: "answer" }, el("b", { class: `label ${kind}`, "data-value": answer ? answer.confidence : null }, ...words)), el("span", { class: "hint" }, note));
  });
  const kinds = [["float", "in numbers"], ["png", "PNG (8 bit)"], ["jpeg", "JPEG (quality 90)"]].map(([kind, name]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: found.survives[kind] ? "other" : "same" }, found.survives[kind] ? "✗ another answer" : fooled ? "✓ the first answer again" : "✓ the answer stays")));
  return [row("panels three", ...panels), el("section", {}, el("h2", {}, "Does it survive saving?"), el("table", { class: "mistakes", "aria-label": "Does it survive saving?" }, el("tbody", {}, ...kinds)))];
}
