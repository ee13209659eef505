/** Requests of the shared page. Every number comes from a release; null is « non diffusé ». */

import { Failure } from "./api.js";

/**
 * @typedef {{territory: string, title: string, release: string, version: string, revision: number, months: string[], zone: string | null,
 *   kinds: {code: string, label: string, solo: boolean}[], levels: {code: string, label: string, places: number}[]}} Release
 * @typedef {{kind: string, year: number, level: string, period: string, detail: string, periods: string[], groups: string[]}} Family
 * @typedef {Release & {families: Family[], groups: {code: string, label: string, categories: string[]}[], opens: Record<string, string | null>, promise: string[],
 *   warnings: string[], masked: string}} Manifest
 * @typedef {{type: string, id: number, geometry: any, properties: {place: string, name: string, dwellings: number, qpv: string | null,
 *   commune: string | null}}} Feature
 * @typedef {{kind: string, level: string, period: string, group: string, values: (number | null)[], shown: number, masked: number}} Values
 * @typedef {{periods: string[], values: (number | null)[], change: string | null, before: string | null, last: string}} Trend
 * @typedef {{year: number, level: string, place: string, weekdays: (number | null)[] | null, bands: (number | null)[] | null,
 *   band_hours: number}} Hours
 * @typedef {{rank: number, places: string[], name: string, facts: number, expected: number, low: number, high: number, verdict: string,
 *   sentence: string, reasons: {code: string, sentence: string}[]}} Area
 * @typedef {{enough: boolean, reason: {code: string, sentence: string} | null, sentence: string, areas: Area[], places: string[],
 *   hot: boolean[]}} Hot
 * @typedef {{residence: string | null, hall: string | null, state: string | null, date: string | null, owner: string | null}} Hall
 * @typedef {{number: number, organisation: string, level: string, place: string, name: string, group_name: string, reason_name: string,
 *   wished: string, created: string, answer: string | null, answer_name: string | null, answer_reason_name: string | null,
 *   answered: string | null, may_answer: boolean}} Patrol
 * @typedef {{requests: Patrol[], answers: Record<string, string>, refusals: Record<string, string>}} Patrols
 */

/** @param {string} address @param {Record<string, string | null | undefined>} [given] @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function get(address, given = {}, signal) {
  const asked = new URLSearchParams(Object.entries(given).filter(([, value]) => value).map(([name, value]) => [name, String(value)]));
  return answered(fetch(asked.size ? `${address}?${asked}` : address, { signal, headers: { Accept: "application/json" } }));
}

/** @param {string} address @param {any} body */
export async function send(address, body) {
  return answered(fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
}

/** @param {Promise<Response>} asked */
async function answered(asked) {
  let answer;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure("Le service ne répond pas. Vérifiez la connexion, puis rechargez la page.");
  }
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Failure(body?.detail ?? "Le service n’a pas pu répondre. Réessayez dans un instant.", answer.status);
  return body;
}
