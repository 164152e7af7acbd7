// @ts-check
/** The shell: screens by address, the network that is asked, the state of the computation. */

import { el } from "./live/kit.js";
import { ask } from "./api.js";
import { failure } from "./parts.js";
import { start } from "./screens/start.js";
import { pictures } from "./screens/pictures.js";
import { inside } from "./screens/inside.js";

/** @typedef {{id: string, name: string, classes: number | null, validation: any}} Network */
/**
 * @typedef {Object} Context what a screen is shown with
 * @property {any} studio the answer of /api/state: what the studio was started with
 * @property {Network[]} networks @property {string} network @property {string} picture
 * @property {URLSearchParams} state what follows the ? of the address: the screen's own state
 * @property {(values: Record<string, string | number | null>) => void} keep put state into the address (null leaves it out); the page stays
 * @property {(screen: string, picture?: string) => void} go
 */

/** @type {Record<string, {title: string, show: (root: HTMLElement, context: Context) => void}>} */
const SCREENS = {
  "": { title: "Start", show: start },
  pictures: { title: "Pictures", show: pictures },
  inside: { title: "Inside", show: inside },
};
const root = /** @type {HTMLElement} */ (document.querySelector("#screen"));
const rail = /** @type {HTMLElement} */ (document.querySelector("#rail"));
const chosen = /** @type {HTMLSelectElement} */ (document.querySelector("#network"));
const compute = /** @type {HTMLElement} */ (document.querySelector("#compute"));
/** @type {any} */
let studio = {};
/** @type {Network[]} */
let networks = [];

/** The address is the state: #/SCREEN/NETWORK/PICTURE?NAME=VALUE. */
function parts() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", network = "", picture = ""] = path.split("/").map(decodeURIComponent);
  const known = networks.some((one) => one.id === network);
  return { screen: screen in SCREENS ? screen : "", network: known ? network : (networks[0]?.id ?? ""), picture, state: new URLSearchParams(query) };
}

/** @param {string} screen @param {string} network @param {string} picture */
function address(screen, network, picture) {
  return `#/${[screen, network, picture].map(encodeURIComponent).join("/").replace(/\/+$/, "")}`;
}

function show() {
  const { screen, network, picture, state } = parts();
  chosen.value = network;
  rail.replaceChildren(
    ...Object.entries(SCREENS).map(([name, { title }]) =>
      el("a", { href: address(name, network, picture), "aria-current": name === screen ? "page" : null }, title),
    ),
  );
  document.title = `${SCREENS[screen].title} – Clearsight studio`;
  root.replaceChildren();
  const go = (/** @type {string} */ name, id = picture) => {
    location.hash = address(name, network, id);
  };
  const keep = (/** @type {Record<string, string | number | null>} */ values) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === null) state.delete(name);
      else state.set(name, String(value));
    }
    history.replaceState(null, "", `${address(screen, network, picture)}${state.size ? `?${state}` : ""}`);
  };
  SCREENS[screen].show(root, { studio, networks, network, picture, state, keep, go });
  root.focus({ preventScroll: true });
}

async function refresh() {
  const state = await ask("state");
  compute.textContent = state.compute === "ready" ? "Ready." : "Starting the computation …";
  if (state.compute !== "ready") setTimeout(() => refresh().catch(() => {}), 500);
  return state;
}

try {
  studio = await refresh();
  networks = studio.networks;
  chosen.replaceChildren(...networks.map((one) => el("option", { value: one.id }, one.name)));
  /** @type {HTMLElement} */ (chosen.parentElement).hidden = networks.length === 0;
  chosen.addEventListener("change", () => {
    const { screen, picture } = parts();
    location.hash = address(screen, chosen.value, picture);
  });
  addEventListener("hashchange", show);
  show();
} catch (error) {
  root.replaceChildren(failure(error));
}
