// @ts-check
/** The form of a training: three questions, and every setting of a recipe below them, folded. */

import { button, el, parsed, row } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";

const TIMES = [["", "as long as the recipe takes"], ["1", "1 minute"], ["5", "5 minutes"], ["15", "15 minutes"], ["60", "1 hour"], ["480", "8 hours"]];

/** @typedef {{name: string, help: string, default: any, kind: string, choices: string[], low: number | null, high: number | null}} Setting */

/** @param {HTMLElement} root @param {import("../app.js").Context} context @param {any} found the answer of /api/recipe @param {(run: string) => void} begun */
export function form(root, context, found, begun) {
  const { state, keep } = context;
  const here = el("div", { class: "training" });
  /** @type {Map<string, any>} settings that were changed */
  const settings = new Map(Object.entries({ ...known(state.get("settings")), ...(state.get("model") ? { model: state.get("model") } : {}) })); // ?model= is the way from Networks
  const data = pick(found.data.map((/** @type {any} */ one) => [one.id, one.name]), state.get("data") ?? context.data, () => changed());
  const time = pick(TIMES, String(settings.get("minutes") ?? ""), () => {
    settings.delete("minutes");
    if (time.value) settings.set("minutes", Number(time.value));
    changed();
  });
  const starts = [["", "what suits the pictures"], ["none", "random weights"], ...found.starts.map((/** @type {any} */ one) => [one.id, one.name])];
  const start = pick(starts, state.get("start") ?? "", () => changed());
  const said = el("div", { "aria-live": "polite" });
  const words = el("div");
  const asked = () => ({ data: data.value, start: start.value, settings: Object.fromEntries(settings) });
  const post = (/** @type {string} */ path) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked()) });
  let newest = 0;

  async function changed() {
    keep({ model: null, data: data.value, start: start.value || null, settings: settings.size ? JSON.stringify(Object.fromEntries(settings)) : null });
    const mine = ++newest;
    try {
      const told = await post("trainings/command");
      if (mine !== newest || !here.isConnected) return;
      words.replaceChildren(command(told.command));
      said.replaceChildren();
    } catch (error) {
      if (mine === newest) said.replaceChildren(failure(error));
    }
  }

  async function begin() {
    go.disabled = true;
    try {
      begun((await post("trainings")).run);
    } catch (error) {
      said.replaceChildren(failure(error));
    }
    go.disabled = false;
  }

  async function examine() {
    look.disabled = true;
    said.replaceChildren(el("p", { class: "busy", role: "status" }, "Examining the training: about a minute …"));
    try {
      let told = await post("trainings/forecast");
      while (told.state === "running" && here.isConnected) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        told = await post("trainings/forecast");
      }
      said.replaceChildren(told.state === "done" ? findings(told) : failure(told.said));
    } catch (error) {
      said.replaceChildren(failure(error));
    }
    look.disabled = false;
  }

  const go = button("Train", begin, { class: "main" });
  const look = button("Examine first", examine, { title: "Checks data, network, learning rate, memory and time in about a minute; trains nothing" });
  const set = (/** @type {string} */ name, /** @type {any} */ value) => {
    if (value === undefined) settings.delete(name);
    else settings.set(name, value);
    changed();
  };
  here.append(
    el("div", { class: "questions" }, question("Data", data), question("Time I have", time), question("Start from", start)),
    el("details", { class: "all", open: [...settings.keys()].some((name) => name !== "minutes") }, el("summary", {}, "All settings"), ...found.sections.map((/** @type {any} */ one) => section(one, settings, set))),
    row("controls", go, look), said, words,
  );
  root.append(here);
  changed();
}

/** @param {string | null} text @returns {Record<string, any>} */
function known(text) {
  try {
    const found = JSON.parse(text ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/** @param {string[][]} values @param {string} chosen @param {() => void} change @returns {HTMLSelectElement} */
function pick(values, chosen, change) {
  const all = values.some(([value]) => value === chosen) || !chosen ? values : [...values, [chosen, chosen]];
  return el("select", { onchange: change }, ...all.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
}

/** @param {string} words @param {HTMLElement} field */
function question(words, field) {
  return el("label", { class: "question" }, el("b", {}, words), field);
}

/** @param {{title: string, settings: Setting[]}} one @param {Map<string, any>} settings @param {(name: string, value: any) => void} set */
function section(one, settings, set) {
  return el("fieldset", {}, el("legend", {}, one.title), ...one.settings.map((setting) => field(setting, settings.get(setting.name), set)));
}

/** One setting: its name, a field, and its meaning. @param {Setting} one @param {any} value @param {(name: string, value: any) => void} set */
function field(one, value, set) {
  const id = `setting-${one.name}`, help = `${id}-help`;
  const common = { id, "aria-describedby": help };
  /** @type {any} */
  let node;
  if (one.kind === "flag") node = el("input", { ...common, type: "checkbox", checked: value ?? one.default, onchange: () => set(one.name, node.checked ? true : undefined) });
  else if (one.choices.length) {
    const open = one.name === "recipe" ? one.choices : ["", ...one.choices.filter(Boolean)];
    node = el("select", { ...common, onchange: () => set(one.name, node.value && node.value !== one.default ? node.value : undefined) },
      ...open.map((choice) => el("option", { value: choice, selected: choice === (value ?? (open[0] ? one.default : "")) }, choice || "by the recipe")));
  } else {
    const number = one.kind !== "text";
    node = el("input", { ...common, type: "text", inputmode: number ? "decimal" : null, value: value ?? "", placeholder: one.default === "" ? "" : String(one.default), spellcheck: "false",
      onchange: () => set(one.name, node.value.trim() === "" ? undefined : number ? typed(node.value) : node.value) });
  }
  const limits = [one.low === null ? "" : `from ${one.low}`, one.high === null ? "" : `to ${one.high}`].filter(Boolean).join(" ");
  return el("div", { class: "setting" }, el("label", { for: id }, one.name), node, el("p", { class: "hint", id: help }, one.help, limits ? ` (${limits})` : ""));
}

/** A number, or the words where they are none: the answer says what is wrong. @param {string} text */
function typed(text) {
  const value = parsed(text);
  return Number.isNaN(value) ? text : value;
}

/** What the doctor found. @param {any} told */
function findings(told) {
  const signs = /** @type {Record<string, string>} */ ({ good: "✓", "look at this": "?", stop: "✗" });
  const rows = told.result.findings.map((/** @type {any} */ one) => el("tr", {}, el("td", {}, `${signs[one.verdict] ?? ""} ${one.verdict}`), el("th", { scope: "row" }, one.check), el("td", {}, one.words), el("td", {}, one.option ? el("code", {}, one.option) : "")));
  const head = el("tr", {}, ...["Verdict", "Check", "Measured", "Change"].map((word) => el("th", { scope: "col" }, word)));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What was found" }, el("table", { class: "plain" }, el("caption", {}, `Examined in ${Math.round(told.result.seconds)} s, nothing was trained`), el("thead", {}, head), el("tbody", {}, ...rows)), command(told.command));
}
