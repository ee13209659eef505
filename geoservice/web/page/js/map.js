/** The map: MapLibre, its gestures, and the layers that the view asks for. */

import * as maplibre from "../vendor/maplibre-gl.mjs";
import * as api from "./api.js";
import { LOCALE } from "./locale.js";
import { insert, styleLayers } from "./map-layers.js";
import { nearestName } from "./nearest.js";
import { ACCENT } from "./palette.js";
import { Cells } from "./map-cells.js";
import { Facts } from "./map-facts.js";
import { HotLayer } from "./map-hot.js";

const PLAN_IGN = "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2"
  + "&STYLE=normal&TILEMATRIXSET=PM&FORMAT=image/png&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}";
const MOTION_MS = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150;

/**
 * `bare`: no counts from tiles, something else is shown.
 * @typedef {{names: string[], cell: string}} Hovered  cell is "" outside the cells
 * @typedef {{filters: URLSearchParams, territory: import("./counts.js").Territory, numbers: Uint8Array, heat: boolean, bare: boolean,
 *   classes: Map<number, import("./palette.js").CountClass[]>}} Drawing
 * @typedef {{onmove: () => void, oncell: (cell: string) => void, onarea: (rank: number, cell: string) => void, onhover: (found: Hovered, x: number, y: number) => void,
 *   ondrawn: (cells: string[]) => void, onerror: (error: Error) => void}} MapEars
 */

export class MapView {
  /**
   * @param {HTMLElement} container
   * @param {api.TileJson} tilejson of the facts
   * @param {{bounds: [number, number, number, number], at: string, still?: boolean}} start `still`: follows another map
   * @param {MapEars} ears
   * @throws when the browser has no WebGL 2
   */
  constructor(container, tilejson, start, ears) {
    this.tilejson = tilejson;
    /** @type {Map<string, string[]>} ids of the style layers that are drawn, by "layer:generation" */
    this.drawn = new Map();
    /** @type {Set<string>} the same keys, as last asked for */
    this.wanted = new Set();
    /** @type {Map<string, Promise<api.TileJson>>} */
    this.tilejsons = new Map();
    this.map = new maplibre.Map({
      container, locale: LOCALE, attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false,
      style: { version: 8, transition: { duration: MOTION_MS, delay: 0 }, sources: {}, layers: [{ id: "basemap/ground", type: "background", paint: { "background-color": "#f4f6f7" } }] },
      bounds: start.bounds, fitBoundsOptions: { padding: 24 }, maxZoom: 19, interactive: !start.still, fadeDuration: MOTION_MS,
      cooperativeGestures: matchMedia("(max-width: 700px), (max-height: 480px)").matches,
    });
    if (!start.still) this.controls();
    this.facts = new Facts(this.map, { sourceLayer: tilejson.vector_layers?.[0]?.id ?? "incidents", minzoom: tilejson.minzoom,
      maxzoom: tilejson.maxzoom });
    if (start.at) this.goTo(start.at);
    this.ready = new Promise((resolve) => this.map.once("load", resolve));
    if (!start.still) this.listen(ears);
  }

  controls() {
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new maplibre.ScaleControl({}), "bottom-right");
  }

  /** Whole cells; made once the style is there. */
  get cells() { return (this.wholeCells ??= new Cells(this.map)); }

  /** Hot spots; made once the style is there. */
  get hot() { return (this.hotLayer ??= new HotLayer(this.map)); }

  /** @param {MapEars} ears */
  listen(ears) {
    this.map.on("moveend", ears.onmove);
    this.map.on("resize", ears.onmove);
    this.map.on("idle", () => ears.ondrawn(this.cellsDrawn()));
    this.map.on("click", (event) => {
      const cell = this.cellAt(event.point);
      const rank = this.hot.at(event.point);
      if (rank) ears.onarea(rank, cell);
      else if (cell) ears.oncell(cell);
    });
    this.map.on("mousemove", (event) => ears.onhover(this.under(event.point), event.point.x, event.point.y));
    this.map.on("error", (event) => ears.onerror(event.error));
    this.map.on("mouseout", () => ears.onhover({ names: [], cell: "" }, 0, 0));
  }

  /** "longitude,latitude,zoom" */
  at() {
    const { lng, lat } = this.map.getCenter();
    return `${lng.toFixed(5)},${lat.toFixed(5)},${this.map.getZoom().toFixed(2)}`;
  }

  /** @param {string} at */
  goTo(at) {
    const [lon, lat, zoom] = at.split(",").map(Number);
    if (Math.abs(lon) <= 180 && Math.abs(lat) <= 85) this.map.jumpTo({ center: [lon, lat], zoom });
  }

  /** "west,south,east,north" of the view */
  bbox() {
    const box = this.map.getBounds();
    const limit = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(-most, Math.min(most, value)).toFixed(6);
    return [limit(box.getWest(), 180), limit(box.getSouth(), 90), limit(box.getEast(), 180), limit(box.getNorth(), 90)].join(",");
  }

  /** Resolution of the cells at this zoom: the server's own list, by zoom of the tiles. */
  resolution() {
    const all = this.tilejson.resolutions ?? [9];
    const zoom = Math.min(Math.floor(this.map.getZoom()), this.tilejson.maxzoom, all.length - 1);
    return all[Math.max(0, zoom)];
  }

  /** @param {Drawing} drawing */
  draw({ filters, territory, numbers, heat, bare, classes }) {
    this.whole = territory.shape !== null;
    if (territory.shape) {
      this.cells.draw(territory.shape, numbers);
      this.cells.veil(heat);
    } else this.cells.hide();
    if ((this.whole && !heat) || bare) this.facts.clear();
    else this.facts.draw({ mvt: api.tileUrl("incidents", "mvt", filters), png: api.tileUrl("incidents", "png", filters), mode: heat ? "chaleur" : "tuiles", classes });
  }

  /** @param {boolean} busy */
  dim(busy) {
    this.facts.dim(busy);
    if (this.whole) this.cells.dim(busy);
  }

  /** @param {string} cell "" for none */
  outline(cell) {
    this.cells.outline(cell);
    this.facts.outline(cell);
  }

  /** @param {string} cell "" for none */
  hover(cell) {
    if (this.whole) this.cells.hover(cell);
    else this.facts.hover(cell);
  }

  /** Centre on a cell, now or when its tile has come, without changing the zoom: it stays a row of the table.
   * @param {string} cell */
  goToCell(cell) {
    const go = () => {
      const centre = this.cells.centre(cell) ?? this.facts.centre(cell);
      if (centre) this.map.easeTo({ center: centre, duration: MOTION_MS });
      return centre !== null;
    };
    if (!go()) this.map.once("idle", go);
  }

  /** @param {[number, number]} centre */
  panTo(centre) {
    this.map.easeTo({ center: centre, duration: MOTION_MS });
  }

  /** A mark on a place that was looked for, or none. @param {[number, number] | null} at @param {string} label */
  pin(at, label) {
    this.mark?.remove();
    this.mark = at && new maplibre.Marker({ color: ACCENT }).setLngLat(at).addTo(this.map);
    this.mark?.getElement().setAttribute("aria-label", label);
  }

  /** The same view as another map, at once. @param {MapView} other */
  follow(other) {
    const { map } = other;
    this.map.jumpTo({ center: map.getCenter(), zoom: map.getZoom() });
  }

  /** @param {[number, number, number, number]} box */
  fit(box) {
    this.map.fitBounds(box, { padding: 40, maxZoom: 16, duration: MOTION_MS });
  }

  /**
   * Draw exactly these layers.
   * @param {{layer: api.Layer, generation: string}[]} wanted
   */
  async layers(wanted) {
    this.wanted = new Set(wanted.map(keyOf));
    await Promise.all(wanted.filter((one) => !this.drawn.has(keyOf(one))).map((one) => this.addLayer(one)));
    for (const [key, ids] of this.drawn) {
      for (const id of ids) this.map.setLayoutProperty(id, "visibility", this.wanted.has(key) ? "visible" : "none");
    }
  }

  /** @param {{layer: api.Layer, generation: string}} one */
  async addLayer({ layer, generation }) {
    const key = keyOf({ layer, generation });
    this.drawn.set(key, []);
    const tilejson = await this.tilejsonOf(layer.name);
    const params = new URLSearchParams(generation ? { generation } : {});
    this.map.addSource(key, { type: "vector", tiles: [api.tileUrl(layer.name, "mvt", params)],
      minzoom: tilejson.minzoom, maxzoom: tilejson.maxzoom });
    const styles = styleLayers(layer, key, tilejson.vector_layers?.[0]?.id ?? layer.name)
      .map((style) => ({ ...style, id: `${style.id}/${generation}` }));
    if (layer.name === "qpv") await this.nameOnce(styles, generation);
    for (const style of styles) insert(this.map, style);
    this.drawn.set(key, styles.map((style) => style.id));
  }

  /** A zone cut by tiles would be named once a tile: its name comes from a point of its own instead.
   * @param {any[]} styles changed in place @param {string} generation */
  async nameOnce(styles, generation) {
    const labels = styles.filter((style) => style.type === "symbol");
    if (labels.length === 0) return;
    const source = `names:qpv:${generation}`;
    const zones = (await api.zones("qpv")).filter((zone) => zone.bbox && zone.ref.startsWith(`qpv${generation}`));
    const features = zones.map(({ name, bbox }) => ({ type: "Feature", properties: { name },
      geometry: { type: "Point", coordinates: bbox && [(bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2] } }));
    this.map.addSource(source, { type: "geojson", data: { type: "FeatureCollection", features } });
    for (const label of labels) {
      label.source = source;
      delete label["source-layer"];
    }
  }

  /** @param {string} layer */
  tilejsonOf(layer) {
    if (!this.tilejsons.has(layer)) this.tilejsons.set(layer, api.tilejson(layer));
    return /** @type {Promise<api.TileJson>} */ (this.tilejsons.get(layer));
  }

  /** @param {boolean} shown */
  basemap(shown) {
    if (shown && !this.map.getSource("plan-ign")) {
      this.map.addSource("plan-ign", { type: "raster", tiles: [PLAN_IGN], tileSize: 256, maxzoom: 19 });
      insert(this.map, { id: "basemap/plan-ign", type: "raster", source: "plan-ign", paint: { "raster-saturation": -0.8, "raster-opacity": 0.7 } });
    }
    if (this.map.getLayer("basemap/plan-ign")) this.map.setLayoutProperty("basemap/plan-ign", "visibility", shown ? "visible" : "none");
  }

  /** @param {any} point pixels @returns {string} */
  cellAt(point) {
    return this.whole ? this.cells.at(point) : this.facts.drawn(point)[0]?.properties.h3 ?? "";
  }

  /** Names of the places under the pointer, and the cell.
   * @param {any} point @returns {Hovered} */
  under(point) {
    const { x, y } = point;
    const near = this.map.queryRenderedFeatures([[x - 4, y - 4], [x + 4, y + 4]]);
    const cell = this.cellAt(point);
    this.map.getCanvas().style.cursor = cell ? "pointer" : "";
    return { names: [...new Set(near.map((one) => one.properties.name).filter(Boolean).map(String))].slice(0, 4), cell };
  }

  /** The named street nearest to the middle of a cell, among the roads that are drawn; "" when none is known.
   * @param {string} cell */
  streetAt(cell) {
    const centre = this.cells.centre(cell);
    const key = [...this.drawn.keys()].find((one) => one.startsWith("voies:"));
    if (!centre || !key || !this.map.getSource(key)) return "";
    return nearestName(this.map.querySourceFeatures(key, { sourceLayer: "voies" }), centre);
  }

  /** What is really on the canvas now; a cell cut by the edge of a tile is one cell. */
  cellsDrawn() {
    if (this.whole) return this.cells.drawn();
    return [...new Set(this.facts.drawn().map((one) => one.properties.h3))];
  }
}

/** @param {{layer: api.Layer, generation: string}} one */
function keyOf({ layer, generation }) {
  return `${layer.name}:${generation}`;
}
