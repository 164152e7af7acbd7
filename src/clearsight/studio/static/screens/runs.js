// @ts-check
/** Runs: every training below ./runs as a row; several side by side as curves, with the settings that differ. */

import { button, el, row, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";
import { beside } from "../runs/beside.js";
import { COLUMNS, cells, header } from "../runs/table.js";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function runs(root, context) {
  const title = el("h1", {}, "Runs");
  root.append(title);
  try {
    const found = (await ask("runs")).runs;
    if (!title.isConnected) return;
    if (found.length) listed(root, context, found);
    else root.append(el("p", {}, "No run yet. ", el("a", { href: "#/train" }, "Train"), " one, or start the studio where the folder ", el("code", {}, "runs"), " is."));
  } catch (error) {
    root.append(failure(error));
  }
}

/** @param {HTMLElement} root @param {import("../app.js").Context} context @param {any[]} found */
function listed(root, { state, keep }, found) {
  const ticked = new Set((state.get("runs") ?? "").split(",").filter((id) => found.some((one) => one.id === id)));
  let [by, down] = [state.get("by") ?? "modified", state.get("order") !== "up"];
  const count = el("p", { class: "counts", role: "status" });
  const body = el("tbody");
  const head = el("thead");
  const side = el("div");
  const search = el("input", { type: "search", "aria-label": "Filter by name, data or network", placeholder: "Filter by name, data or network", value: state.get("q") ?? "", oninput: () => draw() });
  const clear = button("Untick all", () => {
    ticked.clear();
    draw();
    compare();
  });

  /** @param {string} id @param {boolean} on */
  function tick(id, on) {
    if (on) ticked.add(id);
    else ticked.delete(id);
    compare();
  }

  function compare() {
    keep({ runs: [...ticked].join(",") || null });
    clear.disabled = ticked.size === 0;
    beside(side, [...ticked].flatMap((id) => found.find((one) => one.id === id) ?? []));
  }

  /** @param {string} name */
  function sort(name) {
    [by, down] = [name, name === by ? !down : COLUMNS[name].down];
    draw();
    /** @type {HTMLElement | null} */ (head.querySelector(`[data-by="${name}"]`))?.focus();
  }

  function draw() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const passing = found.filter((one) => words.every((/** @type {string} */ word) => `${one.name} ${one.data} ${one.model} ${one.state}`.toLowerCase().includes(word)));
    const value = COLUMNS[by]?.value ?? COLUMNS.modified.value;
    const known = (/** @type {any} */ one) => one !== null && one !== undefined && one !== "";
    passing.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (!known(x) || !known(y)) return Number(known(y)) - Number(known(x)); // what is not known is last
      return (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y) * (down ? -1 : 1);
    });
    keep({ q: search.value || null, by: by === "modified" ? null : by, order: down ? null : "up" });
    head.replaceChildren(header(by, down, sort));
    body.replaceChildren(...passing.map((one) => el("tr", {}, ...cells(one, ticked.has(one.id), (on) => tick(one.id, on)))));
    const all = `${thousands(found.length)} ${found.length === 1 ? "run" : "runs"}`;
    count.textContent = passing.length === found.length ? all : `${thousands(passing.length)} of ${all}`;
  }

  root.append(row("controls finding", search, clear), count, side, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs" }, el("table", { class: "plain runs" }, head, body)));
  draw();
  compare();
}
