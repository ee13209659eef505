/** All residences with their counts and rates, and the quarters. */

import { h } from "./dom.js";
import { periodWords } from "./period-words.js";
import { placeHash } from "./ranking.js";
import { decimal, list, number, plural } from "./words.js";

export const FEW = 20; // under this many facts a rate would say more than is known

/**
 * @param {{residences: import("./api.js").ResidenceRow[], zones: import("./api.js").Zone[]}} found
 * @param {import("./state.js").View} view @param {import("./api.js").Catalog} catalog @returns {import("./lieux.js").Sheet}
 */
export function listPage({ residences, zones }, view, catalog) {
  const kind = catalog.kinds.find((one) => one.code === view.kind)?.label ?? view.kind;
  const total = residences.reduce((sum, one) => sum + one.count, 0);
  const quarters = zones.map((zone) => h("li", {}, h("a", { href: `#${placeHash(view, zone.ref)}` }, `${zone.name} (${zone.ref.split(":")[0].replace("qpv", "QPV ")})`)));
  return { title: "Résidences et quartiers", crumbs: [], content: [
    h("p", { class: "figure" }, h("strong", {}, number(total)), ` ${total < 2 ? "fait nomme" : "faits nomment"} une de vos ${plural(residences.length, "résidence")}. `),
    h("p", {}, `Origine ${kind}, ${periodWords(view, catalog.period)}. Atteintes au personnel comprises.`),
    residences.length ? residenceTable(residences, view) : h("p", {}, "Aucune résidence n’est importée. Importez votre patrimoine, puis revenez ici."),
    quarters.length ? h("section", {}, h("h2", { class: "spaced" }, "Quartiers prioritaires"), h("ul", {}, quarters)) : null,
  ] };
}

/** @param {import("./api.js").ResidenceRow[]} rows @param {import("./state.js").View} view */
export function residenceTable(rows, view) {
  const head = ["Résidence", "Faits", "Logements", "Pour 100 logements", "Intervalle à 95\u202f%"];
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Résidences par nombre de faits" }, h("table", {},
    h("thead", {}, h("tr", {}, head.map((name, at) => h("th", { scope: "col", class: at ? "number" : "" }, name)))),
    h("tbody", {}, rows.map((one) => h("tr", {}, h("td", { class: "name" }, h("a", { href: `/lieux#${placeHash(view, `residence:${one.code}`)}` }, one.name)),
      h("td", { class: "number" }, number(one.count)), h("td", { class: "number" }, one.dwellings ? number(one.dwellings) : "inconnu"),
      rateCells(one.rate).map((text) => h("td", { class: "number" }, text)))))));
}

/** A rate and its interval, or dashes where it would say more than is known.
 * @param {import("./api.js").Rate | null} rate @returns {string[]} */
function rateCells(rate) {
  if (!rate || rate.count < FEW) return ["–", "–"];
  return [decimal(rate.per_100_dwellings), `${decimal(rate.low)} à ${decimal(rate.high)}`];
}

/** « a, b et c » of links. @param {any[]} nodes */
export function joined(nodes) {
  const words = list(nodes.map((_, at) => `\u0000${at}\u0000`)).split("\u0000");
  return words.map((word, at) => (at % 2 ? nodes[Number(word)] : word));
}
