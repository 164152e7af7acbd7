// @ts-check
/** Inside: what a network is. */

import { el, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { section } from "../parts.js";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function inside(root, { network }) {
  root.append(el("h1", {}, "Inside"));
  if (!network) {
    root.append(el("p", {}, "There is no network yet."));
    return;
  }
  root.append(
    section("The network", ask(`networks/${network}`), (found, body) => {
      if (!found.trained) body.append(el("p", { class: "warning" }, "Random weights: this network has learnt nothing yet."));
      body.append(el("p", {}, `${found.name}: ${thousands(found.parameters)} parameters, input ${found.input.join("×")}, ${found.classes.length || "unnamed"} classes. ${found.legal}`));
    }),
  );
}
