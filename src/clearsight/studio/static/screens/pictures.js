// @ts-check
/** Pictures: the answer, and how it comes about, from the file down to one multiplication. */

import { el, percent, row } from "../live/kit.js";
import { maps } from "../live/maps.js";
import { figure } from "../living.js";
import { softmax } from "../live/softmax.js";
import { ask, seen } from "../api.js";
import { command, image, noNetwork, section } from "../parts.js";
import { heat } from "../pictures/heat.js";
import { neighbours } from "../pictures/neighbours.js";
import { microscope } from "./microscope.js";
import { whatif } from "./whatif.js";
import { drop } from "./start.js";

const METHODS = ["grad-cam", "saliency", "input-x-gradient", "guided", "occlusion"];

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function pictures(root, context) {
  const { studio, networks, network, picture, go } = context;
  if (!picture || !network) {
    root.append(el("h1", {}, "Pictures"), networks.length ? drop((id) => go("pictures", id)) : noNetwork(studio));
    return;
  }
  const scope = el("div");
  const look = microscope(scope, context);
  // the studio answers the most urgent first; what can wait is asked when the maps are there, as it makes use of what they needed
  const of = (/** @type {string} */ what) => ask(`networks/${network}/${what}/${picture}`);
  const [answer, stages] = ["answer", "maps"].map(of);
  let last = stages;
  const then = (/** @type {string} */ what) => (last = last.catch(() => {}).then(() => of(what)));
  const [steps, scores, wrong] = ["way", "scores", "mistakes"].map(then);
  root.append(
    el("h1", { class: "aloud" }, "The answer and how it comes about"),
    section("Answer", Promise.all([seen(picture), answer]), ([about, found], body) => answered(body, about, found, (k) => look.open("", k, []))),
    section("From the file to the network’s numbers", steps, (found, body) => way(body, found)),
    section("What each stage sees", stages, (found, body) => walls(body, found, (stage, channel, y, x) => look.open(stage, channel, [y, x]))),
    scope,
    section("From scores to probabilities", scores, (found, body) => {
      figure(body, "softmax", softmax, found);
      body.append(command(found.command));
    }),
    section("The usual mistakes", wrong, (found, body) => body.append(mistakes(found.answers), command(found.command))),
    reasons(network, picture),
    neighbours(context, wrong),
    section("What if", steps, (found, body) => whatif(body, found.steps[found.steps.length - 2].image, context)),
    section("Another picture", Promise.resolve(), (_, body) => body.append(drop((id) => go("pictures", id)))),
  );
  look.resume();
}

/** @param {HTMLElement} body @param {any} seen @param {any} found @param {(index: number) => void} choose a class whose score is taken apart */
function answered(body, seen, found, choose) {
  const told = found.answer;
  const rows = told.top.map((/** @type {any} */ one) => {
    const bar = el("span", { class: "length" });
    bar.style.width = `${100 * one.confidence}%`;
    const words = el("button", { type: "button", title: "Take the score apart", onclick: () => choose(one.index) }, one.label);
    return el("tr", {}, el("th", { scope: "row" }, words), el("td", { "data-value": one.confidence }, percent(one.confidence)), el("td", { class: "bar" }, bar));
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
  body.append(el("ol", { class: "strip5", tabindex: "0", "aria-label": "Steps of the preprocessing" }, ...steps), command(found.command));
}

/** What the usual mistakes would answer. @param {any[]} answers the right one first */
function mistakes(answers) {
  const others = answers.slice(1);
  if (others.length === 0) return el("p", { class: "hint" }, "The usual mistakes change nothing of this picture.");
  const worst = others.filter((one) => one.changed).sort((a, b) => b.probability - a.probability)[0];
  const words = worst
    ? `With ${worst.mistake} (${worst.says}) it would have said ${worst.label}, ${percent(worst.probability)}.`
    : "None of the usual mistakes changes the answer to this picture; they change its confidence.";
  const rows = others.map((one) => el("tr", {}, el("th", { scope: "row" }, one.says), el("td", { class: one.changed ? "other" : "same" }, `${one.changed ? "✗" : "✓"} ${one.label}`), el("td", {}, percent(one.probability))));
  return el("div", {}, el("p", {}, words), el("table", { class: "mistakes", "aria-label": "Answers after the usual mistakes" }, el("tbody", {}, ...rows)));
}

/** @param {HTMLElement} body @param {any} found @param {(stage: string, channel: number, y: number, x: number) => void} choose */
function walls(body, found, choose) {
  figure(body, "maps", maps, found, choose);
  body.append(el("p", { class: "hint" }, "Click a place, or press Enter there: its number is taken apart below, down to the picture."), command(found.command));
}

/** Why: a map by a method, and whether it passes its checks. @param {string} network @param {string} picture */
function reasons(network, picture) {
  const why = heat((method, checks) => ask(`networks/${network}/why/${picture}?method=${method}&checks=${checks}`));
  return el("section", {}, el("h2", {}, "Why"), el("p", { class: "hint" }, "A map is put to the test each time: one that fails is struck through."), why.buttons(METHODS), why.node);
}
