/** How the layers of the catalogue are drawn, and in which order things lie on the map. */

import { INK } from "./palette.js";

/** From bottom to top. A style layer's id starts with its group: "line/qpv/0". */
const GROUPS = ["basemap", "ground", "facts", "line", "point", "selection", "label"];
const GROUP_OF = { fill: "ground", "fill-extrusion": "ground", raster: "basemap", line: "line", circle: "point", symbol: "label" };

/**
 * Add a style layer above its own group and below the next ones.
 * @param {any} map @param {any} layer with an id that starts with its group
 */
export function insert(map, layer) {
  const rank = (/** @type {string} */ id) => GROUPS.indexOf(id.split("/")[0]);
  const above = map.getLayersOrder().find((/** @type {string} */ id) => rank(id) > rank(layer.id));
  map.addLayer(layer, above);
}

/**
 * The style layers of a catalogue layer: those its folder declares, else a plain look for its geometry.
 * @param {import("./api.js").Layer} layer
 * @param {string} source id of the map source @param {string} sourceLayer name inside the tiles
 * @returns {any[]}
 */
export function styleLayers(layer, source, sourceLayer) {
  const declared = Array.isArray(layer.style?.layers) && layer.style.layers.length > 0 ? layer.style.layers : plain(layer);
  return declared.map((/** @type {any} */ one, /** @type {number} */ index) => ({
    ...one, id: `${GROUP_OF[one.type] ?? "ground"}/${layer.name}/${index}`, source, "source-layer": sourceLayer,
  }));
}

/** @param {import("./api.js").Layer} layer @returns {any[]} */
function plain(layer) {
  const geometry = layer.geometry.toLowerCase();
  if (geometry.includes("point")) {
    return [{ type: "circle", paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 11, 2, 16, 6],
      "circle-color": INK, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5 } }];
  }
  return [{ type: "line", paint: { "line-color": INK, "line-width": 1 } }];
}

/**
 * The marks of a layer in the panel: those its folder declares, else one for its geometry.
 * @param {import("./api.js").Layer} layer
 * @returns {{label: string, shape: string, colour: string}[]} at least one
 */
export function marks(layer) {
  const declared = Array.isArray(layer.style?.legend) ? layer.style.legend : [];
  if (declared.length) return declared.map((/** @type {any} */ one) => ({ label: one.label, shape: one.shape, colour: one.color }));
  const geometry = layer.geometry.toLowerCase();
  return [{ label: layer.title, shape: geometry.includes("point") ? "dot" : "line", colour: INK }];
}
