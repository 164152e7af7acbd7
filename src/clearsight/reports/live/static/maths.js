// @ts-check
/** The arithmetic of the figures, as the Python computes it; a browser test compares both. */

/** @typedef {number[][]} Matrix rows of numbers */

/** Without the last digits of floating point, and without -0: `look.convolution.tidy`. @param {number} value */
export function tidy(value) {
  return Math.round(value * 1e9) / 1e9 + 0;
}

/** @param {Matrix} picture @param {number} by zeros on each side @returns {Matrix} */
export function padded(picture, by) {
  const across = picture[0].length + 2 * by;
  const empty = () => Array.from({ length: by }, () => Array(across).fill(0));
  const sides = Array(by).fill(0);
  return [...empty(), ...picture.map((row) => [...sides, ...row, ...sides]), ...empty()];
}

/** @param {number} length @param {number} kernel @param {number} stride @param {number} padding @param {number} dilation */
export function outputSize(length, kernel, stride, padding, dilation) {
  return Math.floor((length + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
}

/**
 * The products under the filter with its corner on row `i`, column `j` of the padded picture.
 * @param {Matrix} picture @param {Matrix} filter @param {number} i @param {number} j @param {number} dilation @returns {Matrix}
 */
export function products(picture, filter, i, j, dilation) {
  return filter.map((weights, a) => weights.map((weight, b) => weight * picture[i + a * dilation][j + b * dilation]));
}

/** @param {Matrix} values @returns {number} */
export function total(values) {
  return values.flat().reduce((sum, value) => sum + value, 0);
}

/** @typedef {{stride: number, padding: number, dilation: number, bias: number}} Geometry */

/**
 * Cross-correlation of channels with a slice for each, summed over them, as networks compute it: the filter is not flipped.
 * @param {Matrix[]} channels @param {Matrix[]} slices @param {Geometry} how @returns {Matrix}
 */
export function correlated(channels, slices, { stride, padding, dilation, bias }) {
  const [height, width] = [slices[0].length, slices[0][0].length];
  const rows = outputSize(channels[0].length, height, stride, padding, dilation);
  const columns = outputSize(channels[0][0].length, width, stride, padding, dilation);
  const map = Array.from({ length: rows }, () => Array(columns).fill(bias));
  channels.forEach((channel, c) => {
    const x = padded(channel, padding);
    for (let i = 0; i < rows; i += 1) {
      for (let j = 0; j < columns; j += 1) {
        for (let a = 0; a < height; a += 1) {
          for (let b = 0; b < width; b += 1) map[i][j] += slices[c][a][b] * x[i * stride + a * dilation][j * stride + b * dilation];
        }
      }
    }
  });
  return map.map((line) => line.map(tidy));
}

/** The same of one channel. @param {Matrix} picture @param {Matrix} filter @param {Geometry} how @returns {Matrix} */
export function convolved(picture, filter, how) {
  return correlated([picture], [filter], how);
}

/** @param {Matrix} values @returns {Matrix} */
export function relu(values) {
  return values.map((row) => row.map((value) => Math.max(value, 0)));
}

/**
 * The largest number (or the mean) of each window that fits.
 * @param {Matrix} values @param {number} size @param {number} stride @param {"max"|"average"} kind @returns {Matrix}
 */
export function pooled(values, size, stride, kind = "max") {
  const fits = (/** @type {number} */ n) => Math.max(0, Math.floor((n - size) / stride) + 1);
  return Array.from({ length: fits(values.length) }, (_, i) =>
    Array.from({ length: fits(values[0].length) }, (_, j) => {
      const seen = values.slice(i * stride, i * stride + size).flatMap((row) => row.slice(j * stride, j * stride + size));
      return tidy(kind === "max" ? Math.max(...seen) : seen.reduce((sum, value) => sum + value, 0) / seen.length);
    }),
  );
}

/**
 * e to the power of each logit divided by the temperature, their sum, and the shares of it.
 * @param {number[]} logits @param {number} [temperature] @param {number} [shift] taken from the logits first, so that powers stay numbers
 * @returns {{exp: number[], sum: number, probabilities: number[]}}
 */
export function shares(logits, temperature = 1, shift = 0) {
  const scaled = logits.map((z) => (z - shift) / temperature);
  const most = Math.max(...scaled); // e⁸⁰⁰ is too large for a number: the shares are computed from differences
  const shifted = scaled.map((z) => Math.exp(z - most));
  const whole = shifted.reduce((sum, value) => sum + value, 0);
  const exp = scaled.map(Math.exp);
  return { exp, sum: exp.reduce((sum, value) => sum + value, 0), probabilities: shifted.map((value) => value / whole) };
}

/**
 * One layer's units as another layer below has to look for them: size, stride and start in units of that layer.
 * @param {{size: number, stride: number, before: number}} upper @param {{size: number, stride: number, before: number}} lower
 */
export function between(upper, lower) {
  return {
    size: (upper.size - lower.size) / lower.stride + 1,
    stride: upper.stride / lower.stride,
    before: (upper.before - lower.before) / lower.stride,
  };
}

/**
 * The first and the last place (both included) that the unit `at` sees, not cut at the border.
 * @param {{size: number, stride: number, before: number}} field @param {number} at @returns {[number, number]}
 */
export function seen({ size, stride, before }, at) {
  const first = at * stride - before;
  return [Math.floor(first), Math.ceil(first + size) - 1];
}
