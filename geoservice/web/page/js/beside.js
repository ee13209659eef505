/** What is beside the map and follows it: histogram, hours, counts beside the filters, the ranking. It must not slow the map down. */

import * as api from "./api.js";
import { sentence } from "./counts.js";
import { fill, h, part } from "./dom.js";
import { filters } from "./state.js";
import { changeWords } from "./status.js";

/**
 * @typedef {{timeline: import("./timeline.js").Timeline, ranking: import("./ranking.js").Ranking,
 *   filterPanel: ReturnType<typeof import("./filters.js").filterPanel>, hotspots: import("./hot-view.js").HotView}} Parts
 */

export class Beside {
  /** @param {import("./state.js").Store} store @param {Parts} parts */
  constructor(store, parts) {
    this.store = store;
    this.parts = parts;
    this.controller = new AbortController();
  }

  /** @param {import("./counts.js").Picture} picture */
  async load(picture) {
    this.controller.abort();
    const { signal } = (this.controller = new AbortController());
    document.body.dataset.side = "loading";
    try {
      await this.all(picture, signal);
      if (!signal.aborted) document.body.dataset.side = "ready";
    } catch (error) {
      if (signal.aborted) return;
      document.body.dataset.side = "error";
      fill(part("alert"), h("p", {}, sentence(error), " Les décomptes à côté de la carte sont peut-être anciens."), h("button", { type: "button", onclick: () => this.load(picture) }, "Réessayer"));
    }
  }

  /** In a comparison, what chance does not explain. @param {import("./counts.js").Picture} picture @param {AbortSignal} signal */
  async change(picture, signal) {
    const { view } = this.store;
    if (!picture.other || !view.compare) return;
    changeWords(null);
    // two periods that share days cannot be told apart: the service says so, and the rest of the page goes on
    const found = await api.change(filters(view), view.compare, picture.territory.resolution, signal)
      .catch((error) => ({ enough: false, sentence: "", reason: { code: "refus", sentence: sentence(error) } }));
    if (!signal.aborted) changeWords(found);
  }

  /** @param {import("./counts.js").Picture} picture @param {AbortSignal} signal */
  all(picture, signal) {
    const { timeline, ranking, filterPanel, hotspots } = this.parts;
    const asked = filters(this.store.view);
    return Promise.all([hotspots.load(), this.change(picture, signal), timeline.load(signal), ranking.load(picture, signal),
      api.facets(asked, signal).then((found) => !signal.aborted && filterPanel.facets(found)),
      api.calendar(api.without(asked, "hours", "weekdays"), signal).then((found) => !signal.aborted && filterPanel.calendar(found))]);
  }
}
