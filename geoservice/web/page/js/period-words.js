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

/** The compared period, as « du … au … ».
 * @param {string} compare as in the address */
export function compareWords(compare) {
  const [from, to] = compare.split("..");
  return periodWords(/** @type {any} */ ({ from, to }), null);
}

/** A sentence when two periods do not last the same or one is not wholly recorded, for then counts do not compare.
 * @param {import("./state.js").View} view @param {{from: string, to: string} | null} known */
export function unequalWords(view, known) {
  if (!known || !view.compare) return "";
  const [from, to] = view.compare.split("..");
  const end = plusDays(known.to, 1);
  const days = (/** @type {string} */ first, /** @type {string} */ last) => Math.round((Date.parse(last) - Date.parse(first)) / 86_400_000);
  if (from < known.from || to > end) return " Cette période n’est pas entièrement dans les données : les décomptes ne se comparent pas tels quels.".replace(" :", "\u202f:");
  const length = days(view.from || known.from, view.to || end);
  return Math.abs(length - days(from, to)) > 1 ? ` Les deux périodes n’ont pas la même durée (${length} et ${days(from, to)} jours).` : "";
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
