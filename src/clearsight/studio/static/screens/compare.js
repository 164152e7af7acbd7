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
    const [a, b] = newest(runs);
    const chosen = { a: state.get("a") ?? a?.id ?? "", b: state.get("b") ?? b?.id ?? "", of: state.get("of") ?? "" };
    if (runs.length < 2) return body.append(el("p", {}, "Two runs are needed, and there are fewer below ./runs: ", el("code", {}, "clearsight train photos"), "."));
    const fill = () => body.replaceChildren(comparison(chosen, choose("of")));
    const choose = (/** @type {"a" | "b" | "of"} */ what) => (/** @type {string} */ id) => {
      Object.assign(chosen, what === "of" ? {} : { of: "" }, { [what]: id });
      keep({ ...chosen, of: chosen.of || null });
      fill();
    };
    title.after(row("controls", chooser("A", runs, chosen.a, choose("a")), chooser("B", runs, chosen.b, choose("b"))));
    fill();
  } catch (error) {
    body.replaceChildren(failure(error));
  }
}

/** The two newest runs that were judged on the same part of the same data, the older one first; else the two newest. @param {any[]} runs the newest first */
function newest(runs) {
  const judged = runs.filter((one) => one.top1);
  for (const b of judged) {
    const a = judged.find((one) => one !== b && one.data === b.data && one.part === b.part && one.n === b.n);
    if (a) return [a, b];
  }
  return [runs[1], runs[0]];
}
