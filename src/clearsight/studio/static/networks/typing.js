// @ts-check
/** A field for a text of which a part may be wrong: those characters are underlined, in a copy of the text below the field. */

import { el } from "../live/kit.js";

/**
 * @param {{id: string, label: string, text: string, told: string, change: (text: string) => void}} options `told` is the id of what describes it
 * @returns {{node: HTMLElement, text: () => string, set: (text: string) => void, insert: (word: string) => void,
 *   underline: (span: [number, number] | null) => void}}
 */
export function typing({ id, label, text, told, change }) {
  const field = el("textarea", { id, rows: 1, spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-describedby": told, oninput: () => changed() });
  const copy = el("div", { class: "copy", "aria-hidden": "true" });
  const changed = () => {
    underline(null);
    change(field.value);
  };

  /** Characters from one to another, counted as Python counts them: one for each code point. @param {[number, number] | null} span */
  function underline(span) {
    field.setAttribute("aria-invalid", String(span !== null));
    if (!span) return copy.replaceChildren(field.value, " ");
    const letters = [...field.value];
    const [before, wrong, after] = [letters.slice(0, span[0]), letters.slice(...span), letters.slice(span[1])].map((part) => part.join(""));
    copy.replaceChildren(before, el("mark", {}, wrong), after, " ");
  }

  const set = (/** @type {string} */ wanted) => {
    field.value = wanted;
    changed();
  };

  /** Put a word where the cursor is, in place of the letters of a word that is begun. @param {string} word */
  function insert(word) {
    const [before, after] = [field.value.slice(0, field.selectionStart), field.value.slice(field.selectionEnd)];
    const kept = before.replace(/[a-z]+$/i, (letters) => (word.startsWith(letters.toLowerCase()) ? "" : letters));
    const space = kept === "" || /[\s([]$/.test(kept) ? "" : " ";
    const next = after === "" || /^[\s)\]]/.test(after) ? "" : " ";
    field.value = `${kept}${space}${word}${next}${after}`;
    field.focus();
    field.selectionStart = field.selectionEnd = kept.length + space.length + word.length;
    changed();
  }

  field.value = text;
  underline(null);
  const node = el("div", { class: "typing" }, el("label", { for: id }, label), el("div", { class: "paper", tabindex: "-1" }, copy, field));
  return { node, text: () => field.value, set, insert, underline };
}
