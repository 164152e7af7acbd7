// @ts-check
/** Networks: type one and see it grow; two side by side; every network of the registry, and the lecture's tables. */

import { button, el, row } from "../live/kit.js";
import { ask } from "../api.js";
import { section } from "../parts.js";
import { chart } from "../networks/chart.js";
import { editor } from "../networks/editor.js";
import { sides } from "../networks/facts.js";
import { history } from "../networks/history.js";
import { one } from "../networks/one.js";
import { filters, table } from "../networks/table.js";
import { Zoo } from "../networks/zoo.js";

const MILLISECONDS = 400; // after the last key, until the address has the text
/** Title → formula and input. @type {Record<string, [string, string]>} */
const EXAMPLES = {
  "The lecture’s pattern": ["[(conv32 relu)*2 pool]*3 (fc128 relu)*1 softmax", "28×28×1"],
  "LeNet-5": ["conv6-5x5p2 tanh avgpool conv16-5x5 tanh avgpool fc120 tanh fc84 tanh softmax", "28×28×1"],
  AlexNet: ["conv96-11x11/4 relu pool3x3/2 norm conv256-5x5p2 relu pool3x3/2 norm (conv384 relu)*2 conv256 relu pool3x3/2 (dropout fc4096 relu)*2 softmax", "227×227×3"],
  "Like VGG, small": ["[(conv32 bn relu)*2 pool] [(conv64 bn relu)*2 pool] [(conv128 bn relu)*2 pool] globalpool softmax", "32×32×3"],
};
const FIRST = "The lecture’s pattern";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function networks(root, { state, keep: address }) {
  const here = el("h1", {}, "Networks");
  const keep = (/** @type {Record<string, string | null>} */ values) => here.isConnected && address(values); // not into the address of another screen
  const [zoo, typed] = [ask("zoo"), workbench(state, keep)];
  root.append(here, typed.node);
  root.append(section("The registry", zoo, (found, body) => {
    typed.learn(found.words);
    const rows = new Zoo(found.rows, state, keep);
    const large = el("div", { class: "one", tabindex: "-1" });
    const show = () => {
      const chosen = rows.rows.find((each) => each.name === rows.chosen);
      if (!chosen || large.dataset.name === chosen.name) return;
      large.dataset.name = chosen.name;
      large.replaceChildren(one(chosen, typed.beside));
    };
    rows.listeners.push(show);
    body.append(filters(rows), chart(rows), large, table(rows));
    const open = (/** @type {string} */ name) => {
      rows.choose(name);
      large.focus();
      large.scrollIntoView({ block: "start" });
    };
    body.append(...history(found, open));
    show();
  }));
  typed.renew();
}

/** The fields to type in, the input of both, and the two side by side. @param {URLSearchParams} state @param {(values: any) => void} keep */
function workbench(state, keep) {
  const size = el("input", { type: "text", value: state.get("input") ?? EXAMPLES[FIRST][1], placeholder: "the network’s own", size: 10, oninput: () => renew() });
  const classes = el("input", { type: "text", inputmode: "numeric", value: state.get("classes") ?? "10", placeholder: "the network’s own", size: 6, oninput: () => renew() });
  const wrong = el("p", { class: "error", role: "alert", hidden: true });
  const compared = el("div");
  const found = /** @type {any[]} */ ([null, null]);
  let timer = 0;
  const told = (/** @type {number} */ k) => (/** @type {any} */ one) => {
    found[k] = one;
    const both = found.every(Boolean) && !second.node.hidden;
    compared.replaceChildren(...(both ? [sides([["the first", found[0]], ["the second", found[1]]])] : []));
    clearTimeout(timer);
    timer = setTimeout(() => keep({ a: first.text() || null, b: second.node.hidden ? null : second.text(), input: size.value, classes: classes.value }), MILLISECONDS);
  };
  const given = () => ({ size: sized(size.value), classes: classes.value.trim() ? Number(classes.value) : null });
  const first = editor("a", "A formula, or the name of a network", state.get("a") ?? EXAMPLES[FIRST][0], given, told(0));
  const second = editor("b", "The other one", state.get("b") ?? "", given, told(1));
  const pair = el("div", { class: "pair" }, first.node, second.node);
  second.node.hidden = !state.has("b");

  function renew() {
    const bad = [sized(size.value) === undefined ? `Input: ${size.value} is not a size such as 32×32×3, rows, columns and channels.` : "", /^\d{0,6}$/.test(classes.value.trim()) ? "" : `Classes: ${classes.value} is not a whole number.`].filter(Boolean);
    wrong.hidden = bad.length === 0;
    wrong.textContent = bad.join(" ");
    if (bad.length) return;
    first.renew();
    if (!second.node.hidden) second.renew();
  }

  /** Show the second field, with this network in it, or hide it. @param {string | null} text */
  function beside(text) {
    second.node.hidden = text === null;
    another.textContent = text === null ? "Compare with another" : "Only one";
    if (text === null) return told(1)(null);
    second.set(text);
    pair.scrollIntoView({ block: "start" });
  }

  const another = button(second.node.hidden ? "Compare with another" : "Only one", () => beside(second.node.hidden ? first.text() : null));
  const examples = Object.entries(EXAMPLES).map(([title, [text, input]]) => button(title, () => {
    size.value = input;
    first.set(text);
    if (!second.node.hidden) second.renew();
  }));
  const fields = row("controls", el("label", {}, "Input ", size), el("label", {}, "Classes ", classes), another);
  const node = el("section", { class: "workbench" }, el("h2", {}, "Type a network"), row("controls", el("span", {}, "Examples:"), ...examples), fields, wrong, pair, compared);
  const learn = (/** @type {any[]} */ words) => [first, second].forEach((each) => each.learn(words));
  return { node, renew, learn, beside };
}

/** Channels, rows and columns of `32×32×3`; null for the network's own, undefined for anything else. @param {string} text */
function sized(text) {
  if (text.trim() === "") return null;
  const parts = /^(\d{1,5})[x×](\d{1,5})(?:[x×](\d{1,3}))?$/.exec(text.trim());
  return parts ? [Number(parts[3] ?? 3), Number(parts[1]), Number(parts[2])] : undefined;
}
