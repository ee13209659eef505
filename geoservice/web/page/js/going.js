/** Going somewhere: a place that was looked for, a residence of the ranking, a cell of the table. */

import { fill, part } from "./dom.js";
import { foundPlace } from "./found.js";
import { openSheet } from "./keyboard.js";

const ROOM = [0.002, 0.0015]; // degrees around a place without an extent

export class Going {
  /** @param {import("./state.js").Store} store @param {() => import("./map.js").MapView | null} map */
  constructor(store, map) {
    this.store = store;
    this.map = map;
  }

  /** @param {import("./api.js").Hit} hit */
  found(hit) {
    this.store.change({ spot: `${hit.lon},${hit.lat},${hit.label.slice(0, 120)}` });
    this.map()?.fit(hit.bbox);
    foundPlace(this.store, hit);
    openSheet("right");
  }

  /** @param {number} lon @param {number} lat @param {string} name */
  place(lon, lat, name) {
    this.store.change({ spot: `${lon},${lat},${name.slice(0, 120)}` });
    this.map()?.fit([lon - ROOM[0], lat - ROOM[1], lon + ROOM[0], lat + ROOM[1]]);
  }

  /** Choose a cell and go to it. @param {string} cell */
  cell(cell) {
    this.store.change({ cell });
    this.map()?.goToCell(cell);
  }

  /** The mark of the place that the view holds. */
  showSpot() {
    const [lon, lat, ...label] = this.store.view.spot.split(",");
    this.map()?.pin(lat === undefined ? null : [Number(lon), Number(lat)], label.join(","));
    if (!this.store.view.spot) fill(part("found"));
  }
}
