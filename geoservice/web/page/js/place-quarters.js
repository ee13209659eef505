/** A quarter beside its other generation, its surroundings and its commune: tables that say what is known and what is not. */

import { h } from "./dom.js";
import { hoursPart } from "./place-hours.js";
import { FEW, joined } from "./places-list.js";
import { table } from "./place-table.js";
import { placeHash } from "./ranking.js";
import { date, decimal, NNBSP, number, plural } from "./words.js";

const AREAS = /** @type {Record<string, string>} */ ({ stable: "Dans les deux contours", entering: "Entré en 2024", leaving: "Sorti en 2024" });
const TRENDS = /** @type {Record<string, string>} */ ({ hausse: "en hausse", baisse: "en baisse", aucune: "sans tendance nette" });
const YEARS = 5; // the latest that are shown

/**
 * @typedef {import("./api.js").Quarter} Quarter
 * @typedef {import("./state.js").View} View
 * @param {Quarter} found @param {View} view @param {string} kind
 */
export function quarterPart(found, view, kind) {
  return h("section", { id: "quarter" }, h("h2", { class: "spaced" }, "Les deux générations, l’anneau et la commune"), ...pieces(found, view), ...hoursPart(found.pieces), ...kinds(found, kind),
    h("h2", { class: "spaced" }, "Ce que le contour a changé"), ...boundary(found), ...context(found));
}

/** @param {Quarter} found @param {View} view */
function pieces({ pieces: all, own, commune }, view) {
  const heads = all.map((one) => [one.label, one.zones.length > 0 && one.zones.length < 4 && h("span", { class: "hint" }, h("br"),
    joined(one.zones.map((zone) => h("a", { href: `#${placeHash(view, zone.ref)}` }, zone.name))))]);
  const row = (/** @type {string} */ name, /** @type {(one: Quarter["pieces"][0]) => any} */ told) => [name, ...all.map((one) => told(one) || "–")];
  const rows = [row("Faits", (one) => number(one.count)), row("Pour 100 logements", rate), row("Tendance des mois", trend),
    row("De 20\u202fh à 6\u202fh", (one) => one.timed > 0 && `${number(one.night)} sur ${number(one.timed)}`), row("Surtout", (one) => one.categories.slice(0, 3).map((word) => `${word.label} (${number(word.count)})`).join(", "))];
  return table("Faits par morceau de terrain", ["", ...heads], rows, `Faits situés par leur propre position, sans ceux qui n’ont pas de point. L’anneau et le reste de la commune${commune ? ` (${commune.name})` : ""} ne `
    + `comptent aucun fait du quartier de ${own}, ni l’un de l’autre${NNBSP}; entre deux quartiers voisins, un fait va au plus proche. Taux${NNBSP}: faits qui nomment une de vos résidences, sur leurs logements connus.`);
}

/** @param {Quarter["pieces"][0]} one */
function rate({ rate: found }) {
  return found && found.count >= FEW && [decimal(found.per_100_dwellings), h("span", { class: "hint" }, h("br"), `${decimal(found.low)} à ${decimal(found.high)}, ${plural(found.dwellings, "logement")}`)];
}

/** @param {Quarter["pieces"][0]} one */
function trend({ trend: found, count }) {
  return found && count > 0 && [TRENDS[found.direction], found.caveats.length > 0 && h("span", { class: "hint", title: found.caveats.join(" ") }, h("br"), "à lire avec prudence")];
}

/** @param {Quarter} found @param {string} kind */
function kinds({ kinds: all, pieces: grounds }, kind) {
  if (all.length < 2) return [];
  const rows = all.map((one) => [one.code === kind ? h("strong", {}, one.label) : one.label, ...grounds.map((piece) => number(one.counts[piece.code]))]);
  return [h("h3", {}, "Chaque origine, côte à côte"), ...table("Faits par origine", ["Origine", ...grounds.map((one) => one.label)], rows, "Ces décomptes ne s’additionnent pas : le même fait peut être signalé deux fois.".replace(" :", `${NNBSP}:`))];
}

/** Halves of a fact, signed: « +3,5 ». @param {number} value */
function weight(value) {
  return value === 0 ? "0" : `${value > 0 ? "+" : "−"}${decimal(Math.abs(value))}`;
}

/** @param {Quarter} found */
function boundary({ boundary: told }) {
  if (!told.enough || !told.before || !told.after) return [h("p", { class: "hint" }, told.sentence)];
  const span = (/** @type {{from: string, to: string}} */ { from, to }) => `du ${date(from)} au ${date(to)} exclu`;
  const rows = told.parts.map((part) => [AREAS[part.area], number(part.before), number(part.after), weight(part.change), weight(part.time), weight(part.boundary)]);
  const total = [h("strong", {}, "Le quartier"), number(told.old), number(told.new), weight(told.change), weight(told.time), weight(told.boundary)].map((cell) => (typeof cell === "string" ? h("strong", {}, cell) : cell));
  return [h("p", {}, told.sentence), ...table("Ce que le contour a changé", ["", "Faits avant", "Faits après", "Changement", "par le temps", "par le contour"], [...rows, total],
    `Avant${NNBSP}: ${span(told.before)}${NNBSP}; après${NNBSP}: ${span(told.after)}. Le quartier est compté dans son contour de 2015 avant, dans celui de 2024 après. Chaque cause pèse la moyenne de ce qu’elle change en venant `
    + "la première et en venant la seconde (valeur de Shapley) : les lignes et les colonnes s’additionnent au fait près.".replace(" :", `${NNBSP}:`))];
}

/** @param {Quarter} found */
function context({ official }) {
  if (official.length === 0) return [];
  return [h("h2", { class: "spaced" }, "Contexte", NNBSP, ": statistiques publiées par l’État"), h("p", {}, "Crimes et délits enregistrés (SSMSI), pour toute la commune ou le département. ",
    h("strong", {}, "Ils ne s’additionnent pas aux faits de cette page et ne s’y rapportent pas."), " Ce que recouvre chaque mot", NNBSP, ": ", h("a", { href: "/glossaire" }, "glossaire"), "."),
  ...["commune", "departement"].flatMap((level) => level_(official.filter((one) => one.level === level), level))];
}

/** @param {Quarter["official"]} rows @param {string} level */
function level_(rows, level) {
  if (rows.length === 0) return [];
  const years = [...new Set(rows.flatMap((one) => one.values.map((value) => value.period)))].sort().slice(-YEARS);
  const name = `${level === "commune" ? "Commune" : "Département"} ${rows[0].name || rows[0].zone}`;
  const body = rows.map((one) => {
    const by = new Map(one.values.map((value) => [value.period, value]));
    return [[one.indicator, h("span", { class: "hint" }, h("br"), one.unit)], ...years.map((year) => published(by.get(year))), last(one)];
  });
  const shown = h("div", {}, table(name, ["Indicateur", ...years, "Dernier taux publié"], body, `«${NNBSP}non diffusé${NNBSP}»${NNBSP}: la valeur existe et n’est pas publiée${NNBSP}; ce n’est ni zéro, ni peu.`));
  return level === "commune" ? [h("h3", {}, name), shown] : [h("details", {}, h("summary", {}, name), shown)];
}

/** @param {import("./api.js").Published | undefined} value */
function published(value) {
  if (!value) return "–";
  return value.withheld || value.count === null ? h("span", { class: "withheld" }, "non diffusé") : number(value.count);
}

/** @param {Quarter["official"][0]} one */
function last(one) {
  const value = one.values.findLast((each) => each.rate !== null);
  if (!value || value.rate === null) return "–";
  return [`${decimal(value.rate)}${NNBSP}‰`, h("span", { class: "hint" }, h("br"), `${value.denominator ? number(value.denominator) : "des"} ${one.denominator_unit}, ${value.period}`)];
}
