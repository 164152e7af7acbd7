// @ts-check
/** The pictures in rows: only what is seen is drawn, on one canvas; a list that is not seen says the same to a screen reader. */

import { el, thousands } from "../live/kit.js";
import { colour } from "./sheets.js";

const [CELL, SIDE] = [72, 64]; // px, with and without the gap
const LATER = 120; // ms without scrolling, after which the list for screen readers follows

/**
 * @param {import("./model.js").Model} model @param {import("./sheets.js").Sheets} sheets @param {(row: number) => void} open
 * @returns {HTMLElement}
 */
export function grid(model, sheets, open) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const options = el("div", { class: "aloud" });
  const space = el("div", {}, canvas);
  const node = el("div", { class: "grid", role: "listbox", tabindex: "0", "aria-label": "Pictures" }, space, options);
  const said = el("p", { class: "hint", role: "status" });
  const pen = canvas.getContext("2d");
  let at = 0; // the place of the cursor among the pictures that pass
  let frame = 0;
  let timer = 0;
  const columns = () => Math.max(1, Math.floor(node.clientWidth / CELL));
  const wide = () => node.clientWidth / columns();
  const seen = () => {
    const first = Math.floor(node.scrollTop / CELL) * columns();
    return { first, last: Math.min(first + (Math.ceil(node.clientHeight / CELL) + 1) * columns(), model.rows.length) };
  };

  function draw() {
    frame = 0;
    const [width, height, scale] = [node.clientWidth, node.clientHeight, devicePixelRatio];
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
    space.style.height = `${Math.max(Math.ceil(model.rows.length / columns()) * CELL, height)}px`;
    pen.setTransform(scale, 0, 0, scale, 0, -node.scrollTop * scale);
    pen.clearRect(0, node.scrollTop, width, height);
    pen.font = "10px sans-serif";
    const { first, last } = seen();
    const [across, each] = [columns(), wide()]; // once: each asks for the layout
    const ground = colour("--sunk");
    const missing = [];
    for (let k = first; k < last; k++) {
      const [x, y] = [Math.round((k % across) * each + (each - SIDE) / 2), Math.floor(k / across) * CELL + 4];
      if (!sheets.draw(pen, model.rows[k], x, y, SIDE, ground)) missing.push(model.rows[k]);
      if (k === at) frameOf(x, y);
    }
    node.dataset.missing = String(missing.length);
    sheets.want(node, [...missing, ...model.rows.slice(last, last + (last - first))]);
    clearTimeout(timer);
    timer = setTimeout(tell, LATER);
  }

  function frameOf(/** @type {number} */ x, /** @type {number} */ y) {
    pen.strokeStyle = getComputedStyle(node).getPropertyValue("--blue");
    pen.lineWidth = 3;
    pen.strokeRect(x - 1.5, y - 1.5, SIDE + 3, SIDE + 3);
  }

  /** The same for a screen reader: the pictures that are seen, and that under the cursor. */
  function tell() {
    const { first, last } = seen();
    const places = Array.from({ length: last - first }, (_, k) => first + k);
    if (at < model.rows.length && !places.includes(at)) places.push(at);
    options.replaceChildren(...places.map((k) => el("div", {
      role: "option", id: `picture-${k}`, "aria-selected": String(k === at), "aria-posinset": k + 1, "aria-setsize": model.rows.length,
    }, `${model.name(model.rows[k])}, ${model.label(model.rows[k])}, ${model.part(model.rows[k])}`)));
    if (model.rows.length) node.setAttribute("aria-activedescendant", `picture-${at}`);
    else node.removeAttribute("aria-activedescendant");
    said.textContent = sheets.problem || count(model);
  }

  const redraw = () => (frame ||= requestAnimationFrame(draw));
  const move = (/** @type {number} */ to) => {
    at = Math.min(Math.max(to, 0), model.rows.length - 1);
    const top = Math.floor(at / columns()) * CELL;
    if (top < node.scrollTop) node.scrollTop = top;
    if (top + CELL > node.scrollTop + node.clientHeight) node.scrollTop = top + CELL - node.clientHeight;
    draw();
    tell();
  };
  /** @returns {Record<string, () => void>} */
  const keys = () => {
    const page = Math.max(1, Math.floor(node.clientHeight / CELL)) * columns();
    return {
      ArrowLeft: () => move(at - 1), ArrowRight: () => move(at + 1), ArrowUp: () => move(at - columns()), ArrowDown: () => move(at + columns()),
      PageUp: () => move(at - page), PageDown: () => move(at + page), Home: () => move(0), End: () => move(model.rows.length - 1),
      Enter: () => open(model.rows[at]), " ": () => open(model.rows[at]),
    };
  };
  node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const action = keys()[event.key];
    if (!action || !model.rows.length || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
  canvas.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const column = Math.floor(event.offsetX / wide());
    const place = Math.floor((event.offsetY + node.scrollTop) / CELL) * columns() + column;
    if (column >= columns() || place >= model.rows.length) return;
    node.focus();
    move(place);
    open(model.rows[place]);
  });
  node.addEventListener("scroll", redraw, { passive: true });
  new ResizeObserver(redraw).observe(node);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => (node.isConnected ? redraw() : dark.removeEventListener("change", recolour)); // a window keeps it for ever
  dark.addEventListener("change", recolour);
  sheets.listeners.push(redraw);
  model.listeners.push(() => {
    at = 0;
    node.scrollTop = 0;
    node.hidden = model.rows.length === 0;
    redraw();
    said.textContent = count(model);
  });
  return el("div", { class: "pictures" }, said, node);
}

/** @param {import("./model.js").Model} model */
function count(model) {
  const all = model.rows.length === model.n;
  return all ? `${thousands(model.n)} pictures` : `${thousands(model.rows.length)} of ${thousands(model.n)} pictures`;
}
