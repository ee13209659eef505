/** What the search box found, on the right: what it is, and what can be done with it. */

import { fill, h, part } from "./dom.js";
import { placeHash } from "./ranking.js";

const TYPES = /** @type {Record<string, string>} */ ({ residence: "Résidence", qpv: "Quartier prioritaire", commune: "Commune", adresse: "Adresse" });

/** @param {import("./state.js").Store} store @param {import("./api.js").Hit} hit */
export function foundPlace(store, hit) {
  const { zone } = hit;
  fill(part("found"), h("div", { class: "card-head" }, h("h2", {}, hit.label),
    h("button", { type: "button", class: "quiet", onclick: () => store.change({ spot: "" }) }, "Fermer", h("span", { class: "unseen" }, " le lieu trouvé"))),
  h("p", { class: "hint" }, [TYPES[hit.type] ?? hit.type, hit.detail].filter(Boolean).join(" · ")),
  zone && h("div", { class: "chips" }, h("button", { type: "button", onclick: () => store.change({ zone }) }, "Ne compter que ce lieu"),
    h("a", { class: "button", href: `/lieux#${placeHash(store.view, zone)}` }, "Ouvrir sa fiche")));
}
