/** Where: the places used last, those near the device, or those whose name holds the words typed. */

import { fill, h } from "./dom.js";
import { choice } from "./saisie-fields.js";
import { distance, NNBSP } from "./words.js";

/**
 * @typedef {{key: string, residence: string, hall: string, name: string, detail: string, lon: number | null, lat: number | null}} Spot
 */

const SHOWN = 6;
const FAR_M = 1_500;

/** Residences and halls as one list. @param {import("./saisie-fields.js").Lists} lists @returns {Spot[]} */
export function spots({ residences, halls }) {
  const names = new Map(residences.map(([code, name]) => [code, name]));
  return [
    ...residences.map(([code, name, lon, lat]) => ({ key: `r:${code}`, residence: code, hall: "", name, detail: "toute la résidence", lon, lat })),
    ...halls.map(([code, name, residence, lon, lat]) => ({ key: `h:${residence}:${code}`, residence, hall: code, name: hallName(name || code),
      detail: names.get(residence) ?? residence, lon, lat })),
  ];
}

/** « Hall A », whether the list says « A » or « Hall A ». @param {string} name */
const hallName = (name) => (/^hall\b/i.test(name) ? name : `Hall ${name}`);

export class Where {
  /** @param {Spot[]} all @param {string[]} recent keys, the last first */
  constructor(all, recent) {
    this.all = all;
    this.byKey = new Map(all.map((one) => [one.key, one]));
    this.words = new Map(all.map((one) => [one.key, plain(`${one.name} ${one.detail} ${one.residence}`)]));
    this.recent = recent.filter((key) => this.byKey.has(key));
    /** @type {Spot | null} */ this.chosen = this.byKey.get(this.recent[0] ?? "") ?? null;
    /** @type {{lon: number, lat: number} | null} */ this.here = null;
    this.list = h("div", { class: "list", onchange: (/** @type {any} */ event) => this.choose(event.target.value) });
    this.search = h("input", { type: "search", id: "where-search", placeholder: "Résidence, hall, code", "aria-label": "Chercher une résidence ou un hall", oninput: () => this.show() });
    this.told = h("p", { class: "hint", "aria-live": "polite" });
    const near = h("button", { type: "button", onclick: () => this.locate() }, "Près de moi");
    this.element = h("fieldset", { id: "field-where" }, h("legend", {}, `Où${NNBSP}?`), h("div", { class: "row" }, this.search, near), this.told, this.list);
    this.show();
  }

  /** @param {string} key */
  choose(key) {
    this.chosen = this.byKey.get(key) ?? null;
  }

  locate() {
    if (!navigator.geolocation) return fill(this.told, "Cet appareil ne donne pas sa position ici.");
    fill(this.told, "Recherche de la position…");
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      this.here = { lon: coords.longitude, lat: coords.latitude };
      this.search.value = "";
      fill(this.told);
      this.show();
    }, () => fill(this.told, `La position n’est pas disponible${NNBSP}: cherchez par le nom.`), { maximumAge: 60_000, timeout: 8_000 });
  }

  show() {
    const words = plain(this.search.value).split(" ").filter(Boolean);
    const found = words.length ? this.all.filter((one) => words.every((word) => this.words.get(one.key)?.includes(word)))
      : this.here ? this.near() : this.recent.map((key) => /** @type {Spot} */ (this.byKey.get(key)));
    const shown = (found.length || words.length ? found : this.all).slice(0, SHOWN);
    if (this.chosen && !shown.includes(this.chosen)) shown.unshift(this.chosen);
    fill(this.list, shown.map((one) => choice("where", one.key, h("span", {}, h("b", {}, one.name), h("small", {}, this.detail(one))), one === this.chosen)));
    if (words.length) fill(this.told, found.length ? found.length > SHOWN ? `${found.length} lieux${NNBSP}: précisez.` : "" : "Aucun lieu de ce nom.");
    else if (this.here && !found.length) fill(this.told, "Aucun lieu du patrimoine à moins de 1,5 km.");
  }

  near() {
    return this.all.map((one) => ({ one, metres: this.metres(one) })).filter(({ metres }) => metres < FAR_M).sort((a, b) => a.metres - b.metres).map(({ one }) => one);
  }

  /** Metres to a place, good enough to sort a street. @param {Spot} one */
  metres({ lon, lat }) {
    if (!this.here || lon === null || lat === null) return Infinity;
    const [dx, dy] = [(lon - this.here.lon) * Math.cos((lat * Math.PI) / 180), lat - this.here.lat];
    return Math.hypot(dx, dy) * 111_195;
  }

  /** @param {Spot} one */
  detail(one) {
    const metres = this.metres(one);
    return metres < FAR_M ? `${one.detail} · ${distance(metres)}` : one.detail;
  }

  /** The keys of the places used last, with the chosen one first. */
  used() {
    return [.../** @type {Set<string>} */ (new Set([this.chosen?.key ?? "", ...this.recent]))].filter(Boolean).slice(0, 6);
  }
}

/** Without accents, capitals and signs. @param {string} text */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
}
