/** The map of released counts: an SVG that is drawn here, so that it needs neither WebGL nor a ground from elsewhere. */

import { h, s } from "./dom.js";
import { classOf, INK, RAMP } from "./palette.js";
import { number } from "./words.js";

const WIDE = 10_000; // units of the drawing for the territory's longer side
const ROOM = 0.06;
const LEAST_LABEL_PX = 34;
const CLOSEST = 40;

/**
 * @typedef {import("./partage-api.js").Feature} Feature
 * @typedef {{x: number, y: number, w: number, h: number}} Box
 * @typedef {{feature: Feature, path: any, label: any, x: number, y: number, wide: number, box: Box}} Drawn
 */

export class SharedMap {
  /** @param {HTMLElement} element @param {(place: string) => void} onchosen */
  constructor(element, onchosen) {
    this.element = element;
    this.onchosen = onchosen;
    /** @type {Drawn[]} */ this.drawn = [];
    /** @type {Map<string, Box>} */ this.boxes = new Map();
    this.places = s("g", { class: "map-places" });
    this.lines = s("g", { class: "map-lines" });
    this.labels = s("g", { class: "map-labels", "aria-hidden": "true" });
    this.marks = s("g", { class: "map-marks" });
    this.names = s("g", { class: "map-names", "aria-hidden": "true" });
    this.hatch = s("pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse" },
      s("rect", { width: 8, height: 8, fill: "#f4f6f7" }), s("path", { d: "M-2,2L2,-2M0,8L8,0M6,10L10,6", stroke: "#8a969f", "stroke-width": 1.1 }));
    this.svg = s("svg", { "aria-hidden": "true", preserveAspectRatio: "xMidYMid meet" }, s("defs", {}, this.hatch), this.places, this.lines,
      this.marks, this.labels, this.names);
    element.append(this.svg);
    this.view = { x: 0, y: 0, w: WIDE, h: WIDE };
    this.wanted = this.view;
    /** @type {string | null} */ this.chosen = null;
    this.listen();
    // what was asked for is looked at again, not what was seen: a window that changes back and forth would move away from it
    new ResizeObserver(() => this.look(this.wanted)).observe(element);
  }

  /** The ground that everything is measured on. @param {Feature[]} communes */
  ground(communes) {
    const points = communes.flatMap((one) => rings(one.geometry).flat());
    const lon = points.map((one) => one[0]);
    const lat = points.map((one) => one[1]);
    const [west, east, south, north] = [least(lon), most(lon), least(lat), most(lat)];
    const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
    const scale = WIDE / Math.max((east - west) * narrow, north - south);
    this.project = (/** @type {number[]} */ at) => [(at[0] - west) * narrow * scale, (north - at[1]) * scale];
    this.whole = { x: 0, y: 0, w: (east - west) * narrow * scale, h: (north - south) * scale };
    this.look(this.whole);
  }

  /** Places of a level, without numbers yet. @param {Feature[]} features */
  put(features) {
    this.drawn = features.map((feature) => {
      const box = this.boxOf(feature);
      const path = s("path", { d: this.outline(feature), class: "map-place", "data-place": feature.properties.place });
      const [x, y] = this.middle(feature, box);
      const label = s("text", { x, y, class: "map-count" });
      return { feature, path, label, x, y, wide: Math.min(box.w, box.h), box };
    });
    for (const one of this.drawn) this.boxes.set(one.feature.properties.place, one.box);
    this.places.replaceChildren(...this.drawn.map((one) => one.path));
    this.labels.replaceChildren(...this.drawn.map((one) => one.label));
    this.look(this.wanted);
  }

  /** @param {(number | null)[]} values @param {import("./palette.js").CountClass[]} classes */
  colour(values, classes) {
    this.drawn.forEach((one, at) => {
      const value = values[at];
      const found = value === null ? undefined : classOf(classes, value);
      const which = found ? classes.indexOf(found) : -1;
      one.path.setAttribute("fill", found ? RAMP[which] : "url(#hatch)");
      one.path.dataset.shown = String(value !== null);
      one.label.textContent = value === null ? "" : number(value);
      one.label.setAttribute("fill", which >= 3 ? "#fff" : INK);
      one.label.setAttribute("stroke", found ? RAMP[which] : "#fff");
    });
  }

  /** Limits above the places: communes thin, QPV dashed on a light halo. @param {Feature[]} communes @param {Feature[]} quarters */
  limits(communes, quarters) {
    const one = (/** @type {Feature} */ feature, /** @type {string} */ look) => s("path", { d: this.outline(feature), class: look });
    this.lines.replaceChildren(...communes.map((each) => one(each, "map-commune")), ...quarters.map((each) => one(each, "map-halo")),
      ...quarters.map((each) => one(each, "map-qpv")));
    this.named = quarters.map((each) => {
      const box = this.boxOf(each);
      this.boxes.set(each.properties.place, box);
      const text = each.properties.name.replace(/^QPV\s+/u, "");
      return { box, label: s("text", { x: box.x + box.w / 2, y: box.y, class: "map-name" }, text) };
    });
    for (const each of communes) this.boxes.set(each.properties.place, this.boxOf(each));
    this.names.replaceChildren(...this.named.map((each) => each.label));
    this.look(this.wanted);
  }

  /** Hot areas are drawn around, by verdict. @param {{places: string[], verdict: string}[]} areas */
  areas(areas) {
    const paths = new Map(this.drawn.map((one) => [one.feature.properties.place, String(one.path.getAttribute("d"))]));
    this.hot = areas.flatMap((area) => {
      const d = around(area.places.map((place) => paths.get(place) ?? ""));
      return [s("path", { d, class: "map-hot-halo" }), s("path", { d, class: `map-hot map-hot-${area.verdict === "solide" ? "solid" : "weak"}` })];
    });
    this.mark();
  }

  /** @param {string | null} place */
  choose(place) {
    this.chosen = place;
    this.mark();
  }

  mark() {
    const found = this.drawn.find((one) => one.feature.properties.place === this.chosen);
    const d = found ? found.path.getAttribute("d") : null;
    this.marks.replaceChildren(...(this.hot ?? []), ...(d ? [s("path", { d, class: "map-chosen-halo" }), s("path", { d, class: "map-chosen" })] : []));
  }

  /** Bring places into view with some room around them. @param {string[]} places @param {number} [room] of their size */
  fit(places, room = 0.5) {
    const boxes = places.map((place) => this.boxes.get(place)).filter((box) => box !== undefined);
    if (boxes.length === 0) return this.look(this.whole ?? this.view);
    const x = least(boxes.map((box) => box.x));
    const y = least(boxes.map((box) => box.y));
    const w = most(boxes.map((box) => box.x + box.w)) - x;
    const high = most(boxes.map((box) => box.y + box.h)) - y;
    const more = Math.max(w, high) * room;
    return this.look({ x: x - more, y: y - more, w: w + 2 * more, h: high + 2 * more });
  }

  all() {
    this.look(this.whole ?? this.view);
  }

  /** @param {Box} box what has to be seen */
  look(box) {
    this.wanted = box;
    const { clientWidth: wide, clientHeight: high } = this.element;
    if (!wide || !high) return;
    const room = box === this.whole ? 1 + 2 * ROOM : 1;
    const scale = Math.max((box.w * room) / wide, (box.h * room) / high, WIDE / CLOSEST / wide);
    const [w, height] = [wide * scale, high * scale];
    this.view = { x: box.x + box.w / 2 - w / 2, y: box.y + box.h / 2 - height / 2, w, h: height };
    this.svg.setAttribute("viewBox", `${this.view.x} ${this.view.y} ${w} ${height}`);
    this.hatch.setAttribute("patternTransform", `scale(${scale})`);
    this.svg.style.setProperty("--unit", String(scale));
    for (const one of this.drawn) one.label.classList.toggle("map-small", one.wide / scale < LEAST_LABEL_PX);
    this.spread(scale);
  }

  /** Names above their quarter; one that would lie on another waits until there is room. @param {number} scale units a pixel */
  spread(scale) {
    const size = parseFloat(getComputedStyle(this.names).getPropertyValue("--name-px")) || 14;
    /** @type {Box[]} */ const taken = [];
    for (const one of this.named ?? []) {
      const w = one.label.textContent.length * size * 0.55 * scale;
      const box = { x: one.box.x + one.box.w / 2 - w / 2, y: one.box.y - size * 1.3 * scale, w, h: size * 1.3 * scale };
      const free = !taken.some((other) => box.x < other.x + other.w && other.x < box.x + box.w && box.y < other.y + other.h && other.y < box.y + box.h);
      if (free) taken.push(box);
      one.label.classList.toggle("map-small", !free);
      one.label.setAttribute("y", String(one.box.y - 5 * scale));
    }
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] pixels that stay where they are */
  zoom(factor, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    const unit = this.view.w / this.element.clientWidth;
    const farthest = 2.5 * Math.max(this.whole?.w ?? WIDE, this.whole?.h ?? WIDE);
    const w = Math.min(Math.max(this.view.w / factor, WIDE / CLOSEST), farthest);
    const kept = w / this.view.w;
    const [at, down] = [this.view.x + x * unit, this.view.y + y * unit];
    this.look({ x: at - (at - this.view.x) * kept, y: down - (down - this.view.y) * kept, w, h: this.view.h * kept });
  }

  /** @param {number} dx @param {number} dy pixels */
  pan(dx, dy) {
    const unit = this.view.w / this.element.clientWidth;
    this.look({ ...this.view, x: this.view.x - dx * unit, y: this.view.y - dy * unit });
  }

  listen() {
    const { element } = this;
    /** @type {Map<number, {x: number, y: number}>} */ const fingers = new Map();
    let moved = 0;
    element.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      moved = fingers.size > 1 ? 99 : 0;
    });
    element.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      moved += Math.abs(dx) + Math.abs(dy);
      if (moved > 6 && !element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
      if (fingers.size === 2) this.pinch(fingers, event);
      else if (moved > 6) this.pan(dx, dy);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    const up = (/** @type {PointerEvent} */ event) => {
      const place = /** @type {Element} */ (event.target).closest?.("[data-place]")?.getAttribute("data-place");
      if (event.type === "pointerup" && fingers.has(event.pointerId) && moved <= 6 && place) this.onchosen(place);
      fingers.delete(event.pointerId);
    };
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {Map<number, {x: number, y: number}>} fingers @param {PointerEvent} event */
  pinch(fingers, event) {
    const other = [...fingers].find(([number_]) => number_ !== event.pointerId)?.[1];
    const before = fingers.get(event.pointerId);
    if (!other || !before) return;
    const box = this.element.getBoundingClientRect();
    const apart = (/** @type {{x: number, y: number}} */ one) => Math.hypot(one.x - other.x, one.y - other.y);
    const factor = apart({ x: event.clientX, y: event.clientY }) / Math.max(1, apart(before));
    this.zoom(factor, (event.clientX + other.x) / 2 - box.left, (event.clientY + other.y) / 2 - box.top);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.step(way[0], way[1]);
    else if (event.key === "+" || event.key === "=") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else if (event.key === "Escape") this.all();
    else return;
    event.preventDefault();
  }

  /** To the nearest place in a direction. @param {number} dx @param {number} dy */
  step(dx, dy) {
    const middle = { x: this.view.x + this.view.w / 2, y: this.view.y + this.view.h / 2 };
    const from = this.drawn.find((one) => one.feature.properties.place === this.chosen);
    const start = from ?? middle;
    const rated = this.drawn.filter((one) => one !== from).map((one) => {
      const [x, y] = [one.x - start.x, one.y - start.y];
      const ahead = x * dx + y * dy;
      return { one, ahead, cost: Math.hypot(x, y) + 2 * Math.abs(x * dy - y * dx) };
    }).filter((each) => !from || each.ahead > 0);
    rated.sort((a, b) => a.cost - b.cost);
    const next = rated[0]?.one;
    if (!next) return;
    this.onchosen(next.feature.properties.place);
    const { x, y, w, h: high } = this.view;
    if (next.x < x || next.x > x + w || next.y < y || next.y > y + high) this.look({ ...this.view, x: next.x - w / 2, y: next.y - high / 2 });
  }

  /** @param {Feature} feature */
  outline(feature) {
    return rings(feature.geometry).map((ring) => `M${ring.slice(0, -1).map((at) => this.at(at)).join("L")}Z`).join("");
  }

  /** @param {number[]} at */
  at(at) {
    const [x, y] = this.project ? this.project(at) : [0, 0];
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  }

  /** @param {Feature} feature @returns {Box} */
  boxOf(feature) {
    const points = rings(feature.geometry).flat().map((at) => (this.project ? this.project(at) : [0, 0]));
    const x = least(points.map((one) => one[0]));
    const y = least(points.map((one) => one[1]));
    return { x, y, w: most(points.map((one) => one[0])) - x, h: most(points.map((one) => one[1])) - y };
  }

  /** Where a number goes: the middle of the largest part. @param {Feature} feature @param {Box} box */
  middle(feature, box) {
    const parts = feature.geometry.type === "MultiPolygon" ? feature.geometry.coordinates.map((/** @type {any} */ one) => one[0]) : [feature.geometry.coordinates[0]];
    if (parts.length === 0 || !this.project) return [box.x + box.w / 2, box.y + box.h / 2];
    const project = this.project;
    const rated = parts.map((/** @type {number[][]} */ ring) => centre(ring.map((at) => project(at))));
    rated.sort((/** @type {any} */ a, /** @type {any} */ b) => b.area - a.area);
    return [rated[0].x, rated[0].y];
  }
}

/** What is around places together: the sides that only one of them has, joined to lines. @param {string[]} outlines */
function around(outlines) {
  /** @type {Map<string, [string, string]>} */ const sides = new Map();
  for (const ring of outlines.flatMap((d) => d.split("M").slice(1))) {
    const points = ring.replace("Z", "").split("L");
    points.forEach((from, at) => {
      const to = points[(at + 1) % points.length];
      const key = from < to ? `${from} ${to}` : `${to} ${from}`;
      if (!sides.delete(key)) sides.set(key, [from, to]);
    });
  }
  /** @type {Map<string, string[]>} */ const next = new Map();
  for (const [from, to] of sides.values()) next.set(from, [...(next.get(from) ?? []), to]);
  let d = "";
  for (const [start] of next) {
    let at = start;
    let to = next.get(at)?.pop();
    if (to) d += `M${at}`;
    for (; to; to = next.get(at)?.pop()) {
      d += `L${to}`;
      at = to;
    }
  }
  return d;
}

/** @param {any} geometry @returns {number[][][]} */
function rings(geometry) {
  if (!geometry) return [];
  return geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : geometry.coordinates;
}

/** Centroid and area of a ring. @param {number[][]} ring */
function centre(ring) {
  let [area, x, y] = [0, 0, 0];
  for (let at = 0; at < ring.length - 1; at += 1) {
    const cross = ring[at][0] * ring[at + 1][1] - ring[at + 1][0] * ring[at][1];
    area += cross;
    x += (ring[at][0] + ring[at + 1][0]) * cross;
    y += (ring[at][1] + ring[at + 1][1]) * cross;
  }
  return { area: Math.abs(area), x: x / (3 * area || 1), y: y / (3 * area || 1) };
}

/** @param {number[]} values */
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
/** @param {number[]} values */
const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

/** The legend: classes with both bounds and how many places, then the one class of what is not shown.
 * @param {import("./palette.js").CountClass[]} classes @param {number} masked @param {string} title @param {boolean} areas */
export function legend(classes, masked, title, areas) {
  const row = (/** @type {any} */ mark, /** @type {string} */ words, /** @type {number | null} */ count) => h("li", {}, mark, h("span", {}, words),
    count === null ? null : h("span", { class: "cells" }, number(count)));
  const box = (/** @type {Record<string, any>} */ look) => s("svg", { width: 22, height: 15, class: "key", "aria-hidden": "true" },
    s("rect", { x: 1, y: 1, width: 20, height: 13, ...look }));
  return [h("h2", {}, title), h("ul", {},
    classes.map((one) => row(box({ fill: one.colour, class: "key-box" }), one.from === one.to ? number(one.from) : `${number(one.from)} à ${number(one.to)}`, one.cells)),
    row(box({ fill: "url(#hatch-key)", class: "key-box" }), "Non diffusé", masked),
    areas && row(box({ class: "map-hot map-hot-solid" }), "Point chaud solide", null),
    areas && row(box({ class: "map-hot map-hot-weak" }), "Point chaud fragile", null)),
  s("svg", { width: 0, height: 0, class: "unseen", "aria-hidden": "true" }, s("defs", {}, s("pattern", { id: "hatch-key", width: 6, height: 6, patternUnits: "userSpaceOnUse" },
    s("rect", { width: 6, height: 6, fill: "#f4f6f7" }), s("path", { d: "M-1,1L1,-1M0,6L6,0M5,7L7,5", stroke: "#8a969f", "stroke-width": 1 }))))];
}
