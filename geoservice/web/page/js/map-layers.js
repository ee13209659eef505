/** How the layers of the catalogue are drawn, and in which order things lie on the map. */

import { INK } from "./palette.js";

/** From bottom to top. A style layer's id starts with its group: "line/qpv/0". */
const GROUPS = ["basemap", "eau", "voies", "batiments", "ground", "facts", "over", "line", "point", "selection", "label"];
/** Layers that are only there to find one's way, under everything. */
export const CONTEXT = ["eau", "voies", "batiments"];
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
  const all = layer.name === "voies" ? [...declared, ...declared.filter((/** @type {any} */ one) => one.type === "line").map(etched)] : declared;
  return all.map((/** @type {any} */ one, /** @type {number} */ index) => ({
    ...one, ...typeset(one), id: `${one.over ? "over" : groupOf(layer, one)}/${layer.name}/${index}`, source, "source-layer": sourceLayer, over: undefined,
  }));
}

/** The same roads once more, thin and light over the hexagons: one finds one's way without losing a colour.
 * @param {any} style */
function etched(style) {
  return { ...style, over: true, paint: { ...style.paint, "line-color": "#ffffff", "line-opacity": 0.38 } };
}

/** @param {import("./api.js").Layer} layer @param {any} style */
function groupOf(layer, style) {
  return CONTEXT.includes(layer.name) ? layer.name : GROUP_OF[/** @type {keyof typeof GROUP_OF} */ (style.type)] ?? "ground";
}

/** Names on the map in the page's own type. @param {any} style */
function typeset(style) {
  return style.type === "symbol" ? { layout: { ...style.layout, "text-font": ['"Source Sans 3"'] } } : {};
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
