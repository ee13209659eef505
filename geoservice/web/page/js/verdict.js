/** The verdict of a card: its word, its sentence, the numbers behind it, what speaks for and against, and « Pourquoi ici ? ». */

import { fill, h } from "./dom.js";
import { lookOf, VERDICT_WORDS } from "./hotspots.js";
import { interval } from "./interval.js";
import { mark } from "./legend-hot.js";
import { NNBSP } from "./words.js";

/** @typedef {import("./api.js").HotCard} HotCard */

/** A place for the verdict of a card; it is filled again when the slower controls have ended. */
export class VerdictPart {
  constructor() {
    this.element = h("section", { class: "verdict", "aria-label": "Verdict" });
    this.why = h("div", { class: "why" });
  }

  /** @param {HotCard | undefined} found @param {boolean} [final] whether nothing more will come @returns {this} */
  show(found, final = false) {
    if (found) fill(this.element, ...(found.enough ? told(found, final) : [h("p", { class: "verdict-word" }, mark("reste"), "Pas de verdict"), h("p", {}, spaced(found.reason?.sentence ?? ""))]));
    if (found?.enough && found.hot) fill(this.why, ...why(found));
    this.element.dataset.final = String(final);
    return this;
  }
}

/** @param {HotCard} found @param {boolean} final */
function told(found, final) {
  const look = found.hot ? lookOf(found.verdict) : null;
  const where = found.of === "area" && found.area ? (found.area.cells.length > 1 ? `Zone de ${found.area.cells.length} cases, rang ${found.area.rank}` : `Zone d’une case, rang ${found.area.rank}`)
    : found.unit === "residence" ? "Résidence" : "Cette case et ses voisines";
  const steady = found.stability ? `Chaud dans ${found.stability.hot} découpages sur ${found.stability.variants}.`
    : found.hot && !final ? "Vérification sur d’autres découpages de la carte…" : "";
  return [h("p", { class: "verdict-word", "data-look": look ?? "reste" }, mark(look ?? "reste"), look ? VERDICT_WORDS[look] : "Pas un point chaud"),
    h("p", { class: "verdict-sentence" }, spaced(found.sentence)), h("p", { class: "hint" }, where), interval(found, look ?? "reste"),
    steady && h("p", { class: "hint steady", role: "status" }, steady), reasons(found), method(found)];
}

/** @param {HotCard} found */
function reasons({ reasons: all }) {
  return all.length > 0 && h("details", { class: "reasons" }, h("summary", {}, "Ce qui compte pour ce verdict"), h("ul", {}, all.map((one) => h("li", {}, spaced(one.sentence)))));
}

/** @param {HotCard} found */
function why({ why: all, why_reason: lacking }) {
  const said = all.length ? h("ul", {}, all.map((one) => h("li", {}, spaced(one.sentence))))
    : h("p", { class: "hint" }, spaced(lacking?.sentence ?? "Rien ne distingue nettement ce lieu du reste du territoire, sinon le nombre de faits."));
  return [h("h3", {}, "Pourquoi ici", NNBSP, "?"), said];
}

/** @param {HotCard} found */
function method({ method: used }) {
  return h("details", { class: "method" }, h("summary", {}, "Méthode"), h("p", { class: "hint" }, spaced(used.sentence)));
}

/** French spaces before double punctuation, where a sentence comes from the server. @param {string} text */
export function spaced(text) {
  return text.replaceAll(/ ([:;!?])/g, `${NNBSP}$1`);
}
