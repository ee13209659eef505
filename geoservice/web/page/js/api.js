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
 *   residence: {code: string, name: string, distance_m: number} | null, merged: Merged, hotspot?: HotCard}} Card
 * @typedef {{reports: number, facts: number} | null} Merged
 * @typedef {{code: string, sentence: string}} Reason
 * @typedef {{observed: number, expected: number, low: number, high: number, ratio: number, ratio_low: number, ratio_high: number,
 *   excess: number, p: number, q: number}} Numbers  low, high: what chance alone would show
 * @typedef {Numbers & {rank: number, cells: string[], units?: string[], centre: [number, number], name: string, facts: number,
 *   verdict: string, sentence: string, reasons: Reason[]}} HotArea
 * @typedef {{null: string, exposure: string, level: number, floor: number, sentence: string}} Method
 * @typedef {{kind: string, resolution: number, unit: "cell" | "residence", enough: boolean, reason: Reason | null, method: Method,
 *   total: number, outside: number, cells?: string[], units?: string[], names?: string[], points?: [number, number][],
 *   observed: number[], expected: number[], low: number[], high: number[], q: number[], hot: boolean[], areas_total: number,
 *   areas: HotArea[]}} HotSpots
 * @typedef {Numbers & {enough: boolean, reason: Reason | null, unit: string, of: "cell" | "area", hot: boolean, verdict: string,
 *   sentence: string, reasons: Reason[], stability: {hot: number, variants: number} | null,
 *   why: (Reason & {label: string, ratio: number, low: number, high: number})[], why_reason: Reason | null,
 *   area: HotArea | null, method: Method}} HotCard
 * @typedef {{version: string, kind: string, resolution: number, vertices: number, cells: string[], rings: string}} Geometry
 * @typedef {{version: string, kind: string, resolution: number, values: number[], total: number,
 *   unknown: Record<string, number>, unplaced: number}} Values
 * @typedef {{step: string, days: string[], counts: number[], total: number, unplaced: number}} Series
 * @typedef {{counts: number[][], unknown: number}} Calendar
 * @typedef {{enough: boolean, reason: Reason | null, days: string[], counts: number[], low: number[], high: number[], line: number[],
 *   total: number, sentence: string, emerging: {code: string | null, label: string | null, sentence: string | null} | null}} Trend
 * @typedef {{enough: boolean, reason: Reason | null, sentence: string}} Change
 * @typedef {{code: string | null, label: string, count: number}} FacetWord
 * @typedef {Record<"category" | "nature" | "place" | "gravity", FacetWord[]>} Facets
 * @typedef {{per_100_dwellings: number, low: number, high: number, count: number, dwellings: number}} Rate
 * @typedef {{code: string, name: string, lon: number | null, lat: number | null, dwellings: number | null, count: number,
 *   attached: number, rate: Rate | null}} ResidenceRow
 * @typedef {{type: string, ref: string, code: string, name: string, bbox: [number, number, number, number] | null, kind: string,
 *   period: {from: string, to: string} | null, count: number, unplaced: number, staff: number, series: Series, calendar: Calendar,
 *   categories: FacetWord[], rate: Rate | null, links: Record<string, string>, merged?: Merged, properties?: Record<string, any>,
 *   dwellings?: number | null, generation?: string, area_km2?: number | null, halls?: {code: string, name: string, count: number, attached: number}[],
 *   elsewhere?: number, attached?: number, parts?: Record<string, number>, beside?: Record<string, number>, qpv?: {ref: string, name: string, generation: string, inside: boolean, edge_m: number}[],
 *   residences?: ResidenceRow[], followed?: Followed[], overlaps?: {ref: string, name: string, generation: string, share: number}[]}} Place
 * @typedef {{fact: number, what: string, partner: string, opened: string, days: number, ageing: string}} Followed
 * @typedef {{type: string, label: string, detail: string, lon: number, lat: number, bbox: [number, number, number, number],
 *   zone: string | null}} Hit
 * @typedef {{period: string, count: number | null, withheld: boolean, rate: number | null, denominator: number | null}} Published
 * @typedef {{ref: string, kind: string, ring_m: number, own: string, commune: {ref: string, name: string} | null,
 *   pieces: {code: string, label: string, zones: {ref: string, name: string}[], count: number, series: Series, calendar: Calendar,
 *     night: number, timed: number, trend: {direction: string, p: number, months: number, caveats: string[]} | null,
 *     reason: Reason | null, categories: FacetWord[], rate: Rate | null}[],
 *   kinds: {code: string, label: string, counts: Record<string, number>}[],
 *   boundary: {enough: boolean, reason: Reason | null, sentence: string, before: {from: string, to: string} | null,
 *     after: {from: string, to: string} | null, old: number, new: number, change: number, time: number, boundary: number,
 *     parts: {area: string, before: number, after: number, change: number, time: number, boundary: number}[]},
 *   official: {level: string, zone: string, name: string, indicator: string, unit: string, denominator_unit: string,
 *     values: Published[]}[]}} Quarter
 * @typedef {{ref: string, name: string, bbox: [number, number, number, number] | null}} Zone
 * @typedef {{tiles: string[], vector_layers?: {id: string}[], minzoom: number, maxzoom: number,
 *   resolutions?: number[]}} TileJson
 */

/** A failed request with a French sentence for the reader; `status` 0 when there was no answer. */
export class Failure extends Error {
  /** @param {string} words @param {number} [status] */
  constructor(words, status = 0) {
    super(words);
    this.status = status;
  }
}

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
  if (!response.ok) throw new Failure(await sentence(response), response.status);
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
/** @param {string} cell @param {URLSearchParams} filters @param {AbortSignal} [signal] @param {boolean} [checked] also against other drawings of the map, which takes longer
 * @returns {Promise<Card>} */
export const card = (cell, filters, signal, checked = false) => get(`/api/cells/${encodeURIComponent(cell)}`, checked ? merged(filters, { verdict: "1" }) : filters, signal);
/** @param {URLSearchParams} filters @param {string} mesh resolution @param {AbortSignal} [signal] @returns {Promise<HotSpots>} */
export const hotspots = (filters, mesh, signal) => get("/api/hotspots", merged(filters, { resolution: mesh }), signal);
/** The period of the filters against another one, place by place. @param {URLSearchParams} filters @param {string} compare from..to
 * @param {number} resolution @param {AbortSignal} [signal] @returns {Promise<Change>} */
export const change = (filters, compare, resolution, signal) => get("/api/change", merged(filters, { compare, resolution: String(resolution) }), signal);
/** Outlines of the cells of a hot-spot answer, also of those that hold no fact.
 * @param {URLSearchParams} filters @param {string} mesh @param {AbortSignal} [signal]
 * @returns {Promise<{features: {properties: {h3: string}, geometry: {coordinates: [number, number][][]}}[]}>} */
export const hotOutlines = (filters, mesh, signal) => get("/api/hotspots", merged(filters, { resolution: mesh, format: "geojson" }), signal);
/** Outlines of all cells of a kind; under a version's own address the browser keeps them for good.
 * @param {string} version @param {number} resolution @param {string} kind @param {AbortSignal} [signal] @returns {Promise<Geometry>} */
export const geometry = (version, resolution, kind, signal) => get(`/api/geometry/${version}/${resolution}`, { kind }, signal);
/** @param {URLSearchParams} filters @param {number} resolution @param {AbortSignal} [signal] @returns {Promise<Values>} */
export const values = (filters, resolution, signal) => get("/api/values", merged(filters, { resolution: String(resolution) }), signal);
/** @param {URLSearchParams} filters @param {string} step @param {AbortSignal} [signal] @param {string} [cell] @returns {Promise<Series>} */
export const series = (filters, step, signal, cell) => get("/api/series", merged(filters, { step, ...(cell && { cell }) }), signal);
/** Months of a cell with their uncertainty. @param {URLSearchParams} filters @param {AbortSignal} signal @param {string} cell @returns {Promise<Trend>} */
export const trend = (filters, signal, cell) => get("/api/trend", merged(filters, { cell }), signal);
/** @param {URLSearchParams} filters @param {AbortSignal} [signal] @param {string} [cell] @returns {Promise<Calendar>} */
export const calendar = (filters, signal, cell) => get("/api/calendar", merged(filters, cell ? { cell } : {}), signal);
/** @param {URLSearchParams} filters @param {AbortSignal} [signal] @returns {Promise<Facets>} */
export const facets = (filters, signal) => get("/api/facets", filters, signal);
/** @param {URLSearchParams} filters @param {AbortSignal} [signal] @returns {Promise<{total: number, residences: ResidenceRow[]}>} */
export const residences = (filters, signal) => get("/api/residences", filters, signal);
/** Partners asked about facts of a residence, open ones. @param {string} code @param {AbortSignal} [signal] @returns {Promise<Followed[]>} */
export const followed = async (code, signal) => (await get("/api/suites", { residence: code }, signal)).open;
/** A residence, a QPV or a commune. @param {string} zone @param {URLSearchParams} filters @param {AbortSignal} [signal] @returns {Promise<Place>} */
export function place(zone, filters, signal) {
  const code = /^residence:(.+)$/.exec(zone)?.[1];
  return get(code ? `/api/residences/${encodeURIComponent(code)}` : `/api/zones/${encodeURIComponent(zone)}`, filters, signal);
}
/** What surrounds a QPV or a commune. @param {string} zone @param {URLSearchParams} filters @param {AbortSignal} [signal] @returns {Promise<Quarter>} */
export const quarter = (zone, filters, signal) => get(`/api/quarters/${encodeURIComponent(zone)}`, filters, signal);
/** @param {string} q @param {AbortSignal} [signal] @returns {Promise<Hit[]>} */
export const search = async (q, signal) => (await get("/api/search", { q }, signal)).results;
/** @param {string} layer @returns {Promise<Zone[]>} */
export async function zones(layer) {
  return (await get("/api/zones", { layer })).zones;
}

/** @param {URLSearchParams} filters @param {Record<string, string>} more */
function merged(filters, more) {
  const params = new URLSearchParams(filters);
  for (const [name, value] of Object.entries(more)) params.set(name, value);
  return params;
}

/** Filters without some of them.
 * @param {URLSearchParams} filters @param {...string} names */
export function without(filters, ...names) {
  const params = new URLSearchParams(filters);
  for (const name of names) params.delete(name);
  return params;
}

/** The address of a layer's tiles, absolute because MapLibre's worker has no page to be relative to.
 * @param {string} layer @param {"mvt" | "png"} format @param {URLSearchParams} [params] */
export function tileUrl(layer, format, params) {
  const query = params?.toString();
  const address = `${location.origin}/tiles/${encodeURIComponent(layer)}/{z}/{x}/{y}.${format}`;
  return query ? `${address}?${query}` : address;
}
