// @ts-check
/** A command that runs in a process of its own: start it, follow it, stop it, show what it found. */

import { button, el } from "./live/kit.js";
import { ask } from "./api.js";
import { command, failure } from "./parts.js";

const AGAIN = 1000; // ms between two looks
const PROGRESS = /^\S+ \d+\/\d+ /; // any other line that a command ends with is a note about its data
const POST = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };

/**
 * @param {Object} options
 * @param {() => string} options.path of the job, with its options
 * @param {string} options.start the words of the button that starts it @param {string} [options.again] of the one that starts it again
 * @param {string} [options.about] what it would do @param {string} [options.running] what it does
 * @param {(found: any) => (Node | string)[] | Promise<(Node | string)[]>} options.show the answer of a job that is done
 * @returns {{node: HTMLElement, look: () => void}} `look` again where the options are others
 */
export function job({ path, start, again = "Start again", about = "", running = "Running …", show }) {
  const node = el("div", { "aria-live": "polite" });
  let asked = "";

  /** @param {string} [verb] @param {RequestInit} [options] */
  async function look(verb = "", options = {}) {
    const [place, query] = path().split("?");
    const mine = (asked = `${place}${verb}${query ? `?${query}` : ""}`);
    try {
      const found = await ask(mine, options);
      const words = await told(found);
      if (mine !== asked) return;
      node.replaceChildren(...words, command(found.command));
      if (found.state === "running") setTimeout(() => node.isConnected && mine === asked && look(), AGAIN);
    } catch (error) {
      if (mine === asked) node.replaceChildren(failure(error), begin("Try again"));
    }
  }
  const begin = (/** @type {string} */ words) => button(words, () => look("", POST));

  /** @param {any} found @returns {(Node | string)[] | Promise<(Node | string)[]>} */
  function told(found) {
    /** @type {Record<string, () => (Node | string)[] | Promise<(Node | string)[]>>} */
    const states = {
      none: () => [...(about ? [el("p", {}, about)] : []), begin(start)],
      running: () => [el("p", { class: "busy" }, `${running} ${found.said}`), button("Stop", () => look("/stop", POST))],
      stopped: () => [el("p", {}, "Stopped."), begin(again)],
      failed: () => [failure(new Error(found.said)), begin(again)],
      done: () => show(found),
    };
    return states[found.state]();
  }
  return { node, look: () => look() };
}

/** What is shown of a result, with the note about the data that the command may end with. @param {(result: any, found: any) => (Node | string)[]} show */
export function noted(show) {
  return (/** @type {any} */ found) => [...show(found.result, found), ...(PROGRESS.test(found.said) || !found.said ? [] : [el("p", { class: "warning" }, found.said)])];
}
