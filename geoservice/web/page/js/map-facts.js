/** Facts on the map: hexagons from vector tiles, or heat from images that the server draws. */

import { insert } from "./map-layers.js";
import { ACCENT, INK, RAMP_OPACITY } from "./palette.js";

export const HEXAGONS = "facts/hexagons";
const OUTLINES = "facts/outlines";
const HEAT = "facts/heat";
const NOTHING = ["==", ["get", "h3"], ""];

/**
 * @typedef {{mvt: string, png: string, sourceLayer: string, minzoom: number, maxzoom: number, mode: string,
 *   classes: Map<number, import("./palette.js").CountClass[]>}} FactPicture
 */

/** Draw or redraw the facts; tiles that are already there stay until their successors arrive.
 * @param {any} map @param {FactPicture} picture */
export function drawFacts(map, picture) {
  if (!map.getSource("facts")) addSources(map, picture);
  retile(map, "facts", picture.mvt);
  retile(map, "heat", picture.png);
  const heat = picture.mode === "chaleur";
  map.setPaintProperty(HEXAGONS, "fill-color", colourExpression(picture.classes));
  map.setPaintProperty(HEXAGONS, "fill-opacity", heat ? 0 : RAMP_OPACITY);
  map.setPaintProperty(OUTLINES, "line-opacity", heat ? 0 : 0.9);
  map.setLayoutProperty(HEAT, "visibility", heat ? "visible" : "none");
}

/** @param {any} map @param {FactPicture} picture */
function addSources(map, picture) {
  const range = { minzoom: picture.minzoom, maxzoom: picture.maxzoom };
  map.addSource("facts", { type: "vector", tiles: [picture.mvt], ...range });
  map.addSource("heat", { type: "raster", tiles: [picture.png], tileSize: 256, ...range });
  const source = { source: "facts", "source-layer": picture.sourceLayer };
  insert(map, { id: HEAT, type: "raster", source: "heat", layout: { visibility: "none" }, paint: { "raster-fade-duration": 0 } });
  insert(map, { id: HEXAGONS, type: "fill", ...source, paint: { "fill-antialias": false } });
  insert(map, { id: OUTLINES, type: "line", ...source, paint: { "line-color": "#ffffff", "line-width": 1 } });
  insert(map, { id: "selection/hover", type: "line", ...source, filter: NOTHING, paint: { "line-color": INK, "line-width": 2 } });
  insert(map, { id: "selection/halo", type: "line", ...source, filter: NOTHING, paint: { "line-color": "#ffffff", "line-width": 7 } });
  insert(map, { id: "selection/line", type: "line", ...source, filter: NOTHING, paint: { "line-color": ACCENT, "line-width": 4 } });
}

/** @param {any} map @param {string} source @param {string} tiles */
function retile(map, source, tiles) {
  const found = map.getSource(source);
  if (found.tiles?.[0] !== tiles) found.setTiles([tiles]);
}

/** The second figure of an H3 text is its resolution, so tiles of two zooms never borrow each other's classes.
 * @param {FactPicture["classes"]} classes */
function colourExpression(classes) {
  const branches = [...classes].filter(([, all]) => all.length > 0)
    .flatMap(([resolution, all]) => [resolution.toString(16), stepExpression(all)]);
  return branches.length ? ["match", ["slice", ["get", "h3"], 1, 2], ...branches, "rgba(0,0,0,0)"] : "rgba(0,0,0,0)";
}

/** @param {import("./palette.js").CountClass[]} all */
function stepExpression(all) {
  const [first, ...others] = all;
  if (others.length === 0) return ["to-color", first.colour];
  return ["step", ["get", "n"], first.colour, ...others.flatMap((one) => [one.from, one.colour])];
}

/** @param {any} map @param {string} cell "" for none */
export function outline(map, cell) {
  if (!map.getLayer("selection/line")) return;
  for (const id of ["selection/line", "selection/halo"]) map.setFilter(id, ["==", ["get", "h3"], cell]);
}

/** @param {any} map @param {string} cell "" for none */
export function hover(map, cell) {
  if (map.getLayer("selection/hover")) map.setFilter("selection/hover", ["==", ["get", "h3"], cell]);
}

/** Dim while newer counts are on their way.
 * @param {any} map @param {boolean} busy @param {string} mode */
export function dim(map, busy, mode) {
  if (!map.getLayer(HEXAGONS)) return;
  map.setPaintProperty(HEXAGONS, "fill-opacity", mode === "chaleur" ? 0 : busy ? RAMP_OPACITY / 2 : RAMP_OPACITY);
  map.setPaintProperty(HEAT, "raster-opacity", busy ? 0.5 : 1);
}

/** Middle of a cell that is drawn now, [longitude, latitude], or null.
 * @param {any} map @param {string} cell @param {string} sourceLayer */
export function drawnCentre(map, cell, sourceLayer) {
  if (!map.getSource("facts")) return null;
  const found = map.querySourceFeatures("facts", { sourceLayer, filter: ["==", ["get", "h3"], cell] });
  const points = found.flatMap((/** @type {any} */ one) => one.geometry.coordinates.flat(one.geometry.type === "Polygon" ? 1 : 2));
  if (points.length === 0) return null;
  const middle = (/** @type {number} */ axis) => {
    const values = points.map((/** @type {number[]} */ point) => point[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  };
  return /** @type {[number, number]} */ ([middle(0), middle(1)]);
}
