// @ts-check
/** A whole set: accuracy against ε, with the checks of the measurement above it, and the scorecard of corruptions, as jobs. */

import { el, percent, shown, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";
import { job, noted } from "../job.js";
import { curve } from "./curve.js";

const METHODS = ["pgd", "fgsm", "apgd-ce", "ensemble", "square"]; // any other: on the command line
/** @type {Record<string, string>} */
export const NORMS = { linf: "L∞", l2: "L2", l1: "L1" };

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function whole(root, { network, studio, state, keep }) {
  try {
    const about = await ask(`networks/${network}`);
    if (!about.trained) {
      root.append(el("p", { class: "warning" }, "Random weights: this network has learnt nothing yet, so there is no accuracy to lose. Choose a trained one."));
      return;
    }
  } catch (error) {
    root.append(failure(error));
    return;
  }
  const sets = [{ id: "", name: "the data it was trained with" }, ...studio.data];
  const data = select("Data", sets.map((one) => [one.id, one.name]), state.get("data") ?? "", "data");
  const n = el("input", { type: "number", min: "1", max: "100000", value: state.get("n") ?? "200", "aria-label": "Pictures", onchange: changed });
  const method = select("Method", METHODS.map((name) => [name, name]), state.get("whole") ?? "pgd", "whole");
  const epsilon = el("input", { type: "text", size: "7", value: state.get("eps") ?? "8/255", "aria-label": "Largest ε", onchange: changed });

  function select(/** @type {string} */ label, /** @type {string[][]} */ options, /** @type {string} */ value, /** @type {string} */ key) {
    const node = el("select", { "aria-label": label, onchange: changed }, ...options.map(([id, name]) => el("option", { value: id }, name)));
    node.value = options.some(([id]) => id === value) ? value : options[0][0];
    node.dataset.key = key;
    return node;
  }
  const query = (/** @type {Record<string, string>} */ more) => new URLSearchParams({ ...(data.value ? { data: data.value } : {}), n: n.value, ...more });
  const attacks = job({ path: () => `networks/${network}/job/attack?${query({ method: method.value, epsilon: epsilon.value.replaceAll(" ", "") })}`, start: "Attack the set", show: noted(attacked) });
  const stresses = job({ path: () => `networks/${network}/job/stress?${query({})}`, start: "Stress the set", show: noted(stressed) });

  function changed() {
    keep({ data: data.value || null, n: n.value === "200" ? null : n.value, whole: method.value === "pgd" ? null : method.value, eps: epsilon.value === "8/255" ? null : epsilon.value });
    attacks.look();
    stresses.look();
  }
  root.append(
    el("p", { class: "hint" }, "Each runs as a command in a process of its own, at low priority. It judges the test part: pictures of training would flatter."),
    el("div", { class: "controls" }, el("label", {}, "Data ", data), el("label", {}, "Pictures ", n)),
    el("section", {}, el("h2", {}, "Accuracy against ε"), el("div", { class: "controls" }, el("label", {}, "Method ", method), el("label", {}, "up to ε ", epsilon)), attacks.node),
    el("section", {}, el("h2", {}, "Scorecard of corruptions and challenges"), stresses.node),
  );
  attacks.look();
  stresses.look();
}

/** A share with its interval. @param {{value: number, low: number, high: number}} one */
const within = (one) => `${percent(one.value)} (${(100 * one.low).toFixed(1)} to ${(100 * one.high).toFixed(1)})`;

/** Which pictures were judged, and how many of them it has learnt from. @param {any} found */
function judged({ judged_on: of }) {
  const out = of.left_out ? `; ${thousands(of.left_out)} are left out, since it has learnt from them` : "";
  const learnt = of.learnt ? [el("p", { class: "warning" }, `It has learnt from ${thousands(of.learnt)} of these pictures: the numbers flatter.`)] : [];
  return [el("p", { class: "hint" }, el("bdi", {}, of.data), `, ${of.part}${out}.`), ...learnt];
}

/** @param {any} found the JSON of `clearsight attack` */
function attacked(found) {
  const least = found.minimal_epsilon.value;
  const half = least === null ? "above the largest that was tried" : `${shown(least, 3)} = ${shown(255 * least, 3)}/255`;
  const checks = found.preflight.map((/** @type {any} */ one) => el("li", {}, el("b", {}, one.ok ? "✓" : "✗"), ` ${one.check}: ${one.says}`));
  const failed = found.preflight.filter((/** @type {any} */ one) => !one.ok).length;
  const verdict = failed ? `${failed} of ${found.preflight.length} checks fail: the robustness below is not to be believed as it is.` : `All ${found.preflight.length} checks of this measurement hold.`;
  return [
    el("details", { open: failed > 0 }, el("summary", {}, `${failed ? "✗" : "✓"} ${verdict}`), el("ul", { class: "findings" }, ...checks)),
    ...judged(found),
    el("p", {}, `n = ${thousands(found.n)}: ${within(found.clean)} right; after ${found.method}, ε = ${shown(found.epsilon, 3)} (${NORMS[found.norm] ?? found.norm}): ${within(found.robust)}. Median least ε that fools: ${half}.`),
    curve(found.curve.map((/** @type {any} */ one) => ({ x: 255 * one.epsilon, ...one })), "ε in levels of 255", `right of ${thousands(found.n)} pictures, with the 95 % interval`),
  ];
}

/** @param {any} found the JSON of `clearsight stress` */
function stressed(found) {
  const mean = found.mean_corruption_error;
  const words = mean ? ` Mean corruption error ${percent(mean.value)} over ${mean.over} corruptions, ${(100 * mean.relative).toFixed(1)} points more than without; not divided by AlexNet’s.` : "";
  const tables = [["Corruption", found.corruptions, "severity"], ["Challenge", found.challenges, "strength"]].filter(([, rows]) => rows.length).map(([title, rows, key]) => scorecard(title, rows, key, found.half));
  const probes = found.shortcuts.map((/** @type {any} */ one) => el("li", {}, el("b", {}, one.ok ? "✓" : "✗"), ` ${one.says}`));
  return [
    ...judged(found),
    el("p", {}, `n = ${thousands(found.n)}: ${within(found.clean)} right as they are.${words}`),
    ...tables, ...(probes.length ? [el("h3", {}, "What tells the class without the object"), el("ul", { class: "findings" }, ...probes)] : []),
  ];
}

/** @param {string} title @param {any[]} rows @param {string} key @param {Record<string, number | null>} half */
function scorecard(title, rows, key, half) {
  const names = [...new Set(rows.map((one) => one.name))];
  const line = (/** @type {string} */ name) => {
    const cells = rows.filter((one) => one.name === name).map((one) => {
      const bar = el("span", { class: "length" });
      bar.style.width = `${100 * one.top1}%`;
      const limits = `${(100 * one.low).toFixed(0)} to ${(100 * one.high).toFixed(0)}`;
      return el("td", { "data-value": one.top1, title: `${key} ${shown(one[key], 3)}, n = ${one.n}` }, percent(one.top1), el("span", { class: "hint" }, limits), bar);
    });
    return el("tr", {}, el("th", { scope: "row" }, name.replaceAll("_", " ")), ...cells, el("td", {}, half[name] === null ? "never" : shown(/** @type {number} */ (half[name]), 2)));
  };
  const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, title), ...[1, 2, 3, 4, 5].map((step) => el("th", { scope: "col" }, String(step))), el("th", { scope: "col" }, "halved at")));
  return el("div", { class: "panel5", tabindex: "0", role: "region", "aria-label": `${title}s` }, el("table", { class: "scorecard", "aria-label": `Accuracy by ${title.toLowerCase()}, with 95 % intervals` }, head, el("tbody", {}, ...names.map(line))));
}
