/** Going somewhere: a place that was looked for, a residence of the ranking, a cell of the table. */

import { fill, part } from "./dom.js";
import { foundPlace } from "./found.js";
import { openSheet } from "./keyboard.js";
import { HOT_MODE } from "./state.js";

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

  /** Show an area on the map, and its card. @param {import("./api.js").HotArea} area @param {string} [cell] one of its cells */
  area(area, cell = area.cells[0]) {
    this.store.change({ cell, mode: HOT_MODE });
    this.map()?.panTo(area.centre);
  }

  /** A click on an area of the map. @param {import("./hotspots.js").Hot | null} hot @param {number} rank @param {string} cell under the pointer, "" for none */
  rank(hot, rank, cell) {
    const area = hot?.answer.areas.find((one) => one.rank === rank);
    if (area) this.store.change({ cell: area.cells.includes(cell) ? cell : area.cells[0] });
  }

  /** The mark of the place that the view holds. */
  showSpot() {
    const [lon, lat, ...label] = this.store.view.spot.split(",");
    this.map()?.pin(lat === undefined ? null : [Number(lon), Number(lat)], label.join(","));
    if (!this.store.view.spot) fill(part("found"));
  }
}
