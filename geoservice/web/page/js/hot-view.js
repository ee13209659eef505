/** Hot spots beside the counts: when they are asked for, and what of them the map shows. */

import { classNumbers } from "./counts.js";
import { part } from "./dom.js";
import { hotShapes } from "./hot-shapes.js";
import { HotSpots, meshOf, VERDICTS } from "./hotspots.js";
import { REST_CLASS } from "./palette.js";
import { codes, filters, HOT_MODE } from "./state.js";

/**
 * @typedef {import("./counts.js").Picture} Picture
 * @typedef {import("./map.js").MapView} MapView
 * @typedef {import("./hotspots.js").Hot} Hot
 */

export class HotView {
  /** @param {import("./state.js").Store} store @param {() => MapView | null} map @param {() => void} onanswer */
  constructor(store, map, onanswer) {
    this.store = store;
    this.map = map;
    this.onanswer = onanswer;
    this.asked = new HotSpots();
    /** @type {Hot | null} the last answer, maybe of other filters */ this.last = null;
    this.failed = false;
    this.key = ""; // of the last answer
    this.turn = 0;
  }

  get on() { return this.store.view.mode === HOT_MODE; }

  get wanted() { return `${this.store.view.mesh}?${filters(this.store.view)}`; }

  /** The answer to the view as it is, null while it is on its way. */
  get hot() { return this.key === this.wanted ? this.last : null; }

  /** The mesh stays while one zooms, so that the list stays too. @param {[number, number, number, number] | null} bounds */
  chooseMesh(bounds) {
    this.store.view.mesh ||= meshOf(bounds);
  }

  /** The resolution of the counts that go with this mode, or null when it is off. */
  get resolution() { return this.on ? Number(this.store.view.mesh) : null; }

  /** Ask for the hot spots of the view, unless they are there; the old ones stay meanwhile. */
  async load() {
    const { wanted } = this;
    if (this.key === wanted) return;
    const turn = (this.turn += 1);
    document.body.dataset.hot = "loading";
    this.failed = false;
    try {
      const hot = await this.asked.load(filters(this.store.view), this.store.view.mesh);
      if (turn !== this.turn) return;
      Object.assign(this, { last: hot, key: wanted });
      document.body.dataset.hot = hot.enough ? "ready" : "none";
      this.onanswer();
    } catch (error) {
      if (turn !== this.turn) return;
      Object.assign(this, { last: null, key: "", failed: true });
      document.body.dataset.hot = "error";
      this.onanswer();
      throw error;
    }
  }

  /** A card has made the slower controls of its area: the map and the list say what it says.
   * @param {import("./api.js").HotCard} found */
  judge({ area: judged, verdict, reasons }) {
    const area = this.hot?.answer.areas.find((one) => one.rank === judged?.rank && one.cells[0] === judged.cells[0]);
    if (!area || area.verdict === verdict) return;
    Object.assign(area, { verdict, reasons });
    this.onanswer();
  }

  /** The classes of a territory's cells: hot areas lie above cells of one and the same class.
   * @param {Picture} picture */
  numbers({ territory }) {
    if (this.on && territory.shape) return new Uint8Array(territory.shape.cells.length).fill(REST_CLASS);
    return classNumbers(territory, new Set(codes(this.store.view.hide).map(Number)));
  }

  /** Areas on the map, none in the other modes; those of the filters before stay until new ones have come.
   * @param {Picture} picture */
  async draw({ territory }) {
    const map = this.map();
    const { hot, turn } = this;
    if (!map) return;
    if (!this.on || this.failed) return this.put(map, []);
    if (!hot) return;
    const shape = territory.resolution === hot.answer.resolution ? territory.shape : null;
    const shapes = await hotShapes(hot, shape, filters(this.store.view));
    if (turn !== this.turn || !this.on) return;
    const hidden = new Set(codes(this.store.view.hide).map((code) => VERDICTS[Number(code)]));
    this.put(map, shapes.filter((one) => !hidden.has(one.look)));
  }

  /** @param {MapView} map @param {import("./hot-shapes.js").HotShape[]} shapes */
  put(map, shapes) {
    map.hot.draw(shapes, (this.on && this.hot?.answer.points) || []);
    part("map").dataset.areas = shapes.map((one) => one.rank).join(",");
  }
}
