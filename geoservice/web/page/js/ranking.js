/** « Où agir d'abord ? »: hot areas by evidence and effect; residences and cells by counts for who wants them, or where data are too few. */

import * as api from "./api.js";
import { fill, h, part } from "./dom.js";
import { areaItems, areaWords, noAreaWords } from "./ranking-hot.js";
import { filters } from "./state.js";
import { shortCell } from "./table.js";
import { decimal, distance, NNBSP, number, plural } from "./words.js";

const SHOWN = 8;
const NEAR_M = 150;
const FEW = 20; // under this many facts a rate would say more than is known

/**
 * @typedef {import("./state.js").Store} Store
 * @typedef {{onhover: (cell: string) => void, oncell: (cell: string) => void, onplace: (lon: number, lat: number, name: string) => void,
 *   street: (cell: string) => string} & import("./ranking-hot.js").AreaEars} Ears
 */

export class Ranking {
  /** @param {Store} store @param {Ears} ears */
  constructor(store, ears) {
    this.store = store;
    this.ears = ears;
    /** @type {Map<string, string>} names of places by cell; they do not depend on the filters */ this.names = new Map();
    /** @type {api.ResidenceRow[]} */ this.residences = [];
    /** @type {import("./counts.js").Picture | null} */ this.picture = null;
    /** @type {import("./hotspots.js").Hot | null} */ this.hot = null;
    this.body = h("div", {});
    this.list = h("ol", { class: "ranking" });
    this.choices = [["zones", "Points chauds"], ["residences", "Résidences"], ["cases", "Cases"]].map(([code, label]) => h("button", { type: "button", onclick: () => store.change({ rank: code }), "data-rank": code }, label));
    fill(part("ranking"), h("div", { class: "rank-head" }, h("h2", { id: "ranking-title" }, "Où agir d’abord", NNBSP, "?"),
      h("div", { class: "modes", role: "group", "aria-label": "Classer" }, this.choices)), this.body);
    store.listen((_, changed) => (changed.has("rank") || changed.has("cell")) && this.draw());
  }

  /** What is listed: hot areas; or, when asked or when there is none, residences where facts name them and no zone is chosen, else cells. */
  get by() {
    const { view } = this.store;
    if (view.rank === "zones" || (!view.rank && this.hot?.answer.areas.length)) return "zones";
    if (this.residences.length === 0 || view.zone) return "cases";
    return view.rank || "residences";
  }

  /** @param {import("./hotspots.js").Hot | null} hot */
  show(hot) {
    this.hot = hot;
    this.draw();
  }

  /** @param {import("./counts.js").Picture} picture @param {AbortSignal} signal */
  async load(picture, signal) {
    this.picture = picture;
    const { view } = this.store;
    const found = await api.residences(api.without(filters(view), "zone"), signal);
    if (signal.aborted) return;
    this.residences = found.residences.filter((one) => one.count > 0);
    this.draw();
    if (this.by === "cases") await this.name(signal);
  }

  /** The view moved: other cells are in it. @param {import("./counts.js").Picture} picture */
  moved(picture) {
    this.picture = picture;
    this.draw();
  }

  /** Cells are named by what is there, one question each, once. @param {AbortSignal} signal */
  async name(signal) {
    for (const { cell } of this.cells()) {
      if (this.names.has(cell)) continue;
      const card = await api.card(cell, filters(this.store.view), signal);
      this.names.set(cell, placeName(card, this.ears.street(cell)));
      if (signal.aborted) return;
    }
    this.draw();
  }

  cells() {
    return [...(this.picture?.rows ?? [])].sort((a, b) => b.count - a.count || (a.cell < b.cell ? -1 : 1)).slice(0, SHOWN).filter((row) => row.count > 0);
  }

  draw() {
    const { by } = this;
    for (const button of this.choices) {
      button.setAttribute("aria-pressed", String(button.dataset.rank === by));
      button.disabled = button.dataset.rank === "residences" && (this.residences.length === 0 || this.store.view.zone !== "");
    }
    if (by === "zones") return this.drawAreas();
    const items = by === "residences" ? this.residences.slice(0, SHOWN).map((one) => this.residence(one)) : this.cells().map((row) => this.cell(row));
    fill(this.list, ...items);
    fill(this.body, this.hot && !this.hot.answer.areas.length && h("p", { class: "no-area" }, noAreaWords(this.hot)), items.length ? this.list : h("p", {}, "Rien à classer ici avec ces filtres."), h("p", { class: "hint" }, by === "residences"
      ? `Classées par nombre de faits signalés sur tout le territoire, pas par gravité ni par certitude${NNBSP}; le hasard n’est pas écarté.`
      : `Cases de la vue classées par nombre de faits signalés, pas par gravité ni par certitude${NNBSP}; le hasard n’est pas écarté.`));
    if (by === "cases" && this.picture && this.cells().some((row) => !this.names.has(row.cell))) this.name(new AbortController().signal).catch(() => {});
  }

  drawAreas() {
    const { hot } = this;
    if (!hot) return fill(this.body, h("p", { class: "hint" }, "Recherche des points chauds…"));
    if (hot.answer.areas.length === 0) return fill(this.body, h("p", { class: "no-area" }, noAreaWords(hot)));
    const opened = new Set([...this.list.querySelectorAll("details[open]")].map((one) => one.closest("li")?.dataset.rank));
    const focused = document.activeElement?.closest("#ranking li")?.getAttribute("data-rank");
    fill(this.list, ...areaItems(hot, this.store.view.cell, this.ears));
    for (const item of this.list.children) if (opened.has(item.dataset.rank)) item.querySelector("details").open = true;
    fill(this.body, this.list, h("p", { class: "hint" }, areaWords(hot)));
    if (focused) this.list.querySelector(`li[data-rank="${focused}"] button`)?.focus();
  }

  /** @param {api.ResidenceRow} one */
  residence(one) {
    const { lon, lat } = one;
    const most = this.residences[0].count;
    const rate = one.rate && one.count >= FEW ? `${decimal(one.rate.per_100_dwellings)} pour 100 logements (${number(one.rate.dwellings)})`
      : one.dwellings ? plural(one.dwellings, "logement") : "logements inconnus";
    const go = lon !== null && lat !== null ? () => this.ears.onplace(lon, lat, one.name) : undefined;
    const page = `/lieux#${placeHash(this.store.view, `residence:${one.code}`)}`;
    return h("li", {}, h("button", { type: "button", class: "rank-item", onclick: go, disabled: !go }, h("span", { class: "rank-name" }, one.name),
      h("span", { class: "rank-count" }, number(one.count)), bar(one.count, most), h("span", { class: "rank-detail" }, rate)),
    h("a", { class: "rank-link", href: page, "aria-label": `Fiche de ${one.name}` }, "Fiche"));
  }

  /** @param {import("./counts.js").Row} row */
  cell(row) {
    const most = this.cells()[0].count;
    const current = row.cell === this.store.view.cell;
    const item = h("button", { type: "button", class: "rank-item", "aria-current": current && "true", onclick: () => this.ears.oncell(row.cell),
      onpointerenter: () => this.ears.onhover(row.cell), onpointerleave: () => this.ears.onhover(""), onfocus: () => this.ears.onhover(row.cell), onblur: () => this.ears.onhover("") },
    h("span", { class: "rank-name" }, this.names.get(row.cell) || `Case ${shortCell(row.cell)}`), h("span", { class: "rank-count" }, number(row.count)), bar(row.count, most),
    row.other !== undefined && h("span", { class: "rank-detail" }, `${number(row.other)} sur l’autre période`));
    return h("li", { "data-cell": row.cell }, item);
  }
}

/** @param {number} count @param {number} most */
function bar(count, most) {
  const inner = h("i");
  inner.style.width = `${(100 * count) / most}%`;
  return h("span", { class: "bar", "aria-hidden": "true" }, inner);
}

/** Where a cell is, in a few words: its residence, else its street, and its quarter.
 * @param {api.Card} card @param {string} street "" when unknown */
export function placeName({ cell, residence, qpv }, street) {
  const near = residence && residence.distance_m <= NEAR_M ? residence.name || residence.code : street;
  const words = [near, qpv[0]?.name].filter(Boolean);
  if (words.length) return words.join(", ");
  return residence && residence.distance_m < 1000 ? `À ${distance(residence.distance_m)} de ${residence.name || residence.code}` : `Case ${shortCell(cell)}`;
}

/** The address of a place's page under the filters of a view.
 * @param {import("./state.js").View} view @param {string} zone */
export function placeHash(view, zone) {
  const params = filters({ ...view, zone });
  return params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}
