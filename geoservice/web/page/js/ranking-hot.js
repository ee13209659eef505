/** The list of hot areas: what is surest and largest first, each with its verdict, its numbers and why it stands there. */

import { h } from "./dom.js";
import { awaited, lookOf, VERDICT_WORDS } from "./hotspots.js";
import { mark } from "./legend-hot.js";
import { spaced } from "./verdict.js";
import { NNBSP, number, plural } from "./words.js";

const SHOWN = 8;

/**
 * @typedef {import("./hotspots.js").Hot} Hot
 * @typedef {{onarea: (area: import("./api.js").HotArea) => void, onhover: (cell: string) => void}} AreaEars
 */

/** @param {Hot} hot @param {string} selected cell @param {AreaEars} ears */
export function areaItems(hot, selected, ears) {
  return hot.answer.areas.slice(0, SHOWN).map((area) => item(area, area.cells.includes(selected), ears));
}

/** @param {import("./api.js").HotArea} area @param {boolean} current @param {AreaEars} ears */
function item(area, current, ears) {
  const look = lookOf(area.verdict) ?? "reste";
  const word = look === "reste" ? "" : VERDICT_WORDS[look];
  const numbers = `${plural(area.observed, "fait")} pour ${awaited(area.expected)} attendu${area.expected >= 2 ? "s" : ""}`;
  const leave = () => ears.onhover("");
  return h("li", { "data-rank": area.rank, "data-verdict": look }, h("button", { type: "button", class: "rank-item", "aria-current": current && "true", onclick: () => ears.onarea(area),
    onpointerenter: () => ears.onhover(area.cells[0]), onpointerleave: leave, onfocus: () => ears.onhover(area.cells[0]), onblur: leave },
  h("span", { class: "rank-name" }, area.name), h("span", { class: "rank-verdict" }, mark(look), h("strong", {}, word), h("span", { class: "rank-numbers" }, numbers))),
  h("details", { class: "rank-why" }, h("summary", {}, "Pourquoi à ce rang", h("span", { class: "unseen" }, ` (${area.name})`)), h("ul", {}, area.reasons.map((one) => h("li", {}, spaced(one.sentence))))));
}

/** What the list says besides its lines. @param {Hot} hot */
export function areaWords({ answer }) {
  const of = answer.unit === "residence" ? "Résidences" : "Zones";
  const rest = answer.areas_total - Math.min(SHOWN, answer.areas.length);
  const more = rest > 0 ? ` ${plural(rest, "autre est", "autres sont")} sur la carte.` : "";
  return `${of} où il y a plus de faits signalés que le hasard et ${answer.method.exposure === "dwellings" ? "le nombre de logements" : "la surface"} n’expliquent, les plus sûres et les plus marquées d’abord. Ouvrir une zone vérifie qu’elle tient à d’autres découpages${NNBSP}; son verdict peut alors changer.${more}`;
}

/** Why there is nothing to rank by evidence. @param {Hot} hot */
export function noAreaWords({ answer }) {
  if (!answer.enough) return [h("strong", {}, "Pas assez de données pour chercher des points chauds."), " ", spaced(answer.reason?.sentence ?? "")];
  return [h("strong", {}, "Aucun point chaud."), ` Avec ces filtres, rien ne dépasse nettement ce que le hasard montrerait${NNBSP}: ${number(answer.total)} faits, répartis aussi irrégulièrement que d’habitude.`];
}
