/** Counts of the current filters: of the whole territory (for the colours) and of the view (for the table). */

import * as api from "./api.js";
import { classes } from "./palette.js";

/**
 * @typedef {{cell: string, count: number}} Row
 * @typedef {{resolution: number, total: number, unknown: Record<string, number>, unplaced: number,
 *   byCell: Map<string, number>, classes: import("./palette.js").CountClass[]}} Territory
 * @typedef {{territory: Territory, rows: Row[], total: number}} Picture  rows and total of the view
 */

/** Loads counts; an answer that arrives after a newer question is dropped. */
export class Counts {
  /** @param {{onstart: () => void, onpicture: (picture: Picture) => void, onfailure: (sentence: string) => void}} ears */
  constructor(ears) {
    this.ears = ears;
    this.filters = "";
    /** @type {Map<number, Territory>} territories of the current filters by resolution */
    this.known = new Map();
    this.controller = new AbortController();
  }

  /** Drop the question that is on its way: a newer one will follow. */
  stop() {
    this.controller.abort();
  }

  /**
   * Ask for the counts of a view. The old picture stays until the new one is whole.
   * @param {URLSearchParams} filters
   * @param {number} resolution
   * @param {string} bbox "west,south,east,north"
   */
  async load(filters, resolution, bbox) {
    this.controller.abort();
    const controller = (this.controller = new AbortController());
    if (this.filters !== filters.toString()) {
      this.filters = filters.toString();
      this.known = new Map();
    }
    this.ears.onstart();
    try {
      const [territory, view] = await Promise.all([this.territory(filters, resolution, controller.signal),
        api.cells(filters, resolution, bbox, controller.signal)]);
      if (!controller.signal.aborted) this.ears.onpicture(picture(territory, view));
    } catch (error) {
      if (!controller.signal.aborted) this.ears.onfailure(sentence(error));
    }
  }

  /** @param {URLSearchParams} filters @param {number} resolution @param {AbortSignal} signal @returns {Promise<Territory>} */
  async territory(filters, resolution, signal) {
    const known = this.known.get(resolution);
    if (known) return known;
    const answer = await api.cells(filters, resolution, undefined, signal);
    const byCell = new Map(answer.cells.map((cell, index) => [cell, answer.counts[index]]));
    const territory = { ...answer, byCell, classes: classes(answer.counts) };
    if (!signal.aborted) this.known.set(resolution, territory);
    return territory;
  }
}

/** A cell on the edge of the view is shown with its whole count, as on the map, not with the part inside the view.
 * @param {Territory} territory @param {api.Cells} view @returns {Picture} */
function picture(territory, view) {
  const rows = view.cells.map((cell, index) => ({ cell, count: territory.byCell.get(cell) ?? view.counts[index] }));
  return { territory, rows, total: view.total };
}

/** @param {unknown} error */
export function sentence(error) {
  if (error instanceof api.Failure) return error.message;
  console.error(error);
  return "La page a rencontré une erreur. Rechargez-la\u202f; si cela dure, prévenez votre administrateur.";
}
