// @ts-check
/** The shell: screens by address, the network that is asked, the state of the computation. */

import { el } from "./live/kit.js";
import { ask } from "./api.js";
import { failure } from "./parts.js";
import { start } from "./screens/start.js";
import { pictures } from "./screens/pictures.js";
import { inside } from "./screens/inside.js";

/** @typedef {{id: string, name: string, classes: number | null, validation: any}} Network */
/** @typedef {{networks: Network[], network: string, picture: string, go: (screen: string, picture?: string) => void}} Context */

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
/** @type {Network[]} */
let networks = [];

/** The address is the state: #/SCREEN/NETWORK/PICTURE. */
function parts() {
  const [screen = "", network = "", picture = ""] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { screen: screen in SCREENS ? screen : "", network: networks.some((one) => one.id === network) ? network : (networks[0]?.id ?? ""), picture };
}

/** @param {string} screen @param {string} network @param {string} picture */
function address(screen, network, picture) {
  return `#/${[screen, network, picture].map(encodeURIComponent).join("/").replace(/\/+$/, "")}`;
}

function show() {
  const { screen, network, picture } = parts();
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
  SCREENS[screen].show(root, { networks, network, picture, go });
  root.focus({ preventScroll: true });
}

async function refresh() {
  const state = await ask("state");
  compute.textContent = state.compute === "ready" ? "Ready." : "Starting the computation …";
  if (state.compute !== "ready") setTimeout(() => refresh().catch(() => {}), 500);
  return state;
}

try {
  ({ networks } = await refresh());
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
