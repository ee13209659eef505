/** All requests of the page, and the sentences that people read when one fails. */

import { NNBSP } from "./words.js";

/**
 * @typedef {{code: string, label: string, facts?: number, mapped?: boolean}} Word
 * @typedef {{name: string, organisation: string, via: string, basemap: boolean}} Session
 * @typedef {{name: string, title: string, geometry: string, stores: string, count: number, bounds: number[] | null,
 *   minzoom: number, maxzoom: number, generations: string[], attribution: string, licence: string, style: any,
 *   version: string}} Layer
 * @typedef {{layers: Layer[], kinds: Word[], categories: Word[], natures: Word[], places: Word[], gravities: Word[],
 *   period: {from: string, to: string} | null, bounds: [number, number, number, number] | null}} Catalog
 * @typedef {{resolution: number, kind: string, cells: string[], counts: number[], total: number,
 *   unknown: Record<string, number>, unplaced: number}} Cells
 * @typedef {{cell: string, resolution: number, kind: string, count: number, total: number, share: number,
 *   categories: {code: string, label: string, count: number}[],
 *   qpv: {ref: string, name: string, generation: string}[],
 *   residence: {code: string, name: string, distance_m: number} | null}} Card
 * @typedef {{ref: string, name: string, bbox: [number, number, number, number] | null}} Zone
 * @typedef {{tiles: string[], vector_layers?: {id: string}[], minzoom: number, maxzoom: number,
 *   resolutions?: number[]}} TileJson
 */

/** A failed request with a French sentence for the reader. */
export class Failure extends Error {}

const SIGN_IN = "/connexion";

/**
 * @param {string} path
 * @param {URLSearchParams | Record<string, string>} [params]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function get(path, params = {}, signal) {
  const query = new URLSearchParams(params).toString();
  let response;
  try {
    response = await fetch(query ? `${path}?${query}` : path, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure("Le serveur ne répond pas. Vérifiez la connexion, puis réessayez.");
  }
  if (response.status === 401) {
    location.assign(SIGN_IN);
    throw new Failure("La session est terminée. Reconnectez-vous avec votre jeton.");
  }
  if (!response.ok) throw new Failure(await sentence(response));
  return response.json();
}

/** The sentence of an RFC 9457 problem, or ours when the answer is not one.
 * @param {Response} response */
async function sentence(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail || problem.title
    || `Le serveur a répondu par une erreur (${response.status}). Réessayez${NNBSP}; si cela dure, prévenez votre administrateur.`;
}

/** @returns {Promise<Session>} */
export const session = () => get("/api/session");
/** @returns {Promise<Catalog>} */
export const layers = () => get("/api/layers");
/** @param {string} layer @returns {Promise<TileJson>} */
export const tilejson = (layer) => get(`/tiles/${encodeURIComponent(layer)}/tilejson.json`);
/** @param {URLSearchParams} filters @param {number} resolution @param {string} [bbox] @param {AbortSignal} [signal] @returns {Promise<Cells>} */
export function cells(filters, resolution, bbox, signal) {
  const params = new URLSearchParams(filters);
  params.set("resolution", String(resolution));
  if (bbox) params.set("bbox", bbox);
  return get("/api/cells", params, signal);
}
/** @param {string} cell @param {URLSearchParams} filters @param {AbortSignal} [signal] @returns {Promise<Card>} */
export const card = (cell, filters, signal) => get(`/api/cells/${encodeURIComponent(cell)}`, filters, signal);
/** @param {string} layer @returns {Promise<Zone[]>} */
export async function zones(layer) {
  return (await get("/api/zones", { layer })).zones;
}

/** The address of a layer's tiles, absolute because MapLibre's worker has no page to be relative to.
 * @param {string} layer @param {"mvt" | "png"} format @param {URLSearchParams} [params] */
export function tileUrl(layer, format, params) {
  const query = params?.toString();
  const address = `${location.origin}/tiles/${encodeURIComponent(layer)}/{z}/{x}/{y}.${format}`;
  return query ? `${address}?${query}` : address;
}
