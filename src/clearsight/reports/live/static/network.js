// @ts-check
/** A network layer by layer: the shape of each output, how its parameters are counted, and their sum as it grows. */

import { el, player, row, sentence, slider, thousands } from "./kit.js";

const [TALL, LEAST] = [100, 3]; // of the strip, in its own units
const KINDS = /** @type {const} */ ({ CONV: "conv", FC: "fc", "MAX POOL": "pool", "AVG POOL": "pool" });

/**
 * @typedef {Object} Layer as `models NAME --json` has it, with the shapes of its parameters and the sum up to it
 * @property {string} name @property {string} says @property {number[]} output channels, rows, columns; empty: not run in evaluation
 * @property {number} parameters @property {number} macs @property {number[][]} shapes @property {number} sum
 * @property {string} unit the module with a shortcut or branches that it is part of @property {number[]} [sees] @property {boolean} [whole]
 */
/** @typedef {{input: number[], layers: Layer[], parameters: number, auxiliary: number, macs: number, depth: number, of?: string}} Data `of` its name on a page with several */

/** @param {HTMLElement} root @param {Data} data */
export function network(root, data) {
  const { layers } = data;
  const told = sentence();
  const largest = Math.max(...layers.map((one) => one.parameters), 1);
  const lines = layers.map(line);
  const facts = ["output", "parameters", "sum so far"].map((label) => ({ label, value: el("b"), more: el("span") }));
  const filled = el("span", { class: "length" });
  const here = el("span", { class: "length now" });
  const strip = el("svg", { class: "strip", role: "img", preserveAspectRatio: "none", "aria-label": `${layers.length} layers, each as high as its maps and as wide as their number` });
  const bars = drawn();

  const steps = player(layers.length, (k) => choose.set(show(k)));
  const choose = slider({ label: "layer", min: 0, max: layers.length - 1, value: 0, text: (k) => name(layers[k]), change: (k) => to(k) });

  /** @param {number} k */
  function to(k) {
    steps.stop();
    steps.move(k);
  }

  /** The layers from left to right: as high as the maps' side, as wide as the number of channels, both compressed. */
  function drawn() {
    const running = layers.filter((one) => one.output.length);
    const side = Math.sqrt(Math.max(...running.map(rows), 1));
    let x = 0;
    const every = layers.map((one, k) => {
      const wide = 1 + Math.log2(1 + (one.output[0] ?? 0)) / 2;
      const tall = Math.max(LEAST, (TALL * Math.sqrt(rows(one))) / side);
      const bar = el("rect", { x, y: (TALL - tall) / 2, width: wide, height: tall, class: `layer ${kind(one)}`, onpointerenter: () => to(k), onclick: () => to(k) });
      x += wide + 0.6;
      return bar;
    });
    strip.setAttribute("viewBox", `0 0 ${x} ${TALL}`);
    strip.append(...every);
    return every;
  }

  /** @param {Layer} one @param {number} k */
  function line(one, k) {
    const bar = el("span", { class: "length" });
    bar.style.width = `${(100 * one.parameters) / largest}%`;
    const cells = [says(one), shape(one.output), thousands(one.parameters), thousands(one.sum), thousands(one.macs), box(one)].map((words, n) => el(n ? "td" : "th", n ? {} : { scope: "row" }, words));
    cells[2].dataset.value = String(one.parameters);
    return el("tr", { onclick: () => to(k), class: one.output.length ? "" : "idle" }, ...cells, el("td", { class: "bar" }, bar));
  }

  /** @param {number} k @returns {number} */
  function show(k) {
    const one = layers[k];
    const told_ = [[shape(one.output) || "none", sees(one)], [thousands(one.parameters), counted(one)], [thousands(one.sum), `of ${thousands(data.parameters)}`]];
    facts.forEach((fact, n) => {
      fact.value.textContent = told_[n][0];
      fact.more.textContent = told_[n][1];
    });
    facts[1].value.dataset.value = String(one.parameters);
    facts[2].value.dataset.value = String(one.sum);
    filled.style.width = `${(100 * (one.sum - one.parameters)) / data.parameters}%`;
    here.style.width = `${(100 * one.parameters) / data.parameters}%`;
    lines.forEach((node, n) => node.classList.toggle("best", n === k));
    bars.forEach((node, n) => node.classList.toggle("chosen", n === k));
    list.scrollTop = lines[k].offsetTop - list.clientHeight / 2;
    const of = one.unit && one.unit !== one.name ? `, in ${one.unit}` : "";
    told.say(`${says(one)}${of}: ${shape(one.output) || "not run in evaluation"}; ${counted(one)} parameters; so far ${thousands(one.sum)} of ${thousands(data.parameters)}`);
    return k;
  }

  const head = el("tr", {}, ...["layer", "output", "parameters", "sum", "multiply-adds", "sees, px", ""].map((words) => el(words ? "th" : "td", words ? { scope: "col" } : {}, words)));
  const table = el("table", { class: "layers counts", "aria-label": "Layers" }, el("thead", {}, head), el("tbody", {}, ...lines));
  const list = el("div", { class: "list", tabindex: "0", role: "region", "aria-label": data.of ? `All layers of ${data.of}` : "All layers" }, table);
  root.append(
    row("controls", steps.node, choose.node), strip,
    row("facts", ...facts.map((one) => el("p", {}, el("span", { class: "label" }, one.label), one.value, one.more))),
    el("div", { class: "whole", "aria-hidden": "true" }, filled, here),
    el("div", { class: "spoken" }, told.node), list,
    el("p", { class: "hint" }, `${total(data)} Step, play, or point at a layer of the drawing; a box is as high as the maps and as wide as their number.`),
  );
  show(0);
}

/** @param {Data} data */
function total({ parameters, auxiliary, macs, depth }) {
  const own = auxiliary ? `${thousands(parameters - auxiliary)} parameters and ${thousands(auxiliary)} of heads that run in training only` : `${thousands(parameters)} parameters`;
  return `${own}, ${thousands(macs)} multiply-adds, ${depth} layers with weights deep.`;
}

/** `96·3·11·11 + 96 = 34,944`. @param {Layer} one @returns {string} */
function counted(one) {
  const terms = one.shapes.map((sizes) => sizes.join("·"));
  return terms.length && terms.length < 5 && terms.some((term) => term.includes("·")) ? `${terms.join(" + ")} = ${thousands(one.parameters)}` : thousands(one.parameters);
}

/** @param {Layer} one @returns {string} */
function sees(one) {
  if (one.whole) return "a unit sees the whole input";
  return one.sees ? `a unit sees ${box(one)} px` : "";
}

/** The rows and columns of the input that a unit sees. @param {Layer} one @returns {string} */
function box(one) {
  return one.whole ? "all" : (one.sees ?? []).join("×");
}

/** `CONV1`, or the module's name. @param {Layer} one @returns {string} */
function name(one) {
  return one.says.includes(":") ? one.says.split(":")[0] : one.name || one.says;
}

/** @param {Layer} one @returns {string} */
function says(one) {
  return one.says.replace(/(\d)x(\d)/g, "$1×$2");
}

/** @param {number[]} output rows, columns and channels, as the lecture writes them @returns {string} */
function shape(output) {
  return (output.length === 3 ? [...output.slice(1), output[0]] : output).map(thousands).join("×").replaceAll(",", "");
}

/** @param {Layer} one @returns {number} */
function rows(one) {
  return one.output.length === 3 ? one.output[1] : 1;
}

/** @param {Layer} one @returns {string} */
function kind(one) {
  const label = /** @type {keyof KINDS} */ (name(one).replace(/\d+$/, ""));
  return one.output.length ? (KINDS[label] ?? "norm") : "idle";
}
