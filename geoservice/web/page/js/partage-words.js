/** Words of the shared page: periods, weekdays, hours and counts that may not be shown. */

import { h } from "./dom.js";
import { NNBSP, number } from "./words.js";

export const MASKED = "non diffusé";
const MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
export const DAYS = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."];

/** @param {string} period 2024, 2024-Q1 or 2024-03 */
export function periodName(period) {
  const [year, rest] = period.split("-");
  if (!rest) return year;
  if (rest.startsWith("Q")) return `${rest[1] === "1" ? "1er" : `${rest[1]}e`} trimestre ${year}`;
  return `${MONTHS[Number(rest) - 1]} ${year}`;
}

/** Under a bar there is room for little. @param {string} period */
export function shortPeriod(period) {
  const [year, rest] = period.split("-");
  if (!rest) return year;
  return rest.startsWith("Q") ? `T${rest[1]} ${year.slice(2)}` : `${MONTHS[Number(rest) - 1].slice(0, 3)} ${year.slice(2)}`;
}

/** @param {string} period */
export const stepOf = (period) => (period.length === 4 ? "year" : period.includes("Q") ? "quarter" : "month");

/** @param {number | null} value */
export const countWords = (value) => (value === null ? MASKED : `${number(value)}${NNBSP}fait${value >= 2 ? "s" : ""}`);

/** @param {number} band @param {number} hours */
export const bandName = (band, hours) => `${band * hours}${NNBSP}h–${(band + 1) * hours}${NNBSP}h`;

/** A word with its sign, so that colour is never alone. @param {string | null} change */
export function changeMark(change) {
  if (change === null) return h("span", { class: "change" }, "–", h("span", { class: "unseen" }, " pas de comparaison"));
  const sign = { hausse: "▲", baisse: "▼" }[change] ?? "=";
  return h("span", { class: `change change-${change === "hausse" ? "up" : change === "baisse" ? "down" : "same"}` },
    h("span", { "aria-hidden": "true" }, `${sign} `), change);
}

/** @param {string} day 2024-09-12 */
export const shortDay = (day) => `${day.slice(8, 10)}/${day.slice(5, 7)}/${day.slice(0, 4)}`;
