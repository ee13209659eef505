/** The view that the page opens with, and what an address may change of it. */

import { presets } from "./days.js";
import { EMPTY, HOT_MODE } from "./state.js";

export const FRANCE = /** @type {[number, number, number, number]} */ ([-5.2, 41.3, 9.6, 51.1]);

/**
 * @typedef {import("./api.js").Catalog} Catalog
 * @typedef {import("./state.js").View} View
 */

/** The first view answers without a click: the hot spots of the origin with most facts, over the last 12 months of data.
 * @param {Catalog} catalog @returns {View} */
export function firstView(catalog) {
  const most = catalog.kinds.reduce((best, one) => ((one.facts ?? 0) > (best?.facts ?? -1) ? one : best), catalog.kinds[0]);
  const year = presets(catalog.period).find((one) => one.code === "12m");
  return { ...EMPTY, mode: HOT_MODE, kind: most?.code ?? "", ...year?.period };
}

/** An address is someone's text: an origin that is not in reach gives way to the first view's; a written address that
 * names an origin without dates means all dates, and without a mode hexagons.
 * @param {Partial<View>} view @param {Catalog} catalog */
export function checked(view, catalog) {
  const { kind, ...others } = view;
  if (!kind || !catalog.kinds.some((one) => one.code === kind)) return others;
  return { from: "", to: "", mode: EMPTY.mode, ...view };
}
