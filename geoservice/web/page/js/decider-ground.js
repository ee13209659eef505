/** From the drawing of a plan to the ground and back: a plane, as the server drew it. */

import { NNBSP } from "./words.js";

/** @typedef {[number, number]} Pair */

/** Narrow no-break spaces where French has them. @param {string} text */
export const typeset = (text) => text.replace(/ (?=[;:!?%»])/g, NNBSP).replaceAll("« ", `«${NNBSP}`);

export class Ground {
  /** @param {SVGSVGElement} picture */
  constructor(picture) {
    const read = (/** @type {string} */ name) => /** @type {Pair} */ ((picture.dataset[name] || "").split(" ").map(Number));
    [this.origin, this.right, this.down] = [read("origin"), read("right"), read("down")];
    this.picture = picture;
    this.metre = Number(picture.dataset.metre);
    this.area = this.right[0] * this.down[1] - this.right[1] * this.down[0];
  }

  /** @param {number} x @param {number} y @returns {Pair} */
  lonlat(x, y) {
    return [this.origin[0] + x * this.right[0] + y * this.down[0], this.origin[1] + x * this.right[1] + y * this.down[1]];
  }

  /** @param {Pair} place @returns {Pair} */
  xy([lon, lat]) {
    const [east, north] = [lon - this.origin[0], lat - this.origin[1]];
    return [(east * this.down[1] - north * this.down[0]) / this.area, (north * this.right[0] - east * this.right[1]) / this.area];
  }

  /** Where a pointer is. @param {{clientX: number, clientY: number}} event @returns {Pair} */
  under(event) {
    const matrix = this.picture.getScreenCTM();
    if (!matrix) return this.middle();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return this.kept(at.x, at.y);
  }

  /** @returns {Pair} */
  middle() {
    const { width, height } = this.picture.viewBox.baseVal;
    return [width / 2, height / 2];
  }

  /** Inside the drawing. @param {number} x @param {number} y @returns {Pair} */
  kept(x, y) {
    const { width, height } = this.picture.viewBox.baseVal;
    return [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
  }

  /** The `d` of a ring of lon, lat. @param {Pair[]} ring */
  ring(ring) {
    return ring.length ? `M${ring.map((each) => this.xy(each).map((n) => n.toFixed(1)).join(" ")).join("L")}` : "";
  }

  /** The `d` of a geometry's polygons. @param {{type: string, coordinates: any} | null} shape */
  path(shape) {
    if (!shape) return "";
    const polygons = shape.type === "Polygon" ? [shape.coordinates] : shape.type === "MultiPolygon" ? shape.coordinates : [];
    return polygons.flat().map((/** @type {Pair[]} */ ring) => `${this.ring(ring)}Z`).join("");
  }
}
