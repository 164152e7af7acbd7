// @ts-check
/** A filter slides over a picture: each product, their sum in the feature map, ReLU and max pooling after it. */

import { button, choice, edited, el, player, row, sentence, shown, slider } from "./kit.js";
import { Grid, block } from "./grid.js";
import { convolved, outputSize, padded, pooled, products, relu } from "./maths.js";

/** @typedef {number[][]} Matrix */
/** @typedef {{stride: number, padding: number, dilation: number, bias: number}} How */
/**
 * @typedef {Object} Data as `look convolution` computes it
 * @property {Matrix} picture @property {Matrix} filter @property {Matrix} feature_map @property {Matrix} relu @property {Matrix} max_pool
 * @property {number} [stride] @property {number} [padding] @property {number} [dilation] @property {number} [bias]
 * @property {Record<string, Matrix>} [pictures] others to choose from, by name
 */

/** @param {HTMLElement} root @param {Data} data */
export function convolution(root, data) {
  const first = () => ({ picture: data.picture, filter: data.filter });
  const untouched = { stride: data.stride ?? 1, padding: data.padding ?? 0, dilation: data.dilation ?? 1, bias: data.bias ?? 0 };
  let { picture, filter } = first();
  /** @type {How} */
  let how = { ...untouched };
  let maps = { map: data.feature_map, relu: data.relu, pool: data.max_pool };

  const told = sentence();
  const steps = player(maps.map.flat().length, show);
  const put = (/** @type {Matrix} */ values, /** @type {[number, number]} */ [i, j], /** @type {number} */ value) =>
    values.map((line, a) => line.map((old, b) => (a === i && b === j ? value : old)));
  const go = (/** @type {[number, number]} */ [i, j]) => {
    steps.stop();
    steps.move(i * maps.map[0].length + j);
  };
  const largest = Math.max(255, ...data.picture.flat()) === 255 && Math.max(...data.picture.flat()) > 60 ? 255 : undefined;
  const grids = {
    picture: new Grid({ label: "picture", signed: false, largest, edit: (at, value) => renew(() => (picture = put(picture, at, value))) }),
    filter: new Grid({ label: "filter", edit: (at, value) => renew(() => (filter = put(filter, at, value))) }),
    products: new Grid({ label: "products" }),
    map: new Grid({ label: "feature map", choose: go }),
    relu: new Grid({ label: "after ReLU", choose: go }),
    pool: new Grid({ label: "2×2 max pool", choose: ([i, j]) => mark(i, j) }),
  };

  /** @param {() => void} change compute all maps again after it */
  function renew(change) {
    change();
    edited();
    const map = convolved(picture, filter, how);
    maps = { map, relu: relu(map), pool: pooled(relu(map), 2, 2) };
    fill();
  }

  function fill() {
    grids.picture.set(padded(picture, how.padding), how.padding);
    grids.filter.set(filter);
    grids.map.set(maps.map);
    grids.relu.set(maps.relu);
    grids.pool.set(maps.pool);
    const many = maps.map.flat().length > 1;
    grids.relu.node.hidden = !many;
    grids.pool.node.hidden = !maps.pool.length;
    steps.node.hidden = !many;
    steps.resize(maps.map.flat().length);
    show(steps.at());
  }

  /** @param {number} k the place of the filter */
  function show(k) {
    const columns = maps.map[0].length;
    const [i, j] = [Math.floor(k / columns), k % columns];
    const [top, left] = [i * how.stride, j * how.stride];
    const made = products(padded(picture, how.padding), filter, top, left, how.dilation);
    grids.products.set(made);
    grids.picture.mark(block(top, left, filter.length, filter[0].length, how.dilation));
    grids.map.mark([[i, j]]);
    grids.relu.mark([[i, j]]);
    grids.pool.mark(maps.pool.length ? [[Math.floor(i / 2), Math.floor(j / 2)]] : []);
    const under = products(padded(picture, how.padding), filter.map((line) => line.map(() => 1)), top, left, how.dilation);
    told.say(`row ${i}, column ${j}:  ${written(filter, made, under, how.bias)} = ${shown(maps.map[i][j])}`);
  }

  /** The four cells that a pooled number is the largest of. @param {number} i @param {number} j */
  function mark(i, j) {
    const four = block(2 * i, 2 * j, 2, 2);
    const best = four.filter(([a, b]) => maps.relu[a][b] === maps.pool[i][j]).slice(0, 1);
    grids.relu.mark(four, best);
    grids.map.mark(four);
    grids.pool.mark([[i, j]]);
    told.say(`the largest of ${four.map(([a, b]) => shown(maps.relu[a][b])).join(", ")} is ${shown(maps.pool[i][j])}`);
  }

  const sliders = /** @type {const} */ (["stride", "padding", "dilation"]).map((name) =>
    slider({
      label: name, min: name === "padding" ? 0 : 1, max: name === "padding" ? 2 : 3, value: how[name],
      change: (value) => {
        const wanted = { ...how, [name]: value };
        const sides = [outputSize(picture.length, filter.length, wanted.stride, wanted.padding, wanted.dilation),
          outputSize(picture[0].length, filter[0].length, wanted.stride, wanted.padding, wanted.dilation)];
        if (Math.min(...sides) < 1) told.say("The filter does not fit into the picture: less dilation, or more padding.");
        else renew(() => (how = wanted));
      },
    }),
  );
  const reset = button("Reset", () => {
    ({ picture, filter } = first());
    how = { ...untouched };
    maps = { map: data.feature_map, relu: data.relu, pool: data.max_pool };
    sliders.forEach((one, k) => one.set([how.stride, how.padding, how.dilation][k]));
    document.documentElement.classList.remove("edited");
    fill();
  });
  const others = Object.keys(data.pictures ?? {});
  const pick = others.length > 1 ? [choice("Picture", others, (name) => renew(() => (picture = (data.pictures ?? {})[name])))] : [];
  root.append(
    row("controls", ...pick, steps.node, ...sliders.map((one) => one.node), reset),
    row("grids", grids.picture.node, grids.filter.node, grids.products.node),
    told.node,
    row("grids", grids.map.node, grids.relu.node, grids.pool.node),
    el("p", { class: "hint" }, "Click a pixel or a weight to change it. Point at a number of a map to see its sum; the arrow keys move. Rows and columns count from 0."),
  );
  fill();
}

/** The terms of a sum, those without a weight left out; of many only their products. @param {Matrix} filter @param {Matrix} made @param {Matrix} seen @param {number} bias */
function written(filter, made, seen, bias) {
  const factors = filter.flat().map((weight, k) => ({ weight, product: made.flat()[k], pixel: seen.flat()[k] }));
  const few = factors.filter(({ weight }) => weight !== 0).length <= 9;
  const terms = factors
    .filter(({ weight, product }) => (few ? weight !== 0 : product !== 0))
    .map(({ weight, product, pixel }) => (few ? [weight, `·${pixel < 0 ? `(${shown(pixel)})` : shown(pixel)}`] : [product, ""]));
  if (bias) terms.push([bias, ""]);
  return terms.map(([first, then], k) => `${sign(Number(first), k > 0)}${shown(Math.abs(Number(first)))}${then}`).join("") || "0";
}

/** @param {number} value @param {boolean} follows another term */
function sign(value, follows) {
  if (follows) return value < 0 ? " − " : " + ";
  return value < 0 ? "−" : "";
}
