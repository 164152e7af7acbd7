// @ts-check
/** A place of a picture or a map, chosen by the pointer or by the arrow keys; colours of maps. */

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
// viridis and RdBu (reversed), as matplotlib has them, at equal distances
const VIRIDIS = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [110, 206, 88],
  [181, 222, 43], [253, 231, 37]];
const RDBU = [[5, 48, 97], [33, 102, 172], [67, 147, 195], [146, 197, 222], [209, 229, 240], [247, 247, 247], [253, 219, 199],
  [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31]];

/**
 * Let places of `node` be chosen: `point(row, column)` is called with one inside; `start()` is where the arrow keys begin.
 * @param {any} node @param {{rows: number, columns: number, rim?: number, label: string, start: () => [number, number],
 *   point: (row: number, column: number) => void}} options `rim` is the space around the places, in places
 */
export function cursor(node, { rows, columns, rim = 0, label, start, point }) {
  for (const [name, value] of Object.entries({ tabindex: "0", role: "application", "aria-label": `${label}: the arrow keys choose a place` })) {
    node.setAttribute(name, value);
  }
  const go = (/** @type {number} */ y, /** @type {number} */ x) => {
    if (y >= 0 && x >= 0 && y < rows && x < columns) point(y, x);
  };
  node.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const seat = node.getBoundingClientRect();
    const down = ((event.clientY - seat.top) / seat.height) * (rows + 2 * rim) - rim;
    const across = ((event.clientX - seat.left) / seat.width) * (columns + 2 * rim) - rim;
    go(Math.floor(down), Math.floor(across));
  });
  node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const move = ARROWS[/** @type {keyof ARROWS} */ (event.key)];
    if (!move) return;
    event.preventDefault();
    const [y, x] = start();
    go(y + move[0], x + move[1]);
  });
}

/**
 * The colour of a value on a scale from `low` to `high`, around zero where the scale is signed.
 * @param {number} value @param {number} low @param {number} high @returns {number[]} red, green, blue
 */
export function coloured(value, low, high) {
  const found = [0, 0, 0];
  colour(found, 0, value, low, high);
  return found;
}

/**
 * A map as a picture, each value in its colour. @param {Float32Array} values row by row
 * @param {number} rows @param {number} columns @param {number} low @param {number} high @returns {ImageData}
 */
export function heated(values, rows, columns, low, high) {
  const picture = new ImageData(columns, rows);
  picture.data.fill(255);
  for (let k = 0; k < values.length; k++) colour(picture.data, 4 * k, values[k], low, high);
  return picture;
}

/** The smallest and the largest value, of any number of them. @param {Float32Array} values @returns {[number, number]} */
export function range(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** @param {number[] | Uint8ClampedArray} into red, green, blue from `at` on @param {number} at @param {number} value @param {number} low @param {number} high */
function colour(into, at, value, low, high) {
  const signed = low < 0;
  const most = Math.max(-low, high);
  const share = signed ? (value / (most || 1) + 1) / 2 : (value - low) / (high - low || 1);
  const table = signed ? RDBU : VIRIDIS;
  const place = Math.max(0, Math.min(1, share)) * (table.length - 1);
  const k = Math.min(table.length - 2, Math.floor(place));
  const [one, other] = [table[k], table[k + 1]];
  for (let n = 0; n < 3; n++) into[at + n] = Math.round(one[n] + (place - k) * (other[n] - one[n]));
}
