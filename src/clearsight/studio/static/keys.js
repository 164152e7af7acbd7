// @ts-check
/** Keys of the whole studio, and the list of them. */

import { button, el } from "./live/kit.js";

const WRITING = "input, select, textarea, [contenteditable], dialog[open] *"; // where a letter is a letter
const MILLISECONDS = 1500; // between g and the letter of a screen

/** What the pages have in common. @type {[string, string][]} */
const COMMON = [
  ["Arrow keys", "a place of a map, a cell of a table"],
  ["Enter", "take the number there apart; one level down"],
  ["Esc", "one level up"],
  ["Tab", "the next control"],
];

/** @param {{title: string, letter?: string}} screen */
const letter = (screen) => screen.letter ?? screen.title[0].toLowerCase();

/**
 * @param {Record<string, {title: string, letter?: string, keys?: [string, string][]}>} screens @param {(screen: string) => void} go
 * @param {() => string} current the name of the present screen @param {() => void} save export it @param {() => void} find open the palette
 * @returns {() => void} shows the list
 */
export function keys(screens, go, current, save, find) {
  const list = el("dl");
  const dialog = el("dialog", { "aria-labelledby": "keys-title" }, el("h2", { id: "keys-title" }, "Keys"), list, button("Close", () => dialog.close()));
  document.body.append(dialog);
  let going = 0;
  const show = () => {
    const places = Object.values(screens).map((one) => /** @type {[string, string]} */ ([`g ${letter(one)}`, one.title]));
    const rows = [...(screens[current()].keys ?? []), ...COMMON, ...places, ["/", "find a screen, network, data set or run by its name"], ["e", "export this screen as one HTML file"], ["?", "this list"]];
    list.replaceChildren(...rows.flatMap(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)]));
    dialog.showModal();
  };
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target.matches?.(WRITING)) return;
    if (event.timeStamp - going < MILLISECONDS && going) {
      const name = Object.keys(screens).find((one) => letter(screens[one]) === event.key);
      going = 0;
      if (name !== undefined) {
        event.preventDefault();
        return go(name);
      }
    }
    if (event.key === "?") show();
    else if (event.key === "e") save();
    else if (event.key === "/") {
      event.preventDefault(); // the letter would be typed into it
      find();
    }
    else if (event.key === "g") going = event.timeStamp;
  });
  return show;
}
