// @ts-check
/** The registry as a table, and what chooses its rows. */

import { button, el, row as line, thousands } from "../live/kit.js";
import { command } from "../parts.js";
import { along, roving } from "./roving.js";
import { amount, FILTERS } from "./zoo.js";

/** Column → its words, and the value as text. @type {Record<string, [string, (row: any) => string]>} */
const COLUMNS = {
  name: ["name", (row) => row.name],
  family: ["family", (row) => row.family],
  year: ["year", (row) => String(row.year)],
  parameters: ["parameters", (row) => thousands(row.parameters)],
  macs: ["multiply-adds", (row) => thousands(row.macs)],
  depth: ["depth", (row) => String(row.depth)],
  megabytes: ["MB", (row) => row.megabytes.toFixed(1)],
  top1: ["top-1", (row) => (row.top1 === null ? "–" : `${(100 * row.top1).toFixed(1)} %`)],
  licence: ["weights", (row) => row.licence ?? "–"],
};
const SORTED = ["name", "family", "year", "parameters", "macs", "depth", "megabytes", "top1"]; // as `models --sort` has them

/** What is looked for. @param {import("./zoo.js").Zoo} zoo */
export function filters(zoo) {
  const every = (/** @type {"family" | "year"} */ name) => [...new Set(zoo.rows.map((row) => row[name]))].sort();
  const wrong = el("p", { class: "error", role: "alert", hidden: true });
  const fields = Object.entries(FILTERS).map(([name, { label, kind }]) => {
    const choices = { choice: every("family"), year: every("year") }[kind];
    const value = zoo.wanted.get(name) ?? "";
    const take = () => {
      const text = field.value.trim();
      const bad = kind === "amount" && text !== "" && Number.isNaN(amount(text));
      wrong.textContent = bad ? `${label}: ${text} is not a number such as 25000000 or 25M.` : "";
      wrong.hidden = !bad;
      if (!bad) zoo.want(name, text);
    };
    const field = choices
      ? el("select", { onchange: take }, el("option", { value: "" }, "all"), ...choices.map((one) => el("option", { value: one, selected: String(one) === value }, String(one))))
      : el("input", { type: kind === "search" ? "search" : "text", value, oninput: take, placeholder: kind === "amount" ? "25M" : null });
    return el("label", {}, el("span", {}, label), field);
  });
  return el("div", {}, line("filters", ...fields), wrong);
}

/** @param {import("./zoo.js").Zoo} zoo */
export function table(zoo) {
  const heads = Object.entries(COLUMNS).map(([name, [words]]) => {
    const content = SORTED.includes(name) ? button(words, () => zoo.by(name)) : words;
    return el("th", { scope: "col", "data-column": name }, content);
  });
  const names = new Map(zoo.rows.map((row) => [row.name, button(row.name, () => zoo.choose(row.name), { tabindex: "-1" })]));
  const lines = new Map(zoo.rows.map((row) => [row.name, el("tr", { "data-name": row.name }, ...Object.entries(COLUMNS).map(([column, [, text]]) => (column === "name" ? el("th", { scope: "row" }, names.get(row.name)) : el("td", {}, text(row)))))]));
  const body = el("tbody");
  const count = el("p", { class: "hint", role: "status" });
  const same = el("div");
  const present = roving(body, (key, at) => along(zoo.shown.map((row) => names.get(row.name)), at, key, ["ArrowUp", "ArrowDown"]));

  function show() {
    heads.forEach((head) => {
      if (head.dataset.column === zoo.sort) head.setAttribute("aria-sort", zoo.reverse ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    body.replaceChildren(...zoo.shown.map((row) => /** @type {Node} */ (lines.get(row.name))));
    lines.forEach((one, name) => one.classList.toggle("best", name === zoo.chosen));
    const [all, some] = [thousands(zoo.rows.length), thousands(zoo.shown.length)];
    count.textContent = all === some ? `${all} networks.` : `${some} of ${all} networks.`;
    const first = names.get(zoo.shown.some((row) => row.name === zoo.chosen) ? zoo.chosen : zoo.shown[0]?.name);
    if (first) present(first);
    same.replaceChildren(...(zoo.command() ? [command(zoo.command())] : []));
  }

  zoo.listeners.push(show);
  show();
  const whole = el("table", { class: "registry", "aria-label": "Networks" }, el("thead", {}, el("tr", {}, ...heads)), body);
  return el("div", {}, count, el("div", { class: "rows", role: "region", "aria-label": "All networks", tabindex: "0" }, whole), same);
}
