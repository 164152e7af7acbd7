// @ts-check
/** The present screen as one HTML file: its words, numbers, pictures and colours are inside, and its figures live; it loads nothing. */

import { el } from "./live/kit.js";
import { digest } from "./kept.js";
import { figures, script } from "./living.js";

const DEAD = ".drop, .controls, .titled nav, .teacher, .command button, dialog, .busy, input[type=file]"; // what does nothing without the studio
const SAYING = "th *, td *, li *, .member, .living *"; // buttons whose words are an answer

const CANVAS = /\bcanvas\b(?=[^{}]*\{)/g; // in a selector: an exported one is an image

/** @param {HTMLElement} root @param {string} title @returns {Promise<string>} the text of the file */
export async function exported(root, title) {
  const page = document.implementation.createHTMLDocument(title); // a document that loads nothing
  const copy = page.importNode(root, true);
  const [pictures, copies] = [root, copy].map((one) => [...one.querySelectorAll("canvas, img")]);
  copies.forEach((one, k) => one.replaceWith(still(page, /** @type {any} */ (pictures[k]))));
  const [fields, shown] = [root, copy].map((one) => [...one.querySelectorAll("input:not([type=file]), select, textarea")]);
  shown.forEach((one, k) => one.replaceWith(page.createTextNode(written(/** @type {any} */ (fields[k])))));
  copy.querySelectorAll(DEAD).forEach((one) => one.remove());
  copy.querySelectorAll("section").forEach((one) => (one.textContent ?? "").trim() === one.querySelector("h2")?.textContent && !one.querySelector("img, svg, table") && one.remove());
  copy.querySelectorAll("button").forEach((one) => one.matches(SAYING) || one.remove());
  copy.querySelectorAll("button, a").forEach((one) => {
    const words = page.createElement("span");
    words.append(...one.childNodes);
    one.replaceWith(words);
  });
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText.replace(CANVAS, ":is(canvas, img.drawn)"));
  copy.querySelectorAll("[style]").forEach((one, k) => { // the policy of the file knows one style by its hash
    rules.push(`.s${k}.s${k}.s${k} { ${one.getAttribute("style")} }`);
    one.removeAttribute("style");
    one.classList.add(`s${k}`);
  });
  const style = rules.join("\n").replaceAll("</", "<\\/");
  const found = figures(root);
  const drawing = found.length ? await script(found) : "";
  const policy = `default-src 'none'; script-src 'sha256-${await digest(drawing)}'; style-src 'sha256-${await digest(style)}'; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'`;
  const body = new XMLSerializer().serializeToString(copy) + (found.length ? living(found, drawing) : "");
  const name = escaped(title);
  return `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">\n`
    + `<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n<title>${name}</title>\n<style>${style}</style>\n</head>\n`
    + `<body>\n${body}\n<footer class="bottom"><span>${name}. This page is one file and loads nothing.</span></footer>\n</body>\n</html>\n`;
}

/** The numbers of figures, and the script that draws them again. @param {import("./living.js").Drawn[]} found @param {string} drawing */
function living(found, drawing) {
  const data = JSON.stringify(found).replaceAll("<", "\\u003c");
  return `\n<script type="application/json" id="figures">${data}</script>\n<script type="module">${drawing}</script>`;
}

/** A picture or a canvas as it is now, as an image inside the file. @param {Document} page @param {any} one */
function still(page, one) {
  const canvas = one.tagName === "CANVAS" ? one : el("canvas", { width: one.naturalWidth, height: one.naturalHeight });
  if (canvas !== one && one.naturalWidth) canvas.getContext("2d").drawImage(one, 0, 0);
  const image = page.createElement("img");
  image.setAttribute("src", canvas.toDataURL());
  image.setAttribute("alt", one.getAttribute("alt") ?? (one.getAttribute("aria-label") ?? "").replace(/: the arrow keys.*/, ""));
  image.setAttribute("class", `${one.getAttribute("class") ?? ""} ${one.tagName === "CANVAS" ? "drawn" : ""}`.trim());
  return image;
}

/** What a field says. @param {any} field */
function written(field) {
  if (field.tagName === "SELECT") return field.selectedOptions[0]?.textContent ?? "";
  return field.type === "checkbox" ? (field.checked ? "☑" : "☐") : field.value;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Let the browser save a text as a file. @param {string} name @param {string} text */
export function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/html" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
