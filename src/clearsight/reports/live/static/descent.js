// @ts-check
/** The line of descent, from simple cells to ConvNeXt: what each station adds, and what it builds on. */

import { el, player, row, sentence } from "./kit.js";

/** @typedef {{key: string, label: string, year: number, after: string[], idea: string, network: string, source: string}} Station */

/** @param {HTMLElement} root @param {{stations: Station[]}} data in the order of their years */
export function descent(root, data) {
  const { stations } = data;
  const told = sentence();
  const named = new Map(stations.map((one) => [one.key, one.label]));
  const source = el("p", { class: "source" });
  const line = el("ol", { class: "stations" });
  const nodes = stations.map((one, k) => el("li", {}, el("button", { type: "button", onclick: () => to(k) }, el("b", {}, one.label), el("span", {}, String(one.year)))));
  line.append(...nodes);
  const steps = player(stations.length, show, 2500);

  /** @param {number} k */
  function to(k) {
    steps.stop();
    steps.move(k);
  }

  /** @param {number} k */
  function show(k) {
    const one = stations[k];
    const before = new Set(one.after);
    nodes.forEach((node, n) => {
      node.className = n === k ? "best" : before.has(stations[n].key) ? "before" : stations[n].after.includes(one.key) ? "after" : "";
      node.firstElementChild?.setAttribute("aria-pressed", String(n === k));
    });
    const on = one.after.map((key) => named.get(key)).join(" and ");
    told.say(`${one.year}, ${one.label}: ${one.idea}${on ? `; builds on ${on}` : ""}`);
    source.textContent = `Source: ${one.source}.${one.network ? ` It can be trained here: --model ${one.network}` : ""}`;
  }

  root.append(row("controls", steps.node), line, told.node, source, el("p", { class: "hint" }, "Orange is the station itself; what it builds on has a solid frame, what builds on it a dashed one."));
  show(0);
}
