// @ts-check
/** Neighbours: the pictures of a data set that are nearest to the picture in the network's feature space, and how unusual it is there. */

import { el, row as line, shown, thousands } from "../live/kit.js";
import { ask, untilReady } from "../api.js";
import { cell, command, failure, picked, unpacked } from "../parts.js";

const SIDE = 88; // px of a picture

/** @param {import("../app.js").Context} context @param {Promise<any>} after the sections above it @returns {HTMLElement} */
export function neighbours({ network, picture, studio, state, keep }, after) {
  const body = el("div", {}, el("p", { class: "busy", role: "status" }, "Computing …"));
  const chooser = el("div", { class: "choosers" });
  const node = el("section", { class: "neighbours" }, el("h2", {}, "Neighbours"), chooser, body);
  let turn = 0;

  /** @param {string} data @param {string} part */
  async function show(data, part) {
    const mine = (turn += 1);
    const here = () => mine === turn && node.isConnected;
    try {
      const found = await untilReady(() => ask(`neighbours/${network}/${picture}/${data}?${new URLSearchParams({ part })}`), here, (place) => {
        body.replaceChildren(el("p", { class: "busy", role: "status" }, `Looking at the pictures once: ${thousands(place.done)} of ${thousands(place.total)} …`));
      });
      if (!found) return;
      const drawn = await near(found);
      if (!here()) return;
      body.replaceChildren(...drawn);
      parts(found, data);
    } catch (error) {
      if (here()) body.replaceChildren(failure(error));
    }
  }

  /** @param {any} found @param {string} data */
  function parts(found, data) {
    chooser.querySelector(".part")?.remove();
    if (found.parts.length < 2) return;
    const choose = (/** @type {string} */ part) => {
      keep({ among: data, part });
      show(data, part);
    };
    chooser.append(el("span", { class: "part" }, picked("Part", found.parts.map((/** @type {string} */ one) => [one, one]), found.part, choose)));
  }

  /** @param {any} about the network */
  function sets(about) {
    const own = about.data ? [[about.data.id, `${about.data.name}, which it was trained on`]] : [];
    const every = [...own, ...studio.data.filter((/** @type {any} */ one) => one.id !== about.data?.id).map((/** @type {any} */ one) => [one.id, one.name])];
    if (every.length === 0) {
      body.replaceChildren(el("p", {}, "There are no pictures to compare with. Start the studio with some: ", el("code", {}, "clearsight studio photos"), "."));
      return;
    }
    const first = every.find(([id]) => id === state.get("among"))?.[0] ?? every[0][0];
    const choose = (/** @type {string} */ data) => {
      keep({ among: data, part: null });
      show(data, "");
    };
    if (every.length > 1) chooser.append(picked("Among the pictures of", every, first, choose));
    show(first, state.get("among") === first ? (state.get("part") ?? "") : "");
  }

  after.catch(() => {}).then(() => ask(`networks/${network}`)).then(sets, (error) => body.replaceChildren(failure(error)));
  return node;
}

/** @param {any} found @returns {Promise<HTMLElement[]>} */
async function near(found) {
  const sheet = await unpacked(found.sheet);
  const figures = found.near.map((/** @type {any} */ one, /** @type {number} */ k) => el("li", {}, cell(sheet, k, SIDE), el("bdi", { class: "label" }, one.label),
    el("span", { class: "cosine", "data-value": one.cosine }, `cosine ${one.cosine.toFixed(4)}`), el("bdi", { class: "name", title: one.name }, one.name)));
  const some = found.total < found.pictures ? `${thousands(found.total)} of the ${thousands(found.pictures)} pictures` : `the ${thousands(found.pictures)} pictures`;
  const part = found.parts.length > 1 ? ` of ${found.part}` : "";
  const lost = found.unreadable ? `; ${thousands(found.unreadable)} of them cannot be read` : "";
  const alike = agreement(found.near);
  return [
    el("p", {}, `Nearest by the features before the last layer, among ${some}${part}${lost}. ${alike}`),
    el("ol", { class: "near", "aria-label": "The nearest pictures" }, ...figures), command(found.command), ...unusual(found),
  ];
}

/** @param {any[]} near */
function agreement(near) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  near.forEach((one) => counts.set(one.label, (counts.get(one.label) ?? 0) + 1));
  const [label, n] = [...counts].sort((a, b) => b[1] - a[1])[0];
  return `${n} of these ${near.length} are labelled ${label}.`;
}

/** How unlike the training pictures it is. @param {any} found @returns {HTMLElement[]} */
function unusual(found) {
  const { novelty } = found;
  if (!novelty) return [el("p", { class: "hint" }, "This network keeps no vectors of its training pictures, so it cannot say how unlike them this picture is.")];
  const words = [`Novelty ${shown(novelty.value, 3)}: how unlike the training pictures it is.`];
  if (novelty.n) {
    const of = `${thousands(novelty.higher)} of ${thousands(novelty.n)} held-out pictures of the known classes were at least as unlike`;
    words.push(`${of} (${shown(100 * novelty.higher / novelty.n, 3)} %; 95 % interval ${shown(100 * novelty.low, 3)} to ${shown(100 * novelty.high, 3)} %).`);
  }
  return [line("novelty", el("p", { "data-value": novelty.value }, words.join(" "))), command(found.novelty_command)];
}
