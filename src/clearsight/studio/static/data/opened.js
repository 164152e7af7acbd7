// @ts-check
/** One picture, large, with everything that is known of it. */

import { button, el, row as line } from "../live/kit.js";
import { ask } from "../api.js";
import { failure, image } from "../parts.js";

const [FACTS, TINY] = [["label", "part", "size", "mode", "format", "group", "digest"], 64];

/**
 * A window over the page that shows pictures of the choice, one at a time.
 * @param {string} id of the data set @param {import("./model.js").Model} model @param {(row: number | null) => void} told which is open
 * @param {(row: number) => Node[]} [more] what is below it
 */
export function opened(id, model, told, more = () => []) {
  const body = el("div", { "aria-live": "polite" });
  const by = (/** @type {number} */ steps) => () => {
    const place = model.rows.indexOf(at) + steps;
    if (place >= 0 && place < model.rows.length) open(model.rows[place]);
  };
  const keys = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowLeft") by(-1)();
    if (event.key === "ArrowRight") by(1)();
  };
  const closed = () => {
    at = -1;
    told(null);
  };
  const node = el("dialog", { class: "opened", "aria-label": "One picture", onkeydown: keys, onclose: closed }, body,
    line("controls", button("Back", by(-1)), button("Next", by(1)), button("Close", () => node.close())));
  let at = -1;

  async function open(/** @type {number} */ row) {
    at = row;
    told(row);
    if (!node.open) node.showModal();
    try {
      const found = await ask(`data/${id}/picture/${row}?v=${model.found.version}`);
      if (row === at) body.replaceChildren(large(found), ...(found.error ? [] : more(row)));
    } catch (error) {
      if (row === at) body.replaceChildren(failure(error));
    }
  }
  return { node, open };
}

/** @param {any} found */
function large(found) {
  const facts = FACTS.filter((name) => found[name] !== undefined).flatMap((name) => {
    const value = name === "size" ? `${found.size.join("×")} pixels` : found[name];
    return [el("dt", {}, name), el("dd", {}, el("bdi", {}, value))];
  });
  const shown = found.error ? failure(new Error(`This picture cannot be read: ${found.error}.`)) : image(found.image, `${found.name}, ${found.label}`, Math.max(...found.size) <= TINY);
  return el("div", { class: "answered" }, shown, el("div", { class: "said" }, el("h2", {}, el("bdi", {}, found.name)), el("dl", { class: "facts" }, ...facts)));
}
