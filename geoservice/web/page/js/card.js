/** The card of a cell: its count and period, its trend, its hours, what it is made of, where it is. */

import * as api from "./api.js";
import { bars, ticks } from "./charts.js";
import { sentence } from "./counts.js";
import { fill, h, part } from "./dom.js";
import { HourGrid } from "./hour-grid.js";
import { filterWords, periodWords } from "./period-words.js";
import { placeHash, placeName } from "./ranking.js";
import { filters } from "./state.js";
import { shortCell } from "./table.js";
import { trendPart } from "./trend.js";
import { VerdictPart } from "./verdict.js";
import { date, distance, NNBSP, number, plural, share } from "./words.js";

/**
 * @typedef {import("./state.js").Store} Store
 * @typedef {{card: api.Card, months: api.Trend, calendar: api.Calendar}} Told
 */

export class CardPanel {
  /** @param {Store} store @param {api.Catalog} catalog @param {(cell: string) => string} street
   * @param {(found: api.HotCard) => void} onverdict called when every control of a hot spot was made */
  constructor(store, catalog, street, onverdict) {
    this.onverdict = onverdict;
    this.store = store;
    this.catalog = catalog;
    this.street = street;
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
      const told = await ask(view, controller.signal);
      if (controller.signal.aborted) return;
      const verdict = new VerdictPart().show(told.card.hotspot, !told.card.hotspot?.hot);
      fill(this.place, ...this.content(told, verdict));
      this.place.removeAttribute("aria-busy");
      if (told.card.hotspot?.hot) await this.check(verdict, controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) fill(this.place, this.head(`Case ${shortCell(view.cell)}`), h("p", {}, sentence(error)));
    }
    this.place.removeAttribute("aria-busy");
  }

  /** The slower controls of a hot spot: whether it stands on other drawings of the map. @param {VerdictPart} verdict @param {AbortSignal} signal */
  async check(verdict, signal) {
    const { hotspot } = await api.card(this.store.view.cell, filters(this.store.view), signal, true);
    if (signal.aborted || !hotspot) return;
    verdict.show(hotspot, true);
    this.onverdict(hotspot);
  }

  /** @param {string} title */
  head(title) {
    return h("div", { class: "card-head" }, h("h2", { id: "card-title" }, title),
      h("button", { type: "button", class: "quiet", id: "card-close", onclick: () => this.store.change({ cell: "" }) }, "Fermer",
        h("span", { class: "unseen" }, " la case")));
  }

  /** @param {Told} told @param {VerdictPart} verdict */
  content({ card, months, calendar }, verdict) {
    const { view } = this.store;
    const kind = this.catalog.kinds.find((one) => one.code === card.kind)?.label ?? card.kind;
    const percent = share(card.count, card.total);
    const chosen = filterWords(view, this.catalog);
    return [this.head(placeName(card, this.street(card.cell))), h("p", { class: "hint" }, `Case ${shortCell(card.cell)}`), verdict.element,
      h("p", { class: "figure" }, h("strong", {}, number(card.count)), card.count < 2 ? " fait ici " : " faits ici ",
        `sur ${number(card.total)}${percent && ` (${percent})`}`),
      merged(card.merged), h("p", {}, `Origine ${kind}, ${periodWords(view, this.catalog.period)}.`),
      chosen.length > 0 && h("p", { class: "hint" }, `Filtres${NNBSP}: ${chosen.join(" · ")}.`),
      trendPart(months), hours(calendar, view, (wanted) => this.store.change(wanted)), verdict.why, categories(card), places(card, view)];
  }
}

/** @param {import("./state.js").View} view @param {AbortSignal} signal @returns {Promise<Told>} */
async function ask(view, signal) {
  const asked = filters(view);
  const [card, months, calendar] = await Promise.all([api.card(view.cell, asked, signal), api.trend(asked, signal, view.cell),
    api.calendar(api.without(asked, "hours", "weekdays"), signal, view.cell)]);
  return { card, months, calendar };
}

/** « Dont 5 signalements réunis en 2 faits. » @param {api.Merged | undefined} found */
export function merged(found) {
  return found && h("p", { class: "hint merged" }, `Dont ${plural(found.reports, "signalement")} réunis en ${plural(found.facts, "fait")}.`);
}

/** Facts per month as bars, with the numbers of the greatest.
 * @param {api.Series} series @param {boolean} [narrow] */
export function trend(series, narrow = false) {
  if (series.days.length < 2) return null;
  const most = Math.max(...series.counts);
  const month = (/** @type {number} */ at) => date(series.days[at]).replace(/^\S+\s/, "");
  const chart = bars(series.counts, () => "in", (at) => `${month(at)}${NNBSP}: ${plural(series.counts[at], "fait")}`);
  chart.setAttribute("aria-label", `Faits par mois, de ${month(0)} à ${month(series.days.length - 1)}${NNBSP}: ${series.counts.join(", ")}.`);
  return [h("h3", {}, "Par mois ", h("span", { class: "hint" }, `(au plus ${number(most)})`)), h("div", { class: "trend" }, chart, ticks(series.days, narrow))];
}

/** Hours of the week; with `onchoose` they are also the filter.
 * @param {api.Calendar} calendar @param {import("./hour-grid.js").Chosen} chosen @param {((chosen: import("./hour-grid.js").Chosen) => void) | null} onchoose */
export function hours(calendar, chosen, onchoose) {
  const known = calendar.counts.flat().reduce((a, b) => a + b, 0);
  const lacking = calendar.unknown > 0 && h("p", { class: "hint" }, `${plural(calendar.unknown, "fait")} sans heure connue, hors de ce tableau.`);
  if (known === 0) return lacking && [h("h3", {}, "Heures et jours"), lacking];
  const grid = new HourGrid("Faits de ce lieu par jour de la semaine et heure", onchoose);
  grid.show(calendar.counts, chosen);
  return [h("h3", {}, "Heures et jours"), grid.element, lacking].filter(Boolean);
}

/** @param {{categories: api.FacetWord[]}} card */
export function categories(card) {
  if (card.categories.length === 0) return null;
  const most = Math.max(...card.categories.map((one) => one.count));
  return [h("h3", {}, "Catégories"), h("ul", { class: "bars" }, card.categories.map((one) => {
    const bar = h("i");
    bar.style.width = `${(100 * one.count) / most}%`;
    return h("li", {}, h("span", { class: "bar-label" }, h("span", {}, one.label), h("span", {}, number(one.count))),
      h("div", { class: "bar", "aria-hidden": "true" }, bar));
  }))];
}

/** @param {api.Card} card @param {import("./state.js").View} view */
function places(card, view) {
  const link = (/** @type {string} */ zone, /** @type {string} */ name) => h("a", { href: `/lieux#${placeHash(view, zone)}` }, name);
  const inside = card.qpv.map((one) => h("dd", {}, link(one.ref, `${one.name} (${one.generation})`)));
  const { residence } = card;
  return h("dl", { class: "facts" },
    h("div", {}, h("dt", {}, "Quartiers prioritaires touchés"), inside.length ? inside : h("dd", {}, "Aucun.")),
    h("div", {}, h("dt", {}, "Résidence la plus proche"),
      h("dd", {}, residence ? [link(`residence:${residence.code}`, residence.name || residence.code), `, à ${distance(residence.distance_m)}`] : "Aucune résidence importée à proximité.")));
}
