// @ts-check
/** The shell: screens by address, the network that is asked, the state of the computation. */

import { button, el } from "./live/kit.js";
import { ask } from "./api.js";
import { exported, save } from "./export.js";
import { keys } from "./keys.js";
import { palette } from "./palette.js";
import { failure } from "./parts.js";
import { rail } from "./rail.js";
import { start } from "./screens/start.js";
import { pictures } from "./screens/pictures.js";
import { inside } from "./screens/inside.js";
import { data } from "./screens/data.js";
import { labels } from "./screens/labels.js";
import { camera } from "./screens/camera.js";
import { train } from "./screens/train.js";
import { runs } from "./screens/runs.js";
import { breaking } from "./screens/break.js";
import { report } from "./screens/report.js";
import { compare } from "./screens/compare.js";
import { networks as zoo } from "./screens/networks.js";
import { lecture } from "./screens/lecture.js";

/** @typedef {import("./palette.js").Place} Place */
/** @typedef {{id: string, name: string, classes: number | null, validation: any}} Network */
/**
 * @typedef {Object} Context what a screen is shown with
 * @property {any} studio the answer of /api/state: what the studio was started with
 * @property {Network[]} networks @property {string} network @property {string} picture @property {string} data @property {string} run
 * @property {URLSearchParams} state what follows the ? of the address: the screen's own state
 * @property {(values: Record<string, string | number | null>) => void} keep put state into the address (null leaves it out); the page stays
 * @property {(screen: string, id?: string) => void} go to a screen, with a picture or a run
 */

/**
 * @typedef {Object} Screen g and `letter`, by default the first of its title, go there; `keys` are its own, with what they do; what it is
 * `about` is in its address: "data", "run", "" for nothing, else a network
 * @property {string} title @property {(root: HTMLElement, context: Context) => void} show @property {string} [letter]
 * @property {string} [about] @property {[string, string][]} [keys]
 */

/** @type {Record<string, Screen>} */
const SCREENS = {
  "": { title: "Start", show: start },
  pictures: { title: "Pictures", show: pictures },
  inside: { title: "Inside", show: inside },
  data: { title: "Data", show: data, about: "data", keys: [["Arrow keys", "the next picture of the grid; the map’s cross"], ["Enter", "open the picture; set a corner of a box on the map"]] },
  labels: { title: "Labels", show: labels, about: "data", keys: [["1–9, letters", "the class with this key"], ["Enter", "the likely class"], ["Space", "keep the label"], ["S, X", "unsure; leave out"], ["Z", "undo the last decision"], ["N", "type a class"], ["← →", "look at another picture without a decision"]] },
  camera: { title: "Camera", show: camera, about: "", keys: [["1–9, held", "take pictures of the class with this key"], ["Z", "take the last pictures back"]] },
  train: { title: "Train", show: train, about: "run" },
  runs: { title: "Runs", show: runs, about: "" },
  break: { title: "Break", show: breaking, keys: [["← →", "ε of the slider; a place of the table of corruptions"], ["Enter", "the changed picture of a place, large"]] },
  report: { title: "Report", show: report, about: "run", letter: "o", keys: [["Arrow keys", "a cell of the confusion matrix"], ["Enter", "its pictures"]] },
  compare: { title: "Compare", show: compare, about: "", letter: "v" },
  networks: { title: "Networks", show: zoo, about: "", keys: [["Arrow keys", "the next point of the timeline, the next row of the table"], ["Enter", "open the network"]] },
  lecture: { title: "Lecture", show: lecture, letter: "e", keys: [["N, P", "the next slide or exercise; the one before"]] },
};
const root = /** @type {HTMLElement} */ (document.querySelector("#screen"));
const shown = rail(SCREENS);
const chosen = /** @type {HTMLSelectElement} */ (document.querySelector("#network"));
const sets = /** @type {HTMLSelectElement} */ (document.querySelector("#data"));
const compute = /** @type {HTMLElement} */ (document.querySelector("#compute"));
/** @type {any} */
let studio = {};
/** @type {Network[]} */
let networks = [];

/** The address is the state: #/SCREEN/ID/ID?NAME=VALUE; an id says by its first letter what it is of: m_ a network, p_ a picture, d_ data, r_ a run. */
function parts() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...ids] = path.split("/").map(decodeURIComponent);
  const of = (/** @type {string} */ letter) => ids.find((id) => id.startsWith(`${letter}_`)) ?? "";
  const known = (/** @type {{id: string}[]} */ every, /** @type {string} */ id) => (every.find((one) => one.id === id) ?? every[0])?.id ?? "";
  const registry = studio.registry.find((/** @type {any} */ one) => one.id === of("m"));
  const [network, sets] = [registry?.id ?? known(networks, of("m")), known(studio.data, of("d"))];
  return { screen: screen in SCREENS ? screen : "", network, data: sets, picture: of("p"), run: of("r"), state: new URLSearchParams(query) };
}

/** @param {string} screen @param {{network: string, picture: string, data: string, run: string}} here */
function address(screen, { network, picture, data: set, run }) {
  const about = SCREENS[screen].about;
  const ids = about === undefined ? [network, picture] : about === "data" ? [set, network] : about === "run" ? [run] : [];
  return `#/${[screen, ...ids].filter(Boolean).map(encodeURIComponent).join("/")}`;
}

function show() {
  const here = parts();
  const { screen, network, picture, state } = here;
  offer(network);
  chosen.value = network;
  sets.value = here.data;
  const { about } = SCREENS[screen];
  /** @type {HTMLElement} */ (sets.parentElement).hidden = about !== "data" || studio.data.length < 2;
  /** @type {HTMLElement} */ (chosen.parentElement).hidden = !network || about === "run" || about === "";
  shown(screen, (name) => address(name, here));
  document.title = `${SCREENS[screen].title} – Clearsight studio`;
  root.replaceChildren();
  const go = (/** @type {string} */ name, id = "") => {
    location.hash = address(name, { ...here, [id.startsWith("r_") ? "run" : "picture"]: id || picture });
  };
  const keep = (/** @type {Record<string, string | number | null>} */ values) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === null) state.delete(name);
      else state.set(name, String(value));
    }
    history.replaceState(null, "", `${address(screen, here)}${state.size ? `?${state}` : ""}`);
  };
  SCREENS[screen].show(root, { studio, networks, network, picture, data: here.data, run: here.run, state, keep, go });
  root.focus({ preventScroll: true });
}

/** Let a network of the registry be chosen too, while it is shown. @param {string} network */
function offer(network) {
  const more = studio.registry.filter((/** @type {any} */ one) => one.id === network && networks.every(({ id }) => id !== network));
  chosen.replaceChildren(...[...networks, ...more].map((one) => el("option", { value: one.id }, one.name)));
}

/** What the palette finds: screens, networks, data sets and runs, each with its address. @returns {Promise<Place[]>} */
async function places() {
  const here = parts();
  const { runs } = await ask("runs");
  const of = (/** @type {string} */ kind, /** @type {any[]} */ every, /** @type {(id: string) => string} */ to) => every.map(({ id, name }) => ({ kind, name, address: to(id) }));
  return [
    ...Object.entries(SCREENS).map(([screen, { title }]) => ({ kind: "screen", name: title, address: address(screen, here) })),
    ...of("network", networks, (id) => address("inside", { ...here, network: id })),
    ...of("data", studio.data, (id) => address("data", { ...here, data: id })),
    ...of("run", runs, (id) => address("train", { ...here, run: id })),
    ...of("registry", studio.registry, (id) => address("inside", { ...here, network: id })),
  ];
}

/** Save the present screen as a file. */
async function saved() {
  const { screen } = parts();
  const named = /** @type {HTMLElement | null} */ (root.querySelector("[data-file]"))?.dataset.file; // a screen may have a name of its own
  save(`${named || `clearsight-${SCREENS[screen].title.toLowerCase()}`}.html`, await exported(root, document.title));
}

/** Show what the address says; a network that is not known yet was trained meanwhile. */
async function arrive() {
  const wanted = location.hash.match(/\bm_\w+/)?.[0];
  if (wanted && ![...networks, ...studio.registry].some((one) => one.id === wanted)) {
    await refresh().then(listed, () => {}); // the screen says what is wrong
  }
  show();
}

/** Take the networks that there are now; `show` puts them into the list to choose from. */
function listed() {
  networks = studio.networks;
}

async function refresh() {
  studio = await ask("state");
  compute.textContent = studio.compute === "ready" ? "Ready." : "Starting the computation …";
  if (studio.compute !== "ready") setTimeout(() => refresh().catch(() => {}), 500);
}

try {
  await refresh();
  listed();
  chosen.addEventListener("change", () => {
    const here = parts();
    location.hash = address(here.screen, { ...here, network: chosen.value });
  });
  sets.replaceChildren(...studio.data.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)));
  sets.addEventListener("change", () => {
    const here = parts();
    location.hash = address(here.screen, { ...here, data: sets.value });
  });
  addEventListener("hashchange", arrive);
  const list = keys(SCREENS, (screen) => (location.hash = address(screen, parts())), () => parts().screen, saved, palette(places));
  document.querySelector(".top")?.append(el("div", { class: "tools" }, button("Export", saved), button("Keys", list, { title: "Keys (?)" })));
  show();
} catch (error) {
  root.replaceChildren(failure(error));
}
