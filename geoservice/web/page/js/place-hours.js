/** Hours and days of a quarter's two generations, its ring and its commune, side by side: shares drawn on one scale, counts in words and in a table. */

import { bars } from "./charts.js";
import { h } from "./dom.js";
import { table } from "./place-table.js";
import { NNBSP, number, plural, share, WEEKDAYS } from "./words.js";

const FEW = 20; // facts of a known hour below which a share says more than is known
const STRETCH = 4; // hours of the stretch that is told in words
const STANDS_OUT = 3; // standard errors by which a day has more facts than a seventh before it is named
const HOURS = Array.from({ length: 24 }, (_, hour) => `${hour}${NNBSP}h–${hour + 1}${NNBSP}h`);

/**
 * @typedef {import("./api.js").Quarter["pieces"][0]} Piece
 * @typedef {{label: string, hours: number[], days: number[], total: number, unknown: number}} Profile
 * @param {Piece[]} pieces
 */
export function hoursPart(pieces) {
  const all = pieces.map(profile);
  if (all.every((one) => one.total === 0)) return [];
  const known = all.filter((one) => one.total >= FEW);
  const most = (/** @type {"hours" | "days"} */ of) => Math.max(...known.flatMap((one) => one[of].map((count) => count / one.total)));
  const scales = { hours: most("hours"), days: most("days") };
  return [h("h3", {}, "Heures et jours, côte à côte"),
    h("div", { class: "profiles" }, all.map((one) => h("figure", { class: "profile" }, h("figcaption", {}, h("strong", {}, one.label), words(one)), drawn(one, scales)))),
    h("p", { class: "hint" }, `Hauteurs${NNBSP}: parts des faits d’heure connue de chaque morceau, à la même échelle pour tous${NNBSP}; heures locales. Sous ${FEW} faits, des nombres et pas de dessin.`),
    h("details", {}, h("summary", {}, "Les nombres, heure par heure et jour par jour"), ...numbers("Faits par heure", HOURS, all, "hours"), ...numbers("Faits par jour de la semaine", WEEKDAYS, all, "days"))];
}

/** @param {Piece} piece @returns {Profile} */
function profile({ label, calendar: { counts, unknown } }) {
  const sum = (/** @type {number[]} */ some) => some.reduce((a, b) => a + b, 0);
  const days = counts.map(sum);
  return { label, hours: HOURS.map((_, hour) => sum(counts.map((day) => day[hour]))), days, total: sum(days), unknown };
}

/** What the drawing shows, in words. @param {Profile} one */
function words({ hours, days, total, unknown }) {
  const lacking = unknown > 0 ? ` ${plural(unknown, "fait")} sans heure connue.` : "";
  if (total < FEW) return h("p", { class: "hint" }, `${plural(total, "fait")} d’heure connue${NNBSP}: trop peu pour un profil.${lacking}`);
  const stretches = hours.map((_, first) => Array.from({ length: STRETCH }, (_, more) => hours[(first + more) % 24]).reduce((a, b) => a + b, 0));
  const [inside, day] = [Math.max(...stretches), Math.max(...days)];
  const first = stretches.indexOf(inside);
  const apart = day - total / 7 > STANDS_OUT * Math.sqrt((total * 6) / 49);
  const week = apart ? `le ${WEEKDAYS[days.indexOf(day)]} plus que d’autres jours (${number(day)}, ${share(day, total)})` : "des jours à peu près égaux";
  return h("p", { class: "hint" }, `${plural(total, "fait")} d’heure connue. Le plus de ${first}${NNBSP}h à ${(first + STRETCH) % 24}${NNBSP}h (${number(inside)}, ${share(inside, total)})${NNBSP}; ${week}.${lacking}`);
}

/** @param {Profile} one @param {{hours: number, days: number}} scales */
function drawn(one, scales) {
  if (one.total < FEW) return null;
  return [...chart(one, "hours", HOURS, scales.hours, `${one.label}${NNBSP}: part des faits par heure`, ["0", "6", "12", "18", "24"].map((hour) => `${hour}${NNBSP}h`)),
    ...chart(one, "days", WEEKDAYS, scales.days, `${one.label}${NNBSP}: part des faits par jour de la semaine`, WEEKDAYS.map((day) => day.slice(0, 1)))];
}

/** @param {Profile} one @param {"hours" | "days"} of @param {string[]} names @param {number} most @param {string} label @param {string[]} under */
function chart(one, of, names, most, label, under) {
  const told = (/** @type {number} */ at) => `${names[at]}${NNBSP}: ${plural(one[of][at], "fait")} sur ${number(one.total)}, ${share(one[of][at], one.total)}`;
  const picture = bars(one[of].map((count) => count / one.total), () => "in", told, most);
  picture.setAttribute("aria-label", `${label}${NNBSP}; les nombres sont dans le tableau.`);
  return [picture, h("div", { class: `under ${of}`, "aria-hidden": "true" }, under.map((name) => h("span", {}, name)))];
}

/** @param {string} label @param {string[]} names @param {Profile[]} all @param {"hours" | "days"} of */
function numbers(label, names, all, of) {
  return table(label, ["", ...all.map((one) => one.label)], [["D’heure connue", ...all.map((one) => number(one.total))],
    ...names.map((name, at) => [name, ...all.map((one) => [number(one[of][at]), one.total >= FEW && h("span", { class: "hint" }, ` ${share(one[of][at], one.total)}`)])])]);
}
