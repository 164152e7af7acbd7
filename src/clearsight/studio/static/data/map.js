// @ts-check
/** The map: every picture a point, placed by its pixels; a loop drawn around points is a choice of pictures. */

import { button, choice, el, percent, row as line, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";
import { numbers } from "./model.js";

// Okabe and Ito: told apart by every kind of eye; more classes than that share the last, unless few of them are chosen
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#A6761D", "#666666", "#B2A800", "#7B3294"];
const FAINT = [128, 128, 128]; // of a point that does not pass
const FEW = 2000; // points, which are drawn larger
const [STEP, ZOOM, CORNERS, MARGIN] = [12, 1.25, 40, 0.04]; // px of an arrow key; factor; of a loop; share of the side that stays free

/** @param {string} id of the data set @param {import("./model.js").Model} model @param {URLSearchParams} state @param {(values: any) => void} keep */
export function map(id, model, state, keep) {
  const canvas = el("canvas", { class: "points", tabindex: "0", role: "application", "aria-label": "Map of the pictures", "aria-describedby": "map-keys" });
  const said = el("p", { class: "hint", role: "status" }, "The map is drawn when every picture has been read.");
  const legend = el("p", { class: "legend" });
  const keys = el("p", { class: "hint", id: "map-keys" }, "Drag a loop around points, and the grid has only those. By keyboard: arrows move the cross, Enter sets one corner of a box and then the other, + and − zoom, Escape takes the choice back.");
  const view = { x: 0, y: 0, scale: 1 }; // the place in the middle, from −1 to 1, and how much larger than the whole
  const cross = { x: 0, y: 0, corner: /** @type {number[] | null} */ (null), shown: false };
  let drag = "Select";
  /** @type {number[][]} in places */
  let loop = (state.get("loop") ?? "").split(";").filter(Boolean).map((pair) => pair.split(",").map((one) => Number(one) / 1000));
  /** @type {{rows: Uint32Array, places: Float32Array} | null} */
  let points = null;
  let frame = 0;
  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight, side: (Math.min(canvas.clientWidth, canvas.clientHeight) / 2) * view.scale * (1 - MARGIN) });
  const toScreen = (/** @type {number} */ x, /** @type {number} */ y) => {
    const { width, height, side } = size();
    return [width / 2 + (x - view.x) * side, height / 2 - (y - view.y) * side];
  };
  const toPlace = (/** @type {number} */ x, /** @type {number} */ y) => {
    const { width, height, side } = size();
    return [view.x + (x - width / 2) / side, view.y - (y - height / 2) / side];
  };
  const redraw = () => (frame ||= requestAnimationFrame(draw));

  function draw() {
    frame = 0;
    const [scale, { width, height }] = [devicePixelRatio, size()];
    if (!points || !width) return;
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paint(pen, canvas.width, canvas.height, scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.strokeStyle = pen.fillStyle = getComputedStyle(canvas).getPropertyValue("--ink");
    pen.lineWidth = 2;
    if (loop.length) {
      pen.beginPath();
      loop.forEach(([x, y]) => pen.lineTo(...toScreen(x, y)));
      pen.closePath();
      pen.stroke();
    }
    if (cross.shown) {
      const [x, y] = toScreen(cross.x, cross.y);
      pen.fillRect(x - 10, y - 1, 20, 2);
      pen.fillRect(x - 1, y - 10, 2, 20);
    }
  }

  /** All points at once: 70,000 are written into one picture in a few milliseconds, without a graphics card. */
  function paint(/** @type {CanvasRenderingContext2D} */ pen, /** @type {number} */ width, /** @type {number} */ height, /** @type {number} */ scale) {
    const { rows, places } = /** @type {NonNullable<typeof points>} */ (points);
    const picture = new ImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    const [codes, colours] = [model.facet("class").codes, palette()];
    const passing = new Uint8Array(model.n);
    model.rows.forEach((row) => (passing[row] = 1));
    const dot = Math.max(1, Math.round(scale * Math.min(8, 2 * view.scale ** 0.5 * (rows.length < FEW ? 3 : 1))));
    const { width: w, height: h, side } = size();
    for (const pass of [0, 1]) {
      for (let k = 0; k < rows.length; k++) {
        if (passing[rows[k]] !== pass) continue;
        const x = Math.round((w / 2 + (places[2 * k] - view.x) * side) * scale) - (dot >> 1);
        const y = Math.round((h / 2 - (places[2 * k + 1] - view.y) * side) * scale) - (dot >> 1);
        if (x < 0 || y < 0 || x + dot > width || y + dot > height) continue;
        const colour = pass ? colours[codes[rows[k]]] : packed(FAINT, 40);
        for (let j = y; j < y + dot; j++) pixels.fill(colour, j * width + x, j * width + x + dot);
      }
    }
    pen.putImageData(picture, 0, 0);
  }

  /** The colour of each class: of the first ten, or of the first ten that are chosen. @returns {Uint32Array} */
  function palette() {
    const { labels, chosen } = model.facet("class");
    const shown = chosen.size ? [...chosen].sort((a, b) => a - b) : labels.map((_, k) => k);
    const colours = new Uint32Array(labels.length).fill(packed(FAINT, 255));
    const named = shown.slice(0, COLOURS.length);
    named.forEach((code, k) => (colours[code] = packed([1, 3, 5].map((at) => parseInt(COLOURS[k].slice(at, at + 2), 16)), 255)));
    const entries = named.map((code, k) => {
      const swatch = el("span", { class: "swatch" });
      swatch.style.background = COLOURS[k];
      return el("span", {}, swatch, el("bdi", {}, labels[code]));
    });
    const rest = shown.length > named.length ? [el("span", {}, `grey: ${thousands(shown.length - named.length)} other classes; tick those you want to see`)] : [];
    legend.replaceChildren(...entries, ...rest);
    return colours;
  }

  /** Take the loop as the choice; none takes it back. */
  function choose(/** @type {number[][]} */ corners) {
    const every = Math.ceil(corners.length / CORNERS) || 1;
    loop = corners.length > 2 ? corners.filter((_, k) => k % every === 0) : [];
    keep({ loop: loop.map((pair) => pair.map((one) => Math.round(one * 1000)).join(",")).join(";") || null });
    model.choose(loop.length ? (row) => inside(row) : null);
  }
  /** @type {Map<number, number>} a picture's place among the points */
  const place = new Map();
  const inside = (/** @type {number} */ row) => {
    const k = place.get(row);
    return points !== null && k !== undefined && within(points.places[2 * k], points.places[2 * k + 1], loop);
  };

  const zoom = (/** @type {number} */ factor, x = size().width / 2, y = size().height / 2) => {
    const [before, scale] = [toPlace(x, y), view.scale];
    view.scale = Math.min(Math.max(scale * factor, 1), 200);
    const after = toPlace(x, y);
    view.x += before[0] - after[0];
    view.y += before[1] - after[1];
    if (view.scale === 1) [view.x, view.y] = [0, 0];
    redraw();
  };

  pointer();
  keyboard();
  const buttons = line("controls", choice("A drag over the map", ["Select", "Move"], (name) => (drag = name)),
    button("+", () => zoom(ZOOM), { "aria-label": "Zoom in" }), button("−", () => zoom(1 / ZOOM), { "aria-label": "Zoom out" }),
    button("Whole map", () => zoom(0)), button("Take the choice back", () => choose([])));
  const node = el("section", {}, el("h2", {}, "Map"), said, el("div", { class: "mapped", hidden: true }, buttons, canvas, legend, keys));

  function pointer() {
    /** @type {number[][]} */
    let path = [];
    canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      canvas.setPointerCapture(event.pointerId);
      path = [[event.offsetX, event.offsetY]];
    });
    canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (!path.length) return;
      const last = path[path.length - 1];
      const { side } = size();
      if (drag === "Move") {
        view.x -= (event.offsetX - last[0]) / side;
        view.y += (event.offsetY - last[1]) / side;
        path = [[event.offsetX, event.offsetY]];
      } else {
        path.push([event.offsetX, event.offsetY]);
        loop = path.map(([x, y]) => toPlace(x, y));
      }
      redraw();
    });
    canvas.addEventListener("pointerup", () => {
      if (drag === "Select") choose(path.map(([x, y]) => toPlace(x, y)));
      path = [];
    });
    canvas.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return; // the page scrolls, until the map was clicked
      event.preventDefault();
      zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, event.offsetX, event.offsetY);
    }, { passive: false });
  }

  function keyboard() {
    const by = (/** @type {number} */ x, /** @type {number} */ y) => () => {
      const { side } = size();
      cross.shown = true;
      cross.x = Math.min(Math.max(cross.x + (x * STEP) / side, -1), 1);
      cross.y = Math.min(Math.max(cross.y + (y * STEP) / side, -1), 1);
      if (view.scale > 1) [view.x, view.y] = [cross.x, cross.y];
      if (cross.corner) loop = box(cross.corner, [cross.x, cross.y]);
    };
    const set = () => {
      if (cross.corner) choose(box(cross.corner, [cross.x, cross.y]));
      cross.corner = cross.corner ? null : [cross.x, cross.y];
      cross.shown = true;
      if (cross.corner) said.textContent = "One corner is set: move the cross, and press Enter for the other.";
    };
    const back = () => {
      cross.corner = null;
      choose([]);
    };
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowLeft: by(-1, 0), ArrowRight: by(1, 0), ArrowUp: by(0, 1), ArrowDown: by(0, -1), Enter: set, Escape: back,
      "+": () => zoom(ZOOM), "=": () => zoom(ZOOM), "-": () => zoom(1 / ZOOM),
    };
    canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      actions[event.key]();
      redraw();
    });
  }

  /** Fetch the places, when every picture has been read. */
  async function load() {
    try {
      const found = await ask(`data/${id}/map?v=${model.found.version}`);
      points = { rows: numbers(found.rows, Uint32Array), places: spread(numbers(found.places, Float32Array)) };
      points.rows.forEach((row, k) => place.set(row, k));
      tell(found.share);
      model.listeners.push(() => {
        if (!model.test) loop = [];
        redraw();
      });
      new ResizeObserver(redraw).observe(canvas);
      /** @type {HTMLElement} */ (node.querySelector(".mapped")).hidden = false;
      if (loop.length) choose(loop);
      redraw();
    } catch (error) {
      said.replaceWith(failure(error));
    }
  }
  const tell = (/** @type {number} */ share) => {
    said.textContent = `${thousands(points?.rows.length ?? 0)} pictures at 16×16 pixels, in the two directions in which they differ most (PCA): ${percent(share)} of their differences; the rest is not on the map.`;
  };
  return { node, load };
}

/** @param {number[]} rgb @param {number} alpha @returns {number} as a canvas stores it */
function packed([red, green, blue], alpha) {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Places from −1 to 1, the middle of their range at 0. @param {Float32Array} places @returns {Float32Array} */
function spread(places) {
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  places.forEach((value, k) => {
    low[k % 2] = Math.min(low[k % 2], value);
    high[k % 2] = Math.max(high[k % 2], value);
  });
  const half = Math.max(high[0] - low[0], high[1] - low[1], 1e-9) / 2;
  return places.map((value, k) => (value - (low[k % 2] + high[k % 2]) / 2) / half);
}

/** The corners of a box. @param {number[]} a @param {number[]} b */
function box(a, b) {
  return [a, [a[0], b[1]], b, [b[0], a[1]]];
}

/** Whether a place is inside a loop: a ray from it crosses its sides an odd number of times. @param {number} x @param {number} y @param {number[][]} loop */
function within(x, y, loop) {
  let odd = false;
  for (let k = 0, j = loop.length - 1; k < loop.length; j = k++) {
    const [[ax, ay], [bx, by]] = [loop[k], loop[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
