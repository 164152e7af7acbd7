// @ts-check
/** The rail of screens: a column beside a wide page; on a narrow one a button with the present screen's name, which opens the list. */

import { el } from "./live/kit.js";

/** Headings, and the screens below them. @type {[string, string[]][]} */
const GROUPS = [
  ["", [""]],
  ["A picture", ["pictures", "inside", "break"]],
  ["Your data", ["data", "labels", "camera"]],
  ["Training", ["train", "runs", "report", "compare"]],
  ["To learn", ["networks", "lecture"]],
];

/** @param {Record<string, {title: string}>} screens @returns {(current: string, address: (screen: string) => string) => void} shows where one is, and closes the list */
export function rail(screens) {
  const [nav, menu, list] = ["#rail", "#menu", "#screens"].map((one) => /** @type {HTMLElement} */ (document.querySelector(one)));
  const known = GROUPS.flatMap(([, every]) => every);
  const others = Object.keys(screens).filter((name) => !known.includes(name));

  /** @param {boolean} open */
  function turn(open) {
    menu.setAttribute("aria-expanded", String(open));
    nav.classList.toggle("open", open);
  }

  menu.addEventListener("click", () => turn(!nav.classList.contains("open")));
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !nav.classList.contains("open")) return;
    turn(false);
    menu.focus();
    event.stopPropagation(); // it closes one thing at a time
  });
  nav.addEventListener("focusout", (event) => {
    const next = /** @type {Node | null} */ (event.relatedTarget);
    if (next && !nav.contains(next)) turn(false);
  });
  document.addEventListener("pointerdown", (event) => nav.contains(/** @type {Node} */ (event.target)) || turn(false));

  return (current, address) => {
    turn(false);
    menu.textContent = screens[current].title;
    const link = (/** @type {string} */ name) =>
      el("li", {}, el("a", { href: address(name), "aria-current": name === current ? "page" : null, onclick: () => turn(false) }, screens[name].title));
    const group = (/** @type {[string, string[]]} */ [heading, names], /** @type {number} */ k) => [
      ...(heading ? [el("p", { id: `group-${k}` }, heading)] : []),
      el("ul", { "aria-labelledby": heading ? `group-${k}` : null }, ...names.map(link)),
    ];
    const groups = others.length ? [...GROUPS, /** @type {[string, string[]]} */ (["More", others])] : GROUPS;
    list.replaceChildren(...groups.flatMap(group));
  };
}
