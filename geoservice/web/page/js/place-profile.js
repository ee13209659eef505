/** The sheet of a residence, a QPV or a commune: how many, when, what, where, and links back to the map. */

import { categories, hours, merged, trend } from "./card.js";
import { h } from "./dom.js";
import { periodWords } from "./period-words.js";
import { FEW, joined, residenceTable } from "./places-list.js";
import { placeHash } from "./ranking.js";
import { EMPTY, write } from "./state.js";
import { decimal, distance, NNBSP, number, plural } from "./words.js";

const PARTS = /** @type {Record<string, string>} */ ({ "parties communes": "Parties communes", abords: "Abords", logement: "Logement", inconnu: "Non précisé" });
const TYPES = /** @type {Record<string, string>} */ ({ residence: "Résidence", qpv: "Quartier prioritaire", commune: "Commune" });

/**
 * @typedef {import("./api.js").Place} Place
 * @typedef {import("./state.js").View} View
 * @param {Place} place @param {View} view @param {import("./api.js").Catalog} catalog @returns {import("./lieux.js").Sheet}
 */
export function profilePage(place, view, catalog) {
  const kind = catalog.kinds.find((one) => one.code === place.kind)?.label ?? place.kind;
  const left = h("section", {}, h("p", { class: "figure" }, h("strong", {}, number(place.count)), place.count < 2 ? " fait" : " faits"), merged(place.merged),
    h("p", {}, `Origine ${kind}, ${periodWords(view, catalog.period)}.`), rate(place), notes(place), actions(place, view), trend(place.series), hours(place.calendar, { hours: "", weekdays: "" }, null));
  const right = h("section", {}, identity(place, view), followed(place), parts(place), beside(place, catalog), categories(place), halls(place));
  return { title: place.name, crumbs: [h("a", { href: `#${write({ ...view, zone: "" }).slice(1)}` }, "Résidences et quartiers"), ` › ${TYPES[place.type] ?? ""}`],
    content: [h("div", { class: "columns-2" }, left, right), place.residences?.length ? h("section", {}, h("h2", {}, "Ses résidences"), residenceTable(place.residences, view)) : null] };
}

/** @param {Place} place */
function rate({ rate: found }) {
  if (!found) return h("p", { class: "hint" }, "Nombre de logements inconnu : pas de taux.".replace(" :", `${NNBSP}:`));
  const dwellings = plural(found.dwellings, "logement");
  if (found.count < FEW) return h("p", { class: "hint" }, `${dwellings}${NNBSP}; trop peu de faits pour un taux.`);
  const top = Math.max(found.high * 1.15, 1);
  const bar = h("i");
  bar.style.left = `${(100 * found.low) / top}%`;
  bar.style.width = `${(100 * (found.high - found.low)) / top}%`;
  const dot = h("b");
  dot.style.left = `${(100 * found.per_100_dwellings) / top}%`;
  return h("p", { class: "rate" }, h("span", { class: "interval", "aria-hidden": "true" }, bar, dot), `${decimal(found.per_100_dwellings)} pour 100 logements sur la période `,
    h("span", { class: "hint" }, `(entre ${decimal(found.low)} et ${decimal(found.high)} à 95${NNBSP}%${NNBSP}; ${number(found.count)} faits, ${dwellings})`));
}

/** @param {Place} place */
function notes(place) {
  return [place.attached ? h("p", { class: "hint" }, `Dont ${number(place.attached)} ${place.attached < 2 ? "rattaché" : "rattachés"} par distance${NNBSP}: sans code de lieu, ${place.attached < 2 ? "il est" : "ils sont"} au plus près d’ici.`) : null,
    place.staff > 0 && h("p", { class: "hint" }, `Dont ${plural(place.staff, "atteinte au personnel", "atteintes au personnel")}, sans heure ni hall.`),
    place.type !== "residence" && place.unplaced > 0 && h("p", { class: "hint" }, `${plural(place.unplaced, "autre fait", "autres faits")} sans point sur la carte.`)];
}

/** @param {Place} place @param {View} view */
function actions(place, view) {
  const box = place.bbox;
  const at = box ? `${((box[0] + box[2]) / 2).toFixed(5)},${((box[1] + box[3]) / 2).toFixed(5)},15` : "";
  const spot = box ? `${((box[0] + box[2]) / 2).toFixed(6)},${((box[1] + box[3]) / 2).toFixed(6)},${place.name.slice(0, 120)}` : "";
  return h("p", { class: "actions" }, at && h("a", { class: "button", href: `/${write({ ...EMPTY, ...view, zone: "", at, spot })}` }, "Voir sur la carte"),
    place.links.cells && h("a", { class: "button", href: `/${write({ ...EMPTY, ...view, zone: place.ref, at })}` }, "Ne compter que ce lieu"),
    place.type === "residence" && h("a", { class: "button", href: `/chronologie?residence=${encodeURIComponent(place.code)}` }, "Chronologie"),
    place.type === "residence" && h("a", { class: "button", href: `/patrimoine?residence=${encodeURIComponent(place.code)}` }, "Patrimoine"),
    place.links.csv && h("a", { class: "button", href: place.links.csv, download: "" }, "CSV"), place.links.pdf && h("a", { class: "button", href: place.links.pdf, download: "" }, "PDF"));
}

/** @param {Place} place @param {View} view */
function identity(place, view) {
  const known = place.properties ?? {};
  const link = (/** @type {{ref: string, name: string, generation: string}} */ one) => h("a", { href: `#${placeHash(view, one.ref)}` }, `${one.name} (${one.generation})`);
  const rows = [["Code", place.code], ["Adresse", [known.address, known.postcode, known.city].filter(Boolean).join(", ")], ["Logements", place.dwellings ? number(place.dwellings) : ""],
    ["Surface", place.area_km2 ? `${decimal(place.area_km2 * 100)} ha` : ""], ["Génération", place.generation ?? ""],
    ["Quartiers prioritaires", place.qpv?.length ? joined(place.qpv.map((one) => h("span", {}, link(one), one.inside ? " (dedans)" : `, à ${distance(one.edge_m)}`))) : place.qpv ? "Aucun à proximité" : ""],
    ["Recouvre", place.overlaps?.length ? joined(place.overlaps.map(link)) : ""]];
  return h("dl", { class: "facts" }, rows.filter(([, value]) => value && value.length).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** Partners asked, the oldest first. @param {Place} place */
function followed({ followed: found }) {
  if (!found?.length) return null;
  return [h("h3", {}, h("a", { href: "/suites" }, "Suites ouvertes")),
    h("ul", {}, found.slice(0, 8).map((one) => h("li", {}, `${one.partner}${NNBSP}: ${one.what}, depuis ${plural(one.days, "jour")}`)))];
}

/** Inside the building, around it, in a dwelling, or not said. @param {Place} place */
function parts({ parts: found, count }) {
  if (!found || !count) return null;
  const rows = Object.entries(found).filter(([, many]) => many).map(([name, many]) => h("tr", {}, h("td", {}, PARTS[name] ?? name), h("td", { class: "number" }, number(many))));
  return [h("h3", {}, "Parties communes et abords"), h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Partie"), h("th", { scope: "col", class: "number" }, "Faits"))), h("tbody", {}, rows))];
}

/** Facts of other sources within 100 m, by kind and never added. @param {Place} place @param {import("./api.js").Catalog} catalog */
function beside({ beside: found }, catalog) {
  const kinds = Object.entries(found ?? {});
  if (!kinds.length) return null;
  const words = kinds.map(([code, many]) => `${plural(many, "fait")} d’origine ${catalog.kinds.find((one) => one.code === code)?.label ?? code}`);
  return h("p", { class: "hint" }, `À côté, à moins de 100${NNBSP}m et sans s’y ajouter${NNBSP}: ${words.join(", ")}.`);
}

/** @param {Place} place */
function halls({ halls: found, elsewhere }) {
  if (!found?.length) return null;
  const rows = found.toSorted((a, b) => b.count - a.count).map((one) => h("tr", {}, h("td", {}, one.name || one.code), h("td", { class: "number" }, number(one.count), one.attached ? h("span", { class: "hint" }, ` dont ${number(one.attached)} par distance`) : null)));
  return [h("h3", {}, "Halls"), h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Hall"), h("th", { scope: "col", class: "number" }, "Faits"))), h("tbody", {}, rows)),
    elsewhere ? h("p", { class: "hint" }, `${plural(elsewhere, "fait")} sans hall précisé.`) : null];
}
