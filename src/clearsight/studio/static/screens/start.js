// @ts-check
/** Start: one place to drop a picture, the networks that can answer, the newest runs, and what one can begin with. */

import { el, percent } from "../live/kit.js";
import { ask, send } from "../api.js";
import { failure } from "../parts.js";
import { accuracy, STATES } from "../runs/table.js";

const NEWEST = 6; // runs that are shown

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function start(root, { studio, networks, go }) {
  root.append(el("h1", {}, "How does the answer come about?"));
  const sets = studio.data.map((/** @type {any} */ one) => el("li", { class: "card" }, el("h3", {}, el("a", { href: `#/data/${one.id}` }, one.name))));
  const data = sets.length ? [el("h2", {}, "Data"), el("ul", { class: "cards" }, ...sets)] : [];
  const digits = el("p", {}, el("a", { href: `#/train?data=${studio.demo.id}` }, "Try the digits"), ": a network learns to read them while you watch.");
  const lesson = el("p", {}, el("a", { href: "#/lecture" }, "The lecture"), ": from pixels to convolutional networks, slide by slide, with figures to change and exercises.");
  const runs = el("div");
  newest(runs);
  if (networks.length === 0) {
    const words = ["There is no network yet. Train one here or with ", el("code", {}, "clearsight train photos"), ", or start the studio with one: ", el("code", {}, "clearsight studio MODEL"), "."];
    root.append(el("p", {}, ...words), digits, lesson, ...data, runs);
    return;
  }
  root.append(drop((id) => go("pictures", id)), digits, lesson, el("h2", {}, "Networks"), el("ul", { class: "cards" }, ...networks.map(card)), ...data, runs);
}

/** The newest runs as cards. @param {HTMLElement} place */
async function newest(place) {
  try {
    const { runs } = await ask("runs");
    const cards = runs.slice(0, NEWEST).map((/** @type {any} */ one) => el("li", { class: "card" }, el("h3", {}, el("a", { href: `#/train/${one.id}` }, el("bdi", {}, one.name))), el("p", {}, STATES[one.state] ?? one.state), el("p", {}, accuracy(one))));
    if (cards.length) place.append(el("h2", {}, "Newest runs"), el("ul", { class: "cards" }, ...cards), el("p", {}, el("a", { href: "#/runs" }, "All runs")));
  } catch (error) {
    place.append(failure(error));
  }
}

/** @param {import("../app.js").Network} one */
function card(one) {
  const top1 = one.validation?.top1;
  const known = top1 && typeof top1.value === "number";
  const limits = known && typeof top1.low === "number" ? ` (${percent(top1.low)} to ${percent(top1.high)})` : "";
  const chosen = known && !limits ? "; it chose the epoch, so there is no interval" : "";
  const words = known ? `${percent(top1.value)}${limits} of ${one.validation.n} validation pictures${chosen}` : "its accuracy is not in its files";
  const link = el("a", { href: `#/inside/${one.id}` }, one.name);
  return el("li", { class: "card" }, el("h3", {}, link), ...(one.classes ? [el("p", {}, `${one.classes} classes`)] : []), el("p", {}, words));
}

/** A place to drop pictures, or to choose them. @param {(id: string) => void} opened @returns {HTMLElement} */
export function drop(opened) {
  const said = el("div", { "aria-live": "polite" });
  const input = el("input", { type: "file", id: "file", accept: "image/*", multiple: true, onchange: () => take([...(input.files ?? [])]) });
  const place = el("div", { class: "drop" }, el("p", { class: "big" }, "Drop a picture here"), input, el("label", { for: "file" }, "Choose a picture"), said);
  /** @param {File[]} files */
  async function take(files) {
    let last = "";
    said.replaceChildren(el("p", { class: "busy" }, "Reading …"));
    const wrong = [];
    for (const file of files) {
      try {
        last = (await send(file)).picture;
      } catch (error) {
        wrong.push(failure(error));
      }
    }
    said.replaceChildren(...wrong);
    if (last) opened(last);
  }
  const stop = (/** @type {DragEvent} */ event) => event.preventDefault();
  place.addEventListener("dragover", (event) => {
    stop(event);
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    stop(event);
    place.classList.remove("over");
    take([...(event.dataTransfer?.files ?? [])]);
  });
  return place;
}
