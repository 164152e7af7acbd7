// @ts-check
/** Many things of which one is in the order of Tab, and keys go from one to the next. */

/**
 * @template {Element} T @param {Element} holder @param {(key: string, at: T) => T | null | undefined} next the one that a key goes to from
 * another @returns {(node: T) => void} makes one the present one
 */
export function roving(holder, next) {
  const present = (/** @type {T} */ node) => {
    holder.querySelectorAll('[tabindex="0"]').forEach((one) => one.setAttribute("tabindex", "-1"));
    node.setAttribute("tabindex", "0");
  };
  holder.addEventListener("keydown", (given) => {
    const event = /** @type {KeyboardEvent} */ (given);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = next(event.key, /** @type {T} */ (event.target));
    if (!wanted) return;
    event.preventDefault();
    present(wanted);
    /** @type {any} */ (wanted).focus();
  });
  return present;
}

/** The next of a list by the keys for back, on, first and last. @template T @param {T[]} list @param {T} at @param {string} key @param {[string, string]} keys @returns {T | undefined} */
export function along(list, at, key, [back, on]) {
  if (key === "Home") return list[0];
  if (key === "End") return list[list.length - 1];
  const step = key === back ? -1 : key === on ? 1 : 0;
  return step ? list[list.indexOf(at) + step] : undefined;
}
