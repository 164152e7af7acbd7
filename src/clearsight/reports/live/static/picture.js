// @ts-check
/** A picture in base64 on a canvas, in a page that is one file as well as in the studio: no address is loaded. */

import { bytes, el } from "./kit.js";

/** @param {string} label @param {string} [kind] @returns {{node: any, show: (text: string) => Promise<void>}} the newest that was asked for is shown */
export function screen(label, kind = "coarse") {
  const node = el("canvas", { class: kind, role: "img", "aria-label": label });
  let newest = "";
  const show = async (/** @type {string} */ text) => {
    newest = text;
    const bitmap = await createImageBitmap(new Blob([bytes(text)], { type: "image/png" }));
    if (newest !== text) return;
    [node.width, node.height] = [bitmap.width, bitmap.height];
    node.getContext("2d").drawImage(bitmap, 0, 0);
  };
  return { node, show };
}
