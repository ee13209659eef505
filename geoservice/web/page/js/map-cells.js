/** Hexagons whose outlines are on the map once: a filter changes the state of each, and nothing is loaded or cut again. */

import { insert } from "./map-layers.js";
import { ACCENT, edgeOf, HOT, INK, RAMP, RAMP_OPACITY, REST_CLASS } from "./palette.js";
import { geojson, middle, ring } from "./shapes.js";

const NONE = { type: "FeatureCollection", features: [] };
const KEPT = 3; // resolutions that stay on the map, hidden, so that zooming back draws at once
const CLASS = ["coalesce", ["feature-state", "k"], 0];
const CLEAR = "rgba(0,0,0,0)";

/** @typedef {import("./shapes.js").Shape} Shape */

export class Cells {
  /** @param {any} map */
  constructor(map) {
    this.map = map;
    /** @type {Sheet[]} the last one is drawn */ this.sheets = [];
    this.number = 0;
    this.cell = "";
    this.hovered = "";
    this.veiled = false;
    for (const [id, layers] of [["cell-selected", [["#ffffff", 7], [ACCENT, 4]]], ["cell-hovered", [[INK, 2]]]]) {
      map.addSource(id, { type: "geojson", data: NONE });
      for (const [colour, width] of /** @type {[string, number][]} */ (layers)) {
        insert(map, { id: `selection/${id}/${width}`, type: "line", source: id, layout: { "line-join": "round" }, paint: { "line-color": colour, "line-width": width } });
      }
    }
  }

  get current() { return this.sheets.at(-1); }

  /** @param {Shape} shape @param {Uint8Array} classes of each cell: 0 is not drawn, else a colour of the ramp from 1 */
  draw(shape, classes) {
    let sheet = this.sheets.find((one) => one.shape === shape);
    if (sheet) this.sheets.splice(this.sheets.indexOf(sheet), 1);
    else sheet = new Sheet(this.map, shape, (this.number += 1));
    this.sheets.push(sheet);
    sheet.set(classes);
    for (const one of this.sheets) one.visible(one === sheet);
    for (const old of this.sheets.splice(0, this.sheets.length - KEPT)) old.remove();
    this.outline(this.cell);
  }

  hide() {
    for (const one of this.sheets) one.visible(false);
    this.hover("");
  }

  /** Under the heat, cells are not seen but can still be pointed at. @param {boolean} veiled @param {boolean} [busy] */
  veil(veiled, busy = false) {
    this.veiled = veiled;
    this.current?.paint(veiled ? 0 : busy ? RAMP_OPACITY / 2 : RAMP_OPACITY, veiled ? 0 : 1);
  }

  /** @param {boolean} busy */
  dim(busy) {
    this.veil(this.veiled, busy);
  }

  /** @param {string} cell "" for none */
  outline(cell) {
    this.cell = cell;
    this.put("cell-selected", cell);
  }

  /** @param {string} cell "" for none */
  hover(cell) {
    if (cell !== this.hovered) this.put("cell-hovered", cell);
    this.hovered = cell;
  }

  /** @param {string} source @param {string} cell */
  put(source, cell) {
    const shape = this.current?.shape;
    const at = shape?.index.get(cell);
    this.map.getSource(source).setData(shape && at !== undefined ? { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring(shape, at)] } } : NONE);
  }

  /** The cell drawn at a place, or "". @param {any} point */
  at(point) {
    if (!this.current?.shown) return "";
    const found = this.map.queryRenderedFeatures(point, { layers: [this.current.fill] });
    const drawn = found.find((/** @type {any} */ one) => (this.current?.classes[one.id] ?? 0) > 0);
    return drawn?.properties.h3 ?? "";
  }

  /** The cells that MapLibre draws now, as it finds them itself. @returns {string[]} */
  drawn() {
    if (!this.current?.shown) return [];
    const found = this.map.queryRenderedFeatures({ layers: [this.current.fill] });
    const names = found.filter((/** @type {any} */ one) => one.state.k > 0).map((/** @type {any} */ one) => one.properties.h3);
    return [.../** @type {Set<string>} */ (new Set(names))];
  }

  /** @param {string} cell @returns {[number, number] | null} */
  centre(cell) {
    const at = this.current?.shape.index.get(cell);
    return this.current && at !== undefined ? middle(this.current.shape, at) : null;
  }
}

/** The cells of one shape on the map. */
class Sheet {
  /** @param {any} map @param {Shape} shape @param {number} number */
  constructor(map, shape, number) {
    this.map = map;
    this.shape = shape;
    this.source = `cells-${number}`;
    this.fill = `facts/cells/${number}`;
    this.line = `facts/edges/${number}`;
    this.classes = new Uint8Array(shape.cells.length);
    this.shown = true;
    map.addSource(this.source, { type: "geojson", data: geojson(shape), tolerance: 0, buffer: 8, maxzoom: 16 });
    const colours = ["match", CLASS, ...RAMP.flatMap((colour, at) => [at + 1, colour]), REST_CLASS, HOT.reste.fill, CLEAR];
    insert(map, { id: this.fill, type: "fill", source: this.source, paint: { "fill-antialias": false, "fill-opacity": RAMP_OPACITY, "fill-color": colours } });
    const edges = ["match", CLASS, ...RAMP.flatMap((_, at) => [at + 1, edgeOf(at)]), REST_CLASS, HOT.reste.line, CLEAR];
    insert(map, { id: this.line, type: "line", source: this.source, paint: { "line-color": edges, "line-width": 1 } });
  }

  /** @param {Uint8Array} classes */
  set(classes) {
    for (let id = 0; id < classes.length; id += 1) {
      if (classes[id] !== this.classes[id]) this.map.setFeatureState({ source: this.source, id }, { k: classes[id] });
    }
    this.classes = classes;
  }

  /** @param {number} fill opacity @param {number} line opacity */
  paint(fill, line) {
    this.map.setPaintProperty(this.fill, "fill-opacity", fill);
    this.map.setPaintProperty(this.line, "line-opacity", line);
  }

  /** @param {boolean} shown */
  visible(shown) {
    if (shown === this.shown) return;
    this.shown = shown;
    for (const id of [this.fill, this.line]) this.map.setLayoutProperty(id, "visibility", shown ? "visible" : "none");
  }

  remove() {
    for (const id of [this.fill, this.line]) this.map.removeLayer(id);
    this.map.removeSource(this.source);
  }
}
