/** Counts of the current filters: of the whole territory (for the colours) and of the view (for the table). */

import * as api from "./api.js";
import { classes, classOf } from "./palette.js";
import { inView, Shapes } from "./shapes.js";

/**
 * `other` of a row is its count in the compared period, absent without one.
 * `shape` and `values` are null where the territory has too many cells to be sent whole: the map then draws tiles.
 * @typedef {{cell: string, count: number, other?: number}} Row
 * @typedef {{resolution: number, total: number, unknown: Record<string, number>, unplaced: number, byCell: Map<string, number>,
 *   classes: import("./palette.js").CountClass[], shape: import("./shapes.js").Shape | null, values: number[] | null}} Territory
 * @typedef {{territory: Territory, other: Territory | null, rows: Row[], total: number}} Picture  rows and total of the view
 * @typedef {{filters: URLSearchParams, other: URLSearchParams | null, resolution: number, bbox: string}} Question
 */

/** Loads counts; an answer that arrives after a newer question is dropped. */
export class Counts {
  /** @param {{onstart: () => void, onpicture: (picture: Picture) => void, onfailure: (sentence: string) => void}} ears */
  constructor(ears) {
    this.ears = ears;
    this.shapes = new Shapes();
    this.filters = "";
    /** @type {Map<string, Territory>} of the current filters, by period and resolution */
    this.known = new Map();
    this.controller = new AbortController();
  }

  /** Drop the question that is on its way: a newer one will follow. */
  stop() {
    this.controller.abort();
  }

  /**
   * Ask for the counts of a view. The old picture stays until the new one is whole.
   * @param {Question} question
   */
  async load(question) {
    this.controller.abort();
    const controller = (this.controller = new AbortController());
    const asked = `${question.filters}|${question.other ?? ""}`;
    if (this.filters !== asked) {
      this.filters = asked;
      this.known = new Map();
    }
    this.ears.onstart();
    try {
      const picture = await this.picture(question, controller.signal);
      if (!controller.signal.aborted) this.ears.onpicture(picture);
    } catch (error) {
      if (!controller.signal.aborted) this.ears.onfailure(sentence(error));
    }
  }

  /** @param {Question} question @param {AbortSignal} signal @returns {Promise<Picture>} */
  async picture({ filters, other, resolution, bbox }, signal) {
    const [territory, compared] = await Promise.all([this.territory(filters, resolution, signal),
      other && this.territory(other, resolution, signal)]);
    if (compared) shareClasses(territory, compared);
    const rows = territory.shape ? rowsOf(territory, compared, bbox) : await this.rowsByTile(territory, filters, bbox, signal);
    return { territory, other: compared, rows, total: rows.reduce((sum, row) => sum + row.count, 0) };
  }

  /** @param {URLSearchParams} filters @param {number} resolution @param {AbortSignal} signal @returns {Promise<Territory>} */
  async territory(filters, resolution, signal) {
    const key = `${filters}|${resolution}`;
    const known = this.known.get(key);
    if (known) return known;
    const territory = (await this.whole(filters, resolution, signal)) ?? (await bare(filters, resolution, signal));
    if (!signal.aborted) this.known.set(key, territory);
    return territory;
  }

  /** With outlines. @param {URLSearchParams} filters @param {number} resolution @param {AbortSignal} signal @returns {Promise<Territory | null>} */
  async whole(filters, resolution, signal) {
    const found = await this.shapes.values(filters, resolution, signal);
    if (!found) return null;
    const { shape, answer } = found;
    const byCell = /** @type {Map<string, number>} */ (new Map());
    answer.values.forEach((count, at) => count > 0 && byCell.set(shape.cells[at], count));
    return { ...answer, byCell, shape, classes: classes([...byCell.values()]) };
  }

  /** A cell on the edge of the view is shown with its whole count, as on the map, not with the part inside the view.
   * @param {Territory} territory @param {URLSearchParams} filters @param {string} bbox @param {AbortSignal} signal */
  async rowsByTile(territory, filters, bbox, signal) {
    const view = await api.cells(filters, territory.resolution, bbox, signal);
    return view.cells.map((cell, at) => ({ cell, count: territory.byCell.get(cell) ?? view.counts[at] }));
  }
}

/** Without outlines. @param {URLSearchParams} filters @param {number} resolution @param {AbortSignal} signal @returns {Promise<Territory>} */
async function bare(filters, resolution, signal) {
  const answer = await api.cells(filters, resolution, undefined, signal);
  const byCell = new Map(answer.cells.map((cell, index) => [cell, answer.counts[index]]));
  return { ...answer, byCell, shape: null, values: null, classes: classes(answer.counts) };
}

/** The cells that the view touches and that hold a fact in either period.
 * @param {Territory} territory @param {Territory | null} compared @param {string} bbox @returns {Row[]} */
function rowsOf(territory, compared, bbox) {
  const shape = /** @type {import("./shapes.js").Shape} */ (territory.shape);
  return inView(shape, bbox).map((at) => {
    const row = { cell: shape.cells[at], count: territory.values?.[at] ?? 0 };
    return compared ? { ...row, other: compared.values?.[at] ?? 0 } : row;
  }).filter((row) => row.count > 0 || (row.other ?? 0) > 0);
}

/** Two maps side by side must mean the same by a colour.
 * @param {Territory} one @param {Territory} other */
function shareClasses(one, other) {
  const shared = classes([...one.byCell.values(), ...other.byCell.values()]);
  // the legend counts the cells of the chosen period
  for (const each of shared) each.cells = 0;
  for (const count of one.byCell.values()) {
    const each = classOf(shared, count);
    if (each) each.cells += 1;
  }
  one.classes = other.classes = shared;
}

/** The class of each cell of a territory, from 1; 0 where there is nothing to draw.
 * @param {Territory} territory @param {Set<number>} hidden classes that the reader switched off, from 0 @returns {Uint8Array} */
export function classNumbers(territory, hidden) {
  return Uint8Array.from(territory.values ?? [], (count) => {
    const one = count > 0 ? classOf(territory.classes, count) : undefined;
    const at = one ? territory.classes.indexOf(one) : -1;
    return hidden.has(at) ? 0 : at + 1;
  });
}

/** @param {unknown} error */
export function sentence(error) {
  if (error instanceof api.Failure) return error.message;
  console.error(error);
  return "La page a rencontré une erreur. Rechargez-la\u202f; si cela dure, prévenez votre administrateur.";
}
