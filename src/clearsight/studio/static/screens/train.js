// @ts-check
/** Train: three questions; then a training as it goes, and what it can be made to do. */

import { button, el, percent, row, shown, thousands } from "../live/kit.js";
import { ask } from "../api.js";
import { command, failure } from "../parts.js";
import { curves } from "../train/curves.js";
import { Follower, GOING, place } from "../train/follower.js";
import { form } from "../train/form.js";
import { Watched } from "../train/watched.js";

/** @type {Record<string, string>} */
const STATES = { starting: "Starting: data and network are being loaded", running: "Training", finished: "Finished", failed: "Ended with an error", interrupted: "Stopped; everything is saved", empty: "Nothing was trained" };

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function train(root, context) {
  const title = el("h1", {}, "Train");
  root.append(title);
  try {
    if (context.run) await followed(root, title, context);
    else {
      const found = await ask("recipe");
      if (title.isConnected) form(root, context, found, (run) => context.go("train", run));
    }
  } catch (error) {
    if (title.isConnected) root.append(failure(error), again());
  }
}

function again() {
  return el("p", {}, el("a", { href: "#/train" }, "Train something else"), " · ", el("a", { href: "#/runs" }, "All runs"));
}

/** A run as it goes. @param {HTMLElement} root @param {HTMLElement} title @param {import("../app.js").Context} context */
async function followed(root, title, context) {
  const { run, state, keep } = context;
  let about = await ask(`runs/${run}`);
  if (!title.isConnected) return;
  const follower = new Follower(run);
  const watched = new Watched(run, about, (epoch) => title.isConnected && keep({ epoch }));
  let first = state.has("epoch") ? Number(state.get("epoch")) : null;
  const parts = { where: el("p", { class: "where" }), aloud: el("p", { class: "aloud", role: "status" }), buttons: row("controls"), charts: row("charts"), table: el("details", { class: "rows" }), words: el("div"), log: el("details", { class: "log" }), said: el("div", { "aria-live": "polite" }) };
  root.append(parts.where, parts.aloud, parts.buttons, parts.said, parts.charts, watched.node, parts.table, parts.log, parts.words, again());
  let shownState = "";
  const changed = async () => {
    if (follower.state !== shownState) {
      shownState = follower.state;
      if (!follower.lost) about = await ask(`runs/${run}`).catch(() => about);
      title.replaceChildren(el("bdi", {}, about.name || "Train"));
      parts.aloud.textContent = STATES[follower.state] ?? follower.state;
      buttons(parts, follower, about, context);
      parts.words.replaceChildren(...(about.command ? [command(about.command)] : []));
    }
    where(parts.where, follower, about);
    drawn(parts, follower);
    await watched.update(follower.epochs, first).catch((error) => parts.said.replaceChildren(failure(error)));
    first = null;
  };
  follower.follow(title, changed);
}

/** @param {HTMLElement} node @param {Follower} follower @param {any} about */
function where(node, follower, about) {
  if (follower.lost) return node.replaceChildren(failure(follower.lost));
  const line = follower.lines[follower.lines.length - 1];
  const last = follower.rows.get(follower.last);
  const said = [STATES[follower.state] ?? follower.state];
  const epochs = about.settings?.epochs;
  if (follower.state === "running" && line && epochs) said.push(`epoch ${line.epoch} of ${epochs}`, `${thousands(Math.round(line.pictures_per_second))} pictures/s`);
  else if (last && follower.state === "finished") said.push(last.epoch === 1 ? "1 epoch" : `${last.epoch} epochs`); // fewer than asked for where it stopped early or a head was solved
  else if (last && epochs) said.push(`epoch ${last.epoch} of ${epochs}`);
  if (last?.val_accuracy !== undefined && last.val_accuracy !== null) said.push(`validation ${percent(last.val_accuracy)}`);
  node.replaceChildren(`${said.join(" · ")}.`, ...(follower.reason && follower.state === "failed" ? [failure(follower.reason)] : []));
}

/** @param {any} parts @param {Follower} follower @param {any} about @param {import("../app.js").Context} context */
function buttons(parts, follower, about, context) {
  const act = (/** @type {string} */ words, /** @type {string} */ path, /** @type {any} */ body = {}) => {
    const one = button(words, async () => {
      one.disabled = true;
      parts.said.replaceChildren();
      try {
        const found = await ask(`runs/${follower.run}/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
        if (found.run !== follower.run) context.go("train", found.run);
      } catch (error) {
        parts.said.replaceChildren(failure(error));
        one.disabled = false;
      }
    });
    return one;
  };
  const shown = [];
  if (GOING.includes(follower.state)) shown.push(act("Stop", "stop"));
  if (["interrupted", "failed"].includes(follower.state) && about.name) shown.push(act("Go on", "resume"));
  if (follower.state === "finished") {
    const epochs = about.settings?.epochs ?? 1;
    const longer = act(`Train ${epochs} ${epochs === 1 ? "epoch" : "epochs"} longer`, "longer", { epochs });
    longer.title = "A new run from these weights, by the same recipe: its learning rate rises and falls again";
    shown.push(longer, el("a", { href: `#/report/${follower.run}` }, "Report"), el("a", { href: `#/pictures/${about.network}` }, "Try it on a picture"), el("a", { href: `#/inside/${about.network}` }, "See inside"));
  }
  parts.buttons.replaceChildren(...shown);
}

/** The curves, the rows as a table, and what the command has printed. @param {any} parts @param {Follower} follower */
function drawn(parts, follower) {
  const rows = [...follower.rows.values()].sort((a, b) => a.epoch - b.epoch);
  const of = (/** @type {string} */ name) => /** @type {[number, number][]} */ (rows.filter((one) => typeof one[name] === "number").map((one) => [one.epoch, one[name]]));
  const steps = (/** @type {string} */ name) => /** @type {[number, number][]} */ (follower.lines.map((one) => [place(one), one[name]]));
  parts.charts.replaceChildren(
    curves("Loss", [{ name: "training", points: of("loss"), colour: 1 }, { name: "validation", points: of("val_loss"), colour: 0, dash: 1 }, { name: "within the epoch", points: steps("loss"), colour: 1, faint: true, dash: 2 }]),
    curves("Accuracy", [{ name: "training", points: of("accuracy"), colour: 1 }, { name: "validation", points: of("val_accuracy"), colour: 0, dash: 1 }, { name: "within the epoch", points: steps("accuracy"), colour: 1, faint: true, dash: 2 }], { share: true }),
  );
  const open = parts.table.open;
  parts.table.hidden = rows.length === 0;
  parts.table.replaceChildren(el("summary", {}, "Numbers of each epoch"), ...(rows.length ? [table(rows)] : []));
  parts.table.open = open;
  parts.log.hidden = follower.said.length === 0;
  parts.log.replaceChildren(el("summary", {}, "What the command says"), el("ul", {}, ...follower.said.map((/** @type {string} */ line) => el("li", {}, line))));
  if (["failed", "empty"].includes(follower.state)) parts.log.open = true;
}

/** @param {any[]} rows */
function table(rows) {
  const names = Object.keys(rows[0]);
  const cell = (/** @type {any} */ value) => el("td", {}, typeof value === "number" ? shown(value, 4) : "–");
  const body = rows.map((one) => el("tr", { "data-epoch": one.epoch }, ...names.map((name) => cell(one[name]))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers of each epoch" }, el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name.replaceAll("_", " "))))), el("tbody", {}, ...body)));
}
