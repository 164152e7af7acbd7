// @ts-check
/** Break: what changes the answer. One picture attacked and corrupted, a whole set as a job. */

import { choice, el } from "../live/kit.js";
import { attack } from "../break/attack.js";
import { stress } from "../break/stress.js";
import { whole } from "../break/whole.js";
import { noNetwork } from "../parts.js";
import { drop } from "./start.js";

/** @typedef {import("../app.js").Context} Context */
/** @type {Record<string, (root: HTMLElement, context: Context) => void>} */
const VIEWS = { "Attack one picture": attack, "Stress one picture": stress, "The whole set": whole };
const NAMES = ["attack", "stress", "whole"];

/** @param {HTMLElement} root @param {Context} context */
export function breaking(root, context) {
  const { studio, network, picture, state, keep, go } = context;
  root.append(el("h1", {}, "Break"));
  if (!network) {
    root.append(noNetwork(studio));
    return;
  }
  const titles = Object.keys(VIEWS);
  const body = el("div");
  const show = (/** @type {string} */ title) => {
    const name = NAMES[titles.indexOf(title)];
    keep({ view: name === NAMES[0] ? null : name });
    body.replaceChildren();
    if (name !== "whole" && !picture) body.append(drop((id) => go("break", id)));
    else VIEWS[title](body, context);
  };
  const first = titles[Math.max(0, NAMES.indexOf(state.get("view") ?? ""))];
  root.append(choice("What is tried", titles, show, first), body);
  show(first);
}
