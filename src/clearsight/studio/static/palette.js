// @ts-check
/** The palette: type a few letters, and go to a screen, a network, a data set or a run of that name. */

import { el } from "./live/kit.js";
import { failure } from "./parts.js";

const MOST = 12; // places that are shown

/** @typedef {{kind: string, name: string, address: string}} Place */

/**
 * The places whose name has all the words, in any order; those that begin with the text come first.
 * @param {Place[]} places @param {string} text
 */
export function matching(places, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const has = places.filter(({ name, kind }) => words.every((word) => `${name} ${kind}`.toLowerCase().includes(word)));
  const begins = (/** @type {Place} */ one) => (words.length && one.name.toLowerCase().startsWith(words[0]) ? 0 : 1);
  return has.sort((a, b) => begins(a) - begins(b)).slice(0, MOST);
}

/** @param {() => Promise<Place[]>} known @returns {() => void} opens it */
export function palette(known) {
  const list = el("ul", { id: "places", role: "listbox", "aria-label": "Places" });
  const field = el("input", { type: "text", role: "combobox", "aria-label": "Go to", "aria-controls": "places", "aria-expanded": "true", "aria-autocomplete": "list", placeholder: "Screen, network, data or run", spellcheck: "false", oninput: () => draw() });
  const said = el("p", { class: "hint", role: "status" });
  const dialog = el("dialog", { class: "palette", "aria-label": "Go to" }, field, list, said);
  document.body.append(dialog);
  /** @type {Place[]} */
  let places = [];
  /** @type {Place[]} */
  let shown = [];
  let at = 0;

  function draw(place = 0) {
    shown = matching(places, field.value);
    at = Math.max(0, Math.min(place, shown.length - 1));
    list.replaceChildren(...shown.map((one, k) => el("li", { role: "option", id: `place-${k}`, "aria-selected": String(k === at), onclick: () => go(one) }, el("bdi", {}, one.name), el("span", { class: "hint" }, ` ${one.kind}`))));
    list.hidden = shown.length === 0;
    field.setAttribute("aria-activedescendant", shown.length ? `place-${at}` : "");
    said.textContent = shown.length ? "" : "Nothing here has this name.";
  }

  function go(/** @type {Place | undefined} */ one) {
    if (!one) return;
    dialog.close();
    location.hash = one.address;
  }

  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || (step === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    if (step === undefined) go(shown[at]);
    else draw((at + step + shown.length) % (shown.length || 1));
  });
  return async () => {
    if (dialog.open) return;
    [field.value, places] = ["", []];
    draw();
    said.textContent = "";
    dialog.showModal();
    try {
      places = await known();
      draw();
    } catch (error) {
      said.replaceChildren(failure(error));
    }
  };
}
