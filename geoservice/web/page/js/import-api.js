/** Requests of the page of imports, and the sentences that people read when one fails. */

import { Failure } from "./api.js";
import { NNBSP } from "./words.js";

/**
 * @typedef {{line: number, column: string, value: string, sentence: string}} Reject
 * @typedef {{sentence: string, count: number, line: number}} Note
 * @typedef {{name: string, label: string, required: boolean, column: string | null}} Field
 * @typedef {{value: string, count: number, code: string | null}} Value
 * @typedef {{lines: number, accepted: number, duplicates: number, rejected: number, whole: boolean, rejects: Reject[], notes: Note[]}} Trial
 * @typedef {{upload: string, name: string, size: number, layer: string, layers: {name: string, title: string}[], stores: string,
 *   source: {name: string | null, title: string, known: boolean}, kind: string | null, kinds: {code: string, label: string}[],
 *   crs: string | null, tables: string[], members: string[], read: {sheet: string | null, member: string | null},
 *   dates: "jour" | "mois" | null, columns: {name: string, field: string | null, examples: string[]}[], fields: Field[],
 *   values: {field: string, label: string, column: string, more: number, values: Value[]}[],
 *   codes: Record<string, {code: string, label: string}[]>, missing: {fields: string[], label: string}[], trial: Trial | null}} Preview
 * @typedef {{id: number, layer: string, layer_title: string, source: string, status: string,
 *   files: {name: string, size: number, kept: boolean}[], lines: number, accepted: number, updated: number, unchanged: number,
 *   duplicates: number, rejected: number, notes: Note[], problem: string | null, locked: string | null, started: string,
 *   extent: {kind: string, from: string, to: string, bbox: [number, number, number, number] | null} | null,
 *   finished: string | null}} Run
 * @typedef {{upload: string, layer?: string, source?: string, columns?: Record<string, string>,
 *   values?: Record<string, Record<string, string>>, kind?: string, crs?: string,
 *   sheet?: string, member?: string, dates?: string}} Asked
 */

const SILENT = "Le serveur ne répond pas. Vérifiez la connexion, puis réessayez.";

/** @param {string} path @param {RequestInit} [options] @returns {Promise<Response>} */
async function ask(path, options = {}) {
  const response = await fetch(path, options).catch(() => { throw new Failure(SILENT); });
  if (response.ok) return response;
  throw failure(response.status, await response.json().catch(() => ({})));
}

/** @param {number} status @param {{detail?: string, title?: string}} problem */
function failure(status, problem) {
  if (status === 401) {
    location.assign("/connexion");
    return new Failure("La session est terminée. Reconnectez-vous avec votre jeton.");
  }
  return new Failure(problem.detail || problem.title
    || `Le serveur a répondu par une erreur (${status}). Réessayez${NNBSP}; si cela dure, prévenez votre administrateur.`);
}

/** @param {any} value @returns {RequestInit} */
const posted = (value) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

/** @returns {Promise<{organisation: string}>} */
export const session = async () => (await ask("/api/session")).json();
/** @param {Asked} asked @returns {Promise<Preview>} */
export const preview = async (asked) => (await ask("/api/imports/preview", posted(asked))).json();
/** @param {Asked} asked @returns {Promise<Blob>} */
export const previewRejects = async (asked) => (await ask("/api/imports/preview.csv", posted(asked))).blob();
/** @param {Asked} asked @returns {Promise<Run>} */
export const begin = async (asked) => (await ask("/api/imports", posted(asked))).json();
/** @returns {Promise<Run[]>} */
export const past = async () => (await (await ask("/api/imports")).json()).imports;
/** @param {number} id @returns {Promise<Run>} */
export const run = async (id) => (await ask(`/api/imports/${id}`)).json();
/** @param {number} id @returns {Promise<{total: number, rejects: Reject[]}>} */
export const rejects = async (id) => (await ask(`/api/imports/${id}/rejects`)).json();
/** @param {number} id @returns {Promise<Run>} */
export const undo = async (id) => (await ask(`/api/imports/${id}/undo`, { method: "POST" })).json();

/** Send a file; `told` hears the share that has left, 0 to 1.
 * @param {File} file @param {(share: number) => void} told @returns {Promise<{upload: string}>} */
export function send(file, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far a body has left
    request.open("POST", `/api/uploads?${new URLSearchParams({ name: file.name })}`);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && told(event.loaded / event.total));
    request.addEventListener("error", () => reject(new Failure(SILENT)));
    request.addEventListener("load", () => request.status === 201 ? resolve(request.response)
      : reject(failure(request.status, request.response ?? {})));
    request.send(file);
  });
}
