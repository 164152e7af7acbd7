// @ts-check
/** What `clearsight check` finds, as groups of pictures side by side. */

import { button, el, row as line, thousands } from "../live/kit.js";
import { job } from "../job.js";
import { decide, Decisions } from "./decisions.js";

const [SHOWN, MEMBERS, SIDE] = [12, 12, 64]; // groups of a kind, pictures of a group, px

/**
 * @param {string} id of the data set @param {import("./model.js").Model} model @param {import("./sheets.js").Sheets} sheets
 * @param {(row: number) => void} open @returns {HTMLElement}
 */
export function problems(id, model, sheets, open) {
  const decisions = new Decisions(id, model);
  const checking = job({
    path: () => `data/${id}/problems`, start: "Look for problems", again: "Look again", running: "Looking through all pictures …",
    about: "Every picture is read and compared with every other: copies, contradictions, blank and unreadable ones.",
    async show(found) {
      await decisions.read();
      model.problems(found.kinds);
      model.learnt();
      return told(found);
    },
  });

  /** @param {any} found */
  function told(found) {
    const lines = [...found.poisonous.map((/** @type {string} */ one) => ["✗", one]), ...found.warnings.map((/** @type {string} */ one) => ["!", one])];
    const list = el("ul", { class: "findings" }, ...lines.map(([sign, words]) => el("li", {}, el("b", {}, sign), " ", el("bdi", {}, words))));
    const said = el("p", { class: "hint" }, "A decision is a row of the journal; no file is touched. The data with your decisions, as a table: ", el("code", {}, found.apply));
    return [lines.length ? list : el("p", {}, "✓ Nothing was found that would invalidate a result."), ...(found.kinds.length ? [said] : []), ...found.kinds.map(kind)];
  }

  function kind(/** @type {any} */ one, /** @type {number} */ k) {
    const single = one.groups.every((/** @type {number[]} */ group) => group.length === 1);
    const title = `${one.title}: ${thousands(one.groups.length)} ${single ? "picture" : "group"}${one.groups.length === 1 ? "" : "s"}`;
    const filter = button("Show them above", () => {
      model.facets.forEach((other) => other.chosen.clear());
      model.facet("problem").chosen.add(k + 1);
      model.choose(null);
      document.querySelector(".pictures")?.scrollIntoView({ block: "start" });
    });
    const list = el("div", { class: "groups" });
    let shown = 0;
    const more = button("More", () => {
      const next = one.groups.slice(shown, shown + SHOWN);
      list.append(...next.map((/** @type {number[]} */ group) => members(group, one)));
      shown += next.length;
      more.hidden = shown >= one.groups.length;
    });
    more.click();
    return el("div", { class: "kind" }, el("h3", {}, title), el("p", { class: "hint" }, one.advice), list, line("controls", more, filter));
  }

  /** @param {number[]} group @param {{title: string, reasons: Record<string, string>}} of its kind */
  function members(group, { title, reasons }) {
    const decided = decide(decisions, title, group);
    const choice = (/** @type {number} */ row) => group.length > 1 ? [button("Keep this one", () => decided.keep(row), { "aria-label": `Keep ${model.name(row)}` })] : [];
    const rest = group.length > MEMBERS ? [el("p", { class: "hint" }, `and ${thousands(group.length - MEMBERS)} more`)] : [];
    return el("div", { class: "group", role: "group", "aria-label": group.length > 1 ? `${group.length} pictures` : "1 picture" },
      line("members", ...group.slice(0, MEMBERS).map((row) => line("candidate", member(row, reasons[row] ?? ""), ...choice(row))), ...rest), decided.node);
  }

  function member(/** @type {number} */ row, /** @type {string} */ reason) {
    const canvas = el("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    const name = el("bdi", { class: "name" });
    const one = el("button", { type: "button", class: "member", onclick: () => open(row) }, canvas, name,
      el("span", {}, el("bdi", {}, model.label(row)), ` · ${model.part(row)}`), reason ? el("span", {}, reason) : "");
    const draw = () => {
      const pen = canvas.getContext("2d");
      pen.font = "10px sans-serif";
      sheets.draw(pen, row, 0, 0, SIDE);
      name.textContent = model.name(row);
      if (sheets.kept.has(row)) sheets.listeners.splice(sheets.listeners.indexOf(draw), 1);
    };
    sheets.listeners.push(draw);
    sheets.want(one, [row]);
    draw();
    return one;
  }

  checking.look();
  return el("section", {}, el("h2", {}, "Problems"), checking.node);
}
