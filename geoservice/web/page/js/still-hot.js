/** Hot spots as a drawing without WebGL: the same shapes, looks and numbers as on the map. */

import { s } from "./dom.js";
import { ring } from "./shapes.js";
import { number } from "./words.js";

const WIDE = 1000;

/**
 * @param {import("./shapes.js").Shape} shape of all cells @param {import("./hot-shapes.js").HotShape[]} areas
 * @param {string} words what it shows, for those who do not see it
 */
export function hotDrawing(shape, areas, words) {
  const cells = shape.cells.map((_, at) => ring(shape, at));
  const { project, high } = projection([...cells, ...areas.flatMap((one) => one.rings)]);
  const path = (/** @type {[number, number][][]} */ rings) => rings.map((one) => `M${one.map(project).join("L")}Z`).join("");
  const lines = (/** @type {[[number, number], [number, number]][]} */ edges) => edges.map((edge) => `M${edge.map(project).join("L")}`).join("");
  return s("svg", { id: "still-map", class: "still-hot", viewBox: `0 0 ${WIDE} ${high}`, role: "img", "aria-label": words },
    s("defs", {}, s("pattern", { id: "still-hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("line", { x1: 0, x2: 0, y1: 0, y2: 7, class: "still-hatch" }))),
    s("path", { class: "still-reste", d: path(cells) }),
    areas.map((one) => s("g", { class: `still-${one.look}`, "data-rank": one.rank }, s("path", { class: "still-fill", d: path(one.rings) }),
      one.look === "artefact" ? s("path", { d: path(one.rings), fill: "url(#still-hatch)" }) : null, s("path", { class: "still-edge", d: lines(one.edges) }), label(one, project))));
}

/** @param {import("./hot-shapes.js").HotShape} one @param {(point: [number, number]) => string} project */
function label(one, project) {
  const [x, y] = project(one.centre).split(",");
  return s("g", {}, s("circle", { cx: x, cy: y, r: 24 }), s("text", { x, y, dy: "0.35em", "text-anchor": "middle" }, number(one.rank)));
}

/** Degrees to units of the drawing, true in shape at the middle. @param {[number, number][][]} rings */
function projection(rings) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const one of rings) {
    for (const [lon, lat] of one) [west, south, east, north] = [Math.min(west, lon), Math.min(south, lat), Math.max(east, lon), Math.max(north, lat)];
  }
  const flat = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = WIDE / Math.max(1e-6, (east - west) * flat);
  const project = (/** @type {[number, number]} */ [lon, lat]) => `${((lon - west) * flat * scale).toFixed(1)},${((north - lat) * scale).toFixed(1)}`;
  return { project, high: Math.max(1, Math.round((north - south) * scale)) };
}
