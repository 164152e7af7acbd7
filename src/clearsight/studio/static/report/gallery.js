// @ts-check
/** Pictures of a run's answers as cards with a few words each: from its data where they can be opened, else by their names. */

import { button, el, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { Sheets } from "../data/sheets.js";
import { numbers } from "../data/model.js";
import { opened } from "../data/opened.js";

const [SIDE, STEP] = [96, 24]; // px of a card’s picture; cards that are added at a time

/** @typedef {{row: number, name: string, words: (string | Node)[]}} Card `row` is that of the run's answers */

export class Gallery {
  /**
   * @param {string} run @param {string} [of] the id of its answers
   * @param {(card: number, picture: {id: string, version: string, row: number}) => Node[]} [more] what is shown below a large picture
   */
  constructor(run, of = "", more = () => []) {
    this.more = more;
    this.note = el("p", { class: "hint", role: "status" });
    this.large = el("div");
    this.node = el("div", {}, this.note, this.large);
    /** @type {{sheets: Sheets, rows: Int32Array, model: any, open: (row: number) => void} | null} */
    this.data = null;
    this.coming = this.load(run, of);
  }

  /** @param {string} run @param {string} of */
  async load(run, of) {
    const found = await ask(`runs/${run}/pictures${of ? `?of=${of}` : ""}`).catch((error) => ({ missing: error.message }));
    if (found.missing) {
      this.note.textContent = found.missing;
      return;
    }
    const model = { found: { version: found.version }, names: new Map(), rows: [] };
    const rows = numbers(found.rows, Int32Array);
    const more = (/** @type {number} */ row) => this.more(rows.indexOf(row), { id: found.data, version: found.version, row });
    const large = opened(found.data, /** @type {any} */ (model), () => {}, more);
    this.large.replaceChildren(large.node);
    this.data = { sheets: new Sheets(found.data, /** @type {any} */ (model)), rows, model, open: large.open };
  }

  /** A list of cards, the first of them at once and the others on demand. @param {Card[]} cards @returns {HTMLElement} */
  list(cards) {
    const list = el("ul", { class: "answers" });
    const node = el("div", {}, list);
    let shown = 0;
    const more = button("", () => add());
    const add = () => {
      const some = cards.slice(shown, shown + STEP);
      const first = shown;
      shown += some.length;
      list.append(...some.map((card) => this.card(card, cards)));
      more.textContent = `Show more of ${thousands(cards.length)}`;
      if (shown < cards.length) node.append(more);
      else more.remove();
      if (first) /** @type {HTMLElement | null} */ (list.children[first]?.querySelector("button"))?.focus();
    };
    add();
    return node;
  }

  /** @param {Card} card @param {Card[]} among which Back and Next go */
  card(card, among) {
    const canvas = el("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
    const words = [el("bdi", { class: "name" }, card.name), ...card.words.map((one) => el("span", {}, one))];
    const node = el("li", {}, el("div", { class: "member" }, ...words));
    this.coming.then(() => {
      const row = this.data?.rows[card.row] ?? -1;
      if (!this.data || row < 0 || !node.isConnected) return;
      const { sheets, rows, model, open } = this.data;
      const show = () => {
        model.rows = among.map((one) => rows[one.row]).filter((one) => one >= 0);
        open(row);
      };
      node.replaceChildren(el("button", { type: "button", class: "member", onclick: show }, canvas, ...words));
      const draw = () => {
        const pen = canvas.getContext("2d");
        pen.font = "10px sans-serif";
        sheets.draw(pen, row, 0, 0, SIDE);
        if (sheets.kept.has(row)) sheets.listeners = sheets.listeners.filter((one) => one !== draw);
      };
      sheets.listeners.push(draw);
      sheets.want(canvas, [row]);
      draw();
    });
    return node;
  }
}
