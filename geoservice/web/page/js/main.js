/** The page: it asks who is here and what there is, then lets the parts follow the view. */

import * as api from "./api.js";
import { Beside } from "./beside.js";
import { CardPanel } from "./card.js";
import { Comparison } from "./compare.js";
import { Counts, sentence } from "./counts.js";
import { fill, h, paced, part, settled } from "./dom.js";
import { filterPanel } from "./filters.js";
import { keyboard, openSheet } from "./keyboard.js";
import { layersPanel, wanted } from "./layers-panel.js";
import { checked, firstView, FRANCE } from "./first-view.js";
import { Going } from "./going.js";
import { HotView } from "./hot-view.js";
import { hoverLabel } from "./hover.js";
import { legend } from "./legend.js";
import { MapView } from "./map.js";
import { exportsMenu } from "./outputs.js";
import { printing } from "./print.js";
import { Ranking } from "./ranking.js";
import { Search } from "./search.js";
import { EMPTY, filters, HOT_MODE, otherFilters, read, Store, touchesFilters, write } from "./state.js";
import { mapWords, overview, statusCounts, statusSources } from "./status.js";
import { StillMap } from "./still-map.js";
import { Table } from "./table.js";
import { Timeline } from "./timeline.js";

const FALLBACK_RESOLUTION = 9; // without a map there is no zoom to choose one
const BUSY_AFTER_MS = 300;
const SETTLE_MS = 60; // several moves of one gesture are one question
const PACE_MS = 40; // a filter is asked at once; the next ones of the same gesture wait this long

class Page {
  /** @param {api.Session} session @param {api.Catalog} catalog @param {api.TileJson} tilejson */
  constructor(session, catalog, tilejson) {
    this.catalog = catalog;
    this.tilejson = tilejson;
    const address = read(location.hash);
    this.unasked = !address.mode && !address.kind; // nobody has chosen how to draw
    this.store = new Store({ ...firstView(catalog), ...checked(address, catalog) }, catalog.period);
    this.counts = new Counts({ onstart: () => this.busy(true), onpicture: (picture) => this.show(picture), onfailure: (words) => this.fail(words) });
    this.going = new Going(this.store, () => this.map);
    this.hotspots = new HotView(this.store, () => this.map, () => this.hotCame());
    this.table = new Table({ ongo: (cell) => this.going.cell(cell), onhover: (cell) => this.map?.hover(cell), onclose: () => this.store.change({ table: "" }) });
    this.card = new CardPanel(this.store, catalog, (cell) => this.map?.streetAt(cell) ?? "", (found) => this.hotspots.judge(found));
    /** @type {import("./counts.js").Picture | null} */ this.picture = null;
    this.busyTimer = 0;
    this.soon = settled(() => this.load(), SETTLE_MS);
    this.now = paced(() => this.load(), PACE_MS);
    this.store.listen((view, changed) => this.changed(view, changed));
    fill(part("territory"), session.organisation);
    document.title = `${session.organisation} – carte des faits`;
    layersPanel(this.store, catalog, session.basemap);
    this.filterPanel = filterPanel(this.store, catalog, (box) => this.map?.fit(box));
    this.timeline = new Timeline(this.store, catalog);
    const { going } = this;
    this.ranking = new Ranking(this.store, { onhover: (cell) => this.map?.hover(cell), oncell: (cell) => going.cell(cell), onplace: (lon, lat, name) => going.place(lon, lat, name),
      onarea: (area) => going.area(area), street: (cell) => this.map?.streetAt(cell) ?? "" });
    this.beside = new Beside(this.store, { timeline: this.timeline, ranking: this.ranking, filterPanel: this.filterPanel, hotspots: this.hotspots });
    new Search((hit) => going.found(hit));
    exportsMenu(this.store, () => this.map?.bbox() ?? "");
    keyboard({ ontable: () => this.toggleTable(), onescape: () => this.escape() });
    part("table-toggle").addEventListener("click", () => this.toggleTable());
    addEventListener("hashchange", () => this.restore());
    this.map = this.makeMap(tilejson);
    this.still = this.map ? null : new StillMap(this.store, catalog);
    this.comparison = this.map && new Comparison(this.store, this.map, (map) => this.dress(map));
    printing(() => [this.map?.map, this.comparison?.twin?.map], () => Number(this.store.view.swipe || 50) / 100, () => this.shownHot?.answer.method.sentence ?? "");
  }

  /** @param {api.TileJson} tilejson @returns {MapView | null} */
  makeMap(tilejson) {
    try {
      return new MapView(part("canvas"), tilejson, { bounds: this.catalog.bounds ?? FRANCE, at: this.store.view.at }, {
        onmove: () => this.moved(), oncell: (cell) => this.store.change({ cell }), onarea: (rank, cell) => this.going.rank(this.hotspots.last, rank, cell), onhover: (found, x, y) => this.hovered(found, x, y),
        onerror: (error) => this.mapFailed(error), ondrawn: (cells) => this.drawn(cells),
      });
    } catch {
      part("canvas").hidden = true;
      this.store.view.table = "1";
      return null;
    }
  }

  async start() {
    await this.map?.ready;
    this.hotspots.chooseMesh(this.catalog.bounds);
    this.drawLayers();
    this.reflect(this.store.view);
    this.going.showSpot();
    this.load();
    this.card.show();
  }

  /** Ask for new counts; what is shown is old from now on. @param {() => void} ask at once for a filter, soon for a move */
  update(ask) {
    document.body.dataset.state = "loading";
    this.counts.stop();
    ask();
  }

  load() {
    const { view } = this.store;
    const bbox = this.map?.bbox() ?? (this.catalog.bounds ?? FRANCE).join(",");
    if (this.hotspots.on) this.hotspots.load().catch(() => {}); // asked beside the counts; who waits for it tells of a failure
    const resolution = this.hotspots.resolution ?? this.map?.resolution() ?? FALLBACK_RESOLUTION;
    this.counts.load({ filters: filters(view), other: otherFilters(view), resolution, bbox });
  }

  /** @param {import("./state.js").View} view @param {Set<string>} changed */
  changed(view, changed) {
    if (view.compare && view.mode === HOT_MODE) return this.store.change(changed.has("compare") ? { mode: EMPTY.mode } : { compare: "" });
    if (changed.has("mode") || changed.has("mesh")) this.update(this.now);
    if (touchesFilters(changed)) {
      this.asked = performance.now();
      this.update(this.now);
      this.card.show();
    } else if (changed.has("cell")) this.card.show();
    if (changed.has("layers") || changed.has("basemap")) this.drawLayers();
    if ((changed.has("mode") || changed.has("hide")) && this.picture) this.show(this.picture);
    if (changed.has("spot")) this.going.showSpot();
    this.reflect(view, changed);
  }

  /** Everything that follows the view at once, without asking the server.
   * @param {import("./state.js").View} view @param {Set<string>} [changed] */
  reflect(view, changed) {
    history.replaceState(null, "", write(view));
    if (this.table.open !== (view.table === "1")) this.table.toggle(view.table === "1");
    part("table-toggle").setAttribute("aria-expanded", String(this.table.open));
    this.table.select(view.cell);
    this.map?.outline(view.cell);
    if (view.cell && (!changed || changed.has("cell"))) openSheet("right");
  }

  /** @param {import("./counts.js").Picture} picture */
  show(picture) {
    const { view } = this.store;
    const changed = this.picture?.territory !== picture.territory || this.picture?.other !== picture.other;
    this.picture = picture;
    fill(part("alert"));
    this.draw(picture);
    this.busy(false);
    this.table.show(picture, this.shownHot);
    overview(picture, view, this.catalog);
    statusCounts(picture, view, this.catalog);
    mapWords(picture, view, this.catalog, this.hotspots.hot);
    document.body.dataset.state = "ready";
    if (changed) this.beside.load(picture);
    else if (this.ranking.by === "cases") this.ranking.moved(picture);
  }

  /** @param {import("./counts.js").Picture} picture */
  draw(picture) {
    const { view } = this.store;
    const { territory } = picture;
    const classes = new Map([...this.counts.known.values()].map((one) => [one.resolution, one.classes]));
    const numbers = this.hotspots.numbers(picture);
    part("map").dataset.resolution = String(territory.resolution);
    this.map?.draw({ filters: filters(view), territory, numbers, heat: view.mode === "chaleur", bare: this.hotspots.on, classes });
    this.hotspots.draw(picture).catch((error) => this.mapFailed(error));
    this.comparison?.show(picture, this.tilejson).catch((error) => this.mapFailed(error));
    this.still?.show(picture, this.shownHot).catch((error) => this.mapFailed(error));
    if (this.map && this.asked) this.timeRepaint(this.asked);
    this.asked = 0;
    legend(this.store, territory, this.map !== null, this.hotspots);
  }

  /** Hot spots where they are what the map shows. */
  get shownHot() { return this.hotspots.on ? this.hotspots.hot : null; }

  /** Hot spots of the filters have come, or failed to. */
  hotCame() {
    const { last, failed } = this.hotspots;
    this.ranking.show(last);
    // a first view in which nothing stands out shows the counts instead
    if (this.unasked && this.hotspots.on && !last?.answer.areas.length) this.store.change({ mode: EMPTY.mode });
    else if (this.picture && this.picture.territory.resolution === (this.hotspots.resolution ?? this.picture.territory.resolution)) this.show(this.picture);
    this.unasked = failed;
  }

  /** How long from the gesture to the new colours on the canvas, kept where a test can read it. @param {number} since */
  timeRepaint(since) {
    this.map?.map.once("render", () => { part("map").dataset.repaintMs = String(Math.round(performance.now() - since)); });
  }

  /** What is really on the canvas, for those who check it. @param {string[]} cells */
  drawn(cells) {
    const byCell = this.picture?.territory.byCell;
    const facts = cells.reduce((sum, cell) => sum + (byCell?.get(cell) ?? 0), 0);
    Object.assign(part("map").dataset, { cells: cells.length, facts });
  }

  /** @param {import("./map.js").Hovered} found @param {number} x @param {number} y */
  hovered(found, x, y) {
    this.map?.hover(found.cell);
    hoverLabel(found, this.picture, { x, y }, this.shownHot);
  }

  /** @param {boolean} busy */
  busy(busy) {
    clearTimeout(this.busyTimer);
    const say = () => {
      this.map?.dim(busy);
      fill(part("busy"), busy && "Calcul des nouveaux décomptes…");
    };
    if (busy) {
      document.body.dataset.state = "loading";
      this.busyTimer = window.setTimeout(say, BUSY_AFTER_MS);
    } else say();
  }

  /** The old picture stays; the sentence says that it is old. @param {string} words */
  fail(words) {
    this.busy(false);
    document.body.dataset.state = "error";
    const again = h("button", { type: "button", onclick: () => this.load() }, "Réessayer");
    fill(part("alert"), h("p", {}, words, this.picture && " La carte montre encore les décomptes d’avant."), again);
    if (!this.picture) fill(part("status-counts"), "Aucun décompte à montrer.");
  }

  /** A tile or a layer did not come: the counts stand, a part of the picture is missing. @param {Error} error */
  mapFailed(error) {
    console.error(`carte : ${error?.message ?? error}`);
    fill(part("alert"), h("p", {}, "Une partie de la carte n’a pas pu être chargée. Les nombres du tableau restent justes."),
      h("button", { type: "button", onclick: () => location.reload() }, "Recharger la page"));
  }

  moved() {
    this.store.change({ at: this.map?.at() ?? "" });
    this.update(this.soon);
  }

  drawLayers() {
    const { view } = this.store;
    for (const map of [this.map, this.comparison?.twin]) if (map) this.dress(map).catch((error) => this.fail(sentence(error)));
    const facts = this.catalog.layers.filter((layer) => layer.stores === "facts");
    statusSources([...facts, ...wanted(this.catalog, view.layers).map((one) => one.layer)], view.basemap === "1");
  }

  /** The layers of the view on a map. @param {MapView} map */
  dress(map) {
    map.basemap(this.store.view.basemap === "1");
    return map.layers(wanted(this.catalog, this.store.view.layers));
  }

  toggleTable() {
    const open = !this.table.open;
    const inside = part("table").contains(document.activeElement);
    this.store.change({ table: open ? "1" : "" });
    if (open) part("table").focus();
    else if (inside || document.activeElement === document.body) part("table-toggle").focus();
  }

  /** Close what was opened last. @returns {boolean} whether something was closed */
  escape() {
    const { view } = this.store;
    if (view.cell) this.store.change({ cell: "" });
    else if (view.spot) this.store.change({ spot: "" });
    else if (view.table) this.toggleTable();
    else return false;
    return true;
  }

  /** Someone pasted another address of this page, or went back. */
  restore() {
    const { mesh } = this.store.view;
    const view = { ...firstView(this.catalog), mesh, ...checked(read(location.hash), this.catalog) };
    if (view.at && view.at !== this.store.view.at) this.map?.goTo(view.at);
    this.store.change(view);
  }
}

/** @param {unknown} error */
function hopeless(error) {
  document.body.dataset.state = "error";
  fill(part("status-counts"), "Aucune donnée chargée.");
  fill(part("alert"), h("p", {}, sentence(error)), h("button", { type: "button", onclick: () => location.reload() }, "Réessayer"));
}

async function start() {
  const [session, catalog, tilejson] = await Promise.all([api.session(), api.layers(), api.tilejson("incidents")]);
  if (catalog.kinds.length === 0) throw new api.Failure("Aucun fait n’est encore importé. Importez un fichier avec « geoservice import incidents FICHIER », puis rechargez la page.");
  await new Page(session, catalog, tilejson).start();
}

start().catch(hopeless);
