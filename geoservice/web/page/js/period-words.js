/** A view in words: what is counted, over which period. */

import { plusDays } from "./days.js";
import { date, hours, list, WEEKDAYS } from "./words.js";
import { codes } from "./state.js";

/**
 * « du 1 janv. 2024 au 31 déc. 2024 »; without limits, the period of the data.
 * @param {import("./state.js").View} view @param {{from: string, to: string} | null} known
 */
export function periodWords(view, known) {
  const first = view.from || known?.from;
  const last = view.to ? plusDays(view.to, -1) : known?.to;
  if (!first || !last) return "toute la période";
  return first === last ? `le ${date(first)}` : `du ${date(first)} au ${date(last)}`;
}

/**
 * The other filters, in words, each ready to stand in a list.
 * @param {import("./state.js").View} view @param {import("./api.js").Catalog} catalog @returns {string[]}
 */
export function filterWords(view, catalog) {
  const labels = (/** @type {string} */ text, /** @type {import("./api.js").Word[]} */ words) =>
    codes(text).map((code) => words.find((one) => String(one.code) === code)?.label ?? code);
  return [
    view.category && list(labels(view.category, catalog.categories)),
    view.nature && list(labels(view.nature, catalog.natures)),
    view.place && list(labels(view.place, catalog.places)),
    view.gravity_min && `gravité ${view.gravity_min} ou plus`,
    view.hours && hours(view.hours),
    view.weekdays && list(codes(view.weekdays).map((day) => WEEKDAYS[Number(day) - 1])),
  ].filter(Boolean);
}
