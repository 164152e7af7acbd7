// @ts-check
/** The facets: what there is of each class, part, size, format and problem, and boxes that choose among them. */

import { button, el, thousands } from "../live/kit.js";

const MANY = 12; // values, above which a field searches among them

/** @param {import("./model.js").Model} model @returns {HTMLElement} */
export function facets(model) {
  const all = button("Show all", () => {
    model.facets.forEach((one) => one.chosen.clear());
    model.choose(null);
  });
  return el("div", { class: "facets" }, ...model.facets.map((one) => field(model, one)), all);
}

/** @param {import("./model.js").Model} model @param {import("./model.js").Facet} one */
function field(model, one) {
  /** @type {{node: HTMLElement, box: HTMLInputElement, count: HTMLElement, bar: HTMLElement}[]} */
  const values = [];
  const list = el("div", { class: "values" });
  const search = el("input", { type: "search", "aria-label": `Search in ${one.title}`, placeholder: "Search", oninput: () => show() });
  const node = el("fieldset", {}, el("legend", {}, one.title), search, list);

  function show() {
    while (values.length < one.labels.length) list.append(add(values.length).node);
    const counts = model.counts(one);
    const most = Math.max(...counts, 1);
    const wanted = search.value.trim().toLowerCase();
    search.hidden = values.length <= MANY;
    values.forEach(({ node: line, box, count, bar }, code) => {
      box.checked = one.chosen.has(code);
      count.textContent = thousands(counts[code]);
      bar.style.width = `${(100 * counts[code]) / most}%`;
      const empty = counts[code] === 0 && !box.checked && one.key !== "class";
      line.hidden = empty || !one.labels[code].toLowerCase().includes(wanted);
    });
    node.hidden = values.filter((value) => !value.node.hidden).length < 2 && !one.chosen.size && !wanted;
  }

  const add = (/** @type {number} */ code) => {
    const change = () => {
      if (box.checked) one.chosen.add(code);
      else one.chosen.delete(code);
      model.changed();
    };
    const box = el("input", { type: "checkbox", onchange: change });
    const count = el("span", { class: "count" });
    const bar = el("span", { class: "length" });
    const line = el("label", { class: "value" }, box, el("bdi", {}, one.labels[code]), count, bar);
    values.push({ node: line, box, count, bar });
    return values[code];
  };
  model.listeners.push(show);
  model.counters.push(show);
  show();
  return node;
}
