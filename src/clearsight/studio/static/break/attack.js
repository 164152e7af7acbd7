// @ts-check
/** One picture attacked: the slider that knows every answer, and the other methods one at a time. */

import { choice, el } from "../live/kit.js";
import { ask, Refusal } from "../api.js";
import { failure } from "../parts.js";
import { slider } from "./slider.js";
import { single } from "./single.js";

const [SLIDER, SHOWN] = ["fgsm", "FGSM slider"];

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export async function attack(root, context) {
  const { network, picture, state, keep } = context;
  const body = el("div");
  const busy = el("p", { class: "busy", role: "status" }, "One gradient, and the answers at 33 ε …");
  const head = el("div");
  root.append(head, body);
  body.append(busy);
  let run = 0;

  /** Ask for the slider's answers, once for each target. @param {string} target the index of a class, or "" */
  async function open(target) {
    const mine = ++run;
    body.replaceChildren(busy);
    try {
      const found = await ask(`networks/${network}/slider/${picture}${target ? `?target=${target}` : ""}`);
      if (mine !== run) return;
      show(found, target);
    } catch (error) {
      if (mine === run && !(error instanceof Refusal && error.superseded)) body.replaceChildren(failure(error));
    }
  }

  /** @param {any} found @param {string} target */
  function show(found, target) {
    const words = [];
    if (!found.trained) words.push("Random weights: this network has learnt nothing yet, so that an attack on it says nothing of a trained one.");
    if (!found.gradient) words.push(`Black box alone: ${found.reason}`);
    const names = found.methods.map((/** @type {any} */ one) => one.name);
    const wanted = state.get("method") ?? "";
    const shown = (/** @type {string} */ name) => (name === SLIDER ? SHOWN : name);
    const first = names.includes(wanted) ? wanted : names[0];
    const aims = el("select", { "aria-label": "Towards", onchange: () => choose(aims.value) },
      el("option", { value: "" }, "any other answer"), ...found.classes.map((/** @type {string} */ name, /** @type {number} */ k) => el("option", { value: String(k) }, name)));
    aims.value = target;
    const tabs = choice("Method", names.map(shown), (title) => {
      const name = names.find((/** @type {string} */ one) => shown(one) === title);
      keep({ method: name === names[0] ? null : name });
      method(name);
    }, shown(first));
    head.replaceChildren(...words.map((one) => el("p", { class: "warning" }, one)), el("div", { class: "controls methods" }, tabs, el("label", { class: "which" }, "Towards ", aims)));

    /** @param {string} name */
    function method(name) {
      const about = found.methods.find((/** @type {any} */ one) => one.name === name);
      body.replaceChildren();
      if (name === SLIDER) slider(body, found, target, context);
      else single(body, about, target, context);
    }
    method(first);
  }

  function choose(/** @type {string} */ target) {
    keep({ target: target || null });
    open(target);
  }

  await open(/^\d+$/.test(state.get("target") ?? "") ? /** @type {string} */ (state.get("target")) : "");
}
