// @ts-check
/** Compare: is B better than A, or is it noise; and which pictures decide. */

import { el, row } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";
import { comparison } from "../report/compare.js";
import { chooser } from "../report/runs.js";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function compare(root, { state, keep }) {
  const title = el("h1", {}, "Is B better than A?");
  const body = el("div");
  root.append(title, body);
  try {
    const { runs } = await ask("runs");
    if (!body.isConnected) return;
    const chosen = { a: state.get("a") ?? runs[1]?.id ?? "", b: state.get("b") ?? runs[0]?.id ?? "" };
    if (runs.length < 2) return body.append(el("p", {}, "Two runs are needed, and there are fewer below ./runs: ", el("code", {}, "clearsight train photos"), "."));
    const fill = () => body.replaceChildren(comparison(chosen.a, chosen.b));
    const choose = (/** @type {"a" | "b"} */ side) => (/** @type {string} */ id) => {
      chosen[side] = id;
      keep(chosen);
      fill();
    };
    title.after(row("controls", chooser("A", runs, chosen.a, choose("a")), chooser("B", runs, chosen.b, choose("b"))));
    fill();
  } catch (error) {
    body.replaceChildren(failure(error));
  }
}
