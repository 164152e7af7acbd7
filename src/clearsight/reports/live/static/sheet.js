// @ts-check
/** A sheet of exercises: which ones, of which seed; their points, and the command that writes it. */

import { button, el, row, sentence, slider } from "./kit.js";

const LAST_SEED = 99; // of the slider; the command takes any

/** @typedef {{name: string, topic: string, title: string, points: number}} Exercise */

/** @param {HTMLElement} root @param {{exercises: Exercise[], seed: number}} data */
export function sheet(root, data) {
  const { exercises } = data;
  let { seed } = data;
  const told = sentence();
  const [count, points, command, key] = [el("b"), el("b"), el("code"), el("code")];
  const boxes = exercises.map((one) => el("input", { type: "checkbox", checked: true, "aria-label": one.title, onchange: show }));

  function show() {
    const chosen = exercises.filter((_, k) => boxes[k].checked);
    const sum = chosen.reduce((so_far, one) => so_far + one.points, 0);
    count.textContent = `${chosen.length} of ${exercises.length}`;
    points.textContent = String(sum);
    points.dataset.value = String(sum);
    const only = chosen.length < exercises.length ? ` --only ${chosen.map((one) => one.name).join(",")}` : "";
    command.textContent = chosen.length ? `clearsight exercises${only} --seed ${seed} --out sheet.html` : "";
    key.textContent = chosen.length ? `clearsight exercises${only} --seed ${seed} --out key.html --key` : "";
    lines.forEach((line, k) => line.classList.toggle("idle", !boxes[k].checked));
    told.say(chosen.length ? `${chosen.length} exercises, ${sum} points, seed ${seed}: the same numbers for everybody` : "choose an exercise");
  }

  const lines = exercises.map((one, k) => el("tr", {}, el("th", { scope: "row" }, el("label", {}, boxes[k], " ", one.title)), el("td", {}, one.topic), el("td", { "data-value": one.points }, String(one.points))));
  const all = (/** @type {boolean} */ checked) => () => {
    boxes.forEach((one) => (one.checked = checked));
    show();
  };
  const draw = slider({ label: "seed", min: 0, max: LAST_SEED, value: seed, change: (value) => ((seed = value), show()) });
  const head = el("tr", {}, ...["exercise", "topic", "points"].map((words) => el("th", { scope: "col" }, words)));
  const list = el("div", { class: "list tall", tabindex: "0", role: "region", "aria-label": "All exercises" }, el("table", { class: "layers", "aria-label": "Exercises" }, el("thead", {}, head), el("tbody", {}, ...lines)));
  root.append(row("controls", button("All", all(true)), button("None", all(false)), draw.node),
    row("facts", el("p", {}, el("span", { class: "label" }, "exercises"), count), el("p", {}, el("span", { class: "label" }, "points"), points)), told.node, list,
    el("p", {}, "The sheet: ", command), el("p", {}, "Its key, with worked solutions: ", key),
    el("p", { class: "hint" }, "The suffix of the file is its format: .html, .pdf, .md, or .xml for Moodle. --template writes the file for answers, --check grades it."));
  show();
}
