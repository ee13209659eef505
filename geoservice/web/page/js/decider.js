/** Moving a camera of a plan: its field comes back from the server while it is dragged, or turned by the keys. */

import { fill, paced, part, s } from "./dom.js";
import { NNBSP, number } from "./words.js";

const SAME = ["lens", "height_m", "operator", "masks", "purpose"]; // of a camera, wherever it is moved
const EVERY_MS = 80;
const STEP_M = 1;
const LEAP_M = 5;
const TURN_DEG = 5;
const MOVES = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const TURNS = /** @type {Record<string, number>} */ ({ "+": 1, "=": 1, "-": -1 });

/**
 * @typedef {{lon: number, lat: number, azimuth: number, area_m2: number, facts: number | null, blind: boolean, place_label: string, street_share: number,
 *   enough: boolean, reason: {sentence: string} | null, refusals: {sentence: string}[],
 *   features: {properties: {class: string}, geometry: {type: string, coordinates: any} | null}[]}} Answer
 * @typedef {[number, number]} Pair
 */

/** Narrow no-break spaces where French has them. @param {string} text */
const typeset = (text) => text.replace(/ (?=[;:!?%»])/g, NNBSP).replaceAll("« ", `«${NNBSP}`);

/** From the picture to the ground and back: a plane, as the server drew it. */
class Ground {
  /** @param {SVGSVGElement} picture */
  constructor(picture) {
    const read = (/** @type {string} */ name) => /** @type {Pair} */ ((picture.dataset[name] || "").split(" ").map(Number));
    [this.origin, this.right, this.down] = [read("origin"), read("right"), read("down")];
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

  /** The `d` of a geometry's polygons. @param {Answer["features"][number]["geometry"]} shape */
  path(shape) {
    if (!shape) return "";
    const polygons = shape.type === "Polygon" ? [shape.coordinates] : shape.type === "MultiPolygon" ? shape.coordinates : [];
    return polygons.flat().map((/** @type {Pair[]} */ ring) => `M${ring.map((each) => this.xy(each).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");
  }
}

class Camera {
  /** @param {SVGGElement} mark @param {SVGSVGElement} picture @param {Ground} ground */
  constructor(mark, picture, ground) {
    [this.mark, this.picture, this.ground] = [mark, picture, ground];
    this.code = mark.dataset.code || "";
    [this.x, this.y] = ground.xy([Number(mark.dataset.lon), Number(mark.dataset.lat)]);
    this.azimuth = Number(mark.dataset.azimuth);
    this.carried = false; // what it hung on is left behind
    this.field = /** @type {SVGGElement} */ (picture.querySelector(`.field[data-code="${this.code}"]`));
    this.ask = paced(() => this.fetch(), EVERY_MS);
    mark.addEventListener("keydown", (event) => this.key(event));
    mark.addEventListener("pointerdown", (event) => this.grab(event));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [move, turn] = [MOVES[event.key], TURNS[event.key]];
    if (!move && !turn) return;
    event.preventDefault();
    const metres = (event.shiftKey ? LEAP_M : STEP_M) * this.ground.metre;
    if (turn) this.azimuth = (this.azimuth + turn * TURN_DEG + 360) % 360;
    else [this.x, this.y, this.carried] = [this.x + move[0] * metres, this.y + move[1] * metres, true];
    this.moved();
  }

  /** @param {PointerEvent} event */
  grab(event) {
    event.preventDefault();
    this.mark.focus();
    this.mark.setPointerCapture(event.pointerId);
    const follow = (/** @type {PointerEvent} */ now) => {
      const matrix = this.picture.getScreenCTM();
      if (!matrix) return;
      ({ x: this.x, y: this.y } = new DOMPoint(now.clientX, now.clientY).matrixTransform(matrix.inverse()));
      this.carried = true;
      this.moved();
    };
    this.mark.addEventListener("pointermove", follow);
    this.mark.addEventListener("lostpointercapture", () => this.mark.removeEventListener("pointermove", follow), { once: true });
  }

  moved() {
    const { width, height } = this.picture.viewBox.baseVal;
    [this.x, this.y] = [Math.min(Math.max(this.x, 0), width), Math.min(Math.max(this.y, 0), height)];
    this.mark.setAttribute("transform", `translate(${this.x.toFixed(1)} ${this.y.toFixed(1)})`);
    this.mark.querySelector(".nose")?.setAttribute("transform", `rotate(${this.azimuth})`);
    this.ask();
  }

  async fetch() {
    this.waiting?.abort();
    this.waiting = new AbortController();
    const [lon, lat] = this.ground.lonlat(this.x, this.y).map((each) => each.toFixed(7));
    const query = new URLSearchParams(this.picture.dataset.filter);
    for (const [name, text] of Object.entries({ lon, lat, azimuth: this.azimuth.toFixed(1) })) query.set(name, text);
    query.set("support", this.carried ? "building" : this.mark.dataset.support || "building");
    for (const name of SAME) query.set(name, this.mark.dataset[name] || "");
    try {
      const response = await fetch(`/api/siting/field?${query}`, { signal: this.waiting.signal, headers: { Accept: "application/geo+json" } });
      if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail);
      this.show(await response.json());
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "AbortError") fill(part("moved"), /** @type {Error} */ (error).message || `Le serveur ne répond pas${NNBSP}; réessayez.`);
    }
  }

  /** @param {Answer} answer */
  show(answer) {
    if (!answer.enough) return fill(part("moved"), typeset(answer.reason?.sentence || ""));
    fill(this.field, ...answer.features.map((each) => s("path", { class: each.properties.class, d: this.ground.path(each.geometry) })));
    const [facts, area] = [answer.facts ?? 0, number(Math.round(answer.area_m2))];
    this.mark.classList.toggle("refused", answer.refusals.length > 0 || answer.blind);
    const refused = answer.blind ? "Elle est dans un bâtiment et ne voit rien." : answer.refusals.map((each) => each.sentence).join(" ");
    this.write({ ...(this.carried && { kind: "déplacée" }), place: answer.place_label, facts: number(facts), area: `${area} m²`,
      street: `${number(Math.round(100 * answer.street_share))}${NNBSP}%`, refusals: typeset(refused) || "aucun" });
    fill(part("moved"), typeset(`${this.code} : ${number(facts)} faits en vue, champ de ${area} m², ${answer.place_label}. ${refused || "Aucun refus."} Le total et la preuve restent ceux du plan proposé.`));
  }

  /** @param {Record<string, string>} words */
  write(words) {
    const row = document.querySelector(`#table tr[data-code="${this.code}"]`);
    row?.classList.add("moved");
    for (const [name, text] of Object.entries(words)) {
      const cell = row?.querySelector(`[data-is="${name}"]`);
      if (cell) fill(cell, text);
    }
  }
}

const picture = /** @type {SVGSVGElement | null} */ (document.querySelector(".siteplan"));
if (picture) {
  const ground = new Ground(picture);
  for (const mark of picture.querySelectorAll(".camera")) new Camera(/** @type {SVGGElement} */ (mark), picture, ground);
  document.body.dataset.state = "ready";
}
