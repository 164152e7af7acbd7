// @ts-check
/** Filters slide over a picture with channels: the products channel by channel, a map for each filter, and what follows. */

import { button, choice, edited, el, row, sentence, shown, slider, thousands } from "./kit.js";
import { Grid } from "./grid.js";
import { coloured, cursor } from "./cursor.js";
import { correlated, outputSize, padded, pooled, products, relu, total } from "./maths.js";

const SHORT = { relu: "ReLU", maxpool: "max pool", avgpool: "mean pool" };

/** @typedef {number[][]} Matrix */
/** @typedef {{name: string, values: Matrix[], bias: number}} Filter */
/** @typedef {{operation: "relu"|"maxpool"|"avgpool", size: number, stride: number, words: string, maps: Matrix[]}} Stage */
/** @typedef {{picture: Matrix[], filters: Filter[], maps: Matrix[], stages: Stage[], stride: number, padding: number, dilation: number}} Data as `look convolution --json` has it */

/** @param {HTMLElement} root @param {Data} data */
export function volume(root, data) {
  const names = data.picture.length === 3 ? ["red", "green", "blue"] : data.picture.map((_, c) => (data.picture.length > 1 ? `channel ${c}` : "grey"));
  const untouched = { stride: data.stride, padding: data.padding, dilation: data.dilation };
  const middle = () => /** @type {[number, number]} */ ([Math.floor(maps[0].length / 2), Math.floor(maps[0][0].length / 2)]);
  let { picture, maps } = data;
  let filters = data.filters.map((one) => one.values);
  let how = { ...untouched };
  let after = data.stages.map((one) => one.maps);
  let [chosen, channel] = [0, 0];
  let at = middle();

  const told = sentence();
  const view = el("canvas", { class: "coarse" });
  const frame = el("div", { class: "window" });
  const caption = el("figcaption");
  const wall = row("wall");
  /** @type {any[]} */
  let ours = [];
  const grids = {
    patch: new Grid({ label: "pixels", signed: false, largest: 255, edit: changePixel, digits: 4, small: true }),
    filter: new Grid({ label: "weights", edit: changeWeight, digits: 3, small: true }),
    products: new Grid({ label: "products", digits: 3, small: true }),
  };

  /** A number of the picture, under the window. @param {[number, number]} place @param {number} value */
  function changePixel([a, b], value) {
    const [y, x] = [at[0] * how.stride + a * how.dilation - how.padding, at[1] * how.stride + b * how.dilation - how.padding];
    if (picture[0][y]?.[x] === undefined) return told.say("This place is padding: it is zero.");
    renew(() => (picture = picture.map((plane, c) => (c === channel ? put(plane, y, x, value) : plane))));
  }

  /** A weight of the chosen filter. @param {[number, number]} place @param {number} value */
  function changeWeight([a, b], value) {
    renew(() => (filters = filters.map((slices, f) => (f === chosen ? slices.map((one, c) => (c === channel ? put(one, a, b, value) : one)) : slices))));
  }

  /** @param {() => void} change compute all maps again after it */
  function renew(change) {
    change();
    edited();
    maps = filters.map((slices, f) => correlated(picture, slices, { ...how, bias: data.filters[f].bias }));
    let before = maps;
    after = data.stages.map((one) => (before = before.map((map) => followed(map, one))));
    at = [Math.min(at[0], maps[0].length - 1), Math.min(at[1], maps[0][0].length - 1)];
    build();
  }

  function build() {
    const tall = picture[0].length + 2 * how.padding;
    const wide = picture[0][0].length + 2 * how.padding;
    paint(view, tall, wide, (y, x) => picture.map((plane) => plane[y - how.padding]?.[x - how.padding] ?? 0));
    ours = maps.map((map, f) => tile(maps.length > 1 ? data.filters[f].name : "feature map", map, (y, x) => point(f, y, x), () => at));
    arrange();
    caption.textContent = sizes();
    show();
  }

  /** The maps, and the stages of the chosen filter after them. */
  function arrange() {
    const stages = data.stages.map((one, n) => {
      const map = after[n][chosen];
      let here = /** @type {[number, number]} */ ([Math.floor(map.length / 2), Math.floor(map[0].length / 2)]);
      const go = (/** @type {number} */ y, /** @type {number} */ x) => follow(n, ...(here = [y, x]));
      return tile(SHORT[one.operation], map, go, () => here, ` ${map.length}×${map[0].length}`);
    });
    if (wall.firstChild === ours[0]) [...wall.children].slice(ours.length).forEach((node, n) => node.replaceWith(stages[n])); // the focus stays
    else wall.replaceChildren(...ours, ...stages);
    wall.classList.toggle("few", wall.children.length < 5);
  }

  /**
   * @param {string} label @param {Matrix} map @param {(y: number, x: number) => void} point @param {() => [number, number]} start
   * @param {string} [size]
   */
  function tile(label, map, point, start, size = "") {
    const [rows, columns] = [map.length, map[0].length];
    const canvas = el("canvas", { class: "coarse" });
    const [low, high] = [Math.min(0, ...map.flat()), Math.max(0, ...map.flat())];
    paint(canvas, rows, columns, (y, x) => coloured(map[y][x], Math.min(low, -high || -1), high));
    cursor(canvas, { rows, columns, label, start, point });
    return el("figure", {}, canvas, el("figcaption", {}, el("b", {}, label), size));
  }

  /** `32×32×3 → 28×28×6, 456 parameters`. */
  function sizes() {
    const own = filters.reduce((sum, slices) => sum + slices.flat(2).length, 0) + (data.filters.some((one) => one.bias) ? filters.length : 0);
    const [before, map] = [[picture[0].length, picture[0][0].length, picture.length], [maps[0].length, maps[0][0].length, maps.length]];
    return `${before.join("×")} → ${map.join("×")}, ${thousands(own)} parameters`;
  }

  /** @param {number} f @param {number} y @param {number} x */
  function point(f, y, x) {
    at = [y, x];
    const other = f !== chosen;
    chosen = f;
    if (other) arrange();
    show();
  }

  function show() {
    const [y, x] = at;
    const corner = /** @type {[number, number]} */ ([y * how.stride, x * how.stride]);
    const slices = filters[chosen];
    const made = slices.map((slice, c) => products(padded(picture[c], how.padding), slice, ...corner, how.dilation));
    const ones = slices[channel].map((line) => line.map(() => 1));
    grids.patch.set(products(padded(picture[channel], how.padding), ones, ...corner, how.dilation));
    grids.filter.set(slices[channel]);
    grids.products.set(made[channel]);
    const span = [slices[0].length, slices[0][0].length].map((n) => how.dilation * (n - 1) + 1);
    const sides = [view.height, view.width];
    Object.assign(frame.style, { top: part(corner[0], sides[0]), left: part(corner[1], sides[1]), height: part(span[0], sides[0]), width: part(span[1], sides[1]) });
    [...wall.children].forEach((node, k) => node.classList.toggle("best", k === chosen && maps.length > 1));
    const bias = data.filters[chosen].bias;
    const terms = [...made.map((one, c) => `${names[c]} ${shown(total(one))}`), ...(bias ? [`bias ${shown(bias)}`] : [])];
    const sum = made.length > 1 || bias ? `${terms.join(" + ").replaceAll("+ −", "− ")} = ` : "the sum of the products is ";
    told.say(`${data.filters[chosen].name} at ${y},${x}: ${sum}${shown(maps[chosen][y][x])}`);
    told.node.dataset.value = String(maps[chosen][y][x]);
  }

  /** A number after a stage, with what it was computed from. @param {number} n @param {number} y @param {number} x */
  function follow(n, y, x) {
    const { operation, size, stride, words } = data.stages[n];
    const before = (n ? after[n - 1] : maps)[chosen];
    const seen = before.slice(y * stride, y * stride + size).flatMap((line) => line.slice(x * stride, x * stride + size));
    const kind = operation === "avgpool" ? "the mean of" : operation === "relu" ? "the larger of 0 and" : "the largest of";
    told.say(`after ${words}, row ${y}, column ${x}: ${kind} ${seen.map((one) => shown(one)).join(", ")} is ${shown(after[n][chosen][y][x])}`);
  }

  const sliders = /** @type {const} */ (["stride", "padding", "dilation"]).map((name) =>
    slider({
      label: name, min: name === "padding" ? 0 : 1, max: Math.max(3, how[name]), value: how[name],
      change: (value) => {
        const wanted = { ...how, [name]: value };
        const fits = [0, 1].every((axis) => {
          const [side, kernel] = axis ? [picture[0][0].length, filters[0][0][0].length] : [picture[0].length, filters[0][0].length];
          let left = outputSize(side, kernel, wanted.stride, wanted.padding, wanted.dilation);
          for (const one of data.stages) left = Math.floor((left - one.size) / one.stride) + 1;
          return left > 0;
        });
        if (fits) renew(() => (how = wanted));
        else told.say("The filter, or what follows it, does not fit: less dilation and stride, or more padding.");
      },
    }),
  );
  const reset = button("Reset", () => {
    ({ picture, maps } = data);
    filters = data.filters.map((one) => one.values);
    how = { ...untouched };
    after = data.stages.map((one) => one.maps);
    at = middle();
    sliders.forEach((one, k) => one.set([how.stride, how.padding, how.dilation][k]));
    document.documentElement.classList.remove("edited");
    build();
  });
  const pick = names.length > 1 ? [choice("Channel", names, (name) => { channel = names.indexOf(name); show(); })] : [];
  root.append(
    row("controls", ...pick, ...sliders.map((one) => one.node), reset),
    row("volume", el("figure", { class: "seat" }, row("over", view, frame), caption), wall),
    told.node,
    row("grids", ...Object.values(grids).map((one) => one.node)),
    el("p", { class: "hint" }, "Point at a number of a map, or use the arrow keys: its window in the picture and its products. Click a pixel or a weight of the chosen channel to change it. Rows and columns count from 0."),
  );
  build();
}

/** @param {Matrix} values @param {number} y @param {number} x @param {number} value @returns {Matrix} */
function put(values, y, x, value) {
  return values.map((line, a) => (a === y ? line.map((old, b) => (b === x ? value : old)) : line));
}

/** @param {Matrix} map @param {Stage} stage @returns {Matrix} */
function followed(map, { operation, size, stride }) {
  return operation === "relu" ? relu(map) : pooled(map, size, stride, operation === "maxpool" ? "max" : "average");
}

/** @param {number} length @param {number} whole */
function part(length, whole) {
  return `${(100 * length) / whole}%`;
}

/** Fill a canvas, a pixel for each number. @param {any} canvas @param {number} rows @param {number} columns @param {(y: number, x: number) => number[]} colour of a place */
function paint(canvas, rows, columns, colour) {
  Object.assign(canvas, { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  for (let k = 0; k < rows * columns; k += 1) {
    const found = colour(Math.floor(k / columns), k % columns);
    const [r, g, b] = found.length < 3 ? Array(3).fill(found[0]) : found;
    image.data.set([r, g, b, 255], 4 * k);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
