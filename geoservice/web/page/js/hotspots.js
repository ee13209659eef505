/** Hot spots of the current filters: asked once for a filter and a mesh, read by the map, the list, the table and the hover. */

import * as api from "./api.js";
import { NNBSP, decimal, number, plural } from "./words.js";

const KEPT = 6;
export const MESHES = /** @type {[string, string][]} */ ([["8", `1${NNBSP}km`], ["9", `380${NNBSP}m`], ["10", `140${NNBSP}m`], ["11", `54${NNBSP}m`]]);
const FIRST_MESHES = /** @type {[string, number][]} */ ([["10", 0.015], ["9", 0.105], ["8", 0.737]]); // those that the page chooses by itself, with km² a cell
const MOST_CELLS = 40_000;
const DEGREE_KM = 111.2;

/** Verdicts in the order in which areas deserve attention; the key is also the name of their look. */
export const VERDICTS = /** @type {const} */ (["solide", "fragile", "artefact"]);
/** @typedef {typeof VERDICTS[number]} Verdict */
export const VERDICT_WORDS = { solide: "Solide", fragile: "Fragile", artefact: "Artefact probable" };
const SPOT_WORDS = { solide: "point chaud solide", fragile: "point chaud fragile", artefact: "artefact probable" };

/** The look of a verdict, null for a place that is no hot spot. @param {string} verdict @returns {Verdict | null} */
export function lookOf(verdict) {
  return VERDICTS.find((one) => verdict.startsWith(one)) ?? null;
}

/** An answer with what it says of each cell. */
export class Hot {
  /** @param {api.HotSpots} answer */
  constructor(answer) {
    this.answer = answer;
    /** @type {Map<string, number>} */ this.index = new Map((answer.cells ?? []).map((cell, at) => [cell, at]));
    /** @type {Map<string, api.HotArea>} */ this.byCell = new Map(answer.areas.flatMap((area) => area.cells.map((cell) => [cell, area])));
  }

  get enough() { return this.answer.enough; }

  /** Areas that a reader may act on. */
  get sure() { return this.answer.areas.filter((area) => lookOf(area.verdict) === "solide"); }

  /** @param {Verdict} look */
  areas(look) {
    return this.answer.areas.filter((area) => lookOf(area.verdict) === look);
  }

  /** Facts of a cell with its neighbours beside what was expected there, and its verdict; null outside the study area.
   * @param {string} cell */
  of(cell) {
    const at = this.index.get(cell);
    if (at === undefined) return null;
    const area = this.byCell.get(cell);
    return { observed: this.answer.observed[at], expected: this.answer.expected[at], look: area ? lookOf(area.verdict) : null, hot: this.answer.hot[at] };
  }

  /** « 12 faits avec les cases voisines, attendu 4, point chaud solide ». @param {string} cell */
  words(cell) {
    const found = this.of(cell);
    if (!found) return "";
    return `${plural(found.observed, "fait")} avec les cases voisines, attendu ${awaited(found.expected)}, ${found.look ? SPOT_WORDS[found.look] : found.hot ? "point chaud" : "rien d’inhabituel"}`;
  }
}

/** Asks and remembers; two parts of the page that ask for the same share one question. */
export class HotSpots {
  constructor() {
    /** @type {Map<string, Promise<Hot>>} */ this.known = new Map();
  }

  /** @param {URLSearchParams} filters @param {string} mesh @returns {Promise<Hot>} */
  load(filters, mesh) {
    const key = `${mesh}?${filters}`;
    const known = this.known.get(key);
    if (known) return known;
    const asked = api.hotspots(filters, mesh).then((answer) => new Hot(answer));
    asked.catch(() => this.known.delete(key));
    this.known.set(key, asked);
    for (const old of [...this.known.keys()].slice(0, -KEPT)) this.known.delete(old);
    return asked;
  }

  /** Data may have changed: nothing is remembered. */
  forget() {
    this.known.clear();
  }
}

/** The finest mesh that a test can hold over a territory; it depends on the place and not on the screen, so that all see the same.
 * @param {[number, number, number, number] | null} bounds of the facts */
export function meshOf(bounds) {
  if (!bounds) return FIRST_MESHES[0][0];
  const [west, south, east, north] = bounds;
  const km2 = (east - west) * Math.cos((((south + north) / 2) * Math.PI) / 180) * (north - south) * DEGREE_KM ** 2;
  return (FIRST_MESHES.find(([, cell]) => km2 / cell <= MOST_CELLS) ?? FIRST_MESHES[FIRST_MESHES.length - 1])[0];
}

/** « 4 », « 4,5 », « moins de 0,1 ». @param {number} expected */
export function awaited(expected) {
  return expected < 0.1 ? "moins de 0,1" : expected < 20 ? decimal(expected) : number(Math.round(expected));
}
