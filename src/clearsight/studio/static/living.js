// @ts-check
/** Figures that live, on the page and in an exported file: what each was drawn of, and their modules as one script. */

import { el } from "./live/kit.js";

const IMPORT = /^import \{([^}]*)\} from "\.\/(\w+)\.js";\n/gm;
const EXPORT = /^export ((?:async )?(?:function|class) (\w+))/gm;

const CONTROLS = "input[type=range], .choice button, figure.grid"; // of a figure; they stay while it is there

/** @typedef {{k: number, value?: string | number, at?: number[]}} Step a slider that was moved, a choice, a number that was typed */
/** @typedef {{module: string, data: any, done: Step[]}} Drawn `done`: what was changed since */
/** @type {WeakMap<Element, Drawn>} */
const drawn = new WeakMap();

/**
 * Draw a figure of live/ below what is there, and keep what it was drawn of and what is changed: an exported file draws it again.
 * @param {HTMLElement} root @param {string} module its name @param {(root: HTMLElement, data: any, ...more: any[]) => void} draw the module's function
 * @param {any} data @param {...any} more what it is given on the page alone
 */
export function figure(root, module, draw, data, ...more) {
  const place = el("div", { class: "living" });
  drawn.set(place, { module, data, done: noted(place) });
  root.append(place);
  draw(place, data, ...more);
}

/** What is done in a figure from now on; Reset takes it back. @param {HTMLElement} place @returns {Step[]} */
function noted(place) {
  /** @type {Step[]} */
  const done = [];
  const note = (/** @type {any} */ node, /** @type {Omit<Step, "k">} */ what) => {
    const k = [...place.querySelectorAll(CONTROLS)].indexOf(node);
    if (k < 0) return;
    if (done[done.length - 1]?.k === k && !what.at) done.pop(); // of a slider only where it comes to rest
    done.push({ k, ...what });
  };
  place.addEventListener("input", ({ target }) => note(target, { value: /** @type {HTMLInputElement} */ (target).value }));
  place.addEventListener("typed", (/** @type {any} */ { target, detail }) => note(target, detail));
  place.addEventListener("click", ({ target }) => {
    const pressed = /** @type {Element} */ (target).closest("button");
    if (pressed?.textContent === "Reset") done.length = 0;
    else if (pressed) note(pressed, {});
  });
  return done;
}

/** What the figures of a screen were drawn of, in their order. @param {HTMLElement} root @returns {Drawn[]} */
export function figures(root) {
  return [...root.querySelectorAll(".living")].map((place) => /** @type {Drawn} */ (drawn.get(place)));
}

/** A script that draws figures in their places; a file that was saved may not import others. @param {Drawn[]} found @returns {Promise<string>} */
export async function script(found) {
  /** @type {Map<string, string>} name → the module as a function that is called once, after those it imports */
  const modules = new Map();
  const add = async (/** @type {string} */ name) => {
    if (modules.has(name)) return;
    const text = await (await fetch(`/static/live/${name}.js`)).text();
    for (const [, , other] of text.matchAll(IMPORT)) await add(other);
    const names = [...text.matchAll(EXPORT)].map(([, , one]) => one);
    const body = text.replace(IMPORT, "const {$1} = live_$2;\n").replace(EXPORT, "$1");
    modules.set(name, `const live_${name} = (() => {\n${body}\nreturn { ${names.join(", ")} };\n})();`);
  };
  for (const { module } of found) await add(module);
  const draw = [...new Set(found.map((one) => one.module))].map((name) => `${name}: live_${name}.${name}`).join(", ");
  return `\n${[...modules.values()].join("\n")}
const draw = { ${draw} };
const figures = JSON.parse(document.querySelector("#figures").textContent);
const again = (place, done, tries = 100) => {
  const nodes = place.querySelectorAll("${CONTROLS}");
  if (done.some(({ k }) => !nodes[k])) return tries && setTimeout(() => again(place, done, tries - 1), 50); // it waits for its pictures
  for (const { k, value, at } of done) {
    if (at) nodes[k].dispatchEvent(new CustomEvent("retype", { detail: { at, value } }));
    else if (value === undefined) nodes[k].click();
    else {
      nodes[k].value = value;
      nodes[k].dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
};
document.querySelectorAll(".living").forEach((place, k) => {
  place.replaceChildren();
  draw[figures[k].module](place, figures[k].data);
  again(place, figures[k].done);
});
`.replaceAll("</", "<\\/");
}
