/** Outlines of cells, loaded once for a kind and a resolution, and the values that travel alone in the same order. */

import * as api from "./api.js";

const MICRODEGREES = 1e6;
const KEPT = 8;

/**
 * Cells of one kind and resolution: `rings` has `vertices` pairs of microdegrees a cell, `boxes` west, south, east, north a cell.
 * @typedef {{key: string, version: string, resolution: number, cells: string[], index: Map<string, number>, vertices: number,
 *   rings: Int32Array, boxes: Int32Array}} Shape
 */

/** Loads shapes and remembers them; knows which are too large to be sent whole. */
export class Shapes {
  constructor() {
    /** @type {Map<string, Promise<Shape>>} by version, resolution and kind */ this.known = new Map();
    /** @type {Set<string>} */ this.tooLarge = new Set();
  }

  /**
   * Values of all cells under these filters with the outlines they belong to, or null when the territory has too many cells.
   * @param {URLSearchParams} filters @param {number} resolution @param {AbortSignal} signal
   * @returns {Promise<{shape: Shape, answer: api.Values} | null>}
   */
  async values(filters, resolution, signal) {
    const kind = filters.get("kind") ?? "";
    if (this.tooLarge.has(`${kind}/${resolution}`)) return null;
    try {
      const answer = await api.values(filters, resolution, signal);
      return { shape: await this.shape(answer.version, resolution, kind), answer };
    } catch (error) {
      if (!(error instanceof api.Failure)) throw error;
      if (error.status === 404) return this.values(filters, resolution, signal); // the data changed between the two questions
      if (error.status !== 400) throw error;
      this.tooLarge.add(`${kind}/${resolution}`); // or another mistake, which the next question will tell
      return null;
    }
  }

  /** @param {string} version @param {number} resolution @param {string} kind @returns {Promise<Shape>} */
  shape(version, resolution, kind) {
    const key = `${kind}/${resolution}/${version}`;
    const known = this.known.get(key);
    if (known) return known;
    const loading = api.geometry(version, resolution, kind).then((answer) => decode(key, answer));
    this.known.set(key, loading);
    loading.catch(() => this.known.delete(key));
    if (this.known.size > KEPT) this.known.delete([...this.known.keys()][0]);
    return loading;
  }
}

/** @param {string} key @param {api.Geometry} answer @returns {Shape} */
function decode(key, answer) {
  const bytes = Uint8Array.from(atob(answer.rings), (letter) => letter.charCodeAt(0));
  const rings = new Int32Array(bytes.buffer); // little-endian, as every machine with a browser
  const index = new Map(answer.cells.map((cell, at) => [cell, at]));
  return { key, version: answer.version, resolution: answer.resolution, cells: answer.cells, index, vertices: answer.vertices, rings,
    boxes: boxesOf(rings, answer.cells.length, answer.vertices) };
}

/** @param {Int32Array} rings @param {number} cells @param {number} vertices */
function boxesOf(rings, cells, vertices) {
  const boxes = new Int32Array(4 * cells);
  for (let cell = 0; cell < cells; cell += 1) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let at = 2 * vertices * cell; at < 2 * vertices * (cell + 1); at += 2) {
      box[0] = Math.min(box[0], rings[at]);
      box[1] = Math.min(box[1], rings[at + 1]);
      box[2] = Math.max(box[2], rings[at]);
      box[3] = Math.max(box[3], rings[at + 1]);
    }
    boxes.set(box, 4 * cell);
  }
  return boxes;
}

/** Positions of the cells that a view touches.
 * @param {Shape} shape @param {string} bbox "west,south,east,north" in degrees @returns {number[]} */
export function inView(shape, bbox) {
  const [west, south, east, north] = bbox.split(",").map((text) => Number(text) * MICRODEGREES);
  const found = [];
  for (let cell = 0, at = 0; cell < shape.cells.length; cell += 1, at += 4) {
    const { boxes } = shape;
    if (boxes[at] <= east && boxes[at + 2] >= west && boxes[at + 1] <= north && boxes[at + 3] >= south) found.push(cell);
  }
  return found;
}

/** The outline of a cell in degrees, closed.
 * @param {Shape} shape @param {number} cell @returns {[number, number][]} */
export function ring(shape, cell) {
  const start = 2 * shape.vertices * cell;
  const points = /** @type {[number, number][]} */ ([]);
  for (let at = start; at < start + 2 * shape.vertices; at += 2) {
    points.push([shape.rings[at] / MICRODEGREES, shape.rings[at + 1] / MICRODEGREES]);
  }
  return [...points, points[0]];
}

/** @param {Shape} shape @param {number} cell @returns {[number, number]} */
export function middle(shape, cell) {
  const [west, south, east, north] = shape.boxes.subarray(4 * cell, 4 * cell + 4);
  return [(west + east) / 2 / MICRODEGREES, (south + north) / 2 / MICRODEGREES];
}

/** All cells as GeoJSON; the id of a feature is its position.
 * @param {Shape} shape */
export function geojson(shape) {
  const features = shape.cells.map((h3, id) => ({ type: "Feature", id, properties: { h3 }, geometry: { type: "Polygon", coordinates: [ring(shape, id)] } }));
  return { type: "FeatureCollection", features };
}
