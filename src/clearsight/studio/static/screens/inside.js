// @ts-check
/** Inside: what a network is, layer by layer, and what a unit of each layer sees. */

import { el, thousands } from "../live/kit.js";
import { filters } from "../live/filters.js";
import { network as listed } from "../live/network.js";
import { receptive_field as field } from "../live/receptive_field.js";
import { ask } from "../api.js";
import { figure } from "../living.js";
import { command, noNetwork, section } from "../parts.js";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function inside(root, { studio, network }) {
  root.append(el("h1", {}, "Inside"));
  if (!network) {
    root.append(noNetwork(studio));
    return;
  }
  const layers = ask(`networks/${network}/layers`);
  root.append(
    section("The network", ask(`networks/${network}`), (found, body) => {
      if (!found.trained) body.append(el("p", { class: "warning" }, "Random weights: this network has learnt nothing yet."));
      if (found.exported) body.append(el("p", { class: "warning" }, "An exported file: it answers, and its inside cannot be seen."));
      const size = found.exported ? "" : ` ${thousands(found.parameters)} parameters,`;
      body.append(el("p", {}, `${found.name}:${size} input ${found.input.join("×")}, ${found.classes.length || "unnamed"} classes. ${found.legal.replace(/^\w/, (/** @type {string} */ one) => one.toUpperCase())}`));
    }),
    section("Layer by layer", layers, (found, body) => {
      figure(body, "network", listed, found.network);
      body.append(command(found.command));
    }),
    section("The first filters", ask(`networks/${network}/filters`), (found, body) => {
      figure(body, "filters", filters, found);
      body.append(command(found.command));
    }),
    section("What a unit sees", layers, (found, body) => {
      if (found.field.layers.length) {
        figure(body, "receptive_field", field, found.field);
        body.append(command(found.field_command));
      } else body.append(el("p", {}, "No layer has rows and columns: every number sees the whole picture."));
    }),
  );
}
