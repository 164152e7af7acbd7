// @ts-check
/** Data: what is in a data set, and what is wrong with it. */

import { el, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { withData } from "../parts.js";
import { facets } from "../data/facets.js";
import { grid } from "../data/grid.js";
import { map } from "../data/map.js";
import { Model } from "../data/model.js";
import { opened } from "../data/opened.js";
import { problems } from "../data/problems.js";
import { Sheets } from "../data/sheets.js";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function data(root, context) {
  const title = el("h1", {}, "Data");
  root.append(title);
  await withData(root, context, (found) => {
    title.replaceChildren(el("bdi", {}, found.name));
    show(root, context, found);
  });
}

/** @param {HTMLElement} root @param {import("../app.js").Context} context @param {any} found */
function show(root, context, found) {
  const { data: id, state } = context;
  const here = root.firstElementChild;
  const keep = (/** @type {any} */ values) => here?.isConnected && context.keep(values); // not into the address of another screen
  const model = new Model(found);
  const sheets = new Sheets(id, model);
  model.facets.forEach((one) => (state.get(one.key)?.split(",") ?? []).forEach((code) => one.chosen.add(Number(code))));
  const places = map(id, model, context, keep);
  const large = opened(id, model, (row) => keep({ open: row }));
  model.listeners.push(() => keep(Object.fromEntries(model.facets.map((one) => [one.key, [...one.chosen].join(",") || null]))));
  root.append(
    summary(found),
    el("div", { class: "data" }, el("details", { class: "choices", open: innerWidth > 700 }, el("summary", {}, "Choose"), facets(model)), grid(model, sheets, large.open)),
    places.node,
    problems(id, model, sheets, large.open),
    large.node,
  );
  model.changed();
  if (state.has("open")) large.open(Number(state.get("open")));
  ahead(root, id, model).then((done) => done && places.load());
}

/** Read sizes and formats while the page is open; true when all are read. @param {HTMLElement} root @param {string} id @param {Model} model */
async function ahead(root, id, model) {
  const here = root.lastElementChild;
  while (model.read < model.n && here?.isConnected) {
    try {
      model.take(await ask(`data/${id}/ahead?v=${model.found.version}&start=${model.read}`));
    } catch {
      return false; // the grid says what is wrong
    }
    model.learnt();
  }
  return here?.isConnected;
}

/** @param {any} found */
function summary(found) {
  const parts = Object.entries(found.parts).map(([part, n]) => `${part} ${thousands(Number(n))}`).join(", ");
  const words = `${thousands(found.pictures)} pictures, ${thousands(found.classes.length)} ${found.classes.length === 1 ? "class" : "classes"}; ${parts}; ${found.layout}.`;
  const notes = found.notes.map((/** @type {string} */ one) => el("li", {}, el("bdi", {}, one)));
  return el("div", {}, el("p", {}, words), notes.length ? el("ul", { class: "hint" }, ...notes) : "");
}
