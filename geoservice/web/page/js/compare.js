/** Two periods side by side: a second map over the first, cut where the curtain hangs. Left is the other period, right the chosen one. */

import { classNumbers } from "./counts.js";
import { fill, h, part } from "./dom.js";
import { MapView } from "./map.js";
import { compareWords, periodWords } from "./period-words.js";
import { codes, otherFilters } from "./state.js";

const STEP = 5; // hundredths of the width for an arrow

/** @typedef {import("./counts.js").Picture} Picture */

export class Comparison {
  /** @param {import("./state.js").Store} store @param {MapView} main @param {(map: MapView) => Promise<any>} dress draws the layers of the view on a map */
  constructor(store, main, dress) {
    this.store = store;
    this.main = main;
    this.dress = dress;
    /** @type {MapView | null} */ this.twin = null;
    this.handle = h("div", { id: "swipe", class: "swipe", role: "slider", tabindex: "0", "aria-label": "Rideau entre les deux périodes", "aria-valuemin": "0", "aria-valuemax": "100",
      "aria-orientation": "horizontal", onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event), onpointerdown: (/** @type {PointerEvent} */ event) => this.grab(event),
      onpointermove: (/** @type {PointerEvent} */ event) => this.drag(event) }, h("span", { class: "swipe-grip", "aria-hidden": "true" }, "‹ ›"));
    this.words = [h("p", { class: "swipe-words left" }), h("p", { class: "swipe-words right" })];
    part("twin").after(this.handle, ...this.words);
    main.map.on("move", () => this.twin?.follow(main));
    this.toggle(false);
  }

  /** @param {boolean} on */
  toggle(on) {
    for (const element of [part("twin"), this.handle, ...this.words]) element.hidden = !on;
  }

  /** @param {Picture} picture @param {import("./api.js").TileJson} tilejson */
  async show(picture, tilejson) {
    const other = picture.other?.shape ? picture.other : null;
    this.toggle(other !== null);
    const asked = otherFilters(this.store.view);
    if (!other || !asked) return this.remove();
    if (!this.twin) {
      this.twin = new MapView(part("twin"), tilejson, { bounds: [0, 0, 1, 1], at: this.main.at(), still: true }, /** @type {any} */ ({}));
      await this.twin.ready;
    }
    const { view } = this.store;
    this.place(Number(view.swipe || 50));
    await this.dress(this.twin);
    if (!this.twin) return;
    this.twin.map.resize();
    this.twin.follow(this.main);
    const hidden = new Set(codes(view.hide).map(Number));
    this.twin.draw({ filters: asked, territory: other, numbers: classNumbers(other, hidden), heat: view.mode === "chaleur", bare: false, classes: new Map() });
    fill(this.words[0], compareWords(view.compare));
    fill(this.words[1], periodWords(view, this.store.period));
  }

  remove() {
    this.twin?.map.remove();
    this.twin = null;
    fill(part("twin"));
  }

  /** @param {number} at hundredths of the width */
  place(at) {
    part("twin").style.clipPath = `inset(0 ${100 - at}% 0 0)`;
    this.handle.style.left = `${at}%`;
    this.handle.setAttribute("aria-valuenow", String(at));
    this.handle.setAttribute("aria-valuetext", `${at}\u202f% pour ${compareWords(this.store.view.compare)}`);
  }

  /** @param {number} at */
  take(at) {
    const kept = Math.round(Math.max(0, Math.min(100, at)));
    this.place(kept);
    this.store.change({ swipe: String(kept) });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const now = Number(this.handle.getAttribute("aria-valuenow"));
    const to = /** @type {Record<string, number>} */ ({ ArrowLeft: now - STEP, ArrowRight: now + STEP, ArrowDown: now - STEP, ArrowUp: now + STEP, Home: 0, End: 100 })[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.take(to);
  }

  /** @param {PointerEvent} event */
  grab(event) {
    event.preventDefault();
    this.handle.setPointerCapture(event.pointerId);
    this.handle.focus();
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.handle.hasPointerCapture(event.pointerId)) return;
    const box = part("map").getBoundingClientRect();
    this.take((100 * (event.clientX - box.left)) / box.width);
  }
}
