// @ts-check
/** The most unlike members of a class, ordered by their distance to the one that is chosen; the spread of every class. */

import { el, row, sentence, shown, slider } from "./kit.js";
import { screen } from "./picture.js";

/** @typedef {{label: string, spread: number, pictures: string[], apart: number[][]}} Class `apart`: cosine distances between its members */

/** @param {HTMLElement} root @param {{classes: Class[], by: string}} data the class that varies most comes first; `by` whose features they are */
export function variation(root, data) {
  const { classes } = data;
  const told = sentence();
  const wall = el("div", { class: "unlike", role: "group" });
  const most = classes[0].spread;
  let at = 0;
  const lines = classes.map((one) => {
    const bar = el("span", { class: "length" });
    bar.style.width = `${(100 * one.spread) / most}%`;
    return el("tr", {}, el("th", { scope: "row" }, one.label), el("td", { "data-value": one.spread }, shown(one.spread, 3)), el("td", { class: "bar" }, bar));
  });

  /** The members of the class, nearest to member `from` first. @param {number} from @param {boolean} [focus] on it, as it was clicked */
  function show(from, focus = false) {
    const one = classes[at];
    const order = one.apart[from].map((_, k) => k).sort((a, b) => one.apart[from][a] - one.apart[from][b]);
    wall.setAttribute("aria-label", `members of ${one.label}`);
    wall.replaceChildren(...order.map((k) => member(one, k, from)));
    if (focus) wall.querySelector("button").focus();
    const last = order[order.length - 1];
    told.say(`${one.label}: the farthest from this one is at a distance of ${shown(one.apart[from][last], 3)}; two members are ${shown(one.spread, 3)} apart on average`);
    lines.forEach((line, k) => line.classList.toggle("best", k === at));
    list.scrollTop = lines[at].offsetTop - list.clientHeight / 2;
  }

  /** @param {Class} one @param {number} k @param {number} from */
  function member(one, k, from) {
    const far = one.apart[from][k];
    const seen = screen(`member ${k + 1} of ${one.label}`);
    seen.show(one.pictures[k]);
    return el("button", { type: "button", "aria-pressed": String(k === from), "data-value": far, onclick: () => show(k, true) }, seen.node, k === from ? "this one" : shown(far, 3));
  }

  const which = slider({
    label: "class", min: 0, max: classes.length - 1, value: 0, text: (k) => classes[k].label,
    change: (k) => {
      at = k;
      show(0);
    },
  });
  const head = el("tr", {}, ...["class", "spread", ""].map((words) => el(words ? "th" : "td", words ? { scope: "col" } : {}, words)));
  const list = el("div", { class: "list", tabindex: "0", role: "region", "aria-label": "Spread of every class" }, el("table", { class: "layers counts", "aria-label": "Spreads" }, el("thead", {}, head), el("tbody", {}, ...lines)));
  root.append(row("controls", which.node), wall, told.node, list,
    el("p", { class: "hint" }, `Distances are 1 − the cosine between the features of ${data.by}; a class's spread is the mean of them between two of its members. Click a picture to order the others by their distance to it.`));
  show(0);
}
