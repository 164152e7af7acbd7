// @ts-check
/** What was changed in figures, by what they were drawn of, kept in the window: a reload shows them as they were left, and nothing leaves it. */

/** @typedef {import("./living.js").Step} Step */

const STORED = "figures";
const FIGURES = 50, LETTERS = 20_000; // that are kept: the newest figures, and those that are not longer

/** @returns {Map<string, Step[]>} */
function every() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(STORED) ?? "[]"));
  } catch {
    return new Map(); // what cannot be read is as good as not there
  }
}

export class Kept {
  /** @param {Element} root where it is: on another slide it is another figure @param {string} module @param {any} data other data are another figure too, which begins as it is */
  constructor(root, module, data) {
    this.start = `${module} ${/** @type {HTMLElement | null} */ (root.closest("[data-slide]"))?.dataset.slide ?? ""} `;
    this.data = data;
    /** @type {Promise<string> | undefined} */
    this.named = undefined;
  }

  /** Its name, for which its data are gone through once. */
  name() {
    this.named ??= digest(JSON.stringify(this.data)).then((found) => this.start + found);
    return this.named;
  }

  /** What was changed in it before. @returns {Promise<Step[]>} */
  async before() {
    const found = every();
    if (![...found.keys()].some((name) => name.startsWith(this.start))) return []; // most often: no name is needed
    return found.get(await this.name()) ?? [];
  }

  /** @param {Step[]} done */
  async keep(done) {
    const name = await this.name();
    const found = every();
    found.delete(name); // the newest is the last
    if (done.length && JSON.stringify(done).length <= LETTERS) found.set(name, done);
    try {
      sessionStorage.setItem(STORED, JSON.stringify([...found].slice(-FIGURES)));
    } catch {
      // no room: the figure begins as it is
    }
  }
}

/** @param {string} text @returns {Promise<string>} SHA-256 in base64 */
export async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes));
}
