// @ts-check
/** The figures that live, by the name of their module. */

import { answer } from "../live/answer.js";
import { attack } from "../live/attack.js";
import { augment } from "../live/augment.js";
import { challenges } from "../live/challenges.js";
import { connected } from "../live/connected.js";
import { convolution } from "../live/convolution.js";
import { curves } from "../live/curves.js";
import { descent } from "../live/descent.js";
import { dog } from "../live/dog.js";
import { filters } from "../live/filters.js";
import { ilsvrc } from "../live/ilsvrc.js";
import { maps } from "../live/maps.js";
import { network } from "../live/network.js";
import { nt_xent } from "../live/nt_xent.js";
import { nudged } from "../live/nudged.js";
import { pooling } from "../live/pooling.js";
import { receptive_field } from "../live/receptive_field.js";
import { regression } from "../live/regression.js";
import { sheet } from "../live/sheet.js";
import { softmax } from "../live/softmax.js";
import { sorted_table } from "../live/sorted_table.js";
import { top_k } from "../live/top_k.js";
import { tuning } from "../live/tuning.js";
import { variation } from "../live/variation.js";
import { volume } from "../live/volume.js";
import { blob } from "../api.js";
import { figure } from "../living.js";

/** @type {Record<string, (root: HTMLElement, data: any) => void>} */
const MODULES = {
  answer, attack, augment, challenges, connected, convolution, curves, descent, dog, filters, ilsvrc, maps, network, nt_xent, nudged,
  pooling, receptive_field, regression, sheet, softmax, sorted_table, top_k, tuning, variation, volume,
};
const INLINE = "data:image/png;base64,"; // of a page that is one file; the studio's policy allows blobs

/** @param {HTMLElement} place @param {{module: string, data: any}} found */
export function drawn(place, { module, data }) {
  figure(place, module, shownWith(MODULES[module]), data);
}

/** The module's function, with pictures as the studio's policy allows them; an exported file has them as they came. @param {(root: HTMLElement, data: any) => void} draw */
function shownWith(draw) {
  return (/** @type {HTMLElement} */ root, /** @type {any} */ data) => draw(root, Object.fromEntries(Object.entries(data).map(([name, value]) => [name, addressed(value)])));
}

/** @param {any} value @returns {any} */
function addressed(value) {
  return typeof value === "string" && value.startsWith(INLINE) ? blob(value.slice(INLINE.length)) : value;
}
