/** Facts from tiles: hexagons of a territory too large to be sent whole, or heat from images that the server draws. */

import { insert } from "./map-layers.js";
import { ACCENT, edgeOf, INK, RAMP_OPACITY } from "./palette.js";

const CLEAR = "rgba(0,0,0,0)";

/**
 * @typedef {{mvt: string, png: string, mode: "tuiles" | "chaleur", classes: Map<number, import("./palette.js").CountClass[]>}} FactPicture
 * @typedef {{sourceLayer: string, minzoom: number, maxzoom: number}} FactTiles
 */

/**
 * The facts of one filter on the map. Another filter is another source drawn above this one, which leaves when the new one is
 * whole: the old picture stays meanwhile, and MapLibre never mixes tiles of two filters, as it may when a source changes its address.
 */
class Sheet {
  /** @param {any} map @param {FactTiles} tiles @param {FactPicture} picture @param {number} number */
  constructor(map, tiles, picture, number) {
    this.map = map;
    this.mvt = picture.mvt;
    this.source = `facts-${number}`;
    this.heatSource = `heat-${number}`;
    this.hexagons = `facts/hexagons/${number}`;
    this.outlines = `facts/outlines/${number}`;
    this.heat = `facts/heat/${number}`;
    this.hovered = `selection/hover/${number}`;
    this.selected = [`selection/halo/${number}`, `selection/line/${number}`];
    this.whole = false;
    const { sourceLayer, ...range } = tiles;
    map.addSource(this.source, { type: "vector", tiles: [picture.mvt], ...range });
    map.addSource(this.heatSource, { type: "raster", tiles: [picture.png], tileSize: 256, ...range });
    this.addLayers(sourceLayer);
  }

  /** @param {string} sourceLayer */
  addLayers(sourceLayer) {
    const of = { source: this.source, "source-layer": sourceLayer };
    const line = (/** @type {string} */ id, /** @type {string} */ colour, /** @type {number} */ width) => insert(this.map,
      { id, type: "line", ...of, filter: is(""), paint: { "line-color": colour, "line-width": width } });
    insert(this.map, { id: this.heat, type: "raster", source: this.heatSource, layout: { visibility: "none" }, paint: { "raster-fade-duration": 0 } });
    insert(this.map, { id: this.hexagons, type: "fill", ...of, paint: { "fill-antialias": false } });
    insert(this.map, { id: this.outlines, type: "line", ...of, paint: { "line-width": 1 } });
    line(this.hovered, INK, 2);
    line(this.selected[0], "#ffffff", 7);
    line(this.selected[1], ACCENT, 4);
  }

  /** @param {FactPicture} picture @param {boolean} busy */
  paint(picture, busy) {
    const heat = picture.mode === "chaleur";
    this.map.setPaintProperty(this.hexagons, "fill-color", byClass(picture.classes, (one) => one.colour));
    this.map.setPaintProperty(this.outlines, "line-color", byClass(picture.classes, (_, at) => edgeOf(at)));
    this.map.setPaintProperty(this.hexagons, "fill-opacity", busy ? RAMP_OPACITY / 2 : RAMP_OPACITY);
    for (const id of [this.hexagons, this.outlines]) this.map.setLayoutProperty(id, "visibility", heat ? "none" : "visible");
    this.map.setPaintProperty(this.heat, "raster-opacity", busy ? 0.5 : 1);
    this.map.setLayoutProperty(this.heat, "visibility", heat ? "visible" : "none");
  }

  remove() {
    for (const id of [this.hexagons, this.outlines, this.heat, this.hovered, ...this.selected]) this.map.removeLayer(id);
    for (const id of [this.source, this.heatSource]) this.map.removeSource(id);
  }
}

/** The facts, of whichever filter is asked for last. */
export class Facts {
  /** @param {any} map @param {FactTiles} tiles */
  constructor(map, tiles) {
    this.map = map;
    this.tiles = tiles;
    this.number = 0;
    /** @type {Sheet[]} the last one is the current one; one before it at most, until the current one is whole */
    this.sheets = [];
    /** @type {FactPicture | null} */ this.picture = null;
    this.cell = "";
    map.on("idle", () => this.settle());
  }

  get current() { return this.sheets.at(-1); }

  /** @param {FactPicture} picture */
  draw(picture) {
    this.picture = picture;
    if (this.current?.mvt !== picture.mvt) {
      if (this.current && !this.current.whole) this.sheets.pop()?.remove();
      this.number += 1;
      this.sheets.push(new Sheet(this.map, this.tiles, picture, this.number));
      this.outline(this.cell);
    }
    this.current?.paint(picture, false);
  }

  /** Nothing from tiles: the cells are on the map whole. */
  clear() {
    this.picture = null;
    for (const sheet of this.sheets.splice(0)) sheet.remove();
  }

  /** Everything asked for has come: the sheet before may leave. */
  settle() {
    if (!this.current) return;
    this.current.whole = true;
    for (const old of this.sheets.splice(0, this.sheets.length - 1)) old.remove();
  }

  /** Dim while newer counts are on their way. @param {boolean} busy */
  dim(busy) {
    if (this.picture) this.current?.paint(this.picture, busy);
  }

  /** @param {string} cell "" for none */
  outline(cell) {
    this.cell = cell;
    for (const id of this.current?.selected ?? []) this.map.setFilter(id, is(cell));
  }

  /** @param {string} cell "" for none */
  hover(cell) {
    if (this.current) this.map.setFilter(this.current.hovered, is(cell));
  }

  /** Hexagons at a place or, without one, on the whole canvas. @param {any} [where] @returns {any[]} */
  drawn(where) {
    if (!this.current) return [];
    const options = { layers: [this.current.hexagons] };
    return where ? this.map.queryRenderedFeatures(where, options) : this.map.queryRenderedFeatures(options);
  }

  /** Middle of a cell that is drawn now, [longitude, latitude], or null. @param {string} cell */
  centre(cell) {
    if (!this.current) return null;
    const found = this.map.querySourceFeatures(this.current.source, { sourceLayer: this.tiles.sourceLayer, filter: is(cell) });
    const points = found.flatMap((/** @type {any} */ one) => one.geometry.coordinates.flat(one.geometry.type === "Polygon" ? 1 : 2));
    if (points.length === 0) return null;
    const middle = (/** @type {number} */ axis) => {
      const values = points.map((/** @type {number[]} */ point) => point[axis]);
      return (Math.min(...values) + Math.max(...values)) / 2;
    };
    return /** @type {[number, number]} */ ([middle(0), middle(1)]);
  }
}

/** @param {string} cell */
function is(cell) {
  return ["==", ["get", "h3"], cell];
}

/** The second figure of an H3 text is its resolution, so tiles of two zooms never borrow each other's classes.
 * @param {FactPicture["classes"]} classes @param {(one: import("./palette.js").CountClass, at: number) => string} colour */
function byClass(classes, colour) {
  const branches = [...classes].filter(([, all]) => all.length > 0)
    .flatMap(([resolution, all]) => [resolution.toString(16), stepExpression(all, colour)]);
  return branches.length ? ["match", ["slice", ["get", "h3"], 1, 2], ...branches, CLEAR] : CLEAR;
}

/** @param {import("./palette.js").CountClass[]} all @param {(one: import("./palette.js").CountClass, at: number) => string} colour */
function stepExpression(all, colour) {
  const [first, ...others] = all.map(colour);
  if (others.length === 0) return ["to-color", first];
  return ["step", ["get", "n"], first, ...others.flatMap((one, at) => [all[at + 1].from, one])];
}
