// @ts-check
/** What part of the map is seen: places from −1 to 1 on a canvas, moved and enlarged. */

const MARGIN = 0.04; // share of the side that stays free

export class View {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.x = 0; // the place in the middle
    this.y = 0;
    this.scale = 1; // how much larger than the whole
  }

  get size() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return { width, height, side: (Math.min(width, height) / 2) * this.scale * (1 - MARGIN) };
  }

  /** @param {number} x @param {number} y @returns {[number, number]} px */
  toScreen(x, y) {
    const { width, height, side } = this.size;
    return [width / 2 + (x - this.x) * side, height / 2 - (y - this.y) * side];
  }

  /** @param {number} x px @param {number} y px */
  toPlace(x, y) {
    const { width, height, side } = this.size;
    return [this.x + (x - width / 2) / side, this.y - (y - height / 2) / side];
  }

  /** Move by so many px. @param {number} x @param {number} y */
  move(x, y) {
    const { side } = this.size;
    this.x -= x / side;
    this.y += y / side;
  }

  /** Enlarge around a point, which stays where it is; 0 shows the whole. @param {number} factor @param {number} [x] px @param {number} [y] px */
  zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
    const [before, scale] = [this.toPlace(x, y), this.scale];
    this.scale = Math.min(Math.max(scale * factor, 1), 200);
    const after = this.toPlace(x, y);
    this.x += before[0] - after[0];
    this.y += before[1] - after[1];
    if (this.scale === 1) [this.x, this.y] = [0, 0];
  }
}
