/** Choosing a zone (a QPV or a commune) by typing part of its name: a combobox that keyboard and screen readers know. */

import * as api from "./api.js";
import { group } from "./choices.js";
import { fill, h } from "./dom.js";

const SHOWN = 12;
const LAYERS = ["qpv", "limites"]; // the layers whose features a filter can name
const WHAT = /** @type {Record<string, string>} */ ({ qpv2024: "QPV 2024", qpv2015: "QPV 2015", commune: "Commune", residence: "Résidence" });

/**
 * @typedef {api.Zone & {what: string}} Named
 * @param {import("./state.js").Store} store
 * @param {api.Catalog} catalog
 * @param {(box: [number, number, number, number]) => void} onzone
 */
export function zoneField(store, catalog, onzone) {
  const field = new ZoneField(store, catalog, onzone);
  return { element: field.element, show: () => field.show() };
}

class ZoneField {
  /** @param {import("./state.js").Store} store @param {api.Catalog} catalog @param {(box: any) => void} onzone */
  constructor(store, catalog, onzone) {
    this.store = store;
    /** @type {Named[]} */ this.zones = [];
    /** @type {Named[]} */ this.found = [];
    this.active = -1;
    this.onzone = onzone;
    this.input = h("input", { id: "zone", type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": "zone-list",
      "aria-autocomplete": "list", "aria-keyshortcuts": "/", spellcheck: "false", placeholder: "Tout le territoire",
      oninput: () => this.open(this.input.value), onfocus: () => this.input.select(), onclick: () => this.open(""),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event), onblur: () => this.close() });
    this.list = h("ul", { id: "zone-list", role: "listbox", "aria-label": "Zones", hidden: true });
    this.clear = h("button", { type: "button", hidden: true, onclick: () => this.choose(null) }, "Tout le territoire");
    this.element = group("Zone", h("label", { for: "zone", class: "hint" }, "Quartier (QPV) ou commune"),
      h("div", { class: "combo" }, this.input, this.list), h("div", { class: "chips" }, this.clear));
    this.load(catalog);
  }

  /** @param {api.Catalog} catalog */
  async load(catalog) {
    const held = LAYERS.filter((name) => catalog.layers.some((layer) => layer.name === name && layer.count > 0));
    const lists = await Promise.all(held.map((layer) => api.zones(layer).catch(() => [])));
    this.zones = lists.flat().map((zone) => ({ ...zone, what: WHAT[zone.ref.split(":")[0]] ?? "" }));
    this.show();
  }

  show() {
    const { zone } = this.store.view;
    const named = this.zones.find((one) => one.ref === zone);
    if (document.activeElement !== this.input || this.list.hidden) this.input.value = zone && (named?.name ?? zone);
    this.clear.hidden = !zone;
  }

  /** @param {string} text */
  open(text) {
    const wanted = plain(text);
    const all = this.zones.filter((zone) => plain(`${zone.name} ${zone.ref}`).includes(wanted));
    this.found = all.slice(0, SHOWN);
    this.active = -1;
    fill(this.list, this.found.map((zone, index) => h("li", { role: "option", id: `zone-${index}`, "aria-selected": "false",
      onpointerdown: (/** @type {Event} */ event) => { event.preventDefault(); this.choose(zone); } }, zone.name, h("small", {}, zone.what))),
    this.found.length === 0 && h("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Aucune zone de ce nom."),
    all.length > SHOWN && h("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, `… et ${all.length - SHOWN} autres, précisez le nom.`));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.show();
  }

  /** @param {Named | null} zone */
  choose(zone) {
    this.close();
    this.store.change({ zone: zone?.ref ?? "" });
    this.show();
    if (zone?.bbox) this.onzone(zone.bbox);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.open("");
      else this.move(key === "ArrowDown" ? 1 : -1);
    } else if (key === "Enter") {
      event.preventDefault();
      if (this.input.value.trim() === "") this.choose(null);
      else if (!this.list.hidden && this.found.length) this.choose(this.found[Math.max(0, this.active)]);
    } else if (key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.close();
    }
  }

  /** @param {number} step */
  move(step) {
    if (this.found.length === 0) return;
    this.active = (this.active + step + this.found.length) % this.found.length;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.active)));
    this.list.children[this.active].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `zone-${this.active}`);
  }
}

/** Without case and accents. @param {string} text */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
