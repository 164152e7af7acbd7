// @ts-check
/** The list of slides, or of exercises, with the keys that go through it. */

import { button, el } from "../live/kit.js";

/** The keys of the list that is shown; those of one before it are taken away. @type {(event: KeyboardEvent) => void} */
let listening = () => {};

/**
 * The list at the left of slides or exercises; the keys n and p go to the next and the one before.
 * @param {{id: string, title: string, href: string, more?: Node[]}[]} rows @param {string} chosen @param {string} label @param {HTMLElement} root where the keys hold
 */
export function index(rows, chosen, label, root) {
  const links = rows.map((one) => el("a", { href: one.href, "aria-current": one.id === chosen ? "true" : null }, one.title, ...(one.more ?? [])));
  const past = button("Past the list", () => list.nextElementSibling?.focus(), { class: "skip" }); // a link would be another address
  const list = el("nav", { class: "index", "aria-label": label }, past, el("ol", {}, ...links.map((one) => el("li", {}, one))));
  const at = rows.findIndex((one) => one.id === chosen);
  const listen = (/** @type {KeyboardEvent} */ event) => {
    if (!root.isConnected) return removeEventListener("keydown", listen);
    const step = { n: 1, p: -1 }[event.key];
    const target = /** @type {HTMLElement} */ (event.target);
    if (!step || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.matches("input, select, textarea, dialog *")) return;
    const next = rows[at + step];
    if (next) location.hash = next.href;
  };
  removeEventListener("keydown", listening);
  addEventListener("keydown", (listening = listen));
  requestAnimationFrame(() => { // the chosen one is seen, and the page does not move
    const own = links[at];
    if (own) list.scrollTop = own.offsetTop - list.clientHeight / 2;
  });
  return list;
}
