// @ts-check
/** Places in the plane: spread over the map, a box, what is inside a loop. */

/** Places from −1 to 1, the middle of their range at 0. @param {Float32Array} places @returns {Float32Array} */
export function spread(places) {
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  places.forEach((value, k) => {
    low[k % 2] = Math.min(low[k % 2], value);
    high[k % 2] = Math.max(high[k % 2], value);
  });
  const half = Math.max(high[0] - low[0], high[1] - low[1], 1e-9) / 2;
  return places.map((value, k) => (value - (low[k % 2] + high[k % 2]) / 2) / half);
}

/** The corners of a box. @param {number[]} a @param {number[]} b */
export function box(a, b) {
  return [a, [a[0], b[1]], b, [b[0], a[1]]];
}

/** Whether a place is inside a loop: a ray from it crosses its sides an odd number of times. @param {number} x @param {number} y @param {number[][]} loop */
export function within(x, y, loop) {
  let odd = false;
  for (let k = 0, j = loop.length - 1; k < loop.length; j = k++) {
    const [[ax, ay], [bx, by]] = [loop[k], loop[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
