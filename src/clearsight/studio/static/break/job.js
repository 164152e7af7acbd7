// @ts-check
/** A command that runs in a process of its own: start it, follow it, stop it, show what it found. */

import { button, el } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";

const AGAIN = 1000; // ms between two looks
const PROGRESS = /^\S+ \d+\/\d+ /; // any other line that a command ends with is a note about its data

/**
 * @param {() => string} path of the job, with its options @param {string} start the words of the button @param {(result: any, told: any) => (Node | string)[]} show
 * @returns {{node: HTMLElement, look: () => void}} `look` again where the options are others
 */
export function job(path, start, show) {
  const node = el("div", { "aria-live": "polite" });
  let asked = "";

  /** @param {string} [verb] @param {RequestInit} [options] */
  async function look(verb = "", options = {}) {
    const [place, query = ""] = path().split("?");
    const mine = (asked = `${place}${verb}?${query}`);
    try {
      const found = await ask(mine, options);
      if (mine === asked) told(found);
    } catch (error) {
      if (mine === asked) node.replaceChildren(failure(error), begin("Try again"));
    }
  }
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
  const begin = (/** @type {string} */ words) => button(words, () => look("", post));

  /** @param {any} found */
  function told(found) {
    /** @type {Record<string, () => (Node | string)[]>} */
    const states = {
      none: () => [begin(start)],
      running: () => [el("p", { class: "busy" }, `Running … ${found.said}`), button("Stop", () => look("/stop", post))],
      stopped: () => [el("p", {}, "Stopped."), begin("Start again")],
      failed: () => [failure(new Error(found.said)), begin("Start again")],
      done: () => [...show(found.result, found), ...(PROGRESS.test(found.said) || !found.said ? [] : [el("p", { class: "warning" }, found.said)])],
    };
    node.replaceChildren(...states[found.state](), command(found.command));
    if (found.state === "running") {
      const mine = asked;
      setTimeout(() => node.isConnected && mine === asked && look(), AGAIN);
    }
  }
  return { node, look: () => look() };
}
