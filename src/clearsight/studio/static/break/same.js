// @ts-check
/** The command that does the same; of a network that is not trained, which commands do not attack, a line about that. */

import { el } from "../live/kit.js";
import { command } from "../parts.js";

/** @param {{trained: boolean, command: string}} found @param {string} [options] @returns {HTMLElement} */
export function same({ trained, command: words }, options = "") {
  return trained ? command(words + options) : el("p", { class: "hint" }, "On the command line this takes a trained network.");
}
