/** Sending what waits, oldest first, one window at a time. An answer that is lost is asked for again under the same id. */

import * as store from "./saisie-store.js";

/**
 * @typedef {import("./saisie-store.js").Waiting} Waiting
 * @typedef {{state: "done" | "offline" | "signed-out" | "other", organisation?: string, answers: Record<string, any>}} Sent
 */

/** @returns {Promise<Sent>} why it stopped, and what the server said of each id */
export function send() {
  return navigator.locks ? navigator.locks.request("saisie", () => flush()) : flush();
}

/** @returns {Promise<Sent>} */
async function flush() {
  /** @type {Record<string, any>} */ const answers = {};
  const found = await store.waiting();
  if (!found.length) return { state: "done", answers };
  const session = await ask("/api/session");
  if (!session.answer) return { state: session.status === 401 ? "signed-out" : "offline", answers };
  const { organisation } = session.answer;
  for (const request of found.filter((one) => one.organisation === organisation)) {
    await store.tried(request);
    const { status, answer } = await ask(request.path, request.body);
    if (status === 401) return { state: "signed-out", answers };
    if (!isOurs(status, answer, request)) return { state: "offline", answers };
    answers[request.id] = { status, ...answer };
    await settle(request, status, answer);
  }
  const other = found.find((one) => one.organisation !== organisation);
  return other ? { state: "other", organisation: other.organisation, answers } : { state: "done", answers };
}

/** Whether this service decided: a portal of a hotel or a proxy in between answers too, and then nothing is settled.
 * @param {number} status @param {any} answer @param {Waiting} request */
function isOurs(status, answer, request) {
  if (status < 300) return answer?.id === request.id;
  return status < 500 && status !== 429 && String(answer?.type ?? "").startsWith("urn:geoservice:");
}

/** @param {Waiting} request @param {number} status @param {any} answer */
async function settle(request, status, answer) {
  const entry = await store.entry(request.id);
  if (!entry) return;
  const next = (await store.waiting()).some((one) => one.id === request.id && one.number !== request.number);
  const state = status < 300 ? request.done : request.failed;
  await store.settle({ ...entry, state: next ? entry.state : state, why: status < 300 ? "" : answer?.detail ?? "" }, request);
}

/** The status (0 without an answer) and the JSON of an answer. @param {string} path @param {any} [body] */
export async function ask(path, body) {
  try {
    const sent = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, { cache: "no-store", ...sent });
    return { status: answer.status, answer: answer.ok || body !== undefined ? await answer.json().catch(() => null) : null };
  } catch {
    return { status: 0, answer: null };
  }
}
