// @ts-check
/** The map of a method over a picture, at first as it is, then with its checks: one that fails is struck through. */

import { button, bytes, el, row } from "../live/kit.js";
import { heated, range } from "../live/cursor.js";
import { Refusal } from "../api.js";
import { command, failure, image } from "../parts.js";

/** A place for maps. @param {(method: string, checks: boolean) => Promise<any>} question an answer of /api/networks/ID/why */
export function heat(question) {
  const node = el("div");
  let newest = 0;
  const show = async (/** @type {string} */ method) => {
    const mine = ++newest;
    node.replaceChildren(el("p", { class: "busy", role: "status" }, "Computing …"));
    try {
      for (const checks of [false, true]) {
        const found = await question(method, checks);
        if (mine !== newest) return;
        node.replaceChildren(explained(found), command(found.command));
      }
    } catch (error) {
      if (mine === newest && !(error instanceof Refusal && error.superseded)) node.replaceChildren(failure(error));
    }
  };
  return { node, show, buttons: (/** @type {string[]} */ methods) => row("controls", ...methods.map((name) => button(name, () => show(name)))) };
}

/** @param {any} found */
function explained(found) {
  const [rows, columns] = found.shape;
  const canvas = el("canvas", { width: columns, height: rows, "aria-hidden": "true" });
  const values = new Float32Array(bytes(found.heat).buffer);
  canvas.getContext("2d").putImageData(heated(values, rows, columns, ...range(values)), 0, 0);
  const checks = found.checks.map((/** @type {any} */ one) => el("li", {}, `${one.ok ? "✓" : "✗"} ${one.check}`));
  const name = el("p", { class: found.misleading ? "label struck" : "label" }, `${found.method}: ${found.class}${found.against ? `, not ${found.against}` : ""}`);
  const tested = found.misleading ? "This map fails a check: do not believe it." : "This map passes its checks.";
  const verdict = found.checked ? tested : "Not tested yet: the checks are running …";
  return row("answered", el("div", { class: "heat" }, image(found.image, "The picture as the network sees it", true), canvas),
    el("div", { class: "said" }, name, el("p", {}, found.says), el("p", { class: "verdict" }, verdict), el("ul", {}, ...checks)));
}
