/** The cameras of a plan as a set: what they see together, the address that says where they are, one more, one less, and undone. */

import { Camera } from "./decider-camera.js";
import { typeset } from "./decider-ground.js";
import { fill, paced, part } from "./dom.js";

/** @typedef {import("./decider-ground.js").Ground} Ground */
/** @typedef {import("./decider-camera.js").Spot} Spot */

const NONE = "none";
const MOST = 30;
const EVERY_MS = 200;
const SHARED = ["lens", "height_m", "operator", "purpose", "weights", "backup", "existing", "night_m"]; // of all cameras, for what they see together

export class Plan {
  /** @param {Ground} ground @param {(() => void)[]} past what takes each change back, in order */
  constructor(ground, past) {
    [this.ground, this.past] = [ground, past];
    this.cameras = [...ground.picture.querySelectorAll(".camera")].map((mark) => new Camera(/** @type {SVGGElement} */ (mark), ground, this));
    this.count = paced(() => this.fetch(), EVERY_MS);
  }

  get spots() {
    return this.cameras.map((each) => each.spot);
  }

  /** Before something changes: what can be gone back to. */
  before() {
    const spots = this.spots;
    this.past.push(() => this.restore(spots));
  }

  /** @param {[number, number]} at of the drawing */
  add([x, y]) {
    if (this.cameras.length >= MOST) return fill(part("moved"), `Un plan a ${MOST} caméras au plus.`);
    this.before();
    const [lon, lat] = this.ground.lonlat(x, y);
    const camera = Camera.made(this.ground, { lon, lat, azimuth: 0, kind: "placed" }, `C${this.cameras.length + 1}`, this);
    this.cameras.push(camera);
    this.moved();
    camera.mark.focus();
  }

  /** @param {Camera} camera */
  removed(camera) {
    this.before();
    const place = this.cameras.indexOf(camera);
    camera.remove();
    this.cameras.splice(place, 1);
    this.cameras.forEach((each, order) => each.rename(`C${order + 1}`));
    fill(part("moved"), `${camera.code} est retirée. « Défaire » la remet.`);
    (this.cameras[place] ?? this.cameras[place - 1])?.mark.focus();
    this.moved();
  }

  /** @param {Spot[]} spots as they were before the last change */
  restore(spots) {
    for (const each of this.cameras) each.remove();
    this.cameras = spots.map((spot, order) => Camera.made(this.ground, spot, `C${order + 1}`, this));
    fill(part("moved"), "Le dernier changement de caméras est annulé.");
    this.moved();
  }

  /** Something changed: the address and what is sent from here say it, and the set is counted anew. */
  moved() {
    const text = this.spots.map(({ lon, lat, azimuth, kind }) => `${lon.toFixed(7)},${lat.toFixed(7)},${azimuth.toFixed(1)},${kind}`).join(";") || NONE;
    const query = said({ spots: text });
    part("proof").hidden = true;
    part("stale").hidden = false;
    part("again").href = `/decider?${query}`;
    const keep = document.getElementById("keep");
    if (keep) keep.hidden = !this.cameras.length;
    for (const input of document.querySelectorAll("[name=address]")) /** @type {HTMLInputElement} */ (input).value = String(query);
    for (const link of document.querySelectorAll(".papers a")) follow(/** @type {HTMLAnchorElement} */ (link), query);
    this.count();
  }

  async fetch() {
    this.waiting?.abort();
    this.waiting = new AbortController();
    const query = new URLSearchParams(this.ground.picture.dataset.filter);
    for (const name of SHARED) query.set(name, this.ground.picture.dataset[name] || "");
    query.set("spots", new URLSearchParams(location.search).get("spots") || NONE);
    try {
      const response = await fetch(`/api/siting/together?${query}`, { signal: this.waiting.signal, headers: { Accept: "application/json" } });
      const answer = await response.json();
      fill(part("verdict"), typeset(answer.sentence ? `${answer.sentence} ; posées à la main, rien n’a été choisi ni prouvé.` : answer.reason?.sentence || answer.detail || ""));
    } catch (error) {
      if (/** @type {Error} */ (error).name !== "AbortError") fill(part("verdict"), typeset("Le serveur ne répond pas : le total n’est pas connu. Réessayez."));
    }
  }
}

/** The address with some parameters changed, an empty one left out; it is in the bar at once. @param {Record<string, string>} changed */
export function said(changed) {
  const query = new URLSearchParams(location.search);
  for (const [name, text] of Object.entries(changed)) {
    if (text) query.set(name, text);
    else query.delete(name);
  }
  history.replaceState(null, "", `${location.pathname}?${query}`);
  return query;
}

/** A link to a paper of the plan, of the cameras as they are now. @param {HTMLAnchorElement} link @param {URLSearchParams} query */
function follow(link, query) {
  const address = new URL(link.href), now = new URLSearchParams(query);
  for (const name of ["paper", "camera"]) if (address.searchParams.has(name)) now.set(name, address.searchParams.get(name) || "");
  link.href = `${address.pathname}?${now}`;
}
