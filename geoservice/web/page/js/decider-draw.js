/** Places of one's own where a camera could hang, and places where none may: drawn, listed, taken away, in the address and the form. */

import { MOVES } from "./decider-camera.js";
import { said } from "./decider-plan.js";
import { fill, h, part, s } from "./dom.js";

/** @typedef {import("./decider-ground.js").Ground} Ground */
/** @typedef {import("./decider-ground.js").Pair} Pair */

const DIGITS = 7;
const [STEP_M, LEAP_M] = [2, 10];
const NEAR = 14; // of the drawing: a corner so near to the first one closes the ring
const [LEAST, MOST_POINTS, MOST_ZONES, MOST_CORNERS] = [3, 60, 20, 200];
const texts = /** @type {Record<string, string>} */ ({
  camera: "Cliquez où poser la caméra, ou menez le viseur par les flèches et appuyez sur Entrée.",
  point: "Cliquez où une caméra pourrait être posée, ou menez le viseur par les flèches et appuyez sur Entrée.",
  zone: "Cliquez les sommets de la zone interdite, ou Entrée au viseur ; le premier sommet la ferme, ou la touche F.",
});

/** @param {Pair} place */
const corner = ([lon, lat]) => `${lon.toFixed(DIGITS)},${lat.toFixed(DIGITS)}`;
/** @param {string} text @returns {Pair[]} */
const pairs = (text) => text.trim().split(/\s+/).filter(Boolean).map((each) => /** @type {Pair} */ (each.split(",").map(Number)));

export class Drawing {
  /** @param {Ground} ground @param {(() => void)[]} past what takes each change back, in order @param {(at: Pair) => void} addCamera */
  constructor(ground, past, addCamera) {
    [this.ground, this.past, this.addCamera] = [ground, past, addCamera];
    const query = new URLSearchParams(location.search);
    this.points = (query.get("points") || "").split(";").flatMap(pairs);
    this.zones = (query.get("forbidden") || "").split(";").map(pairs).filter((ring) => ring.length >= LEAST);
    /** @type {Pair[]} */ this.open = [];
    this.layer = s("g", { class: "drawn" });
    this.aim = s("g", { class: "aim", tabindex: 0, role: "button", "aria-label": "Viseur" }, s("circle", { r: 18 }), s("path", { d: "M-26 0H26M0 -26V26" }));
    ground.picture.querySelector(".drawn")?.remove();
    ground.picture.append(this.layer);
    this.aim.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    ground.picture.addEventListener("click", (event) => this.mode && this.place(ground.under(event)));
    this.show();
  }

  get mode() {
    return this.ground.picture.dataset.mode || "";
  }

  /** @param {string} mode camera, point, zone or nothing @param {boolean} [byKeys] */
  begin(mode, byKeys = false) {
    this.forget();
    this.ground.picture.dataset.mode = mode;
    if (mode) {
      this.to(this.ground.middle());
      this.ground.picture.append(this.aim);
      if (byKeys) this.aim.focus();
    } else this.aim.remove();
    fill(part("moved"), texts[mode] || "");
    this.show();
  }

  /** @param {Pair} at */
  to(at) {
    this.at = this.ground.kept(...at);
    this.aim.setAttribute("transform", `translate(${this.at[0].toFixed(1)} ${this.at[1].toFixed(1)})`);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const move = MOVES[event.key];
    const metres = (event.shiftKey ? LEAP_M : STEP_M) * this.ground.metre;
    if (move) this.to([this.at[0] + move[0] * metres, this.at[1] + move[1] * metres]);
    else if (event.key === "Enter" || event.key === " ") this.place(this.at);
    else if (event.key.toLowerCase() === "f" && this.mode === "zone") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Pair} at of the drawing */
  place(at) {
    const lonlat = this.ground.lonlat(...at);
    if (this.mode === "camera") return this.addCamera(at);
    if (this.mode === "point") return this.add(this.points, lonlat, MOST_POINTS, `Emplacement ${this.points.length + 1} ajouté.`);
    const first = this.open.length >= LEAST && this.ground.xy(this.open[0]);
    if (first && Math.hypot(at[0] - first[0], at[1] - first[1]) < NEAR) return this.close();
    const corners = this.zones.flat().length + this.open.length;
    if (corners >= MOST_CORNERS) return fill(part("moved"), `Les zones interdites ont ${MOST_CORNERS} sommets au plus.`);
    this.open.push(lonlat);
    this.past.push(this.less);
    this.show(`Sommet ${this.open.length} de la zone.`);
  }

  /** @param {any[]} list @param {any} one @param {number} most @param {string} told */
  add(list, one, most, told) {
    if (list.length >= most) return fill(part("moved"), `Il y en a ${most} au plus.`);
    list.push(one);
    this.past.push(() => { list.splice(list.indexOf(one), 1); this.changed(`${told.split(" ")[0]} : annulé.`); });
    this.changed(told);
  }

  /** A ring that is not closed is nothing: neither are its corners, one by one. */
  forget() {
    for (let last = this.past.lastIndexOf(this.less); last >= 0; last = this.past.lastIndexOf(this.less)) this.past.splice(last, 1);
    this.open = [];
  }

  /** One corner less of the open ring. */
  less = () => {
    this.open.pop();
    this.show("Le dernier sommet est annulé.");
  };

  close() {
    if (this.open.length < LEAST) return fill(part("moved"), "Une zone a trois sommets au moins.");
    const ring = this.open;
    this.forget();
    this.add(this.zones, ring, MOST_ZONES, `Zone interdite ${this.zones.length + 1} fermée.`);
  }

  /** @param {any[]} list @param {any} one @param {string} told */
  take(list, one, told) {
    const place = list.indexOf(one);
    list.splice(place, 1);
    this.past.push(() => { list.splice(place, 0, one); this.changed("Remis."); });
    this.changed(told);
    part("drawn-t").focus();
  }

  /** @param {string} told */
  changed(told) {
    const values = { points: this.points.map(corner).join(";"), forbidden: this.zones.map((ring) => ring.map(corner).join(" ")).join(";") };
    const [form, keep, query] = [part("ask"), document.getElementById("keep"), said(values)];
    for (const [name, text] of Object.entries(values)) {
      form.querySelector(`[name="${name}"]`)?.remove();
      if (text) form.append(h("input", { type: "hidden", name, value: text }));
    }
    const address = /** @type {HTMLInputElement | null | undefined} */ (keep?.querySelector("[name=address]"));
    if (address) address.value = String(new URLSearchParams([...new URLSearchParams(address.value)].filter(([name]) => !(name in values)).concat([...query].filter(([name]) => name in values))));
    this.show(`${told} « Proposer un plan » en tient compte.`);
  }

  /** @param {string} [told] */
  show(told) {
    const xy = (/** @type {Pair} */ place) => { const [x, y] = this.ground.xy(place); return { cx: x.toFixed(1), cy: y.toFixed(1) }; };
    fill(this.layer, ...this.zones.map((ring) => s("path", { class: "forbidden", d: `${this.ground.ring(ring)}Z` })),
      this.open.length > 0 && s("path", { class: "forbidden open", d: this.ground.ring(this.open) }),
      ...this.open.map((each) => s("circle", { class: "corner", r: 5, ...xy(each) })), ...this.points.map((each) => s("circle", { class: "point", r: 8, ...xy(each) })));
    const row = (/** @type {any[]} */ list, /** @type {string} */ what) => list.map((one, order) => h("li", {}, `${what} ${order + 1}`, typeof one[0] === "number" && h("span", { class: "hint" }, ` ${one[1].toFixed(5)} N, ${one[0].toFixed(5)} E`),
      h("button", { type: "button", class: "quiet", "aria-label": `Retirer ${what.toLowerCase()} ${order + 1}`, onclick: () => this.take(list, one, `${what} ${order + 1} : retiré.`) }, "Retirer")));
    fill(part("drawn-list"), ...row(this.points, "Emplacement"), ...row(this.zones, "Zone interdite"));
    part("drawn").hidden = !this.points.length && !this.zones.length;
    if (told) fill(part("moved"), told);
  }
}
