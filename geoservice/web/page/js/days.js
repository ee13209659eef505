/** Calendar arithmetic on ISO dates. The service excludes the last date of a period; people include it. */

/**
 * A period as the service understands it: `from` included, `to` excluded; empty means no limit.
 * @typedef {{from: string, to: string}} Period
 */

/** @param {string} day @param {number} days @returns {string} */
export function plusDays(day, days) {
  const moment = new Date(`${day}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + days);
  return moment.toISOString().slice(0, 10);
}

/** The same day some months later or earlier; the 31st becomes the last day of a shorter month.
 * @param {string} day @param {number} months @returns {string} */
export function plusMonths(day, months) {
  const moment = new Date(`${day}T00:00:00Z`);
  const wanted = moment.getUTCDate();
  moment.setUTCDate(1);
  moment.setUTCMonth(moment.getUTCMonth() + months);
  const last = new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth() + 1, 0)).getUTCDate();
  moment.setUTCDate(Math.min(wanted, last));
  return moment.toISOString().slice(0, 10);
}

/** @param {string} text */
export function isDay(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/**
 * The ready-made periods, counted back from the last day of the data (not from today, which may have no data).
 * @param {Period | null} known first and last day of the data, both included
 * @returns {{code: string, label: string, period: Period}[]}
 */
export function presets(known) {
  const all = { code: "tout", label: "Tout", period: { from: "", to: "" } };
  if (!known) return [all];
  const end = plusDays(known.to, 1);
  return [
    { code: "3m", label: "3 mois", period: { from: plusMonths(end, -3), to: end } },
    { code: "12m", label: "12 mois", period: { from: plusMonths(end, -12), to: end } },
    all,
  ];
}
