/** The card of a cell: its count, what it is made of, where it is. */

import * as api from "./api.js";
import { sentence } from "./counts.js";
import { fill, h, part } from "./dom.js";
import { filterWords, periodWords } from "./period-words.js";
import { filters } from "./state.js";
import { shortCell } from "./table.js";
import { distance, list, NNBSP, number, share } from "./words.js";

/**
 * @typedef {import("./state.js").Store} Store
 */

export class CardPanel {
  /** @param {Store} store @param {api.Catalog} catalog */
  constructor(store, catalog) {
    this.store = store;
    this.catalog = catalog;
    this.place = part("card");
    this.controller = new AbortController();
  }

  /** Load and show the selected cell, or empty the place. */
  async show() {
    this.controller.abort();
    const controller = (this.controller = new AbortController());
    const { view } = this.store;
    if (!view.cell) return fill(this.place);
    this.place.setAttribute("aria-busy", "true");
    try {
      const card = await api.card(view.cell, filters(view), controller.signal);
      if (controller.signal.aborted) return;
      fill(this.place, ...this.content(card));
    } catch (error) {
      if (!controller.signal.aborted) fill(this.place, this.head(view.cell), h("p", {}, sentence(error)));
    }
    this.place.removeAttribute("aria-busy");
  }

  /** @param {string} cell */
  head(cell) {
    return h("div", { class: "card-head" }, h("h2", { id: "card-title" }, `Case ${shortCell(cell)}`),
      h("button", { type: "button", class: "quiet", id: "card-close", onclick: () => this.store.change({ cell: "" }) }, "Fermer",
        h("span", { class: "unseen" }, " la case")));
  }

  /** @param {api.Card} card */
  content(card) {
    const { view } = this.store;
    const kind = this.catalog.kinds.find((one) => one.code === card.kind)?.label ?? card.kind;
    const percent = share(card.count, card.total);
    const chosen = filterWords(view, this.catalog);
    return [this.head(card.cell),
      h("p", { class: "figure" }, h("strong", {}, number(card.count)), card.count < 2 ? " fait " : " faits ",
        `sur ${number(card.total)}${percent && ` (${percent})`}`),
      h("p", {}, `Origine ${kind}, ${periodWords(view, this.catalog.period)}.`),
      chosen.length > 0 && h("p", { class: "hint" }, `Filtres${NNBSP}: ${chosen.join(" · ")}.`),
      categories(card), places(card)];
  }
}

/** @param {api.Card} card */
function categories(card) {
  if (card.categories.length === 0) return null;
  const most = Math.max(...card.categories.map((one) => one.count));
  return [h("h3", {}, "Catégories"), h("ul", { class: "bars" }, card.categories.map((one) => {
    const bar = h("i");
    bar.style.width = `${(100 * one.count) / most}%`;
    return h("li", {}, h("span", { class: "bar-label" }, h("span", {}, one.label), h("span", {}, number(one.count))),
      h("div", { class: "bar", "aria-hidden": "true" }, bar));
  }))];
}

/** @param {api.Card} card */
function places(card) {
  const inside = list(card.qpv.map((one) => `${one.name} (${one.generation})`));
  const { residence } = card;
  return h("dl", { class: "facts" },
    h("div", {}, h("dt", {}, "Quartiers prioritaires touchés"), h("dd", {}, inside || "Aucun.")),
    h("div", {}, h("dt", {}, "Résidence la plus proche"),
      h("dd", {}, residence ? `${residence.name || residence.code}, à ${distance(residence.distance_m)}` : "Aucune résidence importée à proximité.")));
}
