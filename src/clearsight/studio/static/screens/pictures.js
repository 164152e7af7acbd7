// @ts-check
/** Pictures: the answer, and how it comes about, from the file down to one multiplication. */

import { el, percent, row, shown } from "../live/kit.js";
import { maps } from "../live/maps.js";
import { softmax } from "../live/softmax.js";
import { unit } from "../live/unit.js";
import { coloured } from "../live/cursor.js";
import { ask, Refusal } from "../api.js";
import { command, failure, image, section } from "../parts.js";
import { drop } from "./start.js";

const METHODS = ["grad-cam", "saliency", "input-x-gradient", "guided", "occlusion"];

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function pictures(root, { networks, network, picture, go }) {
  if (!picture || !network) {
    root.append(el("h1", {}, "Pictures"), networks.length ? drop((id) => go("pictures", id)) : el("p", {}, "There is no network yet."));
    return;
  }
  const of = (/** @type {string} */ what) => ask(`networks/${network}/${what}/${picture}`);
  const about = ask(`pictures/${picture}`);
  const scope = el("div");
  root.append(
    el("h1", { class: "aloud" }, "The answer and how it comes about"),
    section("Answer", Promise.all([about, of("answer")]), ([seen, found], body) => answered(body, seen, found)),
    section("From the file to the network’s numbers", of("way"), (found, body) => way(body, found)),
    section("What each stage sees", of("maps"), (found, body) => walls(body, found, (stage, channel, y, x) => look(scope, network, picture, stage, channel, y, x))),
    scope,
    section("From scores to probabilities", of("scores"), (found, body) => {
      softmax(body, found);
      body.append(command(found.command));
    }),
    reasons(network, picture),
    section("Another picture", Promise.resolve(), (_, body) => body.append(drop((id) => go("pictures", id)))),
  );
}

/** @param {HTMLElement} body @param {any} seen @param {any} found */
function answered(body, seen, found) {
  const told = found.answer;
  const rows = told.top.map((/** @type {any} */ one) => {
    const bar = el("span", { class: "length" });
    bar.style.width = `${100 * one.confidence}%`;
    return el("tr", {}, el("th", { scope: "row" }, one.label), el("td", { "data-value": one.confidence }, percent(one.confidence)), el("td", { class: "bar" }, bar));
  });
  const novel = told.known === false;
  const words = el("div", { class: "said" }, el("p", { class: "label" }, novel ? told.label : `${told.label}, ${percent(told.confidence)}`),
    el("table", { class: "bars5", "aria-label": "The most likely classes" }, el("tbody", {}, ...rows)));
  if (!found.trained) words.prepend(el("p", { class: "warning" }, "Random weights: this network has learnt nothing yet."));
  if (novel) words.append(el("p", { class: "warning" }, "The picture is unlike the training pictures: of the classes below, none is to be believed."));
  words.append(el("p", {}, `${seen.name}, ${seen.size.join("×")} pixels; computed in ${found.precision}`), command(found.command));
  body.append(row("answered", image(seen.image, seen.name, Math.max(...seen.size) <= 64), words));
}

/** @param {HTMLElement} body @param {any} found */
function way(body, found) {
  const steps = found.steps.map((/** @type {any} */ one) => el("li", {}, image(one.image, `The picture after the step ${one.name}`, true), el("b", {}, one.name), el("span", {}, one.says)));
  body.append(el("ol", { class: "strip5" }, ...steps), mistakes(found.answers), command(found.command));
}

/** What the usual mistakes would answer. @param {any[]} answers the right one first */
function mistakes(answers) {
  const others = answers.slice(1);
  if (others.length === 0) return el("p", { class: "hint" }, "The usual mistakes change nothing of this picture.");
  const rows = others.map((one) => el("tr", {}, el("th", { scope: "row" }, one.says), el("td", { class: one.changed ? "other" : "same" }, `${one.changed ? "✗" : "✓"} ${one.label}`), el("td", {}, percent(one.probability))));
  return el("details", {}, el("summary", {}, "The usual mistakes, tried on this picture"), el("table", { class: "mistakes" }, el("tbody", {}, ...rows)));
}

/** @param {HTMLElement} body @param {any} found @param {(stage: string, channel: number, y: number, x: number) => void} choose */
function walls(body, found, choose) {
  maps(body, found, choose);
  body.append(el("p", { class: "hint" }, "Click a place, or press Enter there: the number is taken apart below."), command(found.command));
}

/** The microscope: one number, the terms of its sum, one product. */
async function look(/** @type {HTMLElement} */ scope, network = "", picture = "", stage = "", channel = 0, y = 0, x = 0) {
  const body = el("div", {}, el("p", { class: "busy", role: "status" }, "Computing …"));
  const title = el("h2", { tabindex: "-1" }, `${stage}, channel ${channel} at row ${y}, column ${x}`);
  const from = /** @type {HTMLElement | null} */ (document.activeElement);
  const close = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    scope.replaceChildren();
    from?.focus();
  };
  scope.replaceChildren(el("section", { class: "scope", onkeydown: close }, title, body));
  scope.scrollIntoView({ block: "nearest" });
  title.focus({ preventScroll: true });
  const place = new URLSearchParams({ layer: stage, channel: String(channel), y: String(y), x: String(x) });
  try {
    const found = await ask(`networks/${network}/unit/${picture}?${place}`);
    body.replaceChildren();
    const product = el("p", { class: "product", role: "status" });
    unit(body, found, (value, weight) => (product.textContent = `${shown(value, 4)} × ${shown(weight, 4)} = ${shown(value * weight, 4)}`));
    body.append(product, command(found.command));
  } catch (error) {
    body.replaceChildren(failure(error));
  }
}

/** Why: a map by a method, and whether it passes its checks. @param {string} network @param {string} picture */
function reasons(network, picture) {
  const body = el("div");
  const show = async (/** @type {string} */ method) => {
    body.replaceChildren(el("p", { class: "busy", role: "status" }, "Computing …"));
    try {
      for (const checks of [false, true]) {
        const found = await ask(`networks/${network}/why/${picture}?method=${method}&checks=${checks}`);
        body.replaceChildren(explained(found), command(found.command));
      }
    } catch (error) {
      if (!(error instanceof Refusal && error.superseded)) body.replaceChildren(failure(error));
    }
  };
  const buttons = METHODS.map((name) => el("button", { type: "button", onclick: () => show(name) }, name));
  return el("section", {}, el("h2", {}, "Why"), el("p", { class: "hint" }, "A map is put to the test each time: one that fails is struck through."), row("controls", ...buttons), body);
}

/** @param {any} found */
function explained(found) {
  const [rows, columns] = found.shape;
  const canvas = el("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const values = new Float32Array(Uint8Array.from(atob(found.heat), (letter) => letter.charCodeAt(0)).buffer);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const picture = new ImageData(columns, rows);
  values.forEach((value, k) => picture.data.set([...coloured(value, low, high), 255], 4 * k));
  canvas.getContext("2d").putImageData(picture, 0, 0);
  const checks = found.checks.map((/** @type {any} */ one) => el("li", {}, `${one.ok ? "✓" : "✗"} ${one.check}`));
  const name = el("p", { class: found.misleading ? "label struck" : "label" }, `${found.method}: ${found.class}`);
  const tested = found.misleading ? "This map fails a check: do not believe it." : "This map passes its checks.";
  const verdict = found.checked ? tested : "Not tested yet: the checks are running …";
  return row("answered", el("div", { class: "heat" }, image(found.image, "The picture as the network sees it", true), canvas),
    el("div", { class: "said" }, name, el("p", {}, found.says), el("p", { class: "verdict" }, verdict), el("ul", {}, ...checks)));
}
