/** The map where the browser cannot draw one: an image that the server draws, of the same filters. */

import { fill, h, part } from "./dom.js";
import { hotShapes } from "./hot-shapes.js";
import { filters } from "./state.js";
import { hotWords } from "./status.js";
import { hotDrawing } from "./still-hot.js";

export class StillMap {
  /** @param {import("./state.js").Store} store @param {import("./api.js").Catalog} catalog */
  constructor(store, catalog) {
    this.store = store;
    this.catalog = catalog;
    this.image = h("img", { id: "still-map", alt: "", decoding: "async" });
    part("no-map").hidden = false;
    part("map").classList.add("still");
    fill(part("no-map"), this.image, h("p", { class: "hint" }, "Ce navigateur ne peut pas dessiner la carte mobile (WebGL 2 est absent ou désactivé)\u202f: voici une carte fixe. Le tableau donne les mêmes nombres."));
  }

  /** @param {import("./counts.js").Picture} picture @param {import("./hotspots.js").Hot | null} hot where hot spots are wanted and known */
  async show(picture, hot) {
    const { shape } = picture.territory;
    if (hot && shape) {
      const areas = await hotShapes(hot, shape, filters(this.store.view));
      return part("still-map").replaceWith(hotDrawing(shape, areas, `Points chauds\u202f: ${hotWords(hot)}`));
    }
    if (part("still-map") !== this.image) part("still-map").replaceWith(this.image);
    const params = filters(this.store.view);
    params.set("resolution", String(picture.territory.resolution));
    const { clientWidth, clientHeight } = part("no-map");
    const pixels = (/** @type {number} */ size, /** @type {number} */ least) => String(Math.max(least, Math.min(2000, Math.round(size))));
    params.set("width", pixels(clientWidth - 32, 480));
    params.set("height", pixels(clientHeight - 60, 320));
    this.image.src = `/api/map.svg?${params}`;
    this.image.alt = `Carte des faits par hexagone\u202f: ${picture.rows.length} cases, ${picture.total} faits. Le tableau donne chaque case.`;
  }
}
