// @ts-check
/** Questions to the studio's own process; one kind of error, with the words that a person reads. */

import { bytes } from "./live/kit.js";

const page = Math.random().toString(36).slice(2); // of two questions of one page only the newer is answered

/** An answer that is no answer: its words are for the reader; `superseded` where a newer question has taken its place. */
export class Refusal extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
    this.superseded = status === 409;
  }
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(`/api/${path}`, { ...options, headers: { "X-Page": page, ...(options.headers ?? {}) } });
  } catch {
    throw new Refusal("The studio does not answer: it has ended. Start it again with clearsight studio.", 0);
  }
  const found = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(found.error ?? `The studio answers ${response.status}.`, response.status);
  return found;
}

const PAUSE = 150; // ms between two questions about the same computation

/**
 * Ask again until the answer is `ready`; null where it is no longer wanted.
 * @param {() => Promise<any>} question @param {() => boolean} wanted @param {(place: any) => void} told how far it is
 * @returns {Promise<any>}
 */
export async function untilReady(question, wanted, told) {
  for (;;) {
    const found = await question();
    if (!wanted()) return null;
    if (found.ready) return found;
    told(found);
    await new Promise((done) => setTimeout(done, PAUSE));
  }
}

/**
 * Ask again and again for as long as `here` is in the page, while the page is seen.
 * @param {Node} here @param {() => Promise<unknown>} question @param {() => number} pause milliseconds to the next one
 */
export async function whileSeen(here, question, pause) {
  while (here.isConnected) {
    if (!document.hidden) await question();
    await wait(pause());
  }
}

/** Wait, or until the page is seen again. @param {number} milliseconds */
function wait(milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", done);
      resolve(null);
    };
    const timer = setTimeout(done, milliseconds);
    document.addEventListener("visibilitychange", done);
  });
}

/**
 * Questions of which only the newest matters, such as those of each key: one is on its way at a time, and after it the newest is sent.
 * @template Q, A @param {(question: Q) => Promise<A>} put @param {(answer: A, question: Q) => void} told @param {(error: unknown) => void} failed
 * @returns {(question: Q | null) => void} null takes back what waits
 */
export function newest(put, told, failed) {
  /** @type {Q | null} */
  let waits = null;
  let busy = false;
  return async function next(question) {
    waits = question;
    if (busy) return;
    busy = true;
    while (waits !== null) {
      const asked = /** @type {Q} */ (waits);
      waits = null;
      try {
        told(await put(asked), asked);
      } catch (error) {
        failed(error);
      }
    }
    busy = false;
  };
}

/** @type {{picture: string, [name: string]: any}} the picture that was sent last, which need not be asked for again */
let sent = { picture: "" };

/** Send a picture. @param {File} file @returns {Promise<any>} its id, size, and what to show */
export async function send(file) {
  const headers = { "Content-Type": "application/octet-stream", "X-Name": encodeURIComponent(file.name.toWellFormed()) };
  sent = await ask("pictures", { method: "POST", body: file, headers });
  return sent;
}

/** A picture as people see it: name, size, what to show. @param {string} picture @returns {Promise<any>} */
export async function seen(picture) {
  return sent.picture === picture ? sent : ask(`pictures/${picture}`);
}

/** The address of a picture in base64, for an <img>; as a blob, which the page's policy allows. @param {string} text */
export function blob(text) {
  const found = bytes(text);
  const kind = found[0] === 0x89 ? "image/png" : "image/jpeg";
  return URL.createObjectURL(new Blob([found], { type: kind }));
}
