// @ts-check
/** What every live figure is made of: elements, numbers as text, sliders, buttons, a player, and the sentence that is read aloud. */

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "rect", "line", "path", "text", "title"]);

/**
 * An element with attributes and children; `onclick` and the like are listeners, `false` and `null` leave an attribute out.
 * @param {string} name @param {Record<string, any>} [attributes] @param {...(Node|string)} children @returns {any}
 */
export function el(name, attributes = {}, ...children) {
  const node = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

/**
 * A number with so many significant digits, a true minus sign, and no −0.
 * @param {number} value @param {number} [digits] @returns {string}
 */
export function shown(value, digits = 6) {
  const rounded = Number(value.toPrecision(digits));
  return String(rounded === 0 ? 0 : rounded).replaceAll("-", "−");
}

const COUNTS = new Intl.NumberFormat("en");

/** `62,378,344`. @param {number} count @returns {string} */
export function thousands(count) {
  return COUNTS.format(count);
}

/** @param {string} text bytes in base64 @returns {Uint8Array<ArrayBuffer>} */
export function bytes(text) {
  const letters = atob(text);
  const found = new Uint8Array(letters.length);
  for (let k = 0; k < letters.length; k++) found[k] = letters.charCodeAt(k); // a tenth of the time of Uint8Array.from
  return found;
}

/** @param {number} part of 1 @returns {string} */
export function percent(part) {
  const digits = part > 0.9995 && part < 1 - 1e-9 ? 3 : 1; // a sum of shares is 1, apart from rounding
  return `${(100 * part).toFixed(digits)} %`;
}

/**
 * The number that was typed, with a comma or a point and either minus; NaN where it is none.
 * @param {string} text @returns {number}
 */
export function parsed(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

/**
 * A labelled slider, its value written beside it.
 * @param {{label: string, min: number, max: number, step?: number, value: number, text?: (value: number) => string,
 *   change: (value: number) => void}} options
 * @returns {{node: HTMLElement, set: (value: number, max?: number) => void}}
 */
export function slider({ label, min, max, step = 1, value, text = (v) => shown(v), change }) {
  const output = el("output", { "aria-hidden": "true" }); // a screen reader has the slider's own value
  const input = el("input", { type: "range", min, max, step, value, "aria-label": label });
  const tell = () => {
    output.textContent = text(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    change(Number(input.value));
  });
  tell();
  const set = (/** @type {number} */ wanted, most = max) => {
    input.max = String(most);
    input.value = String(wanted);
    tell();
  };
  return { node: el("label", { class: "slider" }, el("span", {}, label), input, output), set };
}

/** @param {string} words @param {() => void} action @param {Record<string, any>} [attributes] @returns {HTMLButtonElement} */
export function button(words, action, attributes = {}) {
  return el("button", { type: "button", onclick: action, ...attributes }, words);
}

/**
 * Buttons of which one is pressed, by default the first.
 * @param {string} label @param {string[]} names @param {(name: string) => void} choose @param {string} [pressed] @returns {HTMLElement}
 */
export function choice(label, names, choose, pressed = names[0]) {
  const buttons = names.map((name) =>
    button(name, () => {
      buttons.forEach((one) => one.setAttribute("aria-pressed", String(one.textContent === name)));
      choose(name);
    }, { "aria-pressed": String(name === pressed) }),
  );
  return el("div", { role: "group", class: "choice", "aria-label": label }, ...buttons);
}

/**
 * Back, play or pause, next; `go(k)` is called for each step.
 * @param {number} count @param {(k: number) => void} go
 * @returns {{node: HTMLElement, at: () => number, move: (k: number) => void, resize: (count: number) => void, stop: () => void}}
 */
export function player(count, go, milliseconds = 900) {
  let at = 0;
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  };
  const move = (/** @type {number} */ k) => {
    at = (k + count) % count;
    go(at);
  };
  const toggle = () => {
    if (timer) return stop();
    play.textContent = "Pause";
    timer = setInterval(() => (node.isConnected ? move(at + 1) : stop()), milliseconds); // its slide may have gone
  };
  const by = (/** @type {number} */ steps) => () => {
    stop();
    move(at + steps);
  };
  const play = button("Play", toggle);
  const node = el("div", { role: "group", class: "player", "aria-label": "Steps" }, button("Back", by(-1)), play, button("Next", by(1)));
  const resize = (/** @type {number} */ wanted) => {
    count = wanted;
    at = Math.min(at, count - 1);
  };
  return { node, at: () => at, move, resize, stop };
}

/**
 * A sentence that is read aloud when it changes, at most once in half a second.
 * @returns {{node: HTMLElement, say: (words: string) => void}}
 */
export function sentence() {
  const visible = el("p", { class: "sum", "aria-hidden": "true" });
  const aloud = el("p", { class: "aloud", role: "status", "aria-live": "polite" });
  let timer = 0;
  const say = (/** @type {string} */ words) => {
    visible.textContent = words;
    clearTimeout(timer);
    timer = setTimeout(() => (aloud.textContent = words), 500);
  };
  return { node: el("div", {}, visible, aloud), say };
}

/** Say that numbers are no longer those of the computation, so that the page is printed as it is. */
export function edited() {
  document.documentElement.classList.add("edited");
}

/** @param {string[]} words @param {string} kind @returns {HTMLElement} nodes next to each other */
export function row(kind, ...nodes) {
  return el("div", { class: kind }, ...nodes);
}
