// @ts-check
/** What the screens share: a picture, the command that does the same, an error, a place where something comes. */

import { button, bytes, el } from "./live/kit.js";
import { ask, blob, Refusal } from "./api.js";

/** @param {string} text the picture in base64 @param {string} alt @param {boolean} [tiny] each pixel as a square */
export function image(text, alt, tiny = false) {
  const address = blob(text);
  return el("img", { src: address, alt, class: tiny ? "tiny" : null, onload: () => URL.revokeObjectURL(address) });
}

/** The command that does the same, and a button that copies it. @param {string} words @param {string} [label] what stands before it */
export function command(words, label = "The same on the command line: ") {
  const copy = button("Copy", async () => {
    await navigator.clipboard.writeText(words);
    copy.textContent = "Copied";
  });
  return el("p", { class: "command" }, label, el("code", {}, words), copy);
}

/** Letters between ` are code. @param {string} text @returns {(Node | string)[]} */
export function marked(text) {
  return text.split("`").map((part, k) => (k % 2 ? el("code", {}, part) : part));
}

/** @param {unknown} error @returns {HTMLElement} one line */
export function failure(error) {
  return el("p", { class: "error", role: "alert" }, error instanceof Error ? error.message : String(error));
}

/**
 * A section that is filled when its answer is there, or says why there is none.
 * @param {string} title @param {Promise<any>} coming @param {(found: any, body: HTMLElement) => void} fill @returns {HTMLElement}
 */
export function section(title, coming, fill) {
  const body = el("div", {}, el("p", { class: "busy", role: "status" }, "Computing …"));
  coming.then(
    (found) => {
      body.replaceChildren();
      fill(found, body);
    },
    (error) => {
      if (!(error instanceof Refusal && error.superseded)) body.replaceChildren(failure(error));
    },
  );
  return el("section", {}, el("h2", {}, title), body);
}

/** What stands where a network is needed and there is none. @param {any} studio */
export function noNetwork(studio) {
  return el("p", {}, "There is no network yet. ", el("a", { href: `#/train?data=${studio.demo.id}` }, "Train one on the digits"), " while you watch, or start the studio with one: ", el("code", {}, "clearsight studio MODEL"), ".");
}

/** Open the data set of the page and show it; without one, say how to start with one. @param {HTMLElement} root @param {import("./app.js").Context} context @param {(found: any) => void} show */
export async function withData(root, context, show) {
  if (!context.data) {
    root.append(el("p", {}, "There is no data set yet. Start the studio with one: ", el("code", {}, "clearsight studio photos"), "."));
    return;
  }
  const busy = el("p", { class: "busy", role: "status" }, "Opening the data …");
  root.append(busy);
  try {
    const found = await ask(`data/${context.data}`);
    busy.remove();
    if (root.isConnected) show(found);
  } catch (error) {
    busy.replaceWith(failure(error));
  }
}

/** A choice in a list. @param {string} label @param {[string, string][]} every value and words @param {string} chosen @param {(value: string) => void} choose */
export function picked(label, every, chosen, choose) {
  const select = el("select", { onchange: () => choose(select.value) }, ...every.map(([value, words]) => el("option", { value, selected: value === chosen }, words)));
  return el("label", { class: "which" }, label, " ", select);
}

/** A sheet of small pictures, ready to be drawn from. @param {any} sheet as the studio sends it @returns {Promise<any>} */
export async function unpacked(sheet) {
  return { ...sheet, bitmap: await createImageBitmap(new Blob([bytes(sheet.image)])) };
}

/** One picture of a sheet. @param {any} sheet @param {number} k @param {number} side px */
export function cell(sheet, k, side) {
  const canvas = el("canvas", { width: side, height: side, role: "img", "aria-label": sheet.names[k] });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = sheet.side >= side;
  const [[left, top, width, height], scale] = [sheet.boxes[k], side / sheet.side];
  const [x, y] = [(k % sheet.columns) * sheet.side, Math.floor(k / sheet.columns) * sheet.side];
  pen.drawImage(sheet.bitmap, x + left, y + top, width, height, left * scale, top * scale, width * scale, height * scale);
  return canvas;
}
