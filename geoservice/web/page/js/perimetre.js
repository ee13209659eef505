/** Drawing a meeting's perimeter over a picture by the server: with the hand, the mouse or the keys, beside its text, which stays. */

import { fill, h, part, s } from "./dom.js";
import { NNBSP, number, plural } from "./words.js";

const [WIDE, HIGH] = [960, 600];
const STEP = 24; // pixels that an arrow key moves the cross by; with Shift, FINE
const FINE = 4;
const EDGE = 60; // pixels: a cross that comes nearer to the edge moves the map
const TAP = 6; // pixels that a click may slip
const CLOSEST = 0.1; // metres a pixel, of the equator
const EARTH_M = 40_075_016.7;
const MOVES = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

/** @typedef {[number, number]} Pair  longitude and latitude, or x and y */

const toWorld = (/** @type {Pair} */ [lon, lat]) => /** @type {Pair} */ ([lon / 360 + 0.5, 0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)]);
const toLonlat = (/** @type {Pair} */ [x, y]) => /** @type {Pair} */ ([(x - 0.5) * 360, (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI]);

class Outline {
  /** @param {HTMLElement} element @param {HTMLTextAreaElement} text */
  constructor(element, text) {
    [this.element, this.text, this.kind] = [element, text, element.dataset.kind || ""];
    /** @type {Pair[]} */ this.corners = [];
    /** @type {Pair[][]} shown, and only changed as a text: several pieces, or holes */ this.fixed = [];
    /** @type {string[]} texts of before */ this.past = [];
    this.cross = /** @type {Pair} */ ([WIDE / 2, HIGH / 2]);
    this.image = h("img", { alt: "", width: WIDE, height: HIGH });
    this.image.addEventListener("load", () => this.image.classList.remove("stale"));
    this.shapes = s("g");
    this.mark = s("path", { class: "cross" });
    this.svg = s("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, tabindex: 0, role: "application", "aria-roledescription": "carte à tracer", "aria-label": "Périmètre", "aria-describedby": "outline-help outline-state" }, this.shapes, this.mark);
    this.state = h("p", { id: "outline-state", role: "status" });
    const tool = (/** @type {string} */ word, /** @type {() => void} */ act, /** @type {string} */ label = word) => h("button", { type: "button", "aria-label": label, onclick: act }, word);
    this.back = tool("Annuler le dernier geste", () => this.undo());
    fill(element,
      h("p", { class: "hint", id: "outline-help" }, `Cliquez les coins l’un après l’autre, trois au moins${NNBSP}; glissez pour déplacer la carte. Au clavier${NNBSP}: flèches pour la croix (Maj${NNBSP}: fin), Entrée pour un coin, Retour arrière pour annuler, + et − pour le zoom.`),
      h("div", { class: "outline-tools" }, this.back, tool("Tout effacer", () => this.change([])), tool("+", () => this.zoom(0.5), "Zoom avant"), tool("−", () => this.zoom(2), "Zoom arrière")),
      h("div", { class: "outline-map" }, this.image, this.svg), this.state);
    this.listen();
    this.read();
    this.look();
  }

  listen() {
    this.text.addEventListener("change", () => { this.read(); this.look(); });
    this.svg.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.svg.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => this.press(event));
    this.svg.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
      if (!event.ctrlKey) return; // a page that is scrolled stays so
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.5 : 1 / 1.5, this.pixel(event));
    }, { passive: false });
  }

  /** What the text says. */
  read() {
    [this.corners, this.fixed] = [[], []];
    try {
      const given = JSON.parse(this.text.value);
      const shape = given.geometry ?? given;
      const rings = shape.type === "Polygon" ? shape.coordinates : shape.type === "MultiPolygon" ? shape.coordinates.flat() : [];
      if (rings.length === 1) this.corners = rings[0].slice(0, -1);
      else this.fixed = rings;
    } catch { /* half a text draws nothing; the server says what is wrong with it */ }
    this.draw();
  }

  /** Show all of the outline, else the territory. */
  look() {
    const points = [...this.corners, ...this.fixed.flat()];
    const [west, south, east, north] = (this.element.dataset.bbox || "-5,41,10,51").split(",").map(Number);
    const box = (points.length > 2 ? points : /** @type {Pair[]} */ ([[west, south], [east, north]])).map(toWorld);
    const [xs, ys] = [box.map(([x]) => x), box.map(([, y]) => y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    this.unit = Math.max((1.3 * (right - left)) / WIDE, (1.3 * (bottom - top)) / HIGH, CLOSEST / EARTH_M);
    this.centre((left + right) / 2, (top + bottom) / 2);
  }

  /** @param {number} x @param {number} y world units */
  centre(x, y) {
    [this.left, this.top] = [x - (WIDE / 2) * this.unit, y - (HIGH / 2) * this.unit];
    this.moved();
  }

  /** A new picture for where we look now. */
  moved() {
    const [[west, north], [east, south]] = [toLonlat([this.left, this.top]), toLonlat([this.left + WIDE * this.unit, this.top + HIGH * this.unit])];
    this.image.classList.add("stale");
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const asked = new URLSearchParams({ bbox: [west, south, east, north].map((one) => one.toFixed(6)).join(","), width: String(WIDE), height: String(HIGH) });
      if (this.kind) asked.set("kind", this.kind);
      this.image.src = `/api/map.svg?${asked}`;
    }, 120);
    this.draw();
  }

  /** @param {number} factor @param {Pair} [at] pixels that stay where they are */
  zoom(factor, at = [WIDE / 2, HIGH / 2]) {
    const unit = Math.max(CLOSEST / EARTH_M, Math.min(1 / WIDE, this.unit * factor));
    [this.left, this.top] = [this.left + at[0] * (this.unit - unit), this.top + at[1] * (this.unit - unit)];
    this.unit = unit;
    this.moved();
  }

  /** @param {Pair} pixel @returns {Pair} */
  lonlat([x, y]) { return toLonlat([this.left + x * this.unit, this.top + y * this.unit]); }

  /** @param {Pair} place @returns {Pair} */
  xy(place) {
    const [x, y] = toWorld(place);
    return [(x - this.left) / this.unit, (y - this.top) / this.unit];
  }

  /** @param {MouseEvent} event @returns {Pair} */
  pixel(event) {
    const box = this.svg.getBoundingClientRect();
    return [((event.clientX - box.left) * WIDE) / box.width, ((event.clientY - box.top) * HIGH) / box.height];
  }

  /** A click is a corner, a drag moves the map. @param {PointerEvent} event */
  press(event) {
    if (event.button || this.pointer !== undefined) return;
    this.pointer = event.pointerId;
    this.svg.setPointerCapture(event.pointerId);
    const [start, left, top] = [this.pixel(event), this.left, this.top];
    let dragged = false;
    const move = (/** @type {PointerEvent} */ to) => {
      const [x, y] = this.pixel(to);
      dragged ||= Math.hypot(x - start[0], y - start[1]) > TAP;
      if (!dragged) return;
      [this.left, this.top] = [left - (x - start[0]) * this.unit, top - (y - start[1]) * this.unit];
      this.moved();
    };
    const end = (/** @type {PointerEvent} */ last) => {
      this.pointer = undefined;
      for (const name of ["pointermove", "pointerup", "pointercancel"]) this.svg.removeEventListener(name, name === "pointermove" ? move : end);
      if (last.type === "pointerup" && !dragged) this.add(this.lonlat(start));
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) this.step(move, event.shiftKey ? FINE : STEP);
    else if (event.key === "Enter" || event.key === " ") this.add(this.lonlat(this.cross));
    else if (event.key === "Backspace" || event.key === "Delete") this.undo();
    else if (event.key === "+" || event.key === "=") this.zoom(0.5, this.cross);
    else if (event.key === "-") this.zoom(2, this.cross);
    else return;
    event.preventDefault();
  }

  /** @param {Pair} move @param {number} step */
  step(move, step) {
    const [x, y] = [this.cross[0] + move[0] * step, this.cross[1] + move[1] * step];
    const [near, far] = [Math.max(EDGE, Math.min(WIDE - EDGE, x)), Math.max(EDGE, Math.min(HIGH - EDGE, y))];
    this.cross = [near, far];
    if (near === x && far === y) return this.draw();
    [this.left, this.top] = [this.left + (x - near) * this.unit, this.top + (y - far) * this.unit];
    this.moved();
  }

  /** @param {Pair} corner */
  add(corner) { this.change([...this.corners, /** @type {Pair} */ (corner.map((one) => Number(one.toFixed(6))))]); }

  /** @param {Pair[]} corners */
  change(corners) {
    this.past.push(JSON.stringify({ text: this.text.value, corners: this.corners, fixed: this.fixed }));
    this.corners = corners;
    this.fixed = [];
    this.text.value = corners.length > 2 ? JSON.stringify({ type: "Polygon", coordinates: [[...corners, corners[0]]] }) : "";
    this.draw();
  }

  undo() {
    const before = this.past.pop();
    if (!before) return;
    const { text, corners, fixed } = JSON.parse(before);
    [this.text.value, this.corners, this.fixed] = [text, corners, fixed];
    this.draw();
  }

  draw() {
    if (this.unit === undefined) return;
    const rings = this.fixed.length ? this.fixed : [this.corners];
    const path = rings.map((ring) => ring.length ? `M${ring.map((one) => this.xy(one).map((pixel) => pixel.toFixed(1)).join(" ")).join("L")}${ring.length > 2 ? "Z" : ""}` : "").join("");
    const dots = this.corners.map((one) => { const [x, y] = this.xy(one); return s("circle", { class: "corner", cx: x.toFixed(1), cy: y.toFixed(1), r: 5 }); });
    this.shapes.replaceChildren(s("path", { class: "area", d: path, "fill-rule": "evenodd" }), s("path", { class: "halo", d: path }), s("path", { class: "edge", d: path }), ...dots);
    const [x, y] = this.cross;
    this.mark.setAttribute("d", `M${x - 16} ${y}H${x + 16}M${x} ${y - 16}V${y + 16}`);
    this.back.disabled = !this.past.length;
    this.state.textContent = this.words();
  }

  words() {
    if (this.fixed.length) return `Contour en plusieurs morceaux${NNBSP}: il se change dans le texte, ou s’efface pour en tracer un autre.`;
    const many = plural(this.corners.length, "coin");
    if (this.corners.length < 3) return `${many}${NNBSP}: il en faut trois au moins.`;
    return `${many}, ${number(Math.max(1, Math.round(this.hectares())))} ha environ.`;
  }

  /** Of the ring, on the sphere near its middle. */
  hectares() {
    const narrow = Math.cos((this.corners[0][1] * Math.PI) / 180);
    const metres = this.corners.map(([lon, lat]) => [(lon * EARTH_M * narrow) / 360, (lat * EARTH_M) / 360]);
    const twice = metres.reduce((sum, [x, y], at) => { const [nx, ny] = metres[(at + 1) % metres.length]; return sum + (x - metres[0][0]) * (ny - metres[0][1]) - (nx - metres[0][0]) * (y - metres[0][1]); }, 0);
    return Math.abs(twice) / 2 / 10_000;
  }
}

const [folded, element] = [part("outline"), part("outline-draw")];
const begin = () => { if (folded.open && element.hidden) { element.hidden = false; new Outline(element, part("perimeter")); } };
folded.addEventListener("toggle", begin);
begin();
