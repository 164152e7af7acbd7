// @ts-check
/** Inside: what a network is, layer by layer, and what a unit of each layer sees. */

import { choice, el, row, shown, thousands } from "../live/kit.js";
import { network as listed } from "../live/network.js";
import { receptive_field as field } from "../live/receptive_field.js";
import { ask } from "../api.js";
import { filter } from "../filters.js";
import { figure } from "../living.js";
import { command, section } from "../parts.js";

/** @type {Record<string, (one: any) => number>} in what order filters are shown */
const ORDERS = { "as in the network": (one) => one.channel, "by orientation": (one) => one.orientation, "by frequency": (one) => one.frequency, "by size": (one) => -one.norm };

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function inside(root, { network }) {
  root.append(el("h1", {}, "Inside"));
  if (!network) {
    root.append(el("p", {}, "There is no network yet."));
    return;
  }
  const layers = ask(`networks/${network}/layers`);
  root.append(
    section("The network", ask(`networks/${network}`), (found, body) => {
      if (!found.trained) body.append(el("p", { class: "warning" }, "Random weights: this network has learnt nothing yet."));
      if (found.exported) body.append(el("p", { class: "warning" }, "An exported file: it answers, and its inside cannot be seen."));
      const size = found.exported ? "" : ` ${thousands(found.parameters)} parameters,`;
      body.append(el("p", {}, `${found.name}:${size} input ${found.input.join("×")}, ${found.classes.length || "unnamed"} classes. ${found.legal}`));
    }),
    section("Layer by layer", layers, (found, body) => {
      figure(body, "network", listed, found.network);
      body.append(command(found.command));
    }),
    section("The first filters", ask(`networks/${network}/filters`), (found, body) => {
      walled(body, found);
      body.append(command(found.command));
    }),
    section("What a unit sees", layers, (found, body) => {
      if (found.field.layers.length) figure(body, "receptive_field", field, found.field);
      else body.append(el("p", {}, "No layer has rows and columns: every number sees the whole picture."));
    }),
  );
}

/** The filters of the first convolution as pictures: in colour where they have three input channels, else their mean over the channels. @param {HTMLElement} body @param {any} found */
function walled(body, found) {
  const [, inputs, rows, columns] = found.shape;
  const values = new Float32Array(Uint8Array.from(atob(found.values), (letter) => letter.charCodeAt(0)).buffer);
  const tiles = found.rows.map((/** @type {any} */ one, /** @type {number} */ n) => {
    const canvas = filter(values, found.shape, n, `filter ${one.channel}`);
    const words = one.dead ? "dead" : `${shown(one.orientation, 3)}°, ${shown(one.frequency, 2)} / px`;
    return { one, node: el("figure", {}, canvas, el("figcaption", {}, `${one.channel}: ${words}`)) };
  });
  const wall = el("div", { class: "wall" });
  const sort = (/** @type {string} */ name) => {
    const by = ORDERS[name];
    wall.replaceChildren(...[...tiles].sort((a, b) => by(a.one) - by(b.one)).map((tile) => tile.node));
  };
  const more = found.count > tiles.length ? `, of which ${tiles.length} are shown` : "";
  body.append(el("p", {}, `${found.layer}: ${found.count} filters of ${rows}×${columns} px and ${inputs} input channels${more}. Grey, or white, is zero; below each are the orientation of the strongest wave in it, 0° for vertical stripes, and its frequency in cycles a pixel.`),
    row("controls", choice("Order", Object.keys(ORDERS), sort)), wall);
  sort("as in the network");
}
