// @ts-check
/** Report: every answer of a run's evaluation, from its stored answers alone; what is chosen shows its pictures. */

import { el, percent, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";
import { Answers } from "../report/answers.js";
import { calibration } from "../report/calibration.js";
import { contrast } from "../report/contrast.js";
import { Gallery } from "../report/gallery.js";
import { judge } from "../report/judge.js";
import { matrix, perClass } from "../report/matrix.js";
import { chooser, evaluations } from "../report/runs.js";
import { threshold } from "../report/threshold.js";

const COVERAGE = 0.8; // where the slider begins: so many of the pictures are answered

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function report(root, context) {
  const title = el("h1", {}, "Report");
  const body = el("div", {}, el("p", { class: "busy", role: "status" }, "Reading the answers …"));
  root.append(title, body);
  try {
    const { runs } = await ask("runs");
    const run = context.run || runs.find((/** @type {any} */ one) => one.top1)?.id;
    if (!body.isConnected) return;
    if (!run) return body.replaceChildren(el("p", {}, "No run has been judged yet: ", el("code", {}, "clearsight train photos"), "."));
    title.after(chooser("Run", runs, run, (id) => context.go("report", id)));
    const of = context.state.get("of") ?? "";
    const found = await ask(`runs/${run}/answers${of ? `?of=${of}` : ""}`);
    if (!body.isConnected) return;
    title.replaceChildren("Report of ", el("bdi", {}, found.name));
    if (found.refused) return body.replaceChildren(failure(new Error(found.refused)), ...(found.network ? [judge(run, context, true)] : []));
    body.replaceChildren(...shown(found, run, context));
  } catch (error) {
    body.replaceChildren(failure(error));
  }
}

/** @param {any} found @param {string} run @param {import("../app.js").Context} context @returns {(Node | string)[]} */
function shown(found, run, context) {
  const { state, keep } = context;
  const model = new Answers(found);
  const gallery = new Gallery(run, found.of, (row, picture) => (found.network && row >= 0 ? contrast(found.network, picture, sides(model, row)) : []));
  const heading = el("h2", { tabindex: "-1" });
  const list = el("div");
  const fill = (/** @type {string} */ words) => {
    const { title, rows } = model.chosen(words);
    heading.replaceChildren(el("bdi", {}, title));
    list.replaceChildren(rows.length ? gallery.list(rows.map((row) => card(model, row))) : el("p", {}, "There is none."));
  };
  const show = (/** @type {string} */ words) => {
    keep({ show: words });
    fill(words);
    heading.focus();
    heading.scrollIntoView({ block: "start" });
  };
  fill(state.get("show") ?? "");
  const first = Math.floor(1000 * model.confidences[model.order[Math.floor(COVERAGE * (model.n - 1))]]);
  const start = Math.min(1000, Math.max(0, Number(state.get("at") ?? first) || 0));
  return [
    evaluations(found, (id) => (location.hash = `#/report/${run}?of=${id}`)),
    summary(found, model),
    threshold(model, start, (value) => keep({ at: value }), show),
    el("div", { class: "halved" }, matrix(model, show), perClass(model, show)),
    calibration(model, show),
    groups(found, show),
    el("section", { class: "chosen" }, heading, gallery.node, list),
    command(found.command),
    ...(found.network ? [judge(run, context)] : []),
  ];
}

/** The answer and the truth, each a class with its name. @param {Answers} model @param {number} row @returns {{answer: [number, string], truth: [number, string]}} */
function sides(model, row) {
  const side = (/** @type {number} */ k) => /** @type {[number, string]} */ ([k, model.classes[k]]);
  return { answer: side(model.choices[row]), truth: side(model.labels[row]) };
}

/** @param {Answers} model @param {number} row @returns {import("../report/gallery.js").Card} */
function card(model, row) {
  const choice = el("span", {}, el("bdi", {}, model.classes[model.choices[row]]), ` ${percent(model.confidences[row])}`);
  const right = model.right(row);
  const truth = el("span", {}, "is ", el("bdi", {}, model.classes[model.labels[row]]), ` ${percent(model.truths[row])}`);
  return { row, name: model.names[row], words: right ? ["✓ ", choice] : [el("span", {}, "✗ ", choice), truth] };
}

/** @param {any} found @param {Answers} model */
function summary(found, model) {
  const hits = Math.round(found.top1.value * found.n);
  const why = found.no_interval ? ` No figure here has an interval: ${found.no_interval}.` : "";
  const facts = [found.on.data, `${found.part} part`, `${thousands(model.classes.length)} classes`, `computed in ${found.precision}`, found.views, found.when].filter(Boolean);
  return el("div", { class: "summary" },
    el("p", { class: "label" }, `${percent(found.top1.value)} right`),
    el("p", {}, `${thousands(hits)} of ${thousands(found.n)} pictures: top-1 accuracy ${model.share(hits, found.n)}; negative log likelihood ${found.nll.toFixed(4)}.${why}`),
    el("p", { class: "hint" }, el("bdi", {}, facts.join(" · "))),
    found.doubt ? el("p", { class: "warning" }, found.doubt) : "");
}

/** @param {any} found @param {(words: string) => void} show */
function groups(found, show) {
  const lines = found.groups.map((/** @type {any} */ one, /** @type {number} */ k) =>
    el("li", {}, el("button", { type: "button", onclick: () => show(`group.${k}`) }, el("bdi", {}, one.class)),
      ` right ${percent(one.top1)} (${percent(one.low)} to ${percent(one.high)}), n = ${one.n}, in the test `, el("bdi", {}, one.test)));
  return lines.length ? el("section", {}, el("h2", {}, "The worst group of similar pictures"), el("ul", { class: "pairs" }, ...lines)) : "";
}
