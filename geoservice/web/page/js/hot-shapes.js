/** Hot spots as shapes: the cells of each area, and the line around them all. */

import * as api from "./api.js";
import { lookOf } from "./hotspots.js";
import { ring } from "./shapes.js";

const SAME = 1e5; // corners of neighbours agree to the metre

/**
 * @typedef {[number, number]} Point
 * @typedef {{look: import("./hotspots.js").Verdict, rank: number, rings: Point[][], edges: [Point, Point][], centre: Point}} HotShape
 */

/**
 * The areas of an answer with their outlines. Cells without any fact have no outline yet: they are asked for, once.
 * @param {import("./hotspots.js").Hot} hot @param {import("./shapes.js").Shape | null} shape @param {URLSearchParams} filters
 * @returns {Promise<HotShape[]>}
 */
export async function hotShapes(hot, shape, filters) {
  const { areas, resolution, unit } = hot.answer;
  const all = unit === "cell" ? areas.flatMap((area) => area.cells) : [];
  const known = new Map(shape ? all.filter((cell) => shape.index.has(cell)).map((cell) => [cell, ring(shape, /** @type {number} */ (shape.index.get(cell)))]) : []);
  if (all.some((cell) => !known.has(cell))) {
    const found = await api.hotOutlines(filters, String(resolution));
    for (const { properties, geometry } of found.features) if (!known.has(properties.h3)) known.set(properties.h3, geometry.coordinates[0]);
  }
  return areas.flatMap((area) => {
    const look = lookOf(area.verdict);
    if (!look) return [];
    const rings = unit === "cell" ? area.cells.flatMap((cell) => (known.has(cell) ? [/** @type {Point[]} */ (known.get(cell))] : [])) : [];
    return [{ look, rank: area.rank, rings, edges: around(rings), centre: area.centre }];
  });
}

/** Sides that only one of the cells has. @param {Point[][]} rings closed @returns {[Point, Point][]} */
export function around(rings) {
  const sides = /** @type {Map<string, [Point, Point] | null>} */ (new Map());
  const name = (/** @type {Point} */ [lon, lat]) => `${Math.round(lon * SAME)},${Math.round(lat * SAME)}`;
  for (const one of rings) {
    for (let at = 0; at + 1 < one.length; at += 1) {
      const [from, to] = [one[at], one[at + 1]];
      if (name(from) === name(to)) continue;
      const key = [name(from), name(to)].sort().join(" ");
      sides.set(key, sides.has(key) ? null : [from, to]);
    }
  }
  return [...sides.values()].filter((side) => side !== null);
}
