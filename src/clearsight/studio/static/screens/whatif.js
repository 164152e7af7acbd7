// @ts-check
/** What if: erase parts of the picture, with the pointer or the keyboard, and see the answer move. */

import { button, choice, el, percent, row, sentence } from "../live/kit.js";
import { cursor } from "../live/cursor.js";
import { ask, Refusal } from "../api.js";
import { failure, image } from "../parts.js";

const SIDE = 14; // cells a side

/** @param {HTMLElement} body @param {string} shown the picture as the network sees it, in base64 @param {import("../app.js").Context} context */
export function whatif(body, shown, { network, picture, state, keep }) {
  const erased = new Set((state.get("erased") ?? "").split(",").filter(Boolean));
  let fill = state.get("fill") === "grey" ? "grey" : "mean";
  /** @type {[number, number]} */
  let at = [SIDE / 2, SIDE / 2];
  let painting = false;
  let adds = true;
  const told = sentence();
  const bars = el("tbody");
  const wrong = el("div");
  const canvas = el("canvas", { width: SIDE, height: SIDE, class: "coarse" });
  const pen = canvas.getContext("2d");

  function draw() {
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.fillStyle = "rgb(128 128 128 / 90%)";
    for (const cell of erased) {
      const [y, x] = cell.split(".").map(Number);
      pen.fillRect(x, y, 1, 1);
    }
    pen.fillStyle = "rgb(214 90 6 / 55%)";
    pen.fillRect(at[1], at[0], 1, 1);
  }

  /** @param {boolean} [add] */
  function mark(add) {
    const cell = at.join(".");
    const wanted = add ?? !erased.has(cell);
    if (wanted === erased.has(cell)) return;
    if (wanted) erased.add(cell);
    else erased.delete(cell);
    renew();
  }

  async function renew() {
    draw();
    const cells = [...erased].join(",");
    keep({ erased: cells || null, fill: cells && fill === "grey" ? fill : null });
    try {
      const found = await ask(`networks/${network}/whatif/${picture}?${new URLSearchParams({ side: String(SIDE), erased: cells, fill })}`);
      answered(found);
      wrong.replaceChildren();
    } catch (error) {
      if (!(error instanceof Refusal && error.superseded)) wrong.replaceChildren(failure(error));
    }
  }

  /** @param {any} found */
  function answered({ top, before }) {
    bars.replaceChildren(...top.map((/** @type {any} */ one) => {
      const bar = el("span", { class: "length" });
      bar.style.width = `${100 * one.confidence}%`;
      return el("tr", {}, el("th", { scope: "row" }, one.label), el("td", { "data-value": one.confidence }, percent(one.confidence)), el("td", { class: "bar" }, bar));
    }));
    const moved = top[0].index === before[0].index ? "The answer stays" : `The answer was ${before[0].label}, ${percent(before[0].confidence)}, and is now`;
    told.say(`${moved} ${top[0].label}, ${percent(top[0].confidence)}; ${erased.size} of ${SIDE * SIDE} cells are erased`);
  }

  cursor(canvas, { rows: SIDE, columns: SIDE, label: "parts to erase, Space erases", start: () => at, point: (y, x) => {
    at = [y, x];
    if (painting) mark(adds);
    else draw();
  } });
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    canvas.setPointerCapture(event.pointerId);
    painting = true;
    adds = !erased.has(at.join("."));
    mark(adds);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (painting = false));
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    mark();
  });
  const names = ["the picture’s mean", "grey"];
  const fills = choice("Erased parts become", fill === "grey" ? [...names].reverse() : names, (name) => {
    fill = name === "grey" ? "grey" : "mean";
    renew();
  });
  const restore = button("Restore the picture", () => {
    erased.clear();
    renew();
  });
  body.append(
    el("p", { class: "hint" }, "Draw on the picture to erase, draw on an erased part to bring it back; or move with the arrow keys, and press Space."),
    row("controls", fills, restore),
    row("answered", el("div", { class: "heat erase" }, image(shown, "The picture as the network sees it", true), canvas),
      el("div", { class: "said" }, told.node, el("table", { class: "bars5", "aria-label": "The answer to the picture as it is now" }, bars))), wrong,
  );
  draw();
  if (erased.size) renew();
}
