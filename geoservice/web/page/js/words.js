/** French typography: numbers, dates, hours and plurals as people write them. */

export const NNBSP = "\u202f"; // before : ; ! ? % and inside numbers
const NUMBER = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 0 });
const DECIMAL = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });
const DATE = new Intl.DateTimeFormat("fr-FR", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const FEW = 20; // under this many facts a percentage says more than is known

export const WEEKDAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

/** @param {number} value « 1 234 » */
export function number(value) {
  return NUMBER.format(value).replace(/\s/g, NNBSP);
}

/** « +3 », « −3 », « 0 ». @param {number} value */
export function signed(value) {
  return value === 0 ? "0" : `${value > 0 ? "+" : "−"}${number(Math.abs(value))}`;
}

/** « 12,5 ». @param {number} value */
export function decimal(value) {
  return DECIMAL.format(value).replace(/\s/g, NNBSP);
}

/** « 3 faits », « 1 fait », « 0 fait ».
 * @param {number} value @param {string} one @param {string} [many] */
export function plural(value, one, many = `${one}s`) {
  return `${number(value)} ${Math.abs(value) < 2 ? one : many}`;
}

/** « 12 sept. 2024 », « 1er mars 2024 »; a date never breaks over two lines.
 * @param {string} day ISO date */
export function date(day) {
  return DATE.format(new Date(`${day}T00:00:00Z`)).replace(/^1\s/, "1er ").replace(/\s/g, "\u00a0");
}

/** « 12,5 % », or nothing when the total is too small for a percentage to mean something.
 * @param {number} count @param {number} total */
export function share(count, total) {
  return total < FEW ? "" : `${DECIMAL.format((100 * count) / total).replace(/\s/g, NNBSP)}${NNBSP}%`;
}

/** « 22 h–2 h ».
 * @param {string} hours as in the address, "22-2" */
export function hours(hours) {
  const [start, end] = hours.split("-").map(Number);
  return `${start}${NNBSP}h–${end}${NNBSP}h`;
}

/** « 250 m » or « 1,2 km ».
 * @param {number} metres */
export function distance(metres) {
  return metres < 1000 ? `${number(Math.round(metres / 10) * 10)}${NNBSP}m`
    : `${DECIMAL.format(metres / 1000)}${NNBSP}km`;
}

/** « a, b et c ».
 * @param {string[]} items */
export function list(items) {
  return new Intl.ListFormat("fr-FR", { type: "conjunction" }).format(items);
}

/** « Vérité : 2 » with the space that French puts before a colon.
 * @param {string} label @param {string | number} value */
export function labelled(label, value) {
  return `${label}${NNBSP}: ${value}`;
}
