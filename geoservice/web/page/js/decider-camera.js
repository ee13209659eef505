/** One camera of a plan: moved and turned by hand or by keys, its field comes back from the server meanwhile. */

import { typeset } from "./decider-ground.js";
import { fill, h, paced, part, s } from "./dom.js";
import { NNBSP, number, plural } from "./words.js";

/** @typedef {import("./decider-ground.js").Ground} Ground */
/** @typedef {import("./decider-ground.js").Pair} Pair */
/**
 * @typedef {{lon: number, lat: number, azimuth: number, kind: string}} Spot
 * @typedef {{area_m2: number, facts: number | null, blind: boolean, place_label: string, street_share: number,
 *   enough: boolean, reason: {sentence: string} | null, refusals: {sentence: string}[],
 *   features: {properties: {class: string}, geometry: {type: string, coordinates: any} | null}[]}} Answer
 */

const SAME = ["lens", "height_m", "operator", "masks", "purpose", "night_m"]; // of all cameras of a plan
const EVERY_MS = 80;
const STEP_M = 1;
const LEAP_M = 5;
const TURN_DEG = 5;
export const MOVES = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const TURNS = /** @type {Record<string, number>} */ ({ "+": 1, "=": 1, "-": -1 });
const BY_HAND = "placed";
const STREET = ["pole", "existing"]; // supports of the street

export class Camera {
  /** @param {SVGGElement} mark @param {Ground} ground @param {{moved: () => void, removed: (camera: Camera) => void, before: () => void}} plan */
  constructor(mark, ground, plan) {
    [this.mark, this.ground, this.plan, this.picture] = [mark, ground, plan, ground.picture];
    this.code = mark.dataset.code || "";
    this.kind = mark.dataset.kind || BY_HAND; // what it hangs on; what it hung on is left behind
    [this.x, this.y] = ground.xy([Number(mark.dataset.lon), Number(mark.dataset.lat)]);
    this.azimuth = Number(mark.dataset.azimuth);
    this.field = /** @type {SVGGElement} */ (this.picture.querySelector(`.field[data-code="${this.code}"]`));
    this.row = /** @type {HTMLTableRowElement} */ (document.querySelector(`#table tr[data-code="${this.code}"]`));
    this.ask = paced(() => this.fetch(), EVERY_MS);
    mark.addEventListener("keydown", (event) => this.key(event));
    mark.addEventListener("pointerdown", (event) => this.grab(event));
    this.row.querySelector(".remove")?.addEventListener("click", (event) => { event.preventDefault(); plan.removed(this); });
  }

  /** A camera where there was none. @param {Ground} ground @param {Spot} spot @param {string} code @param {ConstructorParameters<typeof Camera>[2]} plan */
  static made(ground, spot, code, plan) {
    const mark = s("g", { class: "camera", tabindex: 0, role: "button", "data-code": code, "data-lon": spot.lon, "data-lat": spot.lat, "data-azimuth": spot.azimuth, "data-kind": spot.kind },
      s("circle", { class: "reach", r: 28 }), s("circle", { class: "dot", r: 14 }), s("path", { class: "nose", d: "M0 -25L7 -14H-7Z" }), s("text", { y: 5, "text-anchor": "middle" }));
    ground.picture.querySelector(".cameras")?.append(mark);
    ground.picture.querySelector(".fields")?.append(s("g", { class: "field", "data-code": code }));
    const cell = (/** @type {string} */ name, left = false) => h("td", { "data-is": name, class: left && "left" }, "…");
    part("table").querySelector("tbody").append(h("tr", { "data-code": code }, h("th", { scope: "row" }, code), cell("kind", true), cell("place", true), cell("facts"), cell("area"), cell("street"),
      cell("refusals", true), h("td", { class: "screen-only" }, h("button", { type: "button", class: "remove quiet", "aria-label": `Retirer ${code}` }, "Retirer"))));
    const camera = new Camera(mark, ground, plan);
    camera.rename(code);
    camera.drawn();
    camera.ask();
    return camera;
  }

  /** @returns {Spot} */
  get spot() {
    const [lon, lat] = this.ground.lonlat(this.x, this.y);
    return { lon, lat, azimuth: this.azimuth, kind: this.kind };
  }

  /** @param {string} code */
  rename(code) {
    this.code = code;
    for (const element of [this.mark, this.field, this.row]) element.dataset.code = code;
    fill(/** @type {Element} */ (this.mark.querySelector("text")), code.slice(1));
    fill(/** @type {Element} */ (this.row.querySelector("th")), code);
    this.row.querySelector(".remove")?.setAttribute("aria-label", `Retirer ${code}`);
    this.mark.setAttribute("aria-label", typeset(`Caméra ${code}. Flèches pour la déplacer, + et − pour la tourner, Suppr pour la retirer.`));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [move, turn] = [MOVES[event.key], TURNS[event.key]];
    if (event.key === "Delete" || event.key === "Backspace") return event.preventDefault(), this.plan.removed(this);
    if (!move && !turn) return;
    event.preventDefault();
    if (!event.repeat) this.plan.before();
    const metres = (event.shiftKey ? LEAP_M : STEP_M) * this.ground.metre;
    if (turn) this.azimuth = (this.azimuth + turn * TURN_DEG + 360) % 360;
    else [this.x, this.y, this.kind] = [this.x + move[0] * metres, this.y + move[1] * metres, BY_HAND];
    this.moved();
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (this.picture.dataset.mode) return; // something else is being placed
    event.preventDefault();
    this.mark.focus();
    this.mark.setPointerCapture(event.pointerId);
    let still = true;
    const follow = (/** @type {PointerEvent} */ now) => {
      if (still) this.plan.before();
      still = false;
      [[this.x, this.y], this.kind] = [this.ground.under(now), BY_HAND];
      this.moved();
    };
    this.mark.addEventListener("pointermove", follow);
    this.mark.addEventListener("lostpointercapture", () => this.mark.removeEventListener("pointermove", follow), { once: true });
  }

  moved() {
    this.drawn();
    this.ask();
    this.plan.moved();
  }

  drawn() {
    [this.x, this.y] = this.ground.kept(this.x, this.y);
    this.mark.setAttribute("transform", `translate(${this.x.toFixed(1)} ${this.y.toFixed(1)})`);
    this.mark.querySelector(".nose")?.setAttribute("transform", `rotate(${this.azimuth})`);
  }

  async fetch() {
    this.waiting?.abort();
    this.waiting = new AbortController();
    const { lon, lat, azimuth, kind } = this.spot;
    const query = new URLSearchParams(this.picture.dataset.filter);
    for (const [name, text] of Object.entries({ lon: lon.toFixed(7), lat: lat.toFixed(7), azimuth: azimuth.toFixed(1) })) query.set(name, text);
    query.set("support", STREET.includes(kind) ? "street" : "building");
    for (const name of SAME) query.set(name, this.picture.dataset[name] || "");
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
    if (!this.mark.isConnected) return;
    if (!answer.enough) return fill(part("moved"), typeset(answer.reason?.sentence || ""));
    fill(this.field, ...answer.features.map((each) => s("path", { class: each.properties.class, d: this.ground.path(each.geometry) })));
    const [facts, area] = [answer.facts ?? 0, number(Math.round(answer.area_m2))];
    this.mark.classList.toggle("refused", answer.refusals.length > 0 || answer.blind);
    const refused = answer.blind ? "Elle est dans un bâtiment et ne voit rien." : answer.refusals.map((each) => each.sentence).join(" ");
    this.write({ ...(this.kind === BY_HAND && { kind: "posée à la main" }), place: answer.place_label, facts: number(facts), area: `${area} m²`,
      street: `${number(Math.round(100 * answer.street_share))}${NNBSP}%`, refusals: typeset(refused) || "aucun" });
    fill(part("moved"), typeset(`${this.code} : ${plural(facts, "fait")} en vue, champ de ${area} m², ${answer.place_label}. ${refused || "Aucun refus."}`));
  }

  /** @param {Record<string, string>} words */
  write(words) {
    this.row.classList.add("moved");
    for (const [name, text] of Object.entries(words)) {
      const cell = this.row.querySelector(`[data-is="${name}"]`);
      if (cell) fill(cell, text);
    }
  }

  remove() {
    this.waiting?.abort();
    for (const element of [this.mark, this.field, this.row]) element.remove();
  }
}
