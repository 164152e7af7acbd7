// @ts-check
/** Figures that live, on the page and in an exported file: what each was drawn of, and their modules as one script. */

import { button, el, row } from "./live/kit.js";
import { Kept } from "./kept.js";

const IMPORT = /^import \{([^}]*)\} from "\.\/(\w+)\.js";\n/gm;
const EXPORT = /^export ((?:async )?(?:function|class) (\w+))/gm;

const CONTROLS = "input[type=range], input[type=number], .choice button, figure.grid"; // of a figure; they stay while it is there

/** @typedef {{k: number, value?: string | number, at?: number[]}} Step a slider that was moved, a choice, a number that was typed */
/** @typedef {{module: string, data: any, done: Step[]}} Drawn `done`: what was changed since */
/** @type {WeakMap<Element, Drawn>} */
const drawn = new WeakMap();

/**
 * Draw a figure of live/ below what is there, and keep what it was drawn of and what is changed: an exported file and a reload draw it again.
 * @param {HTMLElement} root @param {string} module its name @param {(root: HTMLElement, data: any, ...more: any[]) => void} draw the module's function
 * @param {any} data @param {...any} more what it is given on the page alone
 */
export function figure(root, module, draw, data, ...more) {
  /** @type {Step[]} */
  const done = [];
  const [place, kept] = [el("div", { class: "living" }), new Kept(root, module, data)];
  drawn.set(place, { module, data, done });
  const reset = button("Reset", () => {
    place.replaceChildren();
    draw(place, data, ...more);
    done.length = 0;
    changed();
    place.querySelector("input, button, [tabindex='0']")?.focus();
  });
  const below = row("controls", reset);
  const offered = () => {
    below.hidden = !done.length || [...place.querySelectorAll("button")].some((one) => one.textContent === reset.textContent); // one of its own
  };
  const changed = () => {
    offered();
    kept.keep(done);
  };
  noted(place, done, changed);
  offered();
  root.append(place, below);
  draw(place, data, ...more);
  kept.before().then((before) => {
    if (!before.length || done.length) return;
    again(place, CONTROLS, before, () => {
      done.splice(0, done.length, ...before);
      offered();
    });
  });
}

/** Note what is done in a figure from now on; Reset takes it back. @param {HTMLElement} place @param {Step[]} done @param {() => void} changed */
function noted(place, done, changed) {
  const note = (/** @type {any} */ node, /** @type {Omit<Step, "k">} */ what) => {
    const k = [...place.querySelectorAll(CONTROLS)].indexOf(node);
    if (k < 0) return;
    if (done[done.length - 1]?.k === k && !what.at) done.pop(); // of a slider only where it comes to rest
    done.push({ k, ...what });
    changed();
  };
  place.addEventListener("input", ({ target }) => note(target, { value: /** @type {HTMLInputElement} */ (target).value }));
  place.addEventListener("typed", (/** @type {any} */ { target, detail }) => note(target, detail));
  place.addEventListener("click", ({ target }) => {
    const pressed = /** @type {Element} */ (target).closest("button");
    if (pressed?.textContent === "Reset") {
      done.length = 0;
      changed();
    } else if (pressed) note(pressed, {});
  });
}

/**
 * Do again what was done in a figure, as soon as its controls are there; what no longer fits is left. An exported file has it too: it uses nothing of this module.
 * @param {Element} place @param {string} controls @param {Step[]} done @param {() => void} [then] @param {number} [tries]
 */
function again(place, controls, done, then = () => {}, tries = 100) {
  const nodes = () => /** @type {NodeListOf<any>} */ (place.querySelectorAll(controls));
  if (done.some(({ k }) => !nodes()[k])) {
    if (tries) setTimeout(() => again(place, controls, done, then, tries - 1), 50); // it waits for its pictures
    return;
  }
  for (const { k, value, at } of done) {
    const node = nodes()[k];
    if (!node) continue;
    if (at) node.dispatchEvent(new CustomEvent("retype", { detail: { at, value } }));
    else if (value === undefined) node.click();
    else {
      node.value = value;
      node.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  then();
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
${again}
document.querySelectorAll(".living").forEach((place, k) => {
  place.replaceChildren();
  draw[figures[k].module](place, figures[k].data);
  again(place, "${CONTROLS}", figures[k].done);
});
`.replaceAll("</", "<\\/");
}
