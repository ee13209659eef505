/** Which period to put beside the one that is shown. */

import { plusDays, plusMonths } from "./days.js";

/**
 * The same dates a year earlier, and the stretch of the same length just before; "" where the record does not reach.
 * @param {{from: string, to: string}} view @param {{from: string, to: string} | null} known
 */
export function otherPeriods(view, known) {
  if (!known) return { yearBefore: "", justBefore: "" };
  const end = plusDays(known.to, 1);
  // without dates there is nothing before: the last year of the record is meant
  const to = view.to || end;
  const from = view.from || plusMonths(to, -12);
  const days = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
  const within = (/** @type {string} */ first, /** @type {string} */ last) => (last > known.from ? `${first}..${last}` : "");
  return { yearBefore: within(plusMonths(from, -12), plusMonths(to, -12)), justBefore: within(plusDays(from, -days), from) };
}
