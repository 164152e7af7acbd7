// @ts-check
/** The map's canvas: points that are drawn, and a loop around some of them, by the pointer or by the keyboard. */

import { outline, paint, palette } from "./paint.js";
import { box, within } from "./shapes.js";
import { View } from "./view.js";

const [STEP, CORNERS] = [12, 40]; // px of an arrow key; corners of a loop
export const ZOOM = 1.25;

export class Chart {
  /**
   * @param {HTMLCanvasElement} canvas @param {HTMLElement} legend @param {import("../model.js").Model} model
   * @param {(loop: number[][]) => void} told the loop that was chosen @param {(words: string) => void} say
   */
  constructor(canvas, legend, model, told, say) {
    this.canvas = canvas;
    this.legend = legend;
    this.model = model;
    this.told = told;
    this.say = say;
    this.view = new View(canvas);
    this.cross = { x: 0, y: 0, corner: /** @type {number[] | null} */ (null), shown: false };
    this.drag = "Select";
    /** @type {number[][]} in places */
    this.loop = [];
    /** @type {import("./paint.js").Points | null} */
    this.points = null;
    /** @type {Map<number, number>} a picture's place among the points */
    this.place = new Map();
    this.frame = 0;
    this.pointer();
    canvas.addEventListener("keydown", (event) => this.pressed(event));
    model.listeners.push(() => {
      if (!model.test) this.loop = [];
      this.redraw();
    });
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  /** Show other points, with a loop that was chosen around some of them. @param {import("./paint.js").Points} points @param {number[][]} loop */
  set(points, loop) {
    const had = this.loop.length > 0;
    this.points = points;
    this.place = new Map([...points.rows].map((row, k) => [row, k]));
    this.cross = { x: 0, y: 0, corner: null, shown: false };
    this.view.zoom(0);
    if (had || loop.length) this.choose(loop);
    this.redraw();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const { canvas, view, points } = this;
    const [scale, { width, height }] = [devicePixelRatio, view.size];
    if (!points || !width) return;
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paint(pen, view, points, this.model, palette(this.model, this.legend), scale);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    outline(pen, view, this.loop, this.cross);
  }

  /** Take the loop as the choice; none takes it back. @param {number[][]} corners */
  choose(corners) {
    const every = Math.ceil(corners.length / CORNERS) || 1;
    this.loop = corners.length > 2 ? corners.filter((_, k) => k % every === 0) : [];
    this.told(this.loop);
    this.model.choose(this.loop.length ? (row) => this.inside(row) : null);
  }

  /** @param {number} row */
  inside(row) {
    const [k, { points }] = [this.place.get(row), this];
    return points !== null && k !== undefined && within(points.places[2 * k], points.places[2 * k + 1], this.loop);
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  zoom(factor, x, y) {
    this.view.zoom(factor, x, y);
    this.redraw();
  }

  pointer() {
    const { canvas, view } = this;
    /** @type {number[][]} */
    let path = [];
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      path = [[event.offsetX, event.offsetY]];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!path.length) return;
      const last = path[path.length - 1];
      if (this.drag === "Move") {
        view.move(event.offsetX - last[0], event.offsetY - last[1]);
        path = [[event.offsetX, event.offsetY]];
      } else {
        path.push([event.offsetX, event.offsetY]);
        this.loop = path.map(([x, y]) => view.toPlace(x, y));
      }
      this.redraw();
    });
    canvas.addEventListener("pointerup", () => {
      if (this.drag === "Select") this.choose(path.map(([x, y]) => view.toPlace(x, y)));
      path = [];
    });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return; // the page scrolls, until the map was clicked
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, event.offsetX, event.offsetY);
    }, { passive: false });
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const by = (/** @type {number} */ x, /** @type {number} */ y) => () => this.step(x, y);
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowLeft: by(-1, 0), ArrowRight: by(1, 0), ArrowUp: by(0, 1), ArrowDown: by(0, -1), Enter: () => this.corner(), Escape: () => this.back(),
      "+": () => this.zoom(ZOOM), "=": () => this.zoom(ZOOM), "-": () => this.zoom(1 / ZOOM),
    };
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    actions[event.key]();
    this.redraw();
  }

  /** Move the cross. @param {number} x @param {number} y */
  step(x, y) {
    const { cross, view } = this;
    const { side } = view.size;
    cross.shown = true;
    cross.x = Math.min(Math.max(cross.x + (x * STEP) / side, -1), 1);
    cross.y = Math.min(Math.max(cross.y + (y * STEP) / side, -1), 1);
    if (view.scale > 1) [view.x, view.y] = [cross.x, cross.y];
    if (cross.corner) this.loop = box(cross.corner, [cross.x, cross.y]);
  }

  /** Set a corner of a box, or the second one, and it is the choice. */
  corner() {
    const { cross } = this;
    if (cross.corner) this.choose(box(cross.corner, [cross.x, cross.y]));
    cross.corner = cross.corner ? null : [cross.x, cross.y];
    cross.shown = true;
    if (cross.corner) this.say("One corner is set: move the cross, and press Enter for the other.");
  }

  back() {
    this.cross.corner = null;
    this.choose([]);
  }
}
