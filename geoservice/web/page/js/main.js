/** The page: it asks who is here and what there is, then lets the parts follow the view. */

import * as api from "./api.js";
import { CardPanel } from "./card.js";
import { Counts, sentence } from "./counts.js";
import { presets } from "./days.js";
import { fill, h, part, settled } from "./dom.js";
import { filterPanel } from "./filters.js";
import { closeSheets, keyboard, openSheet } from "./keyboard.js";
import { layersPanel, wanted } from "./layers-panel.js";
import { legend } from "./legend.js";
import { MapView } from "./map.js";
import { EMPTY, filters, read, Store, touchesFilters, write } from "./state.js";
import { mapWords, overview, statusCounts, statusSources } from "./status.js";
import { Table } from "./table.js";
import { plural } from "./words.js";

const FRANCE = /** @type {[number, number, number, number]} */ ([-5.2, 41.3, 9.6, 51.1]);
const FALLBACK_RESOLUTION = 9; // without a map there is no zoom to choose one
const BUSY_AFTER_MS = 300;
const SETTLE_MS = 60; // several changes of one gesture are one question

class Page {
  /** @param {api.Session} session @param {api.Catalog} catalog @param {api.TileJson} tilejson */
  constructor(session, catalog, tilejson) {
    this.catalog = catalog;
    this.store = new Store({ ...firstView(catalog), ...checked(read(location.hash), catalog) });
    this.counts = new Counts({ onstart: () => this.busy(true), onpicture: (picture) => this.show(picture), onfailure: (words) => this.fail(words) });
    this.table = new Table({ ongo: (cell) => this.go(cell), onhover: (cell) => this.map?.facts.hover(cell), onclose: () => this.store.change({ table: "" }) });
    this.card = new CardPanel(this.store, catalog);
    /** @type {import("./counts.js").Picture | null} */ this.picture = null;
    this.busyTimer = 0;
    this.soon = settled(() => this.load(), SETTLE_MS);
    this.store.listen((view, changed) => this.changed(view, changed));
    fill(part("territory"), session.organisation);
    document.title = `${session.organisation} – carte des faits`;
    layersPanel(this.store, catalog, session.basemap);
    filterPanel(this.store, catalog, (box) => this.map?.fit(box));
    keyboard({ ontable: () => this.toggleTable(), onescape: () => this.escape() });
    part("table-toggle").addEventListener("click", () => this.toggleTable());
    addEventListener("hashchange", () => this.restore());
    this.map = this.makeMap(tilejson);
  }

  /** @param {api.TileJson} tilejson @returns {MapView | null} */
  makeMap(tilejson) {
    try {
      return new MapView(part("canvas"), tilejson, { bounds: this.catalog.bounds ?? FRANCE, at: this.store.view.at }, {
        onmove: () => this.moved(), oncell: (cell) => this.store.change({ cell }), onhover: (found, x, y) => hoverLabel(found, x, y),
        onerror: (error) => this.mapFailed(error),
        ondrawn: ({ cells, facts }) => Object.assign(part("map").dataset, { cells, facts }),
      });
    } catch {
      part("canvas").hidden = true;
      part("no-map").hidden = false;
      fill(part("no-map"), "Ce navigateur ne peut pas dessiner la carte (WebGL 2 est absent ou désactivé). Les mêmes décomptes sont dans le tableau ci-dessous.");
      this.store.view.table = "1";
      return null;
    }
  }

  async start() {
    await this.map?.ready;
    this.drawLayers();
    this.reflect(this.store.view);
    this.load();
    this.card.show();
  }

  /** Ask for new counts once the gesture is over; what is shown is old from now on. */
  update() {
    document.body.dataset.state = "loading";
    this.counts.stop();
    this.soon();
  }

  load() {
    const { view } = this.store;
    const box = this.map?.bbox() ?? (this.catalog.bounds ?? FRANCE).join(",");
    this.counts.load(filters(view), this.map?.resolution() ?? FALLBACK_RESOLUTION, box);
  }

  /** @param {import("./state.js").View} view @param {Set<string>} changed */
  changed(view, changed) {
    if (touchesFilters(changed)) {
      this.update();
      this.card.show();
    } else if (changed.has("cell")) this.card.show();
    if (changed.has("layers") || changed.has("basemap")) this.drawLayers();
    if (changed.has("mode") && this.picture) this.show(this.picture);
    this.reflect(view, changed);
  }

  /** Everything that follows the view at once, without asking the server.
   * @param {import("./state.js").View} view @param {Set<string>} [changed] */
  reflect(view, changed) {
    history.replaceState(null, "", write(view));
    if (this.table.open !== (view.table === "1")) this.table.toggle(view.table === "1");
    part("table-toggle").setAttribute("aria-expanded", String(this.table.open));
    this.table.select(view.cell);
    this.map?.facts.outline(view.cell);
    if (view.cell && (!changed || changed.has("cell"))) openSheet("right");
  }

  /** @param {import("./counts.js").Picture} picture */
  show(picture) {
    const { view } = this.store;
    this.picture = picture;
    fill(part("alert"));
    const classes = new Map([...this.counts.known].map(([resolution, territory]) => [resolution, territory.classes]));
    this.map?.draw(filters(view), view.mode, classes);
    if (this.map) legend(this.store, picture.territory);
    this.table.show(picture);
    overview(picture, view, this.catalog);
    statusCounts(picture, view, this.catalog);
    mapWords(picture, view, this.catalog);
    this.busy(false);
    document.body.dataset.state = "ready";
  }

  /** @param {boolean} busy */
  busy(busy) {
    clearTimeout(this.busyTimer);
    const say = () => {
      this.map?.facts.dim(busy);
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
    this.update();
  }

  drawLayers() {
    const { view } = this.store;
    const drawn = wanted(this.catalog, view.layers);
    this.map?.basemap(view.basemap === "1");
    this.map?.layers(drawn).catch((error) => this.fail(sentence(error)));
    const facts = this.catalog.layers.filter((layer) => layer.stores === "facts");
    statusSources([...facts, ...drawn.map((one) => one.layer)], view.basemap === "1");
  }

  /** From the table: choose a cell and go to it. @param {string} cell */
  go(cell) {
    this.store.change({ cell });
    this.map?.goToCell(cell);
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
    else if (view.table) this.toggleTable();
    else return false;
    return true;
  }

  /** Someone pasted another address of this page, or went back. */
  restore() {
    const view = { ...firstView(this.catalog), ...checked(read(location.hash), this.catalog) };
    if (view.at && view.at !== this.store.view.at) this.map?.goTo(view.at);
    this.store.change(view);
  }
}

/** The first view answers without a click: the origin with most facts, over the last 12 months of data.
 * @param {api.Catalog} catalog @returns {import("./state.js").View} */
function firstView(catalog) {
  const most = catalog.kinds.reduce((best, one) => ((one.facts ?? 0) > (best?.facts ?? -1) ? one : best), catalog.kinds[0]);
  const year = presets(catalog.period).find((one) => one.code === "12m");
  return { ...EMPTY, kind: most?.code ?? "", ...year?.period };
}

/** An address is someone's text: an origin that is not in reach gives way to the first view's; a written address that
 * names an origin without dates means all dates.
 * @param {Partial<import("./state.js").View>} view @param {api.Catalog} catalog */
function checked(view, catalog) {
  const { kind, ...others } = view;
  if (!kind || !catalog.kinds.some((one) => one.code === kind)) return others;
  return { from: "", to: "", ...view };
}

/** @param {import("./map.js").Hovered} found @param {number} x @param {number} y */
function hoverLabel(found, x, y) {
  const words = [...found.names, found.count > 0 && plural(found.count, "fait")].filter(Boolean);
  const label = part("hover");
  label.hidden = words.length === 0;
  fill(label, words.join("\n"));
  const { clientWidth } = part("map");
  label.style.transform = `translate(${Math.max(0, Math.min(x + 12, clientWidth - label.offsetWidth - 4))}px, ${y + 16}px)`;
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
