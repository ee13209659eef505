/** What the counts mean: the overview on the right and the line at the bottom. */

import { fill, h, part } from "./dom.js";
import { compareWords, filterWords, periodWords, unequalWords } from "./period-words.js";
import { lookOf } from "./hotspots.js";
import { spaced } from "./verdict.js";
import { list, NNBSP, number, plural } from "./words.js";

const UNKNOWN = { hour: "sans heure connue", gravity: "sans gravité connue", place: "sans lieu connu", nature: "sans nature connue",
  category: "sans catégorie connue" };

/**
 * @typedef {import("./counts.js").Picture} Picture
 * @typedef {import("./api.js").Catalog} Catalog
 * @typedef {import("./state.js").View} View
 */

const changed = h("p", { id: "change", role: "status" }); // stays while the rest of the overview is written anew

/** What the filters left out for want of information, as « 34 sans heure connue ».
 * @param {Record<string, number>} unknown */
function leftOut(unknown) {
  return Object.entries(unknown).filter(([, count]) => count > 0)
    .map(([name, count]) => `${number(count)} ${UNKNOWN[/** @type {keyof typeof UNKNOWN} */ (name)] ?? `sans ${name}`}`);
}

/** @param {Picture} picture @param {View} view @param {Catalog} catalog */
export function overview(picture, view, catalog) {
  const { territory } = picture;
  const kind = catalog.kinds.find((one) => one.code === view.kind);
  const missing = leftOut(territory.unknown);
  const chosen = filterWords(view, catalog);
  fill(part("overview"), h("h2", { class: "unseen" }, "Vue d’ensemble"),
    h("p", { class: "figure" }, h("strong", {}, number(territory.total)), territory.total < 2 ? " fait sur la carte" : " faits sur la carte"),
    h("p", {}, `Origine ${kind?.label ?? view.kind}, ${periodWords(view, catalog.period)}${view.zone ? ", dans la zone choisie" : ""}.`),
    picture.other && h("p", {}, `${number(picture.other.total)} sur l’autre période, ${compareWords(view.compare)}.${unequalWords(view, catalog.period)}`),
    picture.other && changed,
    chosen.length > 0 && h("p", {}, `Filtres${NNBSP}: ${chosen.join(" · ")}.`),
    territory.total === 0 && h("p", {}, "Aucun fait avec ces filtres. Élargissez la période ou effacez des filtres."),
    missing.length > 0 && h("p", {}, `Écartés faute d’information${NNBSP}: ${list(missing)}.`),
    territory.unplaced > 0 && h("p", { class: "hint" }, `${plural(territory.unplaced, "autre fait répond", "autres faits répondent")} aux filtres sans avoir de point${NNBSP}: ils comptent par résidence ou commune, pas sur la carte.`));
}

/** @param {Picture} picture @param {View} view @param {Catalog} catalog */
export function statusCounts(picture, view, catalog) {
  const { territory, total } = picture;
  const all = catalog.kinds.find((one) => one.code === view.kind)?.facts ?? territory.total;
  const words = [`${plural(total, "fait affiché", "faits affichés")} sur ${number(all)}`];
  if (total !== territory.total) words.push(`${number(territory.total)} avec ces filtres sur tout le territoire`);
  const missing = leftOut(territory.unknown);
  if (missing.length) words.push(`écartés faute d’information${NNBSP}: ${list(missing)}`);
  if (territory.unplaced) words.push(`${number(territory.unplaced)} sans point sur la carte`);
  fill(part("status-counts"), words.join(" · "));
}

/** Sources and licences of what is drawn; layers of one source are named together.
 * @param {import("./api.js").Layer[]} layers @param {boolean} basemap */
export function statusSources(layers, basemap) {
  const bySource = /** @type {Map<string, string[]>} */ (new Map());
  for (const layer of layers) {
    const source = [layer.attribution, layer.licence].filter(Boolean).join(", ") || "source non précisée";
    bySource.set(source, [...(bySource.get(source) ?? []), layer.title]);
  }
  if (basemap) bySource.set("© IGN, Plan IGN, Licence Ouverte 2.0", ["Fond de carte"]);
  const words = [...bySource].map(([source, titles]) => `${titles.join(", ")} (${source})`);
  fill(part("status-sources"), `Sources${NNBSP}: ${words.join(" · ")}`);
}

/** The map in a sentence, for those who do not see it.
 * @param {Picture} picture @param {View} view @param {Catalog} catalog @param {import("./hotspots.js").Hot | null} hot */
export function mapWords(picture, view, catalog, hot) {
  const spots = hot?.enough ? `${hotWords(hot)} ` : "";
  fill(part("map-words"), `${spots}${plural(picture.total, "fait")} dans ${plural(picture.rows.length, "case")} à l’écran, ${periodWords(view, catalog.period)}. La touche t ouvre le même contenu en tableau.`);
}

/** « 2 points chauds solides, dont Avenue des Noyers. » @param {import("./hotspots.js").Hot} hot */
export function hotWords(hot) {
  const sure = hot.areas("solide");
  const others = hot.answer.areas.filter((area) => lookOf(area.verdict) !== "solide").length;
  if (hot.answer.areas.length === 0) return "Aucun point chaud.";
  const words = [sure.length > 0 && plural(sure.length, "point chaud solide", "points chauds solides"), others > 0 && plural(others, "autre à confirmer ou douteux", "autres à confirmer ou douteux")].filter(Boolean);
  return `${words.join(", ")}${sure.length ? `, d’abord ${sure[0].name}` : ""}.`;
}

/** What the two periods differ by, beyond chance; nothing while it is looked for. @param {import("./api.js").Change | null} found */
export function changeWords(found) {
  fill(changed, found ? spaced(found.enough ? found.sentence : found.reason?.sentence ?? "") : "Ce qui a changé plus que par hasard…");
}
