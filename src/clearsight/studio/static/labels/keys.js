// @ts-check
/** The keys of the screen Labels: one for each class, printed on it, and some of their own. */

const DIGITS = "123456789";
const LETTERS = "abcdfhijklmopqrtvwy"; // without those that mean something else, here or on every screen
export const SHOWN = DIGITS.length + LETTERS.length; // classes with a key; the others are typed

/** The key of the class at a place, or "". @param {number} k */
export function keyOf(k) {
  return `${DIGITS}${LETTERS}`[k] ?? "";
}

/** @type {Record<string, string>} key → action */
const OWN = { Enter: "agree", " ": "keep", s: "unsure", x: "leave out", z: "undo", u: "undo", n: "new", ArrowRight: "next", ArrowLeft: "back" };

/**
 * The action of a key: one of OWN, or `class` with its place; null for one that is held down, typed into a field, composed, or the browser's.
 * @param {KeyboardEvent} event @returns {{action: string, place: number} | null}
 */
export function action(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.defaultPrevented || event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (target.closest("input, textarea, select, dialog")) return null;
  if ((event.key === "Enter" || event.key === " ") && target.closest("button, a, summary")) return null; // its own click
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (Object.hasOwn(OWN, key)) return { action: OWN[key], place: -1 };
  const place = key.length === 1 ? `${DIGITS}${LETTERS}`.indexOf(key) : -1;
  return place < 0 ? null : { action: "class", place };
}
