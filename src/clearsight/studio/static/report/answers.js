// @ts-check
/** The answers of a run as columns of numbers, and what is chosen of them: 60,000 are sorted once, then every question is a look-up. */

import { percent, thousands } from "../live/kit.js";
import { numbers } from "../data/model.js";

const Z = 1.959963984540054; // two-sided 95 % of the normal distribution

/** @typedef {{title: string, rows: number[]}} Chosen pictures, by their rows, and what they are */
/** @typedef {{truth: number, choice: number, n: number}} Pair */

/**
 * The 95 % interval of a proportion (Wilson).
 * @param {number} hits @param {number} n @returns {[number, number]}
 */
export function wilson(hits, n) {
  const share = hits / n;
  const centre = (share + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n))) / (1 + (Z * Z) / n);
  return [Math.max(0, Math.min(share, centre - half)), Math.min(1, Math.max(share, centre + half))];
}

export class Answers {
  /** @param {any} found the answer of /api/runs/ID/answers */
  constructor(found) {
    const { n, classes, names } = found;
    this.found = found;
    this.n = n;
    /** @type {string[]} */
    this.classes = classes;
    /** @type {string[]} */
    this.names = names;
    /** @type {Int32Array} */
    this.labels = numbers(found.labels, Int32Array);
    /** @type {Int32Array} */
    this.choices = numbers(found.choices, Int32Array);
    /** @type {Float32Array} */
    this.confidences = numbers(found.confidences, Float32Array);
    /** @type {Float32Array} the probability of the truth */
    this.truths = numbers(found.truths, Float32Array);
    this.order = Uint32Array.from({ length: n }, (_, row) => row).sort((a, b) => this.confidences[b] - this.confidences[a] || a - b);
    this.wrong = new Uint32Array(n + 1); // wrong answers among the first 0, 1, 2 … of them
    this.order.forEach((row, k) => (this.wrong[k + 1] = this.wrong[k] + (this.right(row) ? 0 : 1)));
    this.pictures = new Uint32Array(classes.length); // of each class
    this.hits = new Uint32Array(classes.length);
    this.guesses = new Uint32Array(classes.length); // how often it is the answer
    /** @type {Map<number, number>} pictures of a cell of the confusion matrix, by truth × classes + answer */
    this.cells = new Map();
    this.count();
  }

  count() {
    const k = this.classes.length;
    for (let row = 0; row < this.n; row++) {
      const [truth, choice] = [this.labels[row], this.choices[row]];
      this.pictures[truth]++;
      this.guesses[choice]++;
      if (truth === choice) this.hits[truth]++;
      this.cells.set(truth * k + choice, (this.cells.get(truth * k + choice) ?? 0) + 1);
    }
  }

  /** @param {number} row */
  right(row) {
    return this.labels[row] === this.choices[row];
  }

  /** How many are answered, and how many of these are wrong, when only those of a confidence of `least` are. @param {number} least */
  accepted(least) {
    const bound = Math.fround(least); // confidences are of single precision
    let [low, high] = [0, this.n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.confidences[this.order[middle]] >= bound) low = middle + 1;
      else high = middle;
    }
    return { n: low, wrong: this.wrong[low] };
  }

  /** `94.4 % (95 % interval 91.2 to 96.5 %)`, or why there is no interval. @param {number} hits @param {number} n */
  share(hits, n) {
    if (!n) return "–";
    if (this.found.no_interval) return percent(hits / n);
    const [low, high] = wilson(hits, n);
    return `${percent(hits / n)} (95 % interval ${percent(low)} to ${percent(high)})`;
  }

  /** The commonest mistakes, descending. @param {number} most @returns {Pair[]} */
  pairs(most) {
    const k = this.classes.length;
    const every = [...this.cells].map(([cell, n]) => ({ truth: Math.floor(cell / k), choice: cell % k, n, cell }));
    return every.filter((one) => one.truth !== one.choice).sort((a, b) => b.n - a.n || a.cell - b.cell).slice(0, most);
  }

  /** @param {number} truth @param {number} choice */
  cell(truth, choice) {
    return this.cells.get(truth * this.classes.length + choice) ?? 0;
  }

  /** The bin of the reliability diagram that an answer is in. @param {number} row */
  bin(row) {
    const bins = this.found.bins.length;
    return Math.min(bins, Math.max(1, Math.ceil(this.confidences[row] * bins))) - 1;
  }

  /** Rows that pass, the surest first. @param {(row: number) => boolean} test */
  surest(test) {
    return [...this.order].filter(test);
  }

  /**
   * The pictures that words of the address mean: `cell.3.5`, `class.3`, `bin.14`, `sure.900`, `left.900`, `group.0`; else the mistakes.
   * @param {string} words @returns {Chosen}
   */
  chosen(words) {
    const [kind, ...rest] = words.split(".");
    const [a = -1, b = -1] = rest.map(Number);
    const name = (/** @type {number} */ k) => this.classes[k] ?? "–";
    if (kind === "cell") {
      const rows = this.surest((row) => this.labels[row] === a && this.choices[row] === b);
      return { title: `${name(a)} answered as ${name(b)}: ${thousands(rows.length)} of ${thousands(this.pictures[a] ?? 0)}`, rows };
    }
    if (kind === "class") {
      const rows = this.surest((row) => this.labels[row] === a).sort((x, y) => this.truths[x] - this.truths[y] || x - y);
      return { title: `${name(a)}: ${thousands(rows.length)} pictures, the least probable first`, rows };
    }
    if (kind === "bin") {
      const rows = this.surest((row) => this.bin(row) === a).sort((x, y) => Number(this.right(x)) - Number(this.right(y)));
      const { low = 0, high = 0 } = this.found.bins[a] ?? {};
      return { title: `Confidence above ${percent(low)}, up to ${percent(high)}: ${thousands(rows.length)}, the wrong ones first`, rows };
    }
    return this.beyond(kind, a);
  }

  /** @param {string} kind @param {number} value @returns {Chosen} */
  beyond(kind, value) {
    const bound = Math.fround(value / 1000);
    if (kind === "sure") {
      const rows = this.surest((row) => !this.right(row) && this.confidences[row] >= bound);
      return { title: `Wrong, and at least ${percent(value / 1000)} sure: ${thousands(rows.length)}`, rows };
    }
    if (kind === "left") {
      const rows = this.surest((row) => this.confidences[row] < bound).reverse();
      return { title: `Less than ${percent(value / 1000)} sure: ${thousands(rows.length)}, the least sure first`, rows };
    }
    const group = kind === "group" ? this.found.groups[value] : null;
    if (group) {
      const wanted = new Set(group.pictures);
      return { title: `The worst group of ${group.class}, in the test ${group.test}`, rows: this.surest((row) => wanted.has(this.names[row])).reverse() };
    }
    const rows = this.surest((row) => !this.right(row));
    return { title: `Wrong answers, the most confident first: ${thousands(rows.length)}`, rows };
  }
}
