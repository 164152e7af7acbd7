// @ts-check
/** A network that is typed: with every key its layers, shapes and counts, or the place where the text is wrong. */

import { button, el, row, sentence, thousands } from "../live/kit.js";
import { network as drawn } from "../live/network.js";
import { ask, newest, Refusal } from "../api.js";
import { command } from "../parts.js";
import { counted } from "./facts.js";
import { typing } from "./typing.js";

/** @typedef {{size: number[] | null, classes: number | null}} Input channels, rows and columns, and classes; null for the network's own */
/** @typedef {{word: string, says: string, needs: boolean}} Word of a formula */

const BEGUN = /[a-z]+$/i; // the letters of a word that is being typed

/**
 * @param {string} which a letter @param {string} label @param {string} text @param {() => Input} input @param {(found: any) => void} told is
 * called with the network, and with null where the text means none
 */
export function editor(which, label, text, input, told) {
  const said = sentence();
  const facts = el("dl", { class: "facts counted" });
  const figure = el("div", { class: "drawing" });
  const more = el("div");
  const words = row("suggested");
  /** @type {Word[]} */
  let known = [];
  said.node.id = `${which}-said`;
  const field = typing({ id: `${which}-text`, label, text, told: said.node.id, change: () => renew() });

  const send = newest((/** @type {any} */ asked) => ask("formula", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) }), show, failed);

  function renew() {
    complete();
    const wanted = field.text();
    if (wanted.trim()) return send({ text: wanted, which, ...input() });
    send(null);
    clear("Type a formula or the name of a network.");
  }

  /** @param {any} found @param {any} asked */
  function show(found, asked) {
    if (asked.text !== field.text()) return; // the answer to the newer text comes
    if (found.wrong) return mistaken(found.wrong);
    field.underline(null);
    const ends = found.complete ? "" : " It has no classes yet: end it with softmax, and it can be trained.";
    said.say(`${thousands(found.parameters)} parameters, ${thousands(found.macs)} multiply-adds, input ${found.input[1]}×${found.input[2]}×${found.input[0]}.${ends}`);
    facts.replaceChildren(...counted(found));
    figure.replaceChildren();
    if (found.figure.layers.length) drawn(figure, { ...found.figure, of: `network ${which}` });
    const train = found.complete ? [el("a", { class: "act", href: `#/train?model=${encodeURIComponent(found.name || asked.text.trim())}` }, "Train this")] : [];
    more.replaceChildren(...train, command(found.command));
    told(found);
  }

  /** @param {{reason: string, span: [number, number] | null}} wrong */
  function mistaken({ reason, span }) {
    clear(reason);
    field.underline(span);
  }

  /** @param {unknown} error */
  function failed(error) {
    if (!(error instanceof Refusal && error.superseded)) clear(error instanceof Error ? error.message : String(error));
  }

  /** @param {string} reason */
  function clear(reason) {
    said.say(reason);
    facts.replaceChildren(...counted(null));
    figure.replaceChildren();
    more.replaceChildren();
    told(null);
  }

  /** The words that may follow, those that begin with the letters that were typed first. */
  function complete() {
    const begun = (BEGUN.exec(field.text())?.[0] ?? "").toLowerCase();
    const fitting = known.filter((one) => one.word.startsWith(begun));
    const shown = fitting.length && !known.some((one) => one.word === begun) ? fitting : known;
    words.replaceChildren(...shown.map(({ word, says, needs }) => {
      const whole = needs ? `${word}128` : word;
      return button(whole, () => field.insert(whole), { title: says });
    }));
  }

  const learn = (/** @type {Word[]} */ every) => {
    known = every;
    complete();
  };
  const node = el("div", { class: "editor" }, field.node, el("div", { role: "group", "aria-label": `Words of ${label}` }, words), said.node, facts, figure, more);
  facts.replaceChildren(...counted(null));
  return { node, renew, learn, set: field.set, text: field.text };
}
