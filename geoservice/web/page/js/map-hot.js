/** Hot spots on the map: a fill, a line around each area, a hatch; shape and line double the colour. */

import { insert } from "./map-layers.js";
import { HOT, PAPER } from "./palette.js";

const NONE = { type: "FeatureCollection", features: [] };
const LOOK = ["get", "look"];
const HATCH_PX = 8;

/** @typedef {import("./hot-shapes.js").HotShape} HotShape */

export class HotLayer {
  /** @param {any} map */
  constructor(map) {
    this.map = map;
    /** @type {HotShape[]} */ this.shapes = [];
    map.addImage("hatch", hatch());
    for (const source of ["hot-cells", "hot-edges", "hot-points", "hot-tested"]) map.addSource(source, { type: "geojson", data: NONE });
    const is = (/** @type {string} */ look) => ["==", LOOK, look];
    const colour = (/** @type {"fill" | "line"} */ part) => ["match", LOOK, "solide", HOT.solide[part], "fragile", HOT.fragile[part], HOT.artefact[part]];
    const line = (/** @type {string} */ id, /** @type {any} */ more) => insert(map, { type: "line", source: "hot-edges", id: `over/hot-${id}`, layout: { "line-cap": "round", "line-join": "round" }, ...more });
    insert(map, { id: "facts/hot/fill", type: "fill", source: "hot-cells", paint: { "fill-color": colour("fill"), "fill-opacity": 0.9, "fill-antialias": false } });
    insert(map, { id: "facts/hot/hatch", type: "fill", source: "hot-cells", filter: is("artefact"), paint: { "fill-pattern": "hatch" } });
    line("halo", { paint: { "line-color": PAPER, "line-width": 6 } });
    line("solide", { filter: is("solide"), paint: { "line-color": HOT.solide.line, "line-width": 3.5 } });
    line("fragile", { filter: is("fragile"), paint: { "line-color": HOT.fragile.line, "line-width": 3.5, "line-dasharray": [0, 1.8] } });
    line("artefact", { filter: is("artefact"), paint: { "line-color": HOT.artefact.line, "line-width": 1.5 } });
    insert(map, { id: "point/hot-tested", type: "circle", source: "hot-tested", paint: { "circle-radius": 4, "circle-color": PAPER, "circle-stroke-color": HOT.artefact.line, "circle-stroke-width": 1.5 } });
    insert(map, { id: "point/hot", type: "circle", source: "hot-points", paint: { "circle-radius": ["case", ["get", "alone"], 11, 10], "circle-color": colour("fill"),
      "circle-stroke-color": colour("line"), "circle-stroke-width": ["match", LOOK, "solide", 3, "fragile", 1.5, 1.5] } });
    insert(map, { id: "label/hot", type: "symbol", source: "hot-points", layout: { "text-field": ["to-string", ["get", "rank"]], "text-size": 13, "text-font": ['"Source Sans 3"'],
      "text-allow-overlap": true, "text-ignore-placement": true }, paint: { "text-color": ["match", LOOK, "solide", PAPER, HOT.solide.line] } });
  }

  /** @param {HotShape[]} shapes none to take them all away @param {[number, number][]} tested residences, where they are what was tested */
  draw(shapes, tested) {
    this.shapes = shapes;
    const put = (/** @type {string} */ source, /** @type {any[]} */ features) => this.map.getSource(source).setData({ type: "FeatureCollection", features });
    const feature = (/** @type {HotShape} */ { look, rank, rings }, /** @type {any} */ geometry) => ({ type: "Feature", properties: { look, rank, alone: rings.length === 0 }, geometry });
    put("hot-cells", shapes.map((one) => feature(one, { type: "MultiPolygon", coordinates: one.rings.map((ring) => [ring]) })));
    put("hot-edges", shapes.map((one) => feature(one, { type: "MultiLineString", coordinates: joined(one.edges) })));
    put("hot-tested", tested.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } })));
    put("hot-points", shapes.map((one) => feature(one, { type: "Point", coordinates: one.centre })));
  }

  /** The area at a place, as MapLibre draws it now, or 0. @param {any} point @returns {number} */
  at(point) {
    return this.map.queryRenderedFeatures(point, { layers: ["point/hot", "facts/hot/fill"] })[0]?.properties.rank ?? 0;
  }

  /** Ranks of the areas that are drawn now. @returns {number[]} */
  drawn() {
    const found = this.map.queryRenderedFeatures({ layers: ["point/hot"] });
    return [.../** @type {Set<number>} */ (new Set(found.map((/** @type {any} */ one) => one.properties.rank)))].sort((a, b) => a - b);
  }
}

/** Sides that follow each other as one line, so that dots keep their rhythm around corners.
 * @param {[[number, number], [number, number]][]} edges */
export function joined(edges) {
  const name = (/** @type {[number, number]} */ [lon, lat]) => `${Math.round(lon * 1e5)},${Math.round(lat * 1e5)}`;
  const left = new Set(edges);
  /** @type {Map<string, Set<[[number, number], [number, number]]>>} */ const at = new Map();
  for (const edge of edges) for (const end of edge) at.set(name(end), (at.get(name(end)) ?? new Set()).add(edge));
  const lines = [];
  for (const first of edges) {
    if (!left.delete(first)) continue;
    const line = [...first];
    for (;;) {
      const next = [...(at.get(name(/** @type {[number, number]} */ (line.at(-1)))) ?? [])].find((one) => left.has(one));
      if (!next) break;
      left.delete(next);
      line.push(name(next[0]) === name(/** @type {[number, number]} */ (line.at(-1))) ? next[1] : next[0]);
    }
    lines.push(line);
  }
  return lines;
}

/** Oblique lines that meet at the edges of the tile. @returns {{width: number, height: number, data: Uint8Array}} */
function hatch() {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(HOT.artefact.line.slice(at, at + 2), 16));
  const data = new Uint8Array(4 * HATCH_PX * HATCH_PX);
  for (let y = 0; y < HATCH_PX; y += 1) {
    for (let x = 0; x < HATCH_PX; x += 1) {
      const on = (x + y) % HATCH_PX < 2;
      data.set([red, green, blue, on ? 255 : 0], 4 * (y * HATCH_PX + x));
    }
  }
  return { width: HATCH_PX, height: HATCH_PX, data };
}
