/** What the reader has chosen. All of it lives in the address, after the #, so that a link restores the view. */

import { isDay } from "./days.js";

/** Filters, by the names that the service gives them. An empty text means "no such filter". */
export const FILTERS = ["kind", "from", "to", "category", "nature", "place", "gravity_min", "hours", "weekdays", "zone"];

/**
 * @typedef {Object} View
 * @property {string} kind
 * @property {string} from        ISO date, included
 * @property {string} to          ISO date, excluded
 * @property {string} category    codes separated by commas, "" for all
 * @property {string} nature
 * @property {string} place
 * @property {string} gravity_min
 * @property {string} hours       "20-6"
 * @property {string} weekdays    "1,2,3"
 * @property {string} zone        "qpv2024:QN07501M"
 * @property {string} layers      drawn layers with their generation: "qpv:2024,patrimoine"
 * @property {string} mode        points-chauds | hexagones | chaleur
 * @property {string} mesh        resolution at which hot spots are looked for, "" for that of the first view
 * @property {string} cell        selected cell, hexadecimal
 * @property {string} table       "1" when the table is open
 * @property {string} basemap     "1" when the Plan IGN is drawn
 * @property {string} compare     "from..to" of the period beside, the last day excluded
 * @property {string} swipe       where the two maps meet, in hundredths of the width
 * @property {string} hide        classes of the legend that are switched off: "0,1"
 * @property {string} rank        zones | residences | cases
 * @property {string} spot        a place found: "longitude,latitude,its name"
 * @property {string} at          "longitude,latitude,zoom" of the map
 */

/** @type {View} */
export const EMPTY = { kind: "", from: "", to: "", category: "", nature: "", place: "", gravity_min: "", hours: "",
  weekdays: "", zone: "", layers: "", mode: "hexagones", mesh: "", cell: "", table: "", basemap: "",
  compare: "", swipe: "", hide: "", rank: "", spot: "", at: "" };

export const HOT_MODE = "points-chauds";
const MODES = [HOT_MODE, "hexagones", "chaleur"];

/** What each part of an address may look like; anything else in a link is ignored. @type {Record<string, (text: string) => boolean>} */
const VALID = {
  from: isDay, to: isDay,
  kind: (text) => /^[a-z_]{1,20}$/.test(text),
  category: isCodes, nature: isCodes, place: isCodes,
  gravity_min: (text) => /^[1-4]$/.test(text),
  hours: (text) => /^([01]?\d|2[0-3])-([01]?\d|2[0-4])$/.test(text),
  weekdays: (text) => /^[1-7](,[1-7])*$/.test(text),
  zone: (text) => /^[a-z0-9]{1,20}:[^&#]{1,64}$/.test(text),
  layers: (text) => text === "-" || /^[\w-]+(:[\w-]+)?(,[\w-]+(:[\w-]+)?)*$/.test(text),
  mode: (text) => MODES.includes(text),
  mesh: (text) => /^(8|9|10|11)$/.test(text),
  cell: (text) => /^[0-9a-f]{15,16}$/.test(text),
  table: (text) => text === "1",
  basemap: (text) => text === "1",
  compare: (text) => text.length === 22 && text.slice(10, 12) === ".." && isDay(text.slice(0, 10)) && isDay(text.slice(12)),
  swipe: (text) => /^([1-9]?\d|100)$/.test(text),
  hide: (text) => /^[0-5](,[0-5])*$/.test(text),
  rank: (text) => ["zones", "residences", "cases"].includes(text),
  spot: (text) => /^-?\d+(\.\d+)?,-?\d+(\.\d+)?,.{1,120}$/.test(text),
  at: (text) => /^-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+(\.\d+)?$/.test(text),
};

/** @param {string} text */
function isCodes(text) {
  return /^[\w-]+(,[\w-]+)*$/.test(text);
}

/** Read the part of an address after the #.
 * @param {string} hash @returns {Partial<View>} */
export function read(hash) {
  const found = /** @type {Record<string, string>} */ ({});
  for (const [name, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (VALID[name]?.(value)) found[name] = value;
  }
  return found;
}

/** Write a view as the part of an address after the #; values equal to `defaults` are left out unless they are filters.
 * @param {View} view */
export function write(view) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    if (value !== "" && !(name === "mode" && value === EMPTY.mode)) params.set(name, value);
  }
  return `#${params.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

/** The filters of a view as request parameters.
 * @param {View} view */
export function filters(view) {
  const params = new URLSearchParams();
  for (const name of FILTERS) {
    const value = view[/** @type {keyof View} */ (name)];
    if (value) params.set(name, value);
  }
  return params;
}

/** The same with the compared period, or null when nothing is compared.
 * @param {View} view */
export function otherFilters(view) {
  if (!view.compare) return null;
  const params = filters(view);
  const [from, to] = view.compare.split("..");
  params.set("from", from);
  params.set("to", to);
  return params;
}

/** The one holder of the view. Parts of the page read it, ask it to change, and are told what changed. */
export class Store {
  /** @param {View} view @param {{from: string, to: string} | null} [period] first and last day of the record */
  constructor(view, period = null) {
    this.view = view;
    this.period = period;
    /** @type {((view: View, changed: Set<string>) => void)[]} */
    this.listeners = [];
  }

  /** @param {(view: View, changed: Set<string>) => void} listener */
  listen(listener) {
    this.listeners.push(listener);
  }

  /** Change some values; listeners hear once, and only when something is different.
   * @param {Partial<View>} values */
  change(values) {
    const changed = new Set(Object.keys(values).filter((name) => this.view[name] !== values[name]));
    if (changed.size === 0) return;
    // other counts have other classes: a hidden one would hide something else
    const shown = touchesFilters(changed) && !("hide" in values) ? { hide: "" } : {};
    this.view = { ...this.view, ...values, ...shown };
    for (const listener of this.listeners) listener(this.view, changed);
  }
}

/** Whether a change touches what is counted.
 * @param {Set<string>} changed */
export function touchesFilters(changed) {
  return changed.has("compare") || FILTERS.some((name) => changed.has(name));
}

/** @param {string} text @returns {string[]} */
export function codes(text) {
  return text ? text.split(",") : [];
}
