// @ts-check
/** The feature maps of a picture by stage: the number under the pointer, in every map at once. */

import { bytes, choice, el, row, sentence, shown, slider } from "./kit.js";
import { cursor, heated } from "./cursor.js";

/** @typedef {{channel: number, min: number, mean: number, max: number, values: string}} Map `values` float32, row by row, in base64 */
/** @typedef {{name: string, shape: number[], silent: number, channels: Map[]}} Stage */

/**
 * @param {HTMLElement} root @param {{stages: Stage[], scale?: string}} data as `look features` computes it, the most active channels first
 * @param {(stage: string, channel: number, y: number, x: number) => void} [pick] called with a place that is clicked, or entered by a key
 */
export function maps(root, data, pick) {
  let stage = data.stages[0];
  let shared = data.scale === "shared";
  /** @type {[number, number]} */
  let at = [0, 0];
  /** @type {{map: Map, values: Float32Array, canvas: any, value: any, node: any}[]} */
  let tiles = [];
  const told = sentence();
  const wall = row("wall");
  const heading = el("h2");

  function build() {
    const [channels, rows, columns] = stage.shape;
    at = [Math.floor(rows / 2), Math.floor(columns / 2)];
    heading.textContent = `${stage.name}: ${channels}×${rows}×${columns}, ${stage.silent} silent`;
    tiles = stage.channels.map((map) => {
      const canvas = el("canvas", { width: columns, height: rows, class: "coarse" });
      const value = el("b");
      cursor(canvas, { rows, columns, label: `channel ${map.channel}`, start: () => at, point: (y, x) => point(y, x, map) });
      const taken = () => pick?.(stage.name, map.channel, ...at);
      canvas.addEventListener("click", taken);
      canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && taken());
      const node = el("figure", {}, canvas, el("figcaption", {}, `channel ${map.channel}: `, value));
      return { map, values: new Float32Array(bytes(map.values).buffer), canvas, value, node };
    });
    wall.replaceChildren(...tiles.map((tile) => tile.node));
    draw();
    point(at[0], at[1], stage.channels[0]);
  }

  function draw() {
    const [, rows, columns] = stage.shape;
    const ends = [Math.min(...stage.channels.map((one) => one.min)), Math.max(...stage.channels.map((one) => one.max))];
    for (const { map, values, canvas } of tiles) {
      const [low, high] = shared ? ends : [map.min, map.max];
      canvas.getContext("2d").putImageData(heated(values, rows, columns, low, high), 0, 0);
    }
  }

  /** @param {number} y @param {number} x @param {Map} map */
  function point(y, x, map) {
    at = [y, x];
    const [, , columns] = stage.shape;
    for (const tile of tiles) {
      const value = tile.values[y * columns + x];
      tile.value.textContent = shown(value, 4);
      tile.value.dataset.value = String(value);
      if (tile.map === map) told.say(`${stage.name}, channel ${map.channel} at ${y},${x}: ${shown(value)}`);
    }
  }

  const choose = slider({
    label: "stage", min: 0, max: data.stages.length - 1, value: 0, text: (k) => data.stages[k].name,
    change: (k) => {
      stage = data.stages[k];
      build();
    },
  });
  const names = ["one range a map", "one range for all"];
  const scale = choice("Colour range", shared ? names.reverse() : names, (name) => {
    shared = name === "one range for all";
    draw();
  });
  root.append(
    row("controls", choose.node, scale), heading, told.node, wall,
    el("p", { class: "hint" }, "Point at a place, or use the arrow keys: beneath each map is its number there. Rows and columns count from 0. Where maps have a sign, red is positive."),
  );
  build();
}
