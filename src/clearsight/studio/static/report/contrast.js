// @ts-check
/** One picture of a report asked further: why this answer and not the truth, and the way to everything else that is known of a picture. */

import { button, el } from "../live/kit.js";
import { ask } from "../api.js";
import { failure } from "../parts.js";
import { heat } from "../pictures/heat.js";

const METHODS = ["grad-cam", "input-x-gradient", "occlusion"]; // those whose map differs between two classes
const KEEP = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };

/**
 * @param {string} network @param {{id: string, version: string, row: number}} of the picture in its data
 * @param {{answer: [number, string], truth: [number, string]}} said each with its name
 * @returns {Node[]}
 */
export function contrast(network, { id, version, row }, { answer, truth }) {
  /** @type {Promise<string> | null} */
  let kept = null;
  const picture = () => (kept ??= ask(`data/${id}/picture/${row}/keep?v=${version}`, KEEP).then((found) => found.picture));
  const maps = heat(async (method, checks) => ask(`networks/${network}/why/${await picture()}?method=${method}&checks=${checks}&index=${answer[0]}&against=${truth[0]}`));
  const refused = el("div");
  const go = () => picture().then((one) => (location.hash = `#/pictures/${network}/${one}`), (error) => refused.replaceChildren(failure(error)));
  const open = [button("Open in Pictures", go), refused];
  if (answer[0] === truth[0]) return open;
  const title = el("h3", {}, "Why ", el("bdi", {}, answer[1]), " and not ", el("bdi", {}, truth[1]));
  const hint = "Bright places raise the score of the answer above that of the truth. A map that fails its checks is struck through.";
  return [el("section", { class: "contrast" }, title, el("p", { class: "hint" }, hint), maps.buttons(METHODS), maps.node), ...open];
}
