/** The list of layers: on or off, which generation, where they come from. */

import { choice, option, selectField } from "./choices.js";
import { fill, h, part, swatch } from "./dom.js";
import { CONTEXT, marks } from "./map-layers.js";
import { codes } from "./state.js";
import { labelled, NNBSP, number } from "./words.js";

const ON_AT_FIRST = ["eau", "voies", "batiments", "qpv", "limites"];
const NONE = "-"; // in the address: no layer at all, where "" is the first view

/**
 * @typedef {import("./api.js").Layer} Layer
 * @typedef {{layer: Layer, generation: string}} Drawn
 */

/** Layers that can be drawn beside the facts.
 * @param {import("./api.js").Catalog} catalog */
export function drawable(catalog) {
  return catalog.layers.filter((layer) => layer.stores === "features" && layer.geometry && layer.geometry !== "none");
}

/** The layers that a view asks for.
 * @param {import("./api.js").Catalog} catalog @param {string} text as in the address @returns {Drawn[]} */
export function wanted(catalog, text) {
  const all = drawable(catalog).filter((layer) => layer.count !== 0);
  if (text === NONE) return [];
  if (text === "") return all.filter((layer) => ON_AT_FIRST.includes(layer.name)).map((layer) => ({ layer, generation: newest(layer) }));
  return codes(text).flatMap((code) => {
    const [name, generation] = code.split(":");
    const layer = all.find((one) => one.name === name);
    return layer ? [{ layer, generation: layer.generations.includes(generation) ? generation : newest(layer) }] : [];
  });
}

/** What is drawn of a layer before anyone chooses: the newest year, or the communes among levels.
 * @param {Layer} layer */
function newest(layer) {
  const all = layer.generations.toSorted();
  if (areYears(layer)) return all.at(-1) ?? "";
  return all.includes("commune") ? "commune" : all[0] ?? "";
}

/** @param {Layer} layer */
function areYears(layer) {
  return layer.generations.every((one) => /^\d{4}$/.test(one));
}

/** @param {Drawn[]} drawn */
function asText(drawn) {
  return drawn.map(({ layer, generation }) => (generation ? `${layer.name}:${generation}` : layer.name)).join(",") || NONE;
}

/**
 * @param {import("./state.js").Store} store
 * @param {import("./api.js").Catalog} catalog
 * @param {boolean} basemap whether the Plan IGN may be offered
 */
export function layersPanel(store, catalog, basemap) {
  const items = drawable(catalog).map((layer) => new Item(store, catalog, layer));
  const facts = catalog.layers.find((layer) => layer.stores === "facts");
  const plan = choice("checkbox", "basemap", { code: "1", label: "Fond Plan IGN" }, false,
    () => store.change({ basemap: planBox.checked ? "1" : "" }));
  const planBox = plan.querySelector("input");
  const isContext = (/** @type {Item} */ item) => CONTEXT.includes(item.layer.name);
  const ground = h("details", { class: "ground" }, h("summary", {}, "Fond de carte"), items.filter(isContext).map((item) => item.element), basemap && h("div", {}, plan, h("p", { class: "hint" },
      `Images de data.geopf.fr (IGN)${NNBSP}: ce service voit alors quelle zone vous regardez.`)));
  fill(part("layers"), facts && factsRow(facts), items.filter((item) => !isContext(item)).map((item) => item.element), ground);
  const show = () => {
    items.forEach((item) => item.show());
    planBox.checked = store.view.basemap === "1";
  };
  store.listen(show);
  show();
}

/** @param {Layer} layer */
function factsRow(layer) {
  const ramp = h("span", { class: "swatch swatch-ramp", "aria-hidden": "true" });
  return row(layer, h("p", { class: "choice" }, ramp, layer.title)); // no count: kinds are never added
}

/** A layer's line, with what there is to know about it behind a small button.
 * @param {Layer} layer @param {Node} title @param {...Node} more */
function row(layer, title, ...more) {
  const id = `about-${layer.name}`;
  const about = h("div", { class: "about", id, hidden: true }, ...more,
    h("p", {}, labelled("Source", layer.attribution || "non précisée")), h("p", {}, labelled("Licence", layer.licence || "non précisée")));
  const button = h("button", { type: "button", class: "info", "aria-expanded": "false", "aria-controls": id, title: "Source et licence",
    "aria-label": `Source et licence${NNBSP}: ${layer.title}`, onclick: () => {
      about.hidden = !about.hidden;
      button.setAttribute("aria-expanded", String(!about.hidden));
    } }, "i");
  return h("div", { class: "layer" }, title, button, about);
}

class Item {
  /** @param {import("./state.js").Store} store @param {import("./api.js").Catalog} catalog @param {Layer} layer */
  constructor(store, catalog, layer) {
    this.store = store;
    this.catalog = catalog;
    this.layer = layer;
    const [look, ...others] = marks(layer);
    this.box = h("input", { type: "checkbox", name: "layer", value: layer.name, disabled: layer.count === 0, onchange: () => this.take() });
    this.note = h("span", { class: "count" });
    const title = h("label", { class: layer.count ? "choice" : "choice unavailable" }, this.box, swatch(look.colour, look.shape), layer.title,
      this.note);
    this.generation = layer.generations.length > 1 ? selectField(`generation-${layer.name}`, areYears(layer) ? "Génération" : "Niveau",
      layer.generations.toSorted().reverse().map((one) => option(one, one)), () => this.take(true)) : null;
    const looks = others.length ? [look, ...others].map((one) => h("p", { class: "choice" }, swatch(one.colour, one.shape), one.label)) : [];
    this.element = row(layer, title, ...looks, ...(this.generation ? [this.generation] : []));
  }

  /** @param {boolean} [on] choosing a generation also draws the layer */
  take(on = this.box.checked) {
    const others = wanted(this.catalog, this.store.view.layers).filter((one) => one.layer !== this.layer);
    const generation = this.generation?.querySelector("select").value ?? newest(this.layer);
    this.store.change({ layers: asText(on ? [...others, { layer: this.layer, generation }] : others) });
  }

  show() {
    const drawn = wanted(this.catalog, this.store.view.layers).find((one) => one.layer === this.layer);
    this.box.checked = drawn !== undefined;
    const tooFar = drawn !== undefined && Number(this.store.view.at.split(",")[2]) < this.layer.minzoom;
    fill(this.note, this.layer.count === 0 ? "rien d’importé" : tooFar ? "zoomez pour la voir" : number(this.layer.count));
    if (this.generation) this.generation.querySelector("select").value = drawn?.generation ?? newest(this.layer);
  }
}
