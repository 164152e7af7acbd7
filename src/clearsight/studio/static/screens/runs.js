// @ts-check
/** Runs: every training below ./runs as a row; several side by side as curves, with the settings that differ. It follows what is there. */

import { el } from "../live/kit.js";
import { ask, whileSeen } from "../api.js";
import { failure } from "../parts.js";
import { List } from "../runs/list.js";

const PAUSE = 3000; // ms between two questions, which are whether the list is another by now

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function runs(root, context) {
  const [title, lost] = [el("h1", {}, "Runs"), el("div")];
  const none = el("p", {}, "No run yet. ", el("a", { href: "#/train" }, "Train"), " one, or start the studio where the folder ", el("code", {}, "runs"), " is.");
  let version = "";
  /** @type {List | undefined} */
  let list;

  async function question() {
    try {
      const found = await ask(`runs?version=${version}`);
      if (!title.isConnected) return;
      lost.replaceChildren();
      if (found.runs) shown(found.runs);
      version = found.version;
    } catch (error) {
      if (!lost.hasChildNodes()) lost.append(failure(error)); // it is said once
    }
  }

  /** @param {any[]} found */
  function shown(found) {
    if (list) list.update(found);
    else if (!found.length) root.append(none);
    else {
      none.remove();
      list = new List(context, found);
      root.append(...list.nodes);
    }
  }

  root.append(title, lost);
  whileSeen(title, question, () => PAUSE);
}
